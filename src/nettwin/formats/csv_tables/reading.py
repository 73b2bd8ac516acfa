"""Tables -> a nettwin document, which is then read as one; places stay those of the tables."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.csv_tables.cells import SCHEDULING_COLUMNS, column_and_unit, profile_of, scheduling_of, truth, unescaped, unlisted
from nettwin.formats.safe_input import DEFAULT_LIMITS, check_count, is_file, read_text
from nettwin.formats.tables import Table, check_columns, parse_table
from nettwin.formats.yaml import validated
from nettwin.formats.yaml.demands import COLUMNS as DEMAND_COLUMNS
from nettwin.formats.yaml.loading import scenario_of as scenario_of_document
from nettwin.formats.yaml.places import Places
from nettwin.scenario import Scenario

NODES, LINKS, DEMANDS, PATHS = "nodes.csv", "links.csv", "demands.csv", "paths.csv"
NODE_COLUMNS = ("id", "label", "x", "y", "tags", "is_up")
PLAIN_LINK_COLUMNS = ("id", "source", "target", "capacity_bps", "propagation_delay_s", "metric", "circuit")
LINK_COLUMNS = (*PLAIN_LINK_COLUMNS, "both_directions", "risk_groups", "tags", "is_up", *SCHEDULING_COLUMNS)
PATH_COLUMNS = ("demand", "share", "links")
_SAME = {"longitude": "x", "latitude": "y", "lon": "x", "lat": "y", "node": "id", "link": "id"}


def scenario_of(folder: Path, log: CoverageLog) -> Scenario:
    """The scenario in a folder of tables."""
    tables = {name: _table(folder / name, columns, log) for name, columns in _TABLES.items() if name == LINKS or is_file(folder / name)}
    rows = {name: list(_rows(table, f"{folder / name}")) for name, table in tables.items()}
    places = Places(str(folder), name_of=lambda path: _place(folder, tables, path))
    links = [_link(cells, place) for cells, place in rows[LINKS]]
    nodes = [_node(cells, place) for cells, place in rows[NODES]] if NODES in rows else _ends(links)
    if NODES not in rows:
        log.modelled("nodes", str(folder), f"there is no {NODES}: the ends of all links")
    document = {"name": folder.name, "nodes": nodes, "links": links, **_traffic(rows.get(DEMANDS, [])), **_routing(rows.get(PATHS, []))}
    return scenario_of_document(validated(document, places), places, log)


_TABLES = {NODES: NODE_COLUMNS, LINKS: LINK_COLUMNS, DEMANDS: DEMAND_COLUMNS, PATHS: PATH_COLUMNS}
_REQUIRED = {NODES: ("id",), LINKS: ("source", "target"), DEMANDS: ("source", "target"), PATHS: ("demand", "links")}


def _table(path: Path, known: tuple[str, ...], log: CoverageLog) -> Table:
    text = read_text(path)
    header = text.partition("\n")[0]
    delimiter = next((mark for mark in (",", ";", "\t") if mark in header), ",")
    table = parse_table(text, str(path), is_exact=True, delimiter=delimiter)
    check_count(len(table.rows), "rows", DEFAULT_LIMITS.rows if path.name in (DEMANDS, PATHS) else DEFAULT_LIMITS.items, str(path))
    names, units = zip(*(column_and_unit(_SAME.get(name.lower(), name.lower()), known) for name in table.columns), strict=True)
    for name in names:
        if name not in known:
            log.unknown(f"column {name[:60]}", str(path), count=len(table.rows))
    rows = [[_with_unit(cell, unit) for cell, unit in zip(row, units, strict=True)] for row in table.rows]
    kept = Table(tuple(names), rows, table.lines)
    check_columns(Table(tuple(name for name in names if name in known), ()), known, _REQUIRED[path.name], str(path))
    return kept


def _with_unit(cell: Any, unit: str) -> str:
    text = unescaped(str(cell))
    return f"{text} {unit}" if unit and text and not text[-1].isalpha() else text


def _rows(table: Table, where: str) -> Iterator[tuple[Mapping[str, str], str]]:
    for cells, line in zip(table.records(), table.lines, strict=True):
        yield {name: str(cell) for name, cell in cells.items()}, f"{where}: line {line}"


def _node(cells: Mapping[str, str], place: str) -> dict[str, Any]:
    node: dict[str, Any] = {name: cells[name] for name in ("id", "label") if name in cells}
    if "x" in cells or "y" in cells:
        node["position"] = [cells.get("x", ""), cells.get("y", "")]
    return node | _common(cells, place)


def _link(cells: Mapping[str, str], place: str) -> dict[str, Any]:
    link: dict[str, Any] = {name: cells[name] for name in PLAIN_LINK_COLUMNS if name in cells} | _common(cells, place)
    if "risk_groups" in cells:
        link["risk_groups"] = unlisted(cells["risk_groups"])
    scheduling = scheduling_of(cells, place)
    if scheduling is not None:
        link["scheduling"] = scheduling
    if truth(cells.get("both_directions", "no"), place):
        link["ends"] = [link.pop("source", ""), link.pop("target", "")]
        link["id"] = link.pop("id", None) or link.pop("circuit", None)
        link.pop("circuit", None)
    return link


def _common(cells: Mapping[str, str], place: str) -> dict[str, Any]:
    tags = {"tags": unlisted(cells["tags"])} if "tags" in cells else {}
    return tags | ({"is_up": truth(cells["is_up"], place)} if "is_up" in cells else {})


def _ends(links: list[dict[str, Any]]) -> list[str]:
    ends = {end: None for link in links for end in link.get("ends", (link.get("source", ""), link.get("target", "")))}
    return list(ends)


def _traffic(rows: list[tuple[Mapping[str, str], str]]) -> dict[str, Any]:
    """Profiles are defined under the texts of their cells, so that the table can name them."""
    profiles: dict[str, dict[str, Any]] = {"arrivals": {}, "packet_sizes": {}}
    for cells, place in rows:
        for name, defined in profiles.items():
            if " " in cells.get(name, "") and cells[name] not in defined:
                defined[cells[name]] = _profile(cells[name], place)
    table = [[cells.get(name) for name in DEMAND_COLUMNS] for cells, _ in rows]
    return profiles | {"traffic": {"demands": {"columns": list(DEMAND_COLUMNS), "rows": table}}}


def _profile(text: str, place: str) -> Any:
    try:
        return profile_of(text)
    except FormatError as error:
        raise error.at(place) from None


def _routing(rows: list[tuple[Mapping[str, str], str]]) -> dict[str, Any]:
    paths: dict[str, list[dict[str, Any]]] = {}
    for cells, place in rows:
        if "demand" not in cells or "links" not in cells:
            raise FormatError("a path needs a demand and links", where=place)
        paths.setdefault(cells["demand"], []).append({"links": unlisted(cells["links"]), "share": cells.get("share", 1)})
    return {"routing": {"explicit_paths": paths}}


def _place(folder: Path, tables: Mapping[str, Table], path: tuple[str | int, ...]) -> str:
    """``folder/links.csv: line 4: metric`` for ``links[2].metric``."""
    steps = list(path)
    name = {"nodes": NODES, "links": LINKS, "traffic": DEMANDS, "routing": PATHS}.get(str(steps[0]) if steps else "")
    if name is None or name not in tables:
        return ": ".join(str(part) for part in (folder, *steps))
    row = next((step for step in steps if isinstance(step, int)), None)
    lines = tables[name].lines
    rest = [str(step) for step in steps[2:] if name in (NODES, LINKS)] + [str(step) for step in steps[1:] if name == PATHS]
    line = f"line {lines[row]}" if row is not None and name != PATHS and row < len(lines) else ""
    return ": ".join(part for part in (str(folder / name), line, ".".join(rest)) if part)
