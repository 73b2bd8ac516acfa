"""What has to flow from where to where over which capacities: the multi-commodity flow problem as arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class FlowNetwork:
    """Links that are up, and one commodity for each ordered pair of nodes with traffic."""

    n_nodes: int
    link: IntArray  # [arc] index in the topology
    source: IntArray  # [arc] node
    target: IntArray  # [arc] node
    capacity_bps: FloatArray  # [arc]
    delay_s: FloatArray  # [arc]
    origin: IntArray  # [commodity] node
    destination: IntArray  # [commodity] node
    rate_bps: FloatArray  # [commodity]
    commodity: IntArray  # [demand] of the scenario; -1: it loads nothing

    @property
    def n_arcs(self) -> int:
        return len(self.link)

    @classmethod
    def of(cls, scenario: Scenario) -> "FlowNetwork":
        """Of a scenario; demands that its forwarding does not deliver load nothing under any plan and are left out."""
        topology, traffic = scenario.topology, scenario.traffic
        up = np.flatnonzero(topology.link_is_up)
        pair, rate, commodity = _commodities(scenario)
        return cls(
            n_nodes=topology.n_nodes,
            link=up,
            source=topology.link_source[up],
            target=topology.link_target[up],
            capacity_bps=topology.capacity_bps[up],
            delay_s=topology.propagation_delay_s[up],
            origin=(pair // topology.n_nodes).astype(traffic.source.dtype),
            destination=(pair % topology.n_nodes).astype(traffic.source.dtype),
            rate_bps=rate,
            commodity=commodity,
        )

    def shortest(self, length: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
        """Distances and nodes before [origin node, node] under lengths [arc], and the arc between two neighbors [node, node]."""
        n = self.n_nodes
        order = np.lexsort((-length, self.target, self.source))  # of parallel arcs the shortest comes last
        between = np.full((n, n), -1, dtype=np.int32)
        between[self.source[order], self.target[order]] = order
        ends = np.nonzero(between >= 0)
        # Zero would mean "no arc" to some sparse formats; so little cannot change which bound is proven: bounds use the lengths themselves.
        weight = np.maximum(length[between[ends]], 1e-300)
        graph: Any = csr_array((weight, ends), shape=(n, n))
        distance, before = dijkstra(graph, return_predecessors=True)
        return np.asarray(distance, dtype=np.float64), np.asarray(before), between


def _commodities(scenario: Scenario) -> tuple[IntArray, FloatArray, IntArray]:
    """Pairs (source * n_nodes + target), ascending, their rates, and the pair of each demand."""
    traffic, forwarding = scenario.traffic, forwarding_of(scenario)
    counts = np.isfinite(forwarding.distance[traffic.target, traffic.source]) & (traffic.rate_bps > 0)
    counts[_black_holed(scenario)] = False
    pair = traffic.source.astype(np.int64) * scenario.topology.n_nodes + traffic.target
    pairs, which = np.unique(pair[counts], return_inverse=True)
    commodity = np.full(traffic.n_demands, -1, dtype=np.int64)
    commodity[counts] = which
    rate = np.bincount(which, weights=traffic.rate_bps[counts], minlength=len(pairs)).astype(np.float64)
    return pairs, rate, commodity


def _black_holed(scenario: Scenario) -> list[int]:
    """Demands whose explicit paths lead over a link that is down: a part of them loads nothing."""
    topology = scenario.topology
    is_up = topology.link_is_up
    paths = scenario.policy.explicit_paths.items()
    lost = (name for name, each in paths if not all(is_up[topology.index_of_link(link)] for path in each for link in path.links))
    return [scenario.index_of_demand(name) for name in lost]
