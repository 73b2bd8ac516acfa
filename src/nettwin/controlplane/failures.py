"""Loads after each of many failures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nettwin.controlplane.forwarding import forward
from nettwin.controlplane.graph import LinkGraph
from nettwin.controlplane.itineraries import Itineraries, plan_itineraries
from nettwin.controlplane.loads import loads_of
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray, IntArray, frozen


@dataclass(frozen=True, eq=False)
class FailureLoads:
    """Loads and what has no path, a row per failure."""

    load_bps: FloatArray  # [failure, link]
    n_unreachable: IntArray  # [failure] demands without any path
    unreachable_bps: FloatArray  # [failure] their traffic, and what is black-holed of others

    def __post_init__(self) -> None:
        for column in (self.load_bps, self.n_unreachable, self.unreachable_bps):
            frozen(column)


def loads_after_failures(scenario: Scenario, failures: Sequence[Sequence[int]]) -> FailureLoads:
    """The loads when all links of one failure are down beside those that are down already, for each failure on its own."""
    graph = LinkGraph.of(scenario.topology)
    load = np.zeros((len(failures), graph.n_links))
    n_unreachable = np.zeros(len(failures), dtype=np.int64)
    unreachable_bps = np.zeros(len(failures))
    for row, links in enumerate(failures):
        load[row], n_unreachable[row], unreachable_bps[row] = loads_without(scenario, graph, links)
    return FailureLoads(load, n_unreachable, unreachable_bps)


def loads_without(scenario: Scenario, graph: LinkGraph, links: Sequence[int]) -> tuple[FloatArray, int, float]:
    """Loads, unreachable demands and unreachable bit/s when some links are down, computed from scratch."""
    is_up = graph.is_up.copy()
    is_up[list(links)] = False
    forwarding = forward(scenario, replace(graph, is_up=is_up))
    itineraries = plan_itineraries(scenario, forwarding)
    n_unreachable, unreachable_bps = count_unreachable(itineraries, scenario.traffic.rate_bps)
    return loads_of(itineraries, scenario.traffic.rate_bps, forwarding), n_unreachable, unreachable_bps


def count_unreachable(itineraries: Itineraries, rate_bps: FloatArray) -> tuple[int, float]:
    """Demands of which nothing arrives, and the traffic of all demands that has no way, in bit/s."""
    lost = 1.0 - np.bincount(itineraries.demand, weights=itineraries.share, minlength=len(rate_bps))
    lost[lost < 1e-9] = 0.0  # shares of several lists add up to 1 but for rounding
    return int(np.sum(lost > 1.0 - 1e-9)), float(lost @ rate_bps)
