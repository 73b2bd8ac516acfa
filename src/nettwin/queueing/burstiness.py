"""How bursty the arrivals of each queue are, over windows of any length: a table per queue, filled once, read often."""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.dispersion import of_sources
from nettwin.queueing.ports import Ports
from nettwin.scenario import Poisson, Traffic
from nettwin.scenario.arrays import FloatArray, IntArray

_STEP = 2.5
_N_WINDOWS = 12  # up to 24,000 packet times


@dataclass(frozen=True, eq=False)
class Burstiness:
    """Excess over Poisson arrivals in bits**2/s: sum over demands of rate * size**2 * (IDC(t) - 1), for t = unit * 2.5**column."""

    unit_s: FloatArray  # [link] mean packet time of the port
    excess: FloatArray  # [queue + 1, window]; the last row belongs to empty slots

    def at(self, queue: IntArray, unit_s: FloatArray, window_s: FloatArray) -> FloatArray:
        """Interpolated over log t; the arguments have one shape, ``unit_s`` is that of the queue's port."""
        place = np.clip(np.log(window_s / unit_s) / np.log(_STEP), 0.0, _N_WINDOWS - 1.001)
        left = place.astype(np.int64)
        part = place - left
        return np.asarray(self.excess[queue, left] * (1 - part) + self.excess[queue, left + 1] * part)


def burstiness(hops: DemandHops, traffic: Traffic, ports: Ports, unit_s: FloatArray) -> Burstiness:
    """The table of all queues before any loss. A share of a demand is a random selection of its packets."""
    excess = np.zeros((ports.n_queues + 1, _N_WINDOWS))
    is_poisson = np.array([isinstance(process, Poisson) for process in traffic.arrivals], dtype=np.bool_)
    hop_arrivals = traffic.arrival_index[hops.demand[hops.path]]
    rows = np.flatnonzero(~is_poisson[hop_arrivals] & (hops.hop_packet_rate > 0))
    path, queue = hops.path[rows], hops.queue[rows]
    share, rate = hops.share[path], hops.packet_rate[path]
    weight = share * rate * hops.mean_bits[path] ** 2
    unit = unit_s[ports.link_of_queue[queue]]
    for column in range(_N_WINDOWS if len(rows) else 0):
        dispersion = of_sources(traffic.arrivals, hop_arrivals[rows], rate / share, unit * _STEP**column)
        excess[:-1, column] = np.bincount(queue, weight * (dispersion - 1), ports.n_queues)
    return Burstiness(unit_s, excess)
