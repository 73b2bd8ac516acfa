"""How bursty the arrivals of each queue are, over windows of any length: a table per queue, filled once, read often."""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.dispersion import Sources, sources
from nettwin.queueing.ports import Ports
from nettwin.scenario import Traffic
from nettwin.scenario.arrays import FloatArray, IntArray

_STEP = 4.0
_N_WINDOWS = 9  # up to 65,000 packet times


@dataclass(frozen=True, eq=False)
class Burstiness:
    """Excess over Poisson arrivals in bits**2/s: sum over demands of rate * size**2 * (IDC(t) - 1), for t = unit * 4**column."""

    unit_s: FloatArray  # [link] mean packet time of the port
    excess: FloatArray  # [queue + 1, window]; the last row belongs to empty slots

    def at(self, queue: IntArray, unit_s: FloatArray, window_s: FloatArray) -> FloatArray:
        """Interpolated over log t; the arguments have one shape, ``unit_s`` is that of the queue's port."""
        place = np.clip(np.log(window_s / unit_s) / np.log(_STEP), 0.0, _N_WINDOWS - 1.001)
        left = place.astype(np.int64)
        part = place - left
        return np.asarray(self.excess[queue, left] * (1 - part) + self.excess[queue, left + 1] * part)


def hop_sources(hops: DemandHops, traffic: Traffic) -> Sources:
    """The source behind each hop."""
    rate = hops.packet_rate / np.maximum(hops.share, 1e-300)
    return sources(traffic.arrivals, traffic.arrival_index[hops.demand[hops.path]], rate[hops.path])


def burstiness(hops: DemandHops, behind: Sources, ports: Ports, unit_s: FloatArray) -> Burstiness:
    """The table of all queues before any loss. A share of a demand is a random selection of its packets."""
    excess = np.zeros((ports.n_queues + 1, _N_WINDOWS))
    weight = (hops.share * hops.packet_rate * hops.mean_bits**2)[hops.path]
    unit = unit_s[hops.link]
    for column in range(_N_WINDOWS if behind.groups else 0):
        excess[:-1, column] = np.bincount(hops.queue, weight * behind.excess(unit * _STEP**column), ports.n_queues)
    return Burstiness(unit_s, excess)
