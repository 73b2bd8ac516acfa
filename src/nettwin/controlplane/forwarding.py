"""Where each node sends what is meant for each target: the outcome of an IGP, or a fixed table."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from nettwin.controlplane.by_topology import ByTopology
from nettwin.controlplane.graph import LinkGraph
from nettwin.errors import ScenarioError
from nettwin.scenario import ForwardingTable, Scenario, ShortestPaths, Topology
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray, frozen


@dataclass(frozen=True, eq=False)
class Forwarding:
    """Next links of every node for every target. They lead nearer to the target at every hop, so there are no loops."""

    graph: LinkGraph
    distance: FloatArray  # [target, node] sum of metrics (hops with a fixed table); infinite where no path leads there
    order: IntArray  # [target, position] nodes, the nearest first
    is_next: BoolArray  # [target, link] whether the link's source uses it towards the target
    n_paths: FloatArray  # [target, node] number of different paths


_remembered: "WeakKeyDictionary[Scenario, Forwarding]" = WeakKeyDictionary()
_latest: "ByTopology[tuple[ShortestPaths | ForwardingTable, Forwarding]]" = ByTopology()


def forwarding_of(scenario: Scenario) -> Forwarding:
    """The forwarding of a scenario's base policy in its present state, remembered as long as the scenario lives.

    Scenarios that share topology and base policy share it.
    """
    if scenario not in _remembered:
        base = scenario.policy.base
        known = _latest.get(scenario.topology)
        if known is None or known[0] != base:
            known = base, forward(scenario, LinkGraph.of(scenario.topology))
            _latest.put(scenario.topology, known)
        _remembered[scenario] = known[1]
    return _remembered[scenario]


def forward(scenario: Scenario, graph: LinkGraph) -> Forwarding:
    """The forwarding of a scenario's base policy on a graph of its links, some of which may have failed since."""
    base = scenario.policy.base
    if isinstance(base, ForwardingTable):
        check_table(base, scenario.topology)
        return _forward_by_table(base, graph)
    return _forward_by_metric(graph, has_ecmp=base.has_ecmp)


def shortest_distances(graph: LinkGraph) -> FloatArray:  # [target, node]
    """Sums of metrics of the shortest paths over the links that are up."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    up = np.flatnonzero(graph.is_up)
    order = up[np.lexsort((graph.metric[up], graph.source[up], graph.target[up]))]
    pair = graph.target[order].astype(np.int64) * graph.n_nodes + graph.source[order]
    cheapest = order[np.unique(pair, return_index=True)[1]]  # of parallel links; a sparse matrix would add them up
    ends = (graph.target[cheapest], graph.source[cheapest])
    reversed_graph = csr_array((graph.metric[cheapest], ends), shape=(graph.n_nodes, graph.n_nodes))
    return np.asarray(dijkstra(reversed_graph), dtype=np.float64)


def check_table(table: ForwardingTable, topology: Topology) -> None:
    """Raise ScenarioError where an entry is no link, or one that leaves another node."""
    link, node = table.next_link, np.arange(topology.n_nodes)[:, None]
    is_known = (link >= -1) & (link < topology.n_links)
    starts_here = (
        (link == -1) | (is_known & (topology.link_source[np.where(is_known, link, 0)] == node)) if topology.n_links else link == -1
    )
    wrong = np.argwhere(~starts_here)
    if len(wrong):
        at, target = (topology.nodes[int(index)].id for index in wrong[0])
        raise ScenarioError(
            f"its entry towards {target!r} is link {link[tuple(wrong[0])]}",
            where=f"forwarding table of node {at!r}",
            hint="give the index of a link that leaves this node, or -1",
        )


def _forward_by_metric(graph: LinkGraph, *, has_ecmp: bool) -> Forwarding:
    from nettwin.controlplane.kernels import columns_of, count_paths, mark_next_links

    distance = shortest_distances(graph)
    is_next = mark_next_links(columns_of(graph), distance, graph.tolerance, has_ecmp)
    order = _order(distance)
    n_paths = count_paths(columns_of(graph), order, is_next)
    return Forwarding(graph, frozen(distance), order, frozen(is_next), frozen(n_paths))


def _forward_by_table(table: ForwardingTable, graph: LinkGraph) -> Forwarding:
    from nettwin.controlplane.kernels import columns_of, follow_table, mark_table_links

    distance = follow_table(columns_of(graph), table.next_link)
    is_next = mark_table_links(table.next_link, distance, graph.n_links)
    n_paths = np.where(np.isfinite(distance), 1.0, 0.0)
    return Forwarding(graph, frozen(distance), _order(distance), frozen(is_next), frozen(n_paths))


def _order(distance: FloatArray) -> IntArray:
    return frozen(np.argsort(distance, axis=1, kind="stable").astype(np.int32))
