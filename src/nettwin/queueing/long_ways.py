"""Waits where many packets share long ways: what is in the queue decides for the fresh ones, the pace of the longest ahead for the others.

A packet that comes in fresh sees the work in the queue, which follows from all waits by Brumelle's formula (work = load * E[size * wait] /
E[size] + residual work of services). One that came over a wire with others waits for the longer ones that it has caught up with
(``nettwin.queueing.paces``), for what joins from elsewhere, and, where it follows nobody, for some of what the port alone would make it
wait: with long ways queues are linear in that wait, which losses, bursts and schedulers decide.
"""

from typing import Any, NamedTuple

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.carrying import Arrivals
from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.paces import Paces, Ways, paces, ways
from nettwin.queueing.port_model import LEAST_FREE
from nettwin.queueing.ports import Ports
from nettwin.queueing.room import size_variation
from nettwin.queueing.size_atoms import SizeAtoms
from nettwin.queueing.streams import FULL, Streams
from nettwin.scenario.arrays import FloatArray, IntArray

_FEW_HOPS, _MANY_HOPS = 2.0, 4.0
"""In common with others: below, ports one by one with a small correction; above, all of this."""
_EQUAL_SIZES, _VARIED_SIZES = 0.1, 0.4
"""Squared coefficient of variation of sizes, likewise: among packets of like size nobody gets ahead."""
_LONE = 0.8
"""Part of a single port's wait that those wait who follow nobody: chosen by hand on 20 rings of 80 to 150 nodes, simulated for this."""

LONG, WAIT, FREE, SINGLE, WORK_BEHIND, WORK_FREE, JOINING, COMMON = range(8)
"""Columns of ``LongWays.queues``."""


class LongWays(NamedTuple):
    """How far ways are long, and what packets wait there."""

    ways: Ways
    paces: Paces | None
    """None where no queue has a weight above 0."""
    queues: FloatArray
    """[queue, 8]: weight of all this; mean over its packets of wait in seconds, fresh ones and ones behind nobody; load-weighted wait in
    seconds and fresh ones; part of the residual work that does not come over one wire; hops in common with another packet."""


def long_ways(
    ports: Ports, hops: DemandHops, sizes: SizeAtoms, offered: Arrivals, streams: tuple[Streams, Streams], spacing_bps: FloatArray
) -> LongWays:
    """From what is offered, the streams into links and into queues, and the slowest wire [link] passed together in bit/s."""
    into_links, into_queues = streams
    port_rate, nothing, rate = ports.per_link(offered.packet_rate), np.zeros(ports.n_queues), hops.hop_packet_rate
    way = ways(hops, into_links, port_rate, ports.capacity_bps)
    common = _means(hops.queue, rate, way.hops, nothing)
    is_long = _between(common, _FEW_HOPS, _MANY_HOPS) * _between(size_variation(offered), _EQUAL_SIZES, _VARIED_SIZES)
    if not is_long.any():
        none = np.zeros((ports.n_queues, COMMON))
        return LongWays(way, None, np.column_stack([none, common]))
    slowest = _means(into_queues.to, into_queues.packet_rate, spacing_bps[into_queues.from_link], ports.queue_capacity_bps)
    found = paces(way, hops, ports, offered, sizes, np.maximum(ports.queue_capacity_bps / slowest, 1.0))
    columns = [
        _means(hops.queue, rate, figure, nothing) for figure in (found.wait, found.free, found.single, found.bits_wait, found.bits_free)
    ]
    return LongWays(way, found, np.column_stack([is_long, *columns, _joining(ports, offered, into_links, port_rate), common]))


def _means(group: IntArray, weight: FloatArray, value: FloatArray, otherwise: FloatArray) -> FloatArray:
    total = np.bincount(group, weight, len(otherwise))
    return np.where(total > 0, np.bincount(group, weight * value, len(otherwise)) / np.maximum(total, 1e-300), otherwise)


def _between(values: FloatArray, low: float, high: float) -> FloatArray:
    """0 below, 1 above, smoothly in between."""
    place = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(place**2 * (3 - 2 * place))


def _joining(ports: Ports, offered: Arrivals, into: Streams, port_rate: FloatArray) -> FloatArray:  # [queue]
    """Part of the residual work of a port whose packets did not come one after another over a wire."""
    share = into.packet_rate / np.maximum(port_rate[into.to], 1e-300)
    load = ports.per_link(offered.bit_rate) / ports.capacity_bps
    busy = np.minimum(load, FULL)[into.to]
    spared = np.bincount(into.to, share**2 * (1 - busy) / (1 - np.minimum(share * busy, busy)), len(load))
    return np.maximum(1 - spared, 0.0)[ports.link_of_queue]


def fresh_line(queue: FloatArray, share: Any, busy: Any) -> tuple[Any, Any]:
    """Wait of a fresh packet = first + second * wait at the port alone; ``queue`` [8] or [8, queue], the others likewise."""
    free = np.maximum(share - busy * queue[WORK_FREE], LEAST_FREE * share)
    alone = share * np.maximum(share - busy, LEAST_FREE * share)
    others = queue[JOINING] * (1 - queue[WORK_FREE]) + _LONE * (1 - queue[JOINING]) * queue[SINGLE]
    return busy * queue[WORK_BEHIND] / free, (alone / share + busy * others) / free


fresh_line_compiled = compiled(fresh_line)


def mean_line(queue: FloatArray, fresh: tuple[Any, Any]) -> tuple[Any, Any]:
    """Likewise, of all packets of a queue."""
    others = queue[JOINING] * (1 - queue[FREE]) + _LONE * (1 - queue[JOINING]) * queue[SINGLE]
    return queue[WAIT] + queue[FREE] * fresh[0], queue[FREE] * fresh[1] + others


mean_line_compiled = compiled(mean_line)


def lone_wait(queue: FloatArray, single: FloatArray, alone_s: FloatArray) -> FloatArray:
    """Mean wait [hop] of packets that came over a wire with others, apart from that behind longer ones; ``queue`` [8, hop]."""
    return np.asarray((queue[JOINING] + _LONE * (1 - queue[JOINING]) * single) * alone_s)
