"""The graph file (GML): nodes that configure their output ports, and directed edges with bandwidth and port number."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from nettwin.errors import FormatError, LimitError, NettwinError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.magnitudes import RATES_BPS, check_magnitude
from nettwin.scenario import Discipline, Link, Node, Queue, Scheduling, Topology

DISCIPLINES = {
    "FIFO": Discipline.FIFO,
    "SP": Discipline.STRICT_PRIORITY,
    "WFQ": Discipline.VIRTUAL_CLOCK,  # what BNNetSimulator calls WFQ
    "DRR": Discipline.DRR,
}
NODE_FIELDS = {"label", "schedulingPolicy", "schedulingWeights", "bufferSizes", "queueSizes", "levelsQoS", "tosToQoSqueue"}
EDGE_FIELDS = {"port", "bandwidth", "weight"}
GRAPH_FIELDS = {"levelsToS"}
DEEPEST = 8
LONGEST = 2 * 2**20
"""Characters of a graph file: some thousand nodes."""


@dataclass(frozen=True, eq=False)
class Graph:
    """The topology, and which output port of a node leads into which link."""

    topology: Topology
    link_of_port: Mapping[tuple[int, int], int]  # (node, port) -> link
    buffers_in_bits: bool


def parse_graph(text: str, coverage: CoverageLog, *, counts_packet_in_service: bool) -> Graph:
    """Topology with its schedulers. Buffers in bits always count the packet on the wire, those in packets if told so."""
    graph = _parse_gml(text)
    nodes = [_node_number(node) for node in graph.nodes]
    if sorted(nodes) != list(range(len(nodes))):
        raise FormatError("node ids are not 0, 1, 2, ...", where="graph file", hint="routing and traffic count nodes from 0")
    ports = {node: _port(node, data) for node, data in graph.nodes(data=True)}
    holds = {"bufferSizes" in data or counts_packet_in_service for _, data in graph.nodes(data=True)}
    edges = sorted(graph.edges(data=True), key=lambda edge: (edge[0], edge[1], _port_number(edge)))
    names = _link_names([(source, target) for source, target, _ in edges])
    links = tuple(_link(name, edge, ports[edge[0]], holds == {True}) for name, edge in zip(names, edges, strict=True))
    _report(graph, coverage)
    return Graph(
        topology=Topology(tuple(Node(str(number)) for number in range(len(nodes))), links),
        link_of_port=_port_table(edges),
        buffers_in_bits=any("bufferSizes" in data for _, data in graph.nodes(data=True)),
    )


def _parse_gml(text: str) -> Any:
    from networkx import MultiDiGraph, NetworkXError, parse_gml

    if len(text) > LONGEST:
        raise LimitError(f"more than {LONGEST} characters", where="graph file", hint="real ones have a thousand per node")
    if _depth(text) > DEEPEST:
        raise LimitError(f"brackets nested deeper than {DEEPEST}", where="graph file")
    try:
        graph = parse_gml(text, label="id")
    except (NetworkXError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise FormatError(f"no readable GML: {error}", where="graph file") from None
    return MultiDiGraph(graph)


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character == "[":
            depth += 1
            deepest = max(deepest, depth)
        elif character == "]":
            depth -= 1
    return deepest


def _node_number(node: Any) -> int:
    if not isinstance(node, int):
        raise FormatError(f"the id {str(node)[:40]!r} is no integer", where="graph file")
    return node


def _port(node: int, data: dict[str, Any]) -> Scheduling:
    """The scheduler of a node's output ports; a DRR quantum is filled in per link."""
    try:
        return _scheduling(str(data["schedulingPolicy"]), {key: str(value) for key, value in data.items()})
    except KeyError as missing:
        raise FormatError(f"{missing.args[0]} is missing or unknown", where=f"graph file: node {node}") from None
    except (ValueError, IndexError, NettwinError) as error:
        raise FormatError(f"its queues cannot be understood: {error}", where=f"graph file: node {node}") from None


@lru_cache(maxsize=1024)
def _cached_scheduling(policy: str, unit: str, sizes: str, weights: str, class_map: str) -> Scheduling:
    buffers = [float(size) for size in sizes.split(",")]
    shares = [1.0] * len(buffers) if weights in ("", "-") else [float(weight) for weight in weights.split(",")]
    queues = tuple(Queue(**{unit: size}, weight=weight) for size, weight in zip(buffers, shares, strict=True))
    return Scheduling(DISCIPLINES[policy], queues, _queue_by_class(class_map, len(queues)))


def _scheduling(policy: str, data: dict[str, str]) -> Scheduling:
    unit, sizes = ("buffer_bits", data["bufferSizes"]) if "bufferSizes" in data else ("buffer_packets", data["queueSizes"])
    if policy not in DISCIPLINES:
        raise KeyError(f"schedulingPolicy {policy[:40]!r}")
    return _cached_scheduling(policy, unit, sizes, data.get("schedulingWeights", ""), data.get("tosToQoSqueue", ""))


def _queue_by_class(text: str, n_queues: int) -> tuple[int, ...]:
    """``0;1;2``: one queue each. ``0,1,2``: all in the first. Empty: class c uses queue c."""
    queue_of = {int(tos): queue for queue, classes in enumerate(text.split(";")) for tos in classes.split(",") if tos}
    if max(queue_of.values(), default=0) >= n_queues or len(queue_of) > 256:
        raise ValueError(f"tosToQoSqueue {text[:60]!r} for {n_queues} queues")
    return tuple(queue_of.get(tos, n_queues - 1) for tos in range(max(queue_of, default=-1) + 1))


def _link(name: str, edge: Any, port: Scheduling, holds_packet_in_service: bool) -> Link:
    source, target, data = edge
    try:
        bandwidth = float(data["bandwidth"])
        check_magnitude("bandwidth", bandwidth, RATES_BPS, f"edge {source} -> {target}")
        scheduling = replace(port, buffer_holds_packet_in_service=holds_packet_in_service)
        if port.discipline is Discipline.DRR:
            # each round gives weight percent of what the link carries in one second
            scheduling = replace(scheduling, quantum_bits=bandwidth / 100.0)
        return Link(name, str(source), str(target), bandwidth, metric=float(data.get("weight", 1.0)), scheduling=scheduling)
    except (KeyError, ValueError, TypeError, NettwinError) as error:
        raise FormatError(f"the edge cannot be understood: {error}", where=f"graph file: edge {source} -> {target}") from None


def _link_names(ends: list[tuple[int, int]]) -> list[str]:
    seen: Counter[tuple[int, int]] = Counter()
    names = []
    for source, target in ends:
        seen[source, target] += 1
        count = seen[source, target]
        names.append(f"{source}->{target}" + (f"#{count}" if count > 1 else ""))
    return names


def _port_number(edge: Any) -> int:
    try:
        return int(edge[2]["port"])
    except (KeyError, ValueError, TypeError):
        raise FormatError("no port number", where=f"graph file: edge {edge[0]} -> {edge[1]}") from None


def _port_table(edges: list[Any]) -> dict[tuple[int, int], int]:
    table = {(edge[0], _port_number(edge)): index for index, edge in enumerate(edges)}
    if len(table) != len(edges):
        raise FormatError("two edges leave one node by one port", where="graph file", hint="port numbers are unique per node")
    return table


def _report(graph: Any, coverage: CoverageLog) -> None:
    coverage.modelled("node", "graph file", count=graph.number_of_nodes())
    coverage.modelled("edge", "graph file", count=graph.number_of_edges())
    for data, known, kind in ((graph.nodes, NODE_FIELDS, "node"), (graph.edges, EDGE_FIELDS, "edge")):
        for *_, fields in data(data=True):
            for field in fields.keys() - known:
                coverage.unknown(f"{kind} {field}", "graph file")
    for field in graph.graph.keys() - GRAPH_FIELDS:
        coverage.unknown(f"graph {field}", "graph file")
    coverage.ignored("edge weight", "graph file", "kept as the IGP metric; the routing file decides the paths", graph.number_of_edges())
