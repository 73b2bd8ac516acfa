"""One path rule held against detours, many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.controlplane.kernels import columns_of
from nettwin.optimize.steering.path_kernels import least_progress, longest_paths
from nettwin.optimize.steering.path_rules import PathRule
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario, Topology
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray, frozen

ROUNDING = 1.0 + 1e-9
"""Lengths that exceed a bound by less than this factor do so by rounding."""


@dataclass(frozen=True, eq=False)
class Leg:
    """Places to go to next, any shape that broadcasts with the ends of the demands."""

    place: IntArray
    is_link: bool


@dataclass(frozen=True, eq=False)
class SegmentLengths:
    """The longest path in use between any two nodes [source, target], and the shortest one possible."""

    hops: FloatArray
    delay_s: FloatArray
    """Propagation delay."""
    possible_delay_s: FloatArray
    """Of the shortest path by propagation delay over links that are up, whether in use or not."""

    @classmethod
    def of(cls, scenario: Scenario) -> "SegmentLengths":
        forwarding = forwarding_of(scenario)
        parts = columns_of(forwarding.graph), forwarding.order, forwarding.is_next, forwarding.distance
        delay = scenario.topology.propagation_delay_s
        hops, delays = longest_paths(*parts, np.ones(len(delay))), longest_paths(*parts, delay)
        return cls(frozen(hops), frozen(delays), frozen(shortest_delays(scenario.topology)))


def shortest_delays(topology: Topology, is_closed: BoolArray | None = None) -> FloatArray:  # [source, target]
    """Propagation delay in seconds of the shortest path over the links that are up (and not closed), infinite where there is none."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    is_open = topology.link_is_up if is_closed is None else topology.link_is_up & ~is_closed
    links = np.flatnonzero(is_open)
    links = links[np.lexsort((topology.propagation_delay_s[links], topology.link_target[links], topology.link_source[links]))]
    pair = topology.link_source[links].astype(np.int64) * topology.n_nodes + topology.link_target[links]
    fastest = links[np.unique(pair, return_index=True)[1]]
    ends = topology.link_source[fastest], topology.link_target[fastest]
    instant = 1e-15  # a sparse matrix takes a length of zero for no link at all
    weights = np.maximum(topology.propagation_delay_s[fastest], instant)
    shortest = np.asarray(dijkstra(csr_array((weights, ends), shape=(topology.n_nodes, topology.n_nodes))), dtype=np.float64)
    return np.where(shortest < instant * topology.n_nodes, 0.0, shortest)


def passes(nodes: Sequence[int], sequence: BoolArray) -> bool:
    """Whether a walk over these nodes passes the waypoints [position, node] in their order."""
    passed = 0
    for node in nodes:
        while passed < len(sequence) and sequence[passed, node]:
            passed += 1
    return passed == len(sequence)


@dataclass(frozen=True, eq=False)
class RuleCheck:
    """A rule, and what the forwarding makes of it between any two nodes."""

    scenario: Scenario
    vectors: SegmentVectors
    lengths: SegmentLengths
    rule: PathRule

    def keeps(self, source: IntArray, target: IntArray, legs: Sequence[Leg]) -> BoolArray:
        """Whether every path from source over the legs to target keeps to the rule; all arrays are broadcast."""
        stops = _stops(source, target, legs, self.scenario.topology)
        kept = self._is_open(stops)
        if self.rule.max_hops < np.inf:
            kept = kept & (self._length(stops, self.lengths.hops, self._link_hops) <= self.rule.max_hops)
        if self.rule.max_stretch < np.inf:
            limit = self.rule.max_stretch * self.lengths.possible_delay_s[source, target] * ROUNDING
            kept = kept & (self._length(stops, self.lengths.delay_s, self.scenario.topology.propagation_delay_s) <= limit)
        for sequence, table in zip(self.rule.sequences, self.progress, strict=True):
            kept = kept & (self._passed(stops, table) == len(sequence))
        return kept

    def allows_route(self, route: Sequence[int]) -> bool:
        """Whether one walk over these links, which follow each other, keeps to the rule."""
        topology, links = self.scenario.topology, np.array(route, dtype=np.int64)
        nodes = [int(topology.link_source[links[0]]), *topology.link_target[links].tolist()]
        possible = float(self.lengths.possible_delay_s[nodes[0], nodes[-1]])
        length = float(topology.propagation_delay_s[links].sum())
        is_short = len(links) <= self.rule.max_hops and (
            self.rule.max_stretch == np.inf or length <= self.rule.max_stretch * possible * ROUNDING
        )
        return is_short and bool(self.is_clean_link[links].all()) and all(passes(nodes, sequence) for sequence in self.rule.sequences)

    @cached_property
    def is_clean(self) -> BoolArray:  # [source, target]
        """Whether the forwarding leads from one node to another without touching anything avoided."""
        n = self.vectors.n_nodes
        touched = np.concatenate([[0], np.cumsum(self.rule.is_avoided[self.vectors.link])])
        return np.asarray(self.vectors.is_reachable & (np.diff(touched[self.vectors.offsets]).reshape(n, n) == 0))

    @cached_property
    def is_clean_link(self) -> BoolArray:  # [link]
        return self.scenario.topology.link_is_up & ~self.rule.is_avoided

    @cached_property
    def progress(self) -> tuple[IntArray, ...]:
        """For each sequence of waypoints how many have been passed for sure [passed before, source, target]."""
        forwarding = forwarding_of(self.scenario)
        parts = columns_of(forwarding.graph), forwarding.order, forwarding.is_next, forwarding.distance
        return tuple(least_progress(*parts, np.ascontiguousarray(sequence)) for sequence in self.rule.sequences)

    @cached_property
    def _link_hops(self) -> FloatArray:
        return np.ones(self.vectors.n_links)

    def _is_open(self, stops: "Sequence[_Stop]") -> BoolArray:
        is_open: BoolArray = np.ones((), dtype=np.bool_)
        for stop in stops:
            is_open = is_open & self.is_clean[stop.start, stop.end]
            if stop.link is not None:
                is_open = is_open & self.is_clean_link[stop.link]
        return is_open

    def _length(self, stops: "Sequence[_Stop]", segment: FloatArray, link: FloatArray) -> FloatArray:
        total: FloatArray = np.zeros(())
        for stop in stops:
            total = total + segment[stop.start, stop.end]
            if stop.link is not None:
                total = total + link[stop.link]
        return total

    def _passed(self, stops: "Sequence[_Stop]", table: IntArray) -> IntArray:
        passed: IntArray = np.zeros((), dtype=np.int64)
        for stop in stops:
            passed = table[passed, stop.start, stop.end]
        return passed


@dataclass(frozen=True, eq=False)
class _Stop:
    """Follow the forwarding from start to end, then cross the link, if any."""

    start: IntArray
    end: IntArray
    link: IntArray | None = None


def _stops(source: IntArray, target: IntArray, legs: Sequence[Leg], topology: Topology) -> list[_Stop]:
    here, stops = source, []
    for leg in legs:
        end = topology.link_source[leg.place] if leg.is_link else leg.place
        stops.append(_Stop(here, end, leg.place if leg.is_link else None))
        here = topology.link_target[leg.place] if leg.is_link else leg.place
    return [*stops, _Stop(here, target)]
