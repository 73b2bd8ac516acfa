"""How the forwarding spreads the traffic between any two nodes over the links."""

from dataclasses import dataclass

import numpy as np

from nettwin.controlplane.forwarding import Forwarding
from nettwin.controlplane.kernels import columns_of
from nettwin.optimize.steering.kernels import spread
from nettwin.scenario.arrays import FloatArray, IntArray, frozen


@dataclass(frozen=True, eq=False)
class SegmentVectors:
    """For each ordered pair of nodes the links that a unit of traffic crosses, and how much of it; ragged, by source * n_nodes + target."""

    n_nodes: int
    n_links: int
    offsets: IntArray  # [n_nodes * n_nodes + 1]
    link: IntArray  # [entry]
    fraction: FloatArray  # [entry] share of the traffic that crosses the link
    is_reachable: np.ndarray  # [node, node] source, target; a node reaches itself with an empty vector

    @classmethod
    def of(cls, forwarding: Forwarding) -> "SegmentVectors":
        """The vectors of a network's forwarding, ECMP splits included (per hop, evenly)."""
        graph = forwarding.graph
        offsets, link, fraction = spread(columns_of(graph), forwarding.order, forwarding.is_next, forwarding.distance)
        reachable = frozen(np.ascontiguousarray(np.isfinite(forwarding.distance.T)))
        return cls(graph.n_nodes, graph.n_links, frozen(offsets), frozen(link), frozen(fraction), reachable)

    def between(self, source: int, target: int) -> tuple[IntArray, FloatArray]:
        """Links and fractions of one pair."""
        place = source * self.n_nodes + target
        entries = slice(self.offsets[place], self.offsets[place + 1])
        return self.link[entries], self.fraction[entries]
