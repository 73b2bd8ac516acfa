"""Packets keep their sizes on their way, so that a long one gathers a platoon behind it, as a truck does on a road without overtaking.

Kleinrock's assumption that sizes are drawn afresh at every hop fails where many packets share a long way: whoever is behind a longer
packet catches up with it, hop by hop, and from then on waits at each hop for as long as the longer one takes more on the wire (tandem
queues with identical services: Boxma, "On a tandem queueing model with identical service times", Advances in Applied Probability 1979).
Three things follow: waits beyond what one port alone would cause, delays that depend less on a packet's own size, and waits that are
alike from hop to hop.
"""

from dataclasses import dataclass

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.ports import Ports
from nettwin.queueing.size_atoms import SizeAtoms
from nettwin.queueing.streams import Streams
from nettwin.scenario.arrays import FloatArray, IntArray

_EDGES = np.array([0.15, 0.3, 0.5, 0.7, 0.9, 1.1, 1.4, 1.9, 2.7, 4.0])  # of size classes, in mean sizes of the queue
_MOST_HOPS = 64  # a common history longer than this is taken for as long
_LEAST_VARIATION = 1e-6
_WEIGHT = 0.6
_SPREAD = 0.7
"""... part of their deviation that lasts along a path: both fitted on 30 networks of 50 to 150 nodes, simulated for this only."""
"""Part of the waits in platoons that counts as work, and ..."""


@dataclass(frozen=True, eq=False)
class Platoons:
    """What sizes that last do to waits."""

    wait_s: FloatArray  # [queue] mean wait beyond that of a single port
    size_share: FloatArray  # [queue] share of a size's own time on the wire that waiting for longer ones undoes
    spread_s: FloatArray  # [queue] deviation of waits that last from hop to hop
    spacing_bps: FloatArray  # [link] slowest wire that packets which leave it together have passed, in the mean


def platoons(ports: Ports, hops: DemandHops, atoms: SizeAtoms, streams: tuple[Streams, Streams], port_rate: FloatArray) -> Platoons:
    """From the streams into links and into queues, and the packets/s of each port, all before losses."""
    into_links, into_queues = streams
    share = into_links.packet_rate / np.maximum(port_rate[into_links.to], 1e-300)
    history = _histories(into_links.from_link, into_links.to, share, ports.capacity_bps)
    weights, bits = _classes(hops, atoms, ports.n_queues)
    pairs = np.column_stack([into_queues.packet_rate, 1 / ports.capacity_bps[into_queues.from_link], history[into_queues.from_link]])
    moments = _moments(_waits(into_queues.to, pairs, weights, bits, ports.queue_capacity_bps), weights, bits, ports.queue_capacity_bps)
    return Platoons(
        wait_s=_WEIGHT * moments[:, 0],
        size_share=np.clip(moments[:, 1], 0.0, 1.0),
        spread_s=_SPREAD * np.sqrt(np.maximum(moments[:, 2], 0.0)),
        spacing_bps=history[:, 1],
    )


@compiled
def _histories(from_link: IntArray, to: IntArray, share: FloatArray, capacity_bps: FloatArray) -> FloatArray:
    """Of two packets of a link: seconds per bit of common wires before it; the slowest of these and it, bit/s. [link, 2]

    Two packets of a link came over the same wire with the sum of the squares of the shares of all wires.
    """
    n = len(capacity_bps)
    result = np.zeros((n, 2))
    alone = np.ones(n)
    for pair in range(len(to)):
        alone[to[pair]] -= share[pair] ** 2
    result[:, 1] = capacity_bps
    for _ in range(_MOST_HOPS):
        before = result.copy()
        result[:, 0] = 0.0
        for link in range(n):
            result[link, 1] = max(alone[link], 0.0) * capacity_bps[link]
        for pair in range(len(to)):
            i, j, both = from_link[pair], to[pair], share[pair] ** 2
            result[j, 0] += both * (1 / capacity_bps[i] + before[i, 0])
            result[j, 1] += both * min(capacity_bps[j], before[i, 1])
    return result


def _classes(hops: DemandHops, atoms: SizeAtoms, n_queues: int) -> tuple[FloatArray, FloatArray]:  # [queue, class] each
    """The packets of each queue by size: packets/s and mean size."""
    rate = np.bincount(hops.queue, hops.hop_packet_rate, n_queues)
    mean = np.bincount(hops.queue, hops.hop_packet_rate * hops.hop_mean_bits, n_queues) / np.maximum(rate, 1e-300)
    mean = np.where(mean > 0, mean, 1.0)
    sums = _sums_by_class(hops.queue, hops.path, np.column_stack([hops.packet_rate, atoms.row[hops.demand]]), atoms, mean)
    return sums[0], sums[1] / np.maximum(sums[0], 1e-300)


@compiled
def _sums_by_class(queue: IntArray, path: IntArray, paths: FloatArray, atoms: SizeAtoms, mean_bits: FloatArray) -> FloatArray:
    """[2, queue, class]: packets/s and bit/s; ``paths`` [path, 2]: packets/s and the row of the sizes."""
    result = np.zeros((2, len(mean_bits), len(_EDGES) + 1))
    for hop in range(len(queue)):
        q, rate, row = queue[hop], paths[path[hop], 0], int(paths[path[hop], 1])
        for atom in range(atoms.bits.shape[1]):
            weight, size = rate * atoms.weights[row, atom], atoms.bits[row, atom]
            if weight > 0:
                k = 0
                while k < len(_EDGES) and size >= _EDGES[k] * mean_bits[q]:
                    k += 1
                result[0, q, k] += weight
                result[1, q, k] += weight * size
    return result


@compiled
def _waits(to: IntArray, pairs: FloatArray, weights: FloatArray, bits: FloatArray, capacity_bps: FloatArray) -> FloatArray:
    """Bits that the packets of a class wait for behind longer ones: mean; mean square; mean, had they one hop in common. [queue, class, 3]

    ``pairs`` [pair, 4]: packets/s from a link into queue ``to``, seconds per bit of the link and of common links before it, the
    slowest of these in bit/s. A packet of size s is behind one longer than u by now with the probability
    1 - exp(-rate * seconds per bit * E[(S - s) over S > u]), the time that they gained on each other; then it waits for the rest of
    that one's time, less the distance that a slower wire put between them before.
    """
    n_classes = weights.shape[1]
    waits = np.zeros((*weights.shape, 3))
    total = weights.sum(axis=1)
    for pair in range(len(to)):
        q, rate = to[pair], pairs[pair, 0]
        share, apart = rate / max(total[q], 1e-300), max(capacity_bps[q] / pairs[pair, 3], 1.0)
        once, always = rate * pairs[pair, 1], rate * (pairs[pair, 1] + pairs[pair, 2])
        for k in range(n_classes):
            own, passed, last = bits[q, k], 0.0, n_classes - 1
            if weights[q, k] <= 0:
                continue
            while last > k:
                passed += weights[q, last] / total[q] * (bits[q, last] - own)
                lower = last - 1
                while lower > k and weights[q, lower] <= 0:
                    lower -= 1
                low, high = max(bits[q, lower] - apart * own, 0.0), bits[q, last] - apart * own
                if high > low:
                    behind = -np.expm1(-always * passed)
                    waits[q, k, 0] += share * behind * (high - low)
                    waits[q, k, 1] += share * behind * (high**2 - low**2)
                    waits[q, k, 2] -= share * np.expm1(-once * passed) * (high - low)
                last = lower
    return waits


@compiled
def _moments(waits: FloatArray, weights: FloatArray, bits: FloatArray, capacity_bps: FloatArray) -> FloatArray:
    """[queue, 3]: mean wait beyond a single port's, share of a size that is undone, variance that lasts."""
    n_queues, n_classes = weights.shape
    result = np.zeros((n_queues, 3))
    for q in range(n_queues):
        total = weights[q].sum()
        if total <= 0:
            continue
        mean, size, size2, both, square, single = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(n_classes):
            part = weights[q, k] / total
            mean += part * waits[q, k, 0]
            single += part * waits[q, k, 2]
            size += part * bits[q, k]
            size2 += part * bits[q, k] ** 2
            both += part * bits[q, k] * waits[q, k, 0]
            square += part * waits[q, k, 1]
        variance, covariance = size2 - size**2, both - size * mean
        result[q, 0] = max(mean - single, 0.0) / capacity_bps[q]
        if variance > _LEAST_VARIATION * size**2:
            slope = -covariance / variance
            result[q, 1] = slope
            result[q, 2] = max(square - mean**2 - slope**2 * variance, 0.0) / capacity_bps[q] ** 2
    return result
