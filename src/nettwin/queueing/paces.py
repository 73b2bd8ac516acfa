"""How fast packets get along on ways that many share: no faster than the longest packet that they have caught up with.

Exact for a tandem of equal wires (last passage: a packet arrives with the largest sum over those ahead of it), here with traffic that
joins and leaves. Two packets of a wire have come over the wire before it together with the square of its share in the traffic; on each
common wire the shorter one gains the difference of their sizes. It catches up when it has gained the idle time between them, which is
1 - load of their distance. Packets come in busy periods, of geometric length: with P the share of packets of some size or longer, one in
P / (1 - load + load P) of the periods holds such a packet, and the period into which a packet comes holds none ahead of it with the
probability (1 - load) / (1 - load + load P). By levels of size, the pace below each level being that of its own size or of those whom it
has caught up with so far, this gives the distribution of the packet that it follows.
"""

from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.carrying import Arrivals
from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.ports import Ports
from nettwin.queueing.size_atoms import SizeAtoms
from nettwin.queueing.streams import Streams
from nettwin.scenario.arrays import FloatArray, IntArray

_REACHES = np.append(0.0, 2.0 ** np.arange(-3, 8))  # packets longer by one mean size that are within reach, for the table
_MOST_LOAD = 0.95
_LEAST_VARIATION, _LEAST_CHANCE, _TINY = 1e-6, 1e-12, 1e-300
_NOTHING = 1e-9  # mean sizes: a wait that is none but for rounding
_EDGES = np.array([0.15, 0.3, 0.5, 0.7, 0.9, 1.1, 1.4, 1.9, 2.7, 4.0, 5.5, 7.5, 10.0])  # of size classes, in mean sizes of the queue


class Ways(NamedTuple):
    """What packets have in common with others of their queue. [hop]"""

    lasting: FloatArray  # probability that another packet of the link came over the same wire and was together with it there
    hops: FloatArray  # wires that another packet has passed with it
    s_per_bit: FloatArray  # of these wires


class Paces(NamedTuple):
    """What packets wait for longer ones of their own way. [hop]"""

    wait: FloatArray  # mean wait behind longer ones, in seconds
    free: FloatArray  # 1 where no other packet came over the same wire, as at the first hop
    size_share: FloatArray  # how much of a packet's own time on the wire is undone
    spread: FloatArray  # deviation of the wait beyond that, in seconds
    single: FloatArray  # probability that a packet which came over the same wire as others is behind none of them
    bits_wait: FloatArray  # E[size * wait] over E[size], in seconds
    bits_free: FloatArray  # E[size over free ones] / E[size]


def ways(hops: DemandHops, into_links: Streams, port_rate: FloatArray, capacity_bps: FloatArray) -> Ways:
    """Along every path."""
    n = len(capacity_bps)
    share = into_links.packet_rate / np.maximum(port_rate[into_links.to], 1e-300)
    key = into_links.from_link * n + into_links.to
    order = np.argsort(key)
    inner = np.flatnonzero((hops.previous_link >= 0) & (hops.hop_packet_rate > 0))
    lasting = np.zeros(len(hops.link))
    place = np.searchsorted(key[order], hops.previous_link[inner] * n + hops.link[inner])
    lasting[inner] = share[order[place]] ** 2 if len(inner) else 0.0
    found = _along(hops.offsets, hops.link, lasting, capacity_bps)
    return Ways(lasting, found[0], found[1])


@compiled
def _along(offsets: IntArray, link: IntArray, lasting: FloatArray, capacity_bps: FloatArray) -> FloatArray:  # [2, hop]
    result = np.zeros((2, len(link)))
    for path in range(len(offsets) - 1):
        for hop in range(offsets[path] + 1, offsets[path + 1]):
            result[0, hop] = lasting[hop] * (1 + result[0, hop - 1])
            result[1, hop] = lasting[hop] * (1 / capacity_bps[link[hop - 1]] + result[1, hop - 1])
    return result


class Strands(NamedTuple):
    """The demands of a queue that share a law of sizes."""

    of_hop: IntArray  # [hop]
    queue: IntArray  # [strand] ascending
    row: IntArray  # [strand] of the sizes


def strands(hops: DemandHops, row: IntArray) -> Strands:
    """``row`` [demand] of the sizes."""
    n_rows = int(row.max(initial=0)) + 1
    key = hops.queue * n_rows + row[hops.demand][hops.path]
    used = np.zeros((int(hops.queue.max(initial=0)) + 1) * n_rows, dtype=np.bool_)
    used[key] = True
    kept = np.flatnonzero(used)
    place = np.cumsum(used) - 1
    return Strands(place[key], kept // n_rows, kept % n_rows)


def paces(found: Ways, hops: DemandHops, ports: Ports, offered: Arrivals, sizes: SizeAtoms, apart: FloatArray) -> Paces:
    """``apart`` [queue]: how far slower wires have put packets apart."""
    rate, work = offered.packet_rate, offered.bit_rate
    mean = np.where(rate > 0, work / np.maximum(rate, 1e-300), 1.0)
    load = np.minimum(ports.per_link(work)[ports.link_of_queue] / ports.queue_capacity_bps, _MOST_LOAD)
    strand = strands(hops, sizes.row)
    packets = np.bincount(strand.of_hop, hops.hop_packet_rate, len(strand.queue))
    relative = sizes.bits[strand.row] / mean[strand.queue][:, None]
    table = _table((strand.queue, packets), (relative, sizes.weights[strand.row]), np.column_stack([load, apart]), (_REACHES, _EDGES))
    reach = work[hops.queue] * found.s_per_bit
    at = _interpolated(table, strand.of_hop, reach, _REACHES)
    unit, met = (mean / ports.queue_capacity_bps)[hops.queue], np.sqrt(found.lasting)
    return Paces(
        wait=met * at[0] * unit,
        free=np.where(found.lasting > 0, 0.0, 1.0),
        single=np.where(found.lasting > 0, 1 - met * (1 - at[1]), 0.0),
        size_share=met * at[2],
        spread=met * at[3] * unit,
        bits_wait=met * at[4] * unit,
        bits_free=np.where(found.lasting > 0, 0.0, hops.hop_mean_bits / mean[hops.queue]),
    )


@compiled
def _table(
    strand: tuple[IntArray, FloatArray], sizes: tuple[FloatArray, FloatArray], queues: FloatArray, grid: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """[strand, reach, figure]: wait, none longer, slope, deviation, E[size * wait], for mean size 1 of the queue.

    ``strand``: queue, packets/s; ``sizes`` [strand, atom]: sizes, weights; ``queues`` [queue, 2]: load, how far apart; ``grid``: reaches,
    edges of classes.
    """
    queue, rate = strand
    bits, weights = sizes
    reaches, edges = grid
    result = np.zeros((len(queue), len(reaches), 5))
    start = 0
    while start < len(queue):
        end = start
        while end < len(queue) and queue[end] == queue[start]:
            end += 1
        load, apart = queues[queue[start], 0], queues[queue[start], 1]
        share, size, place = _classes(rate[start:end], bits[start:end], weights[start:end], edges)
        for r in range(len(reaches)):
            caught = _caught(share, size, reaches[r], load)
            for one in range(start, end):
                result[one, r] = _figures(bits[one], weights[one], (caught, size, place, edges), apart)
        start = end
    return result


@compiled
def _classes(rate: FloatArray, bits: FloatArray, weights: FloatArray, edges: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Share and mean size of the classes of a queue that are not empty, and where each class is among them."""
    mass, work = np.zeros(len(edges) + 1), np.zeros(len(edges) + 1)
    for one in range(len(rate)):
        for atom in range(bits.shape[1]):
            k = _class_of(bits[one, atom], edges)
            mass[k] += rate[one] * weights[one, atom]
            work[k] += rate[one] * weights[one, atom] * bits[one, atom]
    place = np.zeros(len(mass), dtype=np.int64)
    share, size, used = np.zeros(len(mass)), np.zeros(len(mass)), 0
    for k in range(len(mass)):
        place[k] = used
        if mass[k] > 0:
            share[used], size[used] = mass[k] / mass.sum(), work[k] / mass[k]
            used += 1
    return share[:used], size[:used], place


@compiled
def _class_of(size: float, edges: FloatArray) -> int:
    k = 0
    while k < len(edges) and size >= edges[k]:
        k += 1
    return k


@compiled
def _caught(share: FloatArray, size: FloatArray, reach: float, load: float) -> FloatArray:
    """[own class, class]: probability of following a packet of that class; of the own class: nobody longer."""
    n = len(share)
    result = np.zeros((n, n))
    more, longer = np.zeros(n + 1), np.zeros(n + 1)
    for k in range(n - 1, -1, -1):
        more[k], longer[k] = more[k + 1] + share[k], longer[k + 1] + share[k] * size[k]
    for i in range(n):
        pace, last, gone = size[i], 0.0, 0.0
        for k in range(i + 1, n + 1):
            now = 1.0
            if k < n:
                # that it follows nobody of this size; then again, with the pace that this means
                within, none = reach / (1 - load + load * more[k]), (1 - load) / (1 - load + load * more[k])
                now = max(none * np.exp(-within * (longer[k] - more[k] * pace)), last)
                pace = max((gone + size[k - 1] * (now - last)) / max(now, _TINY), size[i])
                now = max(none * np.exp(-within * (longer[k] - more[k] * pace)), last)
            result[i, k - 1] = now - last
            gone += size[k - 1] * (now - last)
            pace = max(gone / now, size[i]) if now > _LEAST_CHANCE else size[k - 1]
            last = now
    return result


@compiled
def _figures(
    bits: FloatArray, weights: FloatArray, queue: tuple[FloatArray, FloatArray, IntArray, FloatArray], apart: float
) -> FloatArray:  # [5]
    """Of the packets of one strand."""
    caught, size, place, edges = queue
    mean, square, both, none, own, own2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for atom in range(len(bits)):
        s, weight = bits[atom], weights[atom]
        if weight <= 0:
            continue
        i = place[_class_of(s, edges)]
        own += weight * s
        own2 += weight * s * s
        for k in range(i, len(size)):
            wait, part = max(size[k] - apart * s, 0.0) if k > i else 0.0, weight * caught[i, k]
            mean += part * wait
            square += part * wait**2
            both += part * wait * s
            none += part if wait <= _NOTHING else 0.0
    variance, slope = own2 - own**2, 0.0
    if variance > _LEAST_VARIATION * own2:
        slope = min(max((own * mean - both) / variance, 0.0), 1.0)
    return np.array([mean, none, slope, np.sqrt(max(square - mean**2 - slope**2 * variance, 0.0)), both])


@compiled
def _interpolated(table: FloatArray, queue: IntArray, reach: FloatArray, reaches: FloatArray) -> FloatArray:  # [figure, hop]
    n = table.shape[2]
    result = np.zeros((n, len(queue)))
    for hop in range(len(queue)):
        low, part = 0, 0.0
        if reach[hop] >= reaches[-1]:
            low, part = len(reaches) - 2, 1.0
        elif reach[hop] >= reaches[1]:
            place = np.log2(reach[hop] / reaches[1])
            low = min(int(place), len(reaches) - 3)
            part = place - low
            low += 1
        else:
            part = reach[hop] / reaches[1]
        for k in range(n):
            result[k, hop] = (1 - part) * table[queue[hop], low, k] + part * table[queue[hop], low + 1, k]
    return result
