"""topohub's JSON (networkx node-link with positions, distances and demands) as a draft."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from nettwin.errors import FormatError, UnknownNameError
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.circuits import Circuit, readable_ids
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.demand_lists import both_ways, is_triangular
from nettwin.formats.draft import Draft, Plane
from nettwin.scenario import Demand, Node

MBIT = 1e6
UNITS_BPS = {"abilene": MBIT, "brain": 1.0, "geant": MBIT}
"""The unit of SNDlib's demands where SNDlib states one: META sections of Abilene and GEANT, readme of BRAIN."""
WAYPOINT = "seacable-waypoint"
DEMAND_MODEL = "demand_model"
"""Our own graph attribute: ``directed`` says that a triangular matrix is meant so."""

_NODE_KEYS = {"id", "name", "pos", "type", "tags"}
_EDGE_KEYS = {"source", "target", "dist", "type", "key", "tags", "circuit", "link_id"} | {"capacity_bps", "metric", "propagation_delay_s"}
_COMPUTED = {
    "ecmp_fwd": "topohub's own relative loads; ours are computed",
    "ecmp_bwd": "topohub's own relative loads; ours are computed",
    "stats": "topohub's own figures about the graph",
}


def draft_of(document: Any, assumptions: Assumptions, log: CoverageLog, where: str) -> Draft:
    """A draft of the parsed JSON. Raises FormatError or UnknownNameError with the place."""
    if not isinstance(document, dict):
        raise FormatError("no JSON object", where=where, hint="topohub files are networkx node-link objects")
    reader = _Reader(log, where, document.get("directed") is True)
    graph = reader.part(document, "graph", {})
    nodes = reader.nodes(reader.part(document, "nodes", []))
    circuits = reader.circuits(reader.part(document, "edges" if "edges" in document else "links", []))
    return Draft(
        nodes=nodes,
        circuits=circuits,
        demands=reader.demands(graph, assumptions),
        plane=reader.plane,
        quiet_nodes=frozenset(node.id for node in nodes if WAYPOINT in node.tags),
        where=where,
        name=str(graph.get("name", "")),
        metadata=reader.metadata(graph),
    )


class _Reader:
    """Checks and translates; knows the nodes that it has read."""

    def __init__(self, log: CoverageLog, where: str, is_directed: bool) -> None:
        self._log, self._where, self._is_directed = log, where, is_directed
        self._ids: Mapping[str, str] = {}
        self._positions: dict[str, tuple[float, float] | None] = {}
        self.plane = Plane.UNKNOWN

    def part(self, mapping: dict[str, Any], name: str, default: Any) -> Any:
        value = mapping.get(name, default)
        if not isinstance(value, type(default)):
            raise FormatError(f"{name} is no {'list' if default == [] else 'object'}", where=self._where)
        return value

    def nodes(self, rows: list[Any]) -> tuple[Node, ...]:
        raw = [self._raw_id(row, f"nodes[{index}]") for index, row in enumerate(rows)]
        if len(set(raw)) != len(raw):
            seen: set[str] = set()
            twice = next(own for own in raw if own in seen or seen.add(own))  # type: ignore[func-returns-value]
            raise FormatError(f"the node id {twice[:60]!r} stands twice", where=f"{self._where}: nodes")
        self._ids = dict(zip(raw, readable_ids(raw, [_text(row.get("name")) for row in rows]), strict=True))
        nodes = tuple(self._node(row, own, f"nodes[{index}]") for index, (row, own) in enumerate(zip(rows, raw, strict=True)))
        self._positions = {node.id: node.position for node in nodes}
        self.plane = Plane.of([node.position for node in nodes if node.position])
        self._log.modelled("node", "nodes", count=len(nodes))
        return nodes

    def _node(self, row: dict[str, Any], raw: str, place: str) -> Node:
        self._others(row, _NODE_KEYS, "node", place)
        own, name = self._ids[raw], _text(row.get("name"))
        return Node(id=own, label="" if name == own else name, position=self._position(row.get("pos"), place), tags=_tags(row))

    def _position(self, value: Any, place: str) -> tuple[float, float] | None:
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 2:
            raise FormatError("pos is no pair of numbers", where=f"{self._where}: {place}")
        return self._number(value[0], "pos", place), self._number(value[1], "pos", place)

    def circuits(self, rows: list[Any]) -> tuple[Circuit, ...]:
        self._log.modelled("edge", "edges", count=len(rows))
        return tuple(circuit for index, row in enumerate(rows) for circuit in self._circuit(row, f"edges[{index}]"))

    def _circuit(self, row: Any, place: str) -> Iterator[Circuit]:
        if not isinstance(row, dict):
            raise FormatError("an edge that is no object", where=f"{self._where}: {place}")
        self._others(row, _EDGE_KEYS, "edge", place)
        source, target = (self._end(row.get(end), place) for end in ("source", "target"))
        if source == target:
            self._log.ignored("edge from a node to itself", f"{self._where}: {place}", "a link joins two nodes")
            return
        yield Circuit(
            source=source,
            target=target,
            id=_text(row.get("circuit")),
            link_id=_text(row.get("link_id")) if self._is_directed else "",
            capacity_bps=self._optional(row, "capacity_bps", place),
            propagation_delay_s=self._optional(row, "propagation_delay_s", place),
            length_m=self._length_m(row, source, target, place),
            metric=self._optional(row, "metric", place),
            is_one_way=self._is_directed,
            tags=_tags(row),
        )

    def _length_m(self, row: dict[str, Any], source: str, target: str, place: str) -> float | None:
        """``dist`` in kilometres. SNDlib networks that are drawn in pixels have great circles of pixels there: no lengths."""
        length_km = self._optional(row, "dist", place)
        ends = self._positions[source], self._positions[target]
        if length_km is None or self.plane is not Plane.KILOMETERS or ends[0] is None or ends[1] is None:
            return None if length_km is None else 1e3 * length_km
        if math.isclose(math.dist(*ends), length_km, rel_tol=0.02, abs_tol=0.1):  # type: ignore[arg-type]
            return 1e3 * length_km
        self._log.ignored("edge dist", f"{self._where}: {place}", "a great circle of pixels; the drawn distance is taken as kilometres")
        return None

    def demands(self, graph: dict[str, Any], assumptions: Assumptions) -> tuple[Demand, ...] | None:
        name = _text(graph.get("name"))
        unit_bps = UNITS_BPS.get(name, MBIT)
        demands = tuple(self._demands_of(self.part(graph, "demands", {}), unit_bps))
        if not demands:
            return None
        source = "as SNDlib states" if name in UNITS_BPS else "assumed, the file states none"
        note = f"unit {unit_bps:g} bit/s, {source}; Poisson arrivals, packet sizes of the Internet mix"
        self._log.modelled("demand", "graph.demands", note, count=len(demands))
        is_undirected = graph.get(DEMAND_MODEL) != "directed" and assumptions.both_ways is not False
        if not (is_undirected and is_triangular(demands)):
            return demands
        self._log.modelled("demand back", note="generated: the matrix is triangular; each demand is sent both ways", count=len(demands))
        return tuple(both_ways(demands))

    def _demands_of(self, matrix: dict[str, Any], unit_bps: float) -> Iterator[Demand]:
        for source, row in matrix.items():
            place = f"graph.demands[{source[:40]!r}]"
            if not isinstance(row, dict):
                raise FormatError("the demands of a node are no object", where=f"{self._where}: {place}")
            for target, value in row.items():
                ends, rate = (self._end(source, place), self._end(target, place)), self._not_negative(value, "demand", place)
                if ends[0] == ends[1]:
                    self._log.ignored("demand from a node to itself", f"{self._where}: {place}", "it crosses no link")
                else:
                    yield Demand(*ends, rate * unit_bps)

    def metadata(self, graph: dict[str, Any]) -> dict[str, str]:
        kept = {key: text for key, text in graph.items() if isinstance(text, str) and key not in ("name", DEMAND_MODEL)}
        self._log.modelled("graph data", "graph", "kept as metadata", count=len(kept))
        self._others(graph, {*kept, "name", "demands", DEMAND_MODEL}, "graph", "graph")
        return kept

    def _others(self, row: dict[str, Any], known: set[str], kind: str, place: str) -> None:
        for name, value in row.items():
            if name in _COMPUTED:
                self._log.ignored(f"{kind} {name}", f"{self._where}: {place}", _COMPUTED[name])
            elif name not in known and value is not None:
                self._log.unknown(f"{kind} {name[:60]}", f"{self._where}: {place}")

    def _raw_id(self, row: Any, place: str) -> str:
        own = row.get("id") if isinstance(row, dict) else None
        if isinstance(own, bool) or not isinstance(own, str | int) or own == "":
            raise FormatError("a node without an id", where=f"{self._where}: {place}", hint="give a text or a whole number")
        return str(own)

    def _end(self, value: Any, place: str) -> str:
        if str(value) not in self._ids:
            raise UnknownNameError.among("node", str(value)[:60], self._ids, where=f"{self._where}: {place}")
        return self._ids[str(value)]

    def _optional(self, row: dict[str, Any], name: str, place: str) -> float | None:
        return None if row.get(name) is None else self._not_negative(row[name], name, place)

    def _not_negative(self, value: Any, what: str, place: str) -> float:
        number = self._number(value, what, place)
        if number < 0:
            raise FormatError(f"{what} is {number:g}", where=f"{self._where}: {place}", hint="it must not be negative")
        return number

    def _number(self, value: Any, what: str, place: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            raise FormatError(f"{what} is {str(value)[:40]!r}", where=f"{self._where}: {place}", hint="give a number")
        return float(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _tags(row: dict[str, Any]) -> tuple[str, ...]:
    """``Seacable Waypoint`` becomes ``seacable-waypoint``."""
    if isinstance(row.get("tags"), list):
        return tuple(_text(tag) for tag in row["tags"])
    words = _text(row.get("type")).lower().split()
    return ("-".join(words),) if words else ()
