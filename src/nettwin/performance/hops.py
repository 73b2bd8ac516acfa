"""Where the delay of a demand arises: the same answer, hop by hop."""

from dataclasses import dataclass, fields

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.scenario.arrays import FloatArray, IntArray, own


@dataclass(frozen=True, eq=False, kw_only=True)
class HopPerformance:
    """What the packets of each demand experience at each hop of each of its paths.

    Hops and paths stand in the order of the routing (``Routing.hop_link``, ``Routing.path_demand``). Times are means over the
    packets of the demand that are delivered on this path; weighted by ``delivered_share`` they add up to ``demands.delay_s``.
    """

    path: IntArray  # [hop] row of the routing's paths
    demand: IntArray  # [hop]
    link: IntArray  # [hop]
    queue: IntArray  # [hop] numbered as in ``Topology.queues``
    propagation_s: FloatArray  # [hop]
    transmission_s: FloatArray  # [hop] from first bit to last bit sent
    wait_s: FloatArray  # [hop] from the arrival at the port to the first bit sent
    loss_ratio: FloatArray  # [hop] packets of the demand dropped here / packets of it that come here on this path
    path_demand: IntArray  # [path]
    delivered_share: FloatArray  # [path] of the demand's delivered packets, with sum 1 per demand; 0 where nothing arrives

    def __post_init__(self) -> None:
        for f in fields(self):
            values = own(getattr(self, f.name), np.int64 if f.name in _INDICES else np.float64)
            object.__setattr__(self, f.name, values)
            expected = (len(self.path_demand if f.name in _PER_PATH else self.path),)
            if values.shape != expected:
                raise ScenarioError(f"{f.name} has shape {values.shape}, not {expected}", where="hop performance")

    @property
    def delay_s(self) -> FloatArray:  # [hop]
        return self.wait_s + self.transmission_s + self.propagation_s

    @property
    def weight(self) -> FloatArray:  # [hop] share of the demand's delivered packets that pass here
        return self.delivered_share[self.path]


_INDICES = ("path", "demand", "link", "queue", "path_demand")
_PER_PATH = ("path_demand", "delivered_share")


def sum_by_demand(hops: HopPerformance, per_hop: FloatArray, n_demands: int) -> FloatArray:  # [demand]
    """A time per hop added up along the paths, in the mean over the packets that each path delivers."""
    return np.bincount(hops.demand, hops.weight * per_hop, n_demands).astype(np.float64)
