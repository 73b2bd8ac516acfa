"""How bursty the arrivals of each queue are, over windows of any length: a table per queue, filled once, read often."""

import math
from dataclasses import dataclass

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.dispersion import Sources, sources
from nettwin.queueing.ports import Ports
from nettwin.scenario import Traffic
from nettwin.scenario.arrays import FloatArray

_STEP = 4.0
_N_WINDOWS = 9  # up to 65,000 packet times
_LOG_STEP = math.log(_STEP)
_FEW_HOPS = 4000  # of so many, all windows are computed together; of more, they would not fit into a processor's cache


@dataclass(frozen=True, eq=False)
class Burstiness:
    """Excess over Poisson arrivals in bits**2/s: sum over demands of rate * size**2 * (IDC(t) - 1), for t = unit * 4**column."""

    unit_s: FloatArray  # [link] mean packet time of the port
    excess: FloatArray  # [queue + 1, window]; the last row belongs to empty slots


@compiled
def place_of(windows: FloatArray) -> FloatArray:
    """The place in the table, between its columns, of windows in units."""
    return np.minimum(np.maximum(np.log(windows) / _LOG_STEP, 0.0), _N_WINDOWS - 1.001)


def hop_sources(hops: DemandHops, traffic: Traffic) -> Sources:
    """The source behind each hop."""
    rate = hops.packet_rate / np.maximum(hops.share, 1e-300)
    return sources(traffic.arrivals, traffic.arrival_index[hops.demand[hops.path]], rate[hops.path])


def burstiness(hops: DemandHops, behind: Sources, ports: Ports, unit_s: FloatArray) -> Burstiness:
    """The table of all queues before any loss. A share of a demand is a random selection of its packets."""
    excess = np.zeros((ports.n_queues + 1, _N_WINDOWS))
    weight = (hops.share * hops.packet_rate * hops.mean_bits**2)[hops.path]
    unit, n = unit_s[hops.link], ports.n_queues
    at_once = _N_WINDOWS if len(unit) <= _FEW_HOPS else 1
    for first in range(0, _N_WINDOWS if behind.groups else 0, at_once):
        rows = np.arange(first, min(first + at_once, _N_WINDOWS))
        own = weight * behind.excess(unit * (_STEP**rows)[:, None])  # [window, hop]
        key = (n * np.arange(len(rows))[:, None] + hops.queue).ravel()
        excess[:-1, rows] = np.bincount(key, own.ravel(), n * len(rows)).reshape(len(rows), n).T
    return Burstiness(unit_s, excess)
