"""What one link hands to the next port: packets that come over one wire cannot collide, and a busy port evens them out."""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.ports import Ports
from nettwin.scenario import Topology
from nettwin.scenario.arrays import FloatArray, IntArray

FULL = 0.98


@dataclass(frozen=True, eq=False)
class Streams:
    """Pairs of a link and what follows it. All are before losses."""

    from_link: IntArray  # [pair]
    to: IntArray  # [pair]: a link or a queue
    packet_rate: FloatArray  # [pair]
    bit_rate: FloatArray  # [pair]
    second_moment_rate: FloatArray  # [pair]
    mean_square_rate: FloatArray  # [pair] sum of rate * (mean size)**2


def link_streams(hops: DemandHops, topology: Topology) -> Streams:
    """The stream from each link into each following link."""
    return _streams(hops, hops.link, _ranks(topology))


def queue_streams(hops: DemandHops, topology: Topology, ports: Ports) -> Streams:
    """The stream from each link into each following queue."""
    n_slots = ports.slots.shape[1]
    first = ports.slots[:, 0]
    rank = _ranks(topology)[ports.link_of_queue] * n_slots + np.arange(ports.n_queues) - first[ports.link_of_queue]
    return _streams(hops, hops.queue, rank)


def _streams(hops: DemandHops, to: IntArray, rank: IntArray) -> Streams:
    """Pairs are counted by (link, rank among what can follow it), which is dense: no sorting of hops."""
    inner = np.flatnonzero((hops.previous_link >= 0) & (hops.hop_packet_rate > 0))
    width = int(rank.max(initial=0)) + 1
    key = hops.previous_link[inner] * width + rank[to[inner]]
    n_keys = (int(hops.previous_link.max(initial=0)) + 1) * width
    target = np.zeros(n_keys, dtype=np.int64)
    target[key] = to[inner]
    rate, mean = hops.hop_packet_rate[inner], hops.hop_mean_bits[inner]
    second = hops.second_moment_bits2[hops.path[inner]]
    sums = [np.bincount(key, column, n_keys).astype(np.float64) for column in (rate, rate * mean, rate * second, rate * mean**2)]
    pairs = np.flatnonzero(sums[0])
    return Streams(pairs // width, target[pairs], *(column[pairs] for column in sums))


def _ranks(topology: Topology) -> IntArray:  # [link]
    """The how-manieth link of its source node each link is."""
    order = np.argsort(topology.link_source, kind="stable")
    source = topology.link_source[order]
    first = np.searchsorted(source, source)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - first
    return rank


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


@dataclass(frozen=True, eq=False)
class Wires:
    """What each link brings to the ports that follow it. [pair]"""

    to: IntArray  # link
    share: FloatArray  # of the packets of the port
    spared: FloatArray  # share of the port's pairs of packets that came one after another over this wire and do not collide


def wires(into: Streams, ports: Ports, port_rate: FloatArray, spacing_bps: FloatArray) -> Wires:
    """``port_rate`` [link] in packets/s and ``into`` are before losses; ``spacing_bps`` [link]: the slowest wire passed together."""
    share = into.packet_rate / np.maximum(port_rate[into.to], 1e-300)
    variation = np.maximum(into.second_moment_rate * into.packet_rate / np.maximum(into.bit_rate, 1e-300) ** 2 - 1, 1e-3)
    collisions = collision_ratio(ports.capacity_bps[into.to] / spacing_bps[into.from_link], variation)
    return Wires(into.to, share, share**2 * (1 - collisions))
