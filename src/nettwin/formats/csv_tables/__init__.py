"""A folder of CSV tables for spreadsheets: nodes.csv, links.csv, demands.csv and, if there are explicit paths, paths.csv.

Headers carry the units (``capacity_bps``, ``propagation_delay_s``); other units of the same kind may stand in the header
(``capacity_gbps``, ``propagation_delay_ms``) or in the cells (``10 Gbit/s``). Lists are separated by blanks.
"""

from pathlib import Path

from nettwin.errors import InputError
from nettwin.formats.coverage import CoverageLog, CoverageReport
from nettwin.formats.csv_tables.reading import LINKS, NODES, scenario_of
from nettwin.formats.csv_tables.writing import tables_of
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import is_folder
from nettwin.scenario import Scenario

NAME = "csv"
DESCRIPTION = "a folder with nodes.csv, links.csv, demands.csv and paths.csv"
EXTENSIONS: tuple[str, ...] = (".csv.d",)

__all__ = ["DESCRIPTION", "EXTENSIONS", "NAME", "read", "recognizes", "write"]


def recognizes(path: Path, head: bytes) -> bool:
    """A folder with a table of links; or one of its tables."""
    folder = path if not head and is_folder(path) else path.parent
    is_member = not head or path.name.lower() in (NODES, LINKS)
    return is_member and (folder / LINKS).is_file()


def read(path: Path) -> Imported:
    """The scenario in a folder (or beside one of its tables)."""
    log = CoverageLog()
    return Imported(scenario_of(path if is_folder(path) else path.parent, log), log.report())


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes the tables into a folder, which is made if need be. Cells that a spreadsheet would run as formulas are escaped."""
    log = CoverageLog()
    if path.is_file():
        raise InputError("there is a file of this name", where=str(path), hint="CSV tables are written into a folder")
    path.mkdir(parents=True, exist_ok=True)
    for name, text in tables_of(scenario, log).items():
        (path / name).write_text(text, encoding="utf-8", newline="")
    return log.report()
