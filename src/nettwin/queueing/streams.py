"""What one link hands to the next port: packets that come over one wire cannot collide, and a busy port evens them out."""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.ports import Ports
from nettwin.scenario.arrays import FloatArray, IntArray

_FULL = 0.98


@dataclass(frozen=True, eq=False)
class Streams:
    """Pairs of a link and what follows it. All are before losses."""

    from_link: IntArray  # [pair]
    to: IntArray  # [pair]: a link or a queue
    packet_rate: FloatArray  # [pair]
    bit_rate: FloatArray  # [pair]
    second_moment_rate: FloatArray  # [pair]
    mean_square_rate: FloatArray  # [pair] sum of rate * (mean size)**2


def streams(hops: DemandHops, to: IntArray, n_targets: int) -> Streams:
    """The streams from each link into ``to`` [hop], which is the link or the queue of a hop."""
    inner = np.flatnonzero((hops.previous_link >= 0) & (hops.hop_packet_rate > 0))
    key, pair = np.unique(hops.previous_link[inner] * n_targets + to[inner], return_inverse=True)
    rate, mean = hops.hop_packet_rate[inner], hops.hop_mean_bits[inner]
    columns = (rate, rate * mean, rate * hops.hop_second_moment_bits2[inner], rate * mean**2)
    sums = (np.bincount(pair, column, len(key)).astype(np.float64) for column in columns)
    return Streams(key // n_targets, key % n_targets, *sums)


def collision_ratio(slowdown: FloatArray, size_variation: FloatArray) -> FloatArray:
    """Wait that two packets of one incoming wire cause each other here, relative to independent arrivals.

    ``slowdown`` is the speed of this link over that of the wire, ``size_variation`` the squared coefficient of variation of sizes.
    With X = S1 - slowdown * S2, S1 the first packet's size, the mean of slowdown * S1 * X+ + (X+)**2 / 2 is compared with
    E[S**2] / 2, for Gaussian sizes. 0 for equal sizes and speeds: the tree theorem of Neely, Rohrs & Modiano, "Equivalent models
    for queueing analysis of deterministic service time tree networks", IEEE Trans. Information Theory 2005.
    """
    from scipy.special import ndtr

    mean, deviation = 1 - slowdown, np.sqrt((1 + slowdown**2) * size_variation)
    z = mean / deviation
    density, below = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), ndtr(z)
    first = mean * below + deviation * density
    second = (mean**2 + deviation**2) * below + mean * deviation * density
    collision = slowdown * (first + size_variation * below) + second / 2
    return np.asarray(np.minimum(2 * collision / (1 + size_variation), 1.0))


def spared_work(into: Streams, ports: Ports, port_rate: FloatArray, utilization: FloatArray) -> FloatArray:  # [link]
    """Share of each port's residual work that never arises because its packets came one after another over a wire.

    ``port_rate`` [link] in packets/s and ``into`` are both before losses.
    """
    capacity = ports.capacity_bps
    share = into.packet_rate / np.maximum(port_rate[into.to], 1e-300)
    variation = np.maximum(into.second_moment_rate * into.packet_rate / np.maximum(into.bit_rate, 1e-300) ** 2 - 1, 1e-3)
    collisions = collision_ratio(capacity[into.to] / capacity[into.from_link], variation)
    busy = np.minimum(utilization, _FULL)[into.to]
    own = np.minimum(share * busy, busy)
    return np.bincount(into.to, share**2 * (1 - collisions) * (1 - busy) / (1 - own), ports.n_links).astype(np.float64)
