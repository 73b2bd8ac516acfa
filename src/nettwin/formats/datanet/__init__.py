"""datanet: the simulated ground truth of the GNN network modelling challenges (BNNetSimulator, 2020 to 2022), in archives.

One archive or folder holds one or many simulations: graph, routing, traffic, and what OMNeT++ measured. The units and rules behind the
files are in ``docs/replay.md``. The year is told by the content: buffers in bits (2022) or packets, explicit paths (2021) or ports.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from nettwin.errors import FormatError, InputError, NettwinError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.datanet.archive import Archive, archives_in, is_simulation_folder, open_archive
from nettwin.formats.datanet.assemble import assemble
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import is_folder

__all__ = ["DESCRIPTION", "EXTENSIONS", "NAME", "Simulation", "member_names", "read", "read_member", "recognizes", "simulations"]

NAME = "datanet"
DESCRIPTION = "datanet 2020, 2021 and 2022: simulations with their recorded performance (BNNetSimulator)"
EXTENSIONS: tuple[str, ...] = (".tar.gz",)

Rates = Literal["nominal", "measured"]


@dataclass(frozen=True, slots=True)
class Simulation:
    """One simulation of a data set, not yet read."""

    path: Path
    """The archive or the folder of an unpacked one."""
    index: int
    """Its position there, from 0."""

    @property
    def source(self) -> str:
        """What ``formats.read`` and the command line call it."""
        return f"{self.path}#{self.index}"

    def read(self, rates: Rates = "nominal") -> Imported:
        """Scenario and recorded performance. ``measured`` rates are those of the run, ``nominal`` those it was configured with."""
        return _read(self.path, self.index, rates)


def recognizes(path: Path, head: bytes) -> bool:
    """An archive that begins with one of our files, or a folder of such archives."""
    if head:
        return head[257:262] == b"ustar" and any(name in head for name in (b"simulationResults.txt", b"input_files.txt", b"traffic.txt"))
    return is_folder(path) and (is_simulation_folder(path) or next(archives_in(path), None) is not None)


def simulations(path: Path | str) -> Iterator[Simulation]:
    """All simulations of an archive, an unpacked one, or a folder with many, in a fixed order; each is read when it is asked for."""
    path = Path(path)
    for archive in archives_in(path) if is_folder(path) and not is_simulation_folder(path) else [path]:
        yield from (Simulation(archive, index) for index in range(len(open_archive(archive))))


def member_names(path: Path) -> tuple[str, ...]:
    """``0``, ``1``, ... within an archive; ``<archive>/0``, ... within a folder of archives."""
    found = simulations(path)
    return tuple(str(s.index) if s.path == path else f"{s.path.relative_to(path).as_posix()}/{s.index}" for s in found)


def read(path: Path, rates: Rates = "nominal") -> Imported:
    """The only simulation of an archive or folder. Raises InputError where there are several."""
    found = list(islice(simulations(path), 2))
    if not found:
        raise FormatError("no simulation inside", where=str(path))
    if len(found) > 1:
        hint = f"name one of them, as {found[0].source}; `nettwin evaluate` reads them all"
        raise InputError("there are several simulations inside", where=str(path), hint=hint)
    return found[0].read(rates)


def read_member(path: Path, member: str, rates: Rates = "nominal") -> Imported:
    """The simulation with one of the ``member_names``."""
    folder, _, index = member.rpartition("/")
    if not index.isascii() or not index.isdigit() or ".." in Path(folder).parts or Path(folder).is_absolute():
        raise InputError(f"no simulation {member!r}", where=str(path), hint="count from 0, as archive.tar.gz#0")
    return _read(path / folder if folder else path, int(index), rates)


def _read(path: Path, index: int, rates: Rates) -> Imported:
    archive: Archive = open_archive(path)
    if index >= len(archive):
        raise InputError(f"no simulation {index}", where=str(path), hint=f"it holds {len(archive)}, counted from 0")
    coverage = CoverageLog()
    try:
        scenario, performance = assemble(archive.simulation(index), rates, coverage)
    except NettwinError as error:
        raise error.at(f"{path}#{index}") from None
    return Imported(scenario, coverage.report(), performance)
