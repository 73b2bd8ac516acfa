"""All paths of a network as ways of its commodities: column generation over them solves the multi-commodity flow problem."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array

from nettwin.optimize.lp.flow_network import FlowNetwork
from nettwin.optimize.lp.generation import NO_KEY, Ways
from nettwin.optimize.lp.kernels import tree_paths
from nettwin.scenario.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class PathOracle:
    """Shortest paths under the prices of the arcs."""

    network: FlowNetwork
    arc_cost: FloatArray | None = None  # [arc] of a utilization of 1

    @property
    def background(self) -> FloatArray:  # [arc]
        """Nothing is there but the commodities."""
        return np.zeros(self.network.n_arcs)

    def cheapest(self, price: FloatArray, cost_price: float) -> tuple[FloatArray, Ways]:
        """What each commodity's shortest path pays for prices of utilization [arc] and of cost, and the paths."""
        network = self.network
        length = price / network.capacity_bps
        if self.arc_cost is not None:
            length = length + cost_price * self.arc_cost / network.capacity_bps
        distance, before, between = network.shortest(length)
        ends = network.origin, network.destination
        offsets, arc = tree_paths(before, between, *ends)
        rate = np.repeat(network.rate_bps, np.diff(offsets))
        n = len(network.rate_bps)
        usage = csc_array((rate / network.capacity_bps[arc], arc, offsets), shape=(network.n_arcs, n))
        cost = np.zeros(n) if self.arc_cost is None else np.asarray(usage.T @ self.arc_cost)
        return distance[ends] * network.rate_bps, Ways(np.arange(n), np.full((n, 1), NO_KEY, dtype=np.int32), usage, cost)
