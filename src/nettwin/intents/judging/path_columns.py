"""The paths of some demands as columns, and which of them break a rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.changes.selection import links_named, nodes_named
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.scenario import Routing, Scenario, Topology
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Paths:
    """Paths that carry something, hop by hop."""

    scenario: Scenario
    demand: IntArray  # [path]
    share: FloatArray  # [path]
    hop_path: IntArray  # [hop]
    hop_link: IntArray  # [hop]

    @classmethod
    def of(cls, scenario: Scenario, routing: Routing, rows: IntArray) -> "Paths":
        """Those of some demands."""
        wanted = np.zeros(routing.n_demands, dtype=np.bool_)
        wanted[rows] = True
        is_chosen = wanted[routing.path_demand] & (routing.path_share > 0)
        number = np.cumsum(is_chosen) - 1
        hops = is_chosen[routing.hop_path]
        return cls(
            scenario, routing.path_demand[is_chosen], routing.path_share[is_chosen], number[routing.hop_path[hops]], routing.hop_link[hops]
        )

    @property
    def n_paths(self) -> int:
        return len(self.demand)

    @cached_property
    def n_hops(self) -> IntArray:  # [path]
        return np.bincount(self.hop_path, minlength=self.n_paths)

    @cached_property
    def propagation_s(self) -> FloatArray:  # [path]
        return self.total(self.scenario.topology.propagation_delay_s)

    def total(self, per_link: FloatArray) -> FloatArray:  # [path]
        """The sum over the links of each path."""
        return np.bincount(self.hop_path, weights=per_link[self.hop_link], minlength=self.n_paths).astype(np.float64)

    def crosses(self, links: BoolArray) -> BoolArray:  # [path]
        """Which paths use one of these links."""
        return np.bincount(self.hop_path, weights=links[self.hop_link], minlength=self.n_paths) > 0

    def passes(self, nodes: BoolArray) -> BoolArray:  # [path]
        """Which paths have one of these nodes on their way, their demand's own ends left out."""
        node = self.scenario.topology.link_target[self.hop_link]
        demand = self.demand[self.hop_path]
        is_own = (node == self.scenario.traffic.source[demand]) | (node == self.scenario.traffic.target[demand])
        return np.bincount(self.hop_path, weights=nodes[node] & ~is_own, minlength=self.n_paths) > 0

    def nodes_of(self, path: int) -> list[str]:
        """The nodes of one path, in order."""
        links = [self.scenario.topology.links[link] for link in self.hop_link[self.hop_path == path].tolist()]
        return [links[0].source, *(link.target for link in links)]

    @cached_property
    def _position(self) -> IntArray:  # [hop] 1 at the first link: the position of its target, the path's source being at 0
        starts = np.concatenate([[0], np.cumsum(self.n_hops)])[:-1]
        return np.asarray(np.arange(len(self.hop_path)) - starts[self.hop_path] + 1)

    def first_visit(self, nodes: BoolArray, not_before: FloatArray) -> FloatArray:  # [path]
        """The first position from ``not_before`` on at which one of these nodes stands; infinite where none does."""
        node, inside = self.scenario.topology.link_target[self.hop_link], self._position >= not_before[self.hop_path]
        at_source = nodes[self.scenario.traffic.source[self.demand]] & (not_before <= 0)
        first = np.where(at_source, 0.0, np.inf)
        hops = nodes[node] & inside
        np.minimum.at(first, self.hop_path[hops], self._position[hops].astype(np.float64))
        return first


def misses_waypoint(paths: Paths, constraint: PathConstraint) -> BoolArray:  # [path]
    """Paths that leave out a waypoint, or pass them in another order than asked; one node may serve as several."""
    missed = np.zeros(paths.n_paths, dtype=np.bool_)
    reached = np.zeros(paths.n_paths)
    for names in constraint.via:
        position = paths.first_visit(nodes_mask(paths.scenario.topology, names), reached)
        missed |= np.isinf(position)
        reached = position if constraint.is_ordered else np.zeros(paths.n_paths)
    return missed


def uses_avoided(paths: Paths, avoid: Avoid) -> tuple[BoolArray, BoolArray]:  # [path], [link]
    """Paths that use something that they must avoid, and the links that are or lead to such things."""
    topology, tags = paths.scenario.topology, set(avoid.tags)
    nodes = nodes_mask(topology, avoid.nodes)
    nodes |= np.array([not tags.isdisjoint(node.tags) for node in topology.nodes], dtype=np.bool_)
    links = np.array([not tags.isdisjoint(link.tags) for link in topology.links], dtype=np.bool_)
    for name in avoid.links:
        links[links_named(topology, name)] = True
    return paths.crosses(links) | paths.passes(nodes), links | nodes[topology.link_target]


def stretch(paths: Paths) -> FloatArray:  # [path]
    """Propagation delay relative to the shortest possible over links that are up; infinite where only the latter is 0."""
    shortest_s = shortest_propagation_s(paths.scenario)[
        paths.scenario.traffic.target[paths.demand], paths.scenario.traffic.source[paths.demand]
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = paths.propagation_s / shortest_s
    return np.where(paths.propagation_s <= shortest_s, 1.0, ratio)


def shortest_propagation_s(scenario: Scenario) -> FloatArray:  # [target, source]
    """Of the fastest way over links that are up, whatever the routing makes of them."""
    from dataclasses import replace

    from nettwin.controlplane.forwarding import forwarding_of, shortest_distances

    instant = 1e-15  # a sparse matrix takes a length of zero for no link at all
    graph = replace(forwarding_of(scenario).graph, metric=np.maximum(scenario.topology.propagation_delay_s, instant))
    shortest = shortest_distances(graph)
    return np.where(shortest < instant * (scenario.topology.n_nodes + 1), 0.0, shortest)


def nodes_mask(topology: Topology, names: Iterable[str]) -> BoolArray:  # [node]
    """Nodes with these ids or patterns. Raises UnknownNameError."""
    mask = np.zeros(topology.n_nodes, dtype=np.bool_)
    for name in names:
        mask[nodes_named(topology, name)] = True
    return mask
