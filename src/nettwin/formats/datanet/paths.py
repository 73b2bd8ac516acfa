"""The routing file: a matrix of output ports (2020, 2022) or one node path per pair (2021)."""

from itertools import pairwise

import numpy as np

from nettwin.errors import FormatError, LimitError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.datanet.graph import Graph
from nettwin.scenario import ExplicitPath, ForwardingTable, RoutingPolicy, Traffic
from nettwin.scenario.traffic import default_demand_id

PLACE = "routing file"
CHARACTERS_PER_PAIR = 500
"""At most, on average: a path of a hundred nodes."""


def parse_routing(text: str, graph: Graph, traffic: Traffic, coverage: CoverageLog) -> RoutingPolicy:
    """Told apart by the separator of the first line."""
    n = graph.topology.n_nodes
    if len(text) > CHARACTERS_PER_PAIR * (n * n + 1):
        raise LimitError(f"too long for {n} nodes", where=PLACE)
    if ";" in text.partition("\n")[0]:
        policy = RoutingPolicy(explicit_paths=_explicit_paths(text, graph, traffic))
        coverage.modelled("explicit path", PLACE, count=len(policy.explicit_paths))
        return policy
    coverage.modelled("output port", PLACE, count=graph.topology.n_nodes * (graph.topology.n_nodes - 1))
    return RoutingPolicy(base=ForwardingTable(_next_link(text, graph)))


def _next_link(text: str, graph: Graph) -> np.ndarray:  # [node, target]
    n = graph.topology.n_nodes
    rows = [line.rstrip(",\r ").split(",") for line in text.split("\n") if line.strip()]
    if len(rows) != n or any(len(row) != n for row in rows):
        raise FormatError(f"it is no matrix of {n} x {n} output ports", where=PLACE)
    table = np.full((n, n), -1, dtype=np.int32)
    for node, row in enumerate(rows):
        for target, port in enumerate(row):
            if node != target:
                table[node, target] = _link_of_port(graph, node, target, port)
    return table


def _link_of_port(graph: Graph, node: int, target: int, port: str) -> int:
    if port.strip() == "-1":
        return -1
    try:
        return graph.link_of_port[node, int(port)]
    except (KeyError, ValueError):
        raise FormatError(f"node {node} has no port {port[:20]!r} towards {target}", where=f"{PLACE}: line {node + 1}") from None


def _explicit_paths(text: str, graph: Graph, traffic: Traffic) -> dict[str, tuple[ExplicitPath, ...]]:
    between = {}
    for index in reversed(range(graph.topology.n_links)):  # of parallel links the first one stays
        between[graph.topology.links[index].source, graph.topology.links[index].target] = graph.topology.links[index].id
    by_ends = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            nodes = [str(_number(node, number)) for node in line.strip().rstrip(";").split(";")]
            by_ends[nodes[0], nodes[-1]] = _links(nodes, between, number)
    return {name: (ExplicitPath(by_ends[ends]),) for name, ends in _named_ends(traffic) if ends in by_ends}


def _links(nodes: list[str], between: dict[tuple[str, str], str], number: int) -> tuple[str, ...]:
    try:
        return tuple(between[pair] for pair in pairwise(nodes))
    except KeyError as missing:
        source, target = missing.args[0]
        raise FormatError(f"no edge {source} -> {target}", where=f"{PLACE}: line {number}") from None


def _number(text: str, line: int) -> int:
    try:
        return int(text)
    except ValueError:
        raise FormatError(f"{text[:20]!r} is no node number", where=f"{PLACE}: line {line}") from None


def _named_ends(traffic: Traffic) -> list[tuple[str, tuple[str, str]]]:
    columns = zip(traffic.source.tolist(), traffic.target.tolist(), traffic.traffic_class.tolist(), strict=True)
    return [(default_demand_id(str(s), str(t), c), (str(s), str(t))) for s, t, c in columns]
