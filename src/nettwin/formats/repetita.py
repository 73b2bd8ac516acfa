"""REPETITA: a .graph file (nodes, directed edges) and .demands files beside it (Gay, Schaus & Vissicchio, arXiv 1710.08665).

Edges: kbit/s and microseconds. Demands: kbit/s. Edges that run opposite each other between the same ends become one circuit.
A matrix is chosen by its number: ``Aarnet.graph#0001`` is ``Aarnet.0001.demands``; without one it is the first.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from nettwin.errors import FormatError, InputError, LimitError, ScenarioError, UnknownNameError
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.circuits import Circuit, Names, links_of, readable_ids, with_partners
from nettwin.formats.coverage import CoverageLog, CoverageReport
from nettwin.formats.imported import Imported
from nettwin.formats.losses import Holds, log_losses
from nettwin.formats.magnitudes import DELAYS_S, RATES_BPS, check_magnitude
from nettwin.formats.numbers import inverse_text, not_negative, number, number_text, whole_number
from nettwin.formats.safe_input import read_text
from nettwin.scenario import Demand, Node, Scenario, Topology, Traffic

NAME = "repetita"
DESCRIPTION = "REPETITA traffic-engineering benchmark: NAME.graph with NAME.0000.demands beside it"
EXTENSIONS = (".graph", ".demands")

MAX_LINES = 120_000
MATRIX = re.compile(r"(?P<stem>.+)\.(?P<number>[^.]+)\.demands\Z")


def _from_kbit(value: float) -> float:
    return value * 1e3


def _from_microseconds(value: float) -> float:
    return value / 1e6


def recognizes(path: Path, head: bytes) -> bool:
    """Whether the file starts with ``NODES n`` or ``DEMANDS n``."""
    return re.match(rb"\s*(NODES|DEMANDS)\s+\d+\s*\n", head) is not None


def read(path: Path) -> Imported:
    """A .graph file with its first matrix, or a .demands file with its graph."""
    match = MATRIX.match(path.name)
    if match:
        return _read(path.with_name(f"{match['stem']}.graph"), path)
    names = member_names(path)
    return read_member(path, names[0]) if names else _read(path, None)


def member_names(path: Path) -> tuple[str, ...]:
    """The numbers of the matrices beside a .graph file, as ``0000``."""
    stem = path.name.removesuffix(".graph")
    matches = (MATRIX.match(file.name) for file in path.parent.glob("*.demands"))
    return tuple(sorted(match["number"] for match in matches if match and match["stem"] == stem))


def read_member(path: Path, member: str) -> Imported:
    """A .graph file with the matrix of this number."""
    if member not in member_names(path):
        raise UnknownNameError.among("matrix", member, member_names(path), where=str(path))
    return _read(path, path.with_name(f"{path.name.removesuffix('.graph')}.{member}.demands"))


def _read(graph: Path, demands: Path | None) -> Imported:
    log = CoverageLog()
    lines = _Lines(read_text(graph), str(graph))
    try:
        topology = _topology(lines, log)
    except ScenarioError as error:  # of the network as a whole, such as two links with one id
        raise error if str(graph) in error.where else error.at(str(graph)) from None
    traffic = Traffic.of((), topology)
    if demands:
        traffic = _traffic(_Lines(read_text(demands), str(demands)), topology, log)
    else:
        log.ignored(
            "demands", note=f"no file {graph.name.removesuffix('.graph')}.*.demands beside it; the scenario has no traffic", count=1
        )
    name = (demands or graph).name.removesuffix(".demands").removesuffix(".graph")
    return Imported(Scenario(topology, traffic, name=name), log.report())


class _Lines:
    """The lines that are not empty, with their places, section by section."""

    def __init__(self, text: str, where: str) -> None:
        if text.count("\n") > MAX_LINES:
            raise LimitError(f"more than {MAX_LINES} lines", where=where)
        self._where = where
        self._lines = [(number, line.split()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        self._next = 0

    def place(self) -> str:
        line = self._lines[min(self._next, len(self._lines)) - 1][0] if self._lines else 1
        return f"{self._where}: line {line}"

    def section(self, keyword: str, n_columns: int) -> Iterator[list[str]]:
        """The rows below ``KEYWORD count`` and its heading. Text before the last columns is the label, spaces and all."""
        head = self._take()
        if len(head) != 2 or head[0] != keyword:
            raise FormatError(f"{' '.join(head)[:60]!r} instead of {keyword} and a count", where=self.place())
        count = whole_number(head[1], f"the count of {keyword}", self.place())
        if count > len(self._lines):
            raise FormatError(f"{count} {keyword} announced, the file has {len(self._lines)} lines", where=self.place())
        if self._take()[0] != "label":
            raise FormatError("the heading is missing", where=self.place(), hint="it starts with 'label'")
        for _ in range(count):
            row = self._take()
            if len(row) < n_columns:
                raise FormatError(f"{len(row)} columns instead of {n_columns}", where=self.place())
            split = len(row) - n_columns + 1
            yield [" ".join(row[:split]), *row[split:]]

    def rest(self) -> int:
        """How many lines are left."""
        return len(self._lines) - self._next

    def _take(self) -> list[str]:
        if self._next >= len(self._lines):
            raise FormatError("the file ends too early", where=self.place(), hint="fetch it again")
        self._next += 1
        return self._lines[self._next - 1][1]


def _topology(lines: _Lines, log: CoverageLog) -> Topology:
    labels, positions = [], []
    for label, x, y in lines.section("NODES", 3):
        labels.append(label)
        positions.append((number(x, "x", lines.place()), number(y, "y", lines.place())))
    ids = readable_ids([str(index) for index in range(len(labels))], labels)
    is_placed = any(xy != (0.0, 0.0) for xy in positions)  # Rocketfuel graphs have all nodes at the origin
    nodes = tuple(
        Node(id=own, label="" if label == own else label, position=xy if is_placed else None)
        for own, label, xy in zip(ids, labels, positions, strict=True)
    )
    edges = [_edge(row, ids, lines.place()) for row in lines.section("EDGES", 6)]
    log.modelled("node", "NODES", count=len(nodes))
    log.modelled("edge", "EDGES", count=len(edges))
    log.modelled("buffer", note=f"not in the file: {Assumptions().buffer_packets:g} packets, FIFO", count=len(edges))
    if lines.rest():
        log.unknown("lines after the edges", lines.place(), count=lines.rest())
    return Topology(nodes, links_of(with_partners(edges), Assumptions().scheduling))


def _edge(row: list[str], ids: tuple[str, ...], where: str) -> Circuit:
    label, source, target, weight, capacity, delay = row
    capacity_bps = _from_kbit(not_negative(capacity, "bw", where))
    propagation_delay_s = _from_microseconds(not_negative(delay, "delay", where))
    check_magnitude("capacity_bps", capacity_bps, RATES_BPS, where)
    check_magnitude("propagation_delay_s", propagation_delay_s, DELAYS_S, where)
    return Circuit(
        link_id=label,
        source=_node(source, ids, where),
        target=_node(target, ids, where),
        capacity_bps=capacity_bps,
        propagation_delay_s=propagation_delay_s,
        metric=not_negative(weight, "weight", where),
        is_one_way=True,
    )


def _node(text: str, ids: tuple[str, ...], where: str) -> str:
    index = whole_number(text, "node", where)
    if index >= len(ids):
        raise FormatError(f"node {index}, there are {len(ids)}", where=where, hint="nodes count from 0")
    return ids[index]


def _traffic(lines: _Lines, topology: Topology, log: CoverageLog) -> Traffic:
    ids = tuple(node.id for node in topology.nodes)
    demands = []
    for label, source, target, rate in lines.section("DEMANDS", 4):
        where = lines.place()
        demand = Demand(
            source=_node(source, ids, where), target=_node(target, ids, where),
            rate_bps=_from_kbit(not_negative(rate, "bw", where)), id=label,
        )  # fmt: skip
        check_magnitude("rate_bps", demand.rate_bps, RATES_BPS, where)
        if demand.source == demand.target:
            log.ignored("demand from a node to itself", where, "it crosses no link")
        else:
            demands.append(demand)
    log.modelled("demand", "DEMANDS", "Poisson arrivals, packet sizes of the Internet mix", count=len(demands))
    return Traffic.of(demands, topology)


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes NAME.graph and NAME.0000.demands beside it; a path ``NAME.0001.demands`` gives the matrix that number."""
    match = MATRIX.match(path.name)
    stem = match["stem"] if match else path.name.removesuffix(".graph")
    if not stem:
        raise InputError("the file has no name", where=str(path))
    log = CoverageLog()
    path.with_name(f"{stem}.graph").write_text(_graph_text(scenario.topology), encoding="utf-8")
    demands = path if match else path.with_name(f"{stem}.0000.demands")
    demands.write_text(_demands_text(scenario), encoding="utf-8")
    log.modelled("node", count=scenario.topology.n_nodes)
    log.modelled("edge", count=scenario.topology.n_links)
    log.modelled("demand", demands.name, count=scenario.traffic.n_demands)
    log_losses(scenario, log, Holds.DEMANDS | Holds.POSITIONS | Holds.DELAYS | Holds.METRICS | Holds.LINK_IDS)
    return log.report()


def _graph_text(topology: Topology) -> str:
    index, label = topology.node_index, Names(mark="_")
    nodes = [f"{_word(_label(node, number))} {_coordinates(node)}" for number, node in enumerate(topology.nodes)]
    edges = [
        f"{label.unique(_word(link.id))} {index[link.source]} {index[link.target]} {number_text(link.metric)}"
        f" {_kbit_text(link.capacity_bps)}"
        f" {inverse_text(link.propagation_delay_s, link.propagation_delay_s * 1e6, _from_microseconds)}"
        for link in topology.links
    ]
    rows = [f"NODES {len(nodes)}", "label x y", *nodes, "", f"EDGES {len(edges)}", "label src dest weight bw delay", *edges]
    return "\n".join(rows) + "\n"


def _label(node: Node, number: int) -> str:
    """What gives the node its id when it is read again: the id, or a label that several nodes have."""
    return node.label if node.label and node.id == str(number) else node.id


def _coordinates(node: Node) -> str:
    return " ".join(repr(float(value)) for value in node.position or (0.0, 0.0))


def _demands_text(scenario: Scenario) -> str:
    traffic, label = scenario.traffic, Names(mark="_")
    columns = zip(scenario.demand_ids, traffic.source.tolist(), traffic.target.tolist(), traffic.rate_bps.tolist(), strict=True)
    rows = [f"{label.unique(_word(own))} {source} {target} {_kbit_text(rate)}" for own, source, target, rate in columns]
    return "\n".join([f"DEMANDS {len(rows)}", "label src dest bw", *rows]) + "\n"


def _kbit_text(rate_bps: float) -> str:
    return inverse_text(rate_bps, rate_bps / 1e3, _from_kbit)


def _word(label: str) -> str:
    """Labels are single words."""
    return "_".join(label.split()) or "_"
