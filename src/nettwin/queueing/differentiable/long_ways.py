"""Waits where many packets share long ways, on tensors: ``nettwin.queueing.long_ways``."""

from typing import NamedTuple

import torch
from torch import Tensor

from nettwin.queueing.differentiable.gathering import at, over, sums
from nettwin.queueing.differentiable.paces import paces, ways
from nettwin.queueing.differentiable.values import Arrivals, DemandHops, LongWays, Ports, ServerView, Streams, Structure
from nettwin.queueing.long_ways import (
    _EQUAL_SIZES,
    _FEW_HOPS,
    _MANY_HOPS,
    _VARIED_SIZES,
    FREE,
    LONG,
    WAIT,
    WORK_BEHIND,
    WORK_FREE,
)
from nettwin.queueing.port_model import LEAST_FREE
from nettwin.queueing.streams import FULL


def long_ways(
    structure: Structure, network: tuple[Ports, DemandHops, Arrivals], streams: tuple[Streams, Streams], of_links: tuple[Tensor, Tensor]
) -> LongWays | None:
    """From what is offered, the streams into links and into queues; ``of_links``: packets/s and the slowest wire passed together, bit/s.

    None where no way is long enough, whatever the rates are.
    """
    if len(structure.layout.n_at) <= _FEW_HOPS + 1:
        return None
    (ports, hops, offered), (into_links, into_queues), (port_rate, spacing_bps) = network, streams, of_links
    share = over(into_links.packet_rate, at(port_rate, into_links.to))
    way = ways(structure, hops, share, ports.capacity_bps)
    apart = _apart(into_queues, spacing_bps, ports)
    mean = torch.where(offered.packet_rate > 0, over(offered.bit_rate, offered.packet_rate), 1.0)
    found = paces(way, hops, ports, structure.laws, torch.stack([offered.packet_rate, offered.bit_rate, mean, apart]))
    columns = torch.stack([found.wait, found.free, found.single, found.bits_wait, found.bits_free, way.hops])
    total = sums(hops.hop_packet_rate * columns, hops.queue, ports.n_queues)
    *figures, common = over(total, offered.packet_rate.expand_as(total)).unbind()
    variation = over(offered.second_moment_rate, offered.bit_rate) * over(offered.packet_rate, offered.bit_rate) - 1
    is_long = _between(common, _FEW_HOPS, _MANY_HOPS) * _between(variation, _EQUAL_SIZES, _VARIED_SIZES)
    return LongWays(way, found, torch.stack([is_long, *figures, _joining(ports, offered, into_links, share), common], dim=1))


def _apart(into: Streams, spacing_bps: Tensor, ports: Ports) -> Tensor:  # [queue]
    """How far slower wires have put packets apart."""
    columns = torch.stack([into.packet_rate, into.packet_rate * at(spacing_bps, into.from_link)])
    rate, slowest = sums(columns, into.to, ports.n_queues).unbind()
    return torch.where(rate > 0, ports.queue_capacity_bps * over(rate, slowest), 1.0).clamp_min(1.0)


def _between(values: Tensor, low: float, high: float) -> Tensor:
    place = ((values - low) / (high - low)).clamp(0.0, 1.0)
    return place**2 * (3 - 2 * place)


def _joining(ports: Ports, offered: Arrivals, into: Streams, share: Tensor) -> Tensor:  # [queue]
    """Part of the residual work of a port whose packets did not come one after another over a wire."""
    load = ports.per_link(offered.bit_rate) / ports.capacity_bps
    busy = at(load, into.to).clamp_max(FULL)
    spared = sums(share**2 * (1 - busy) / (1 - torch.minimum(share * busy, busy)), into.to, ports.n_links)
    return ports.of_link((1 - spared).clamp_min(0.0))


class Lines(NamedTuple):
    """Waits on long ways in seconds: first + second * wait at the port alone. [queue]"""

    long: Tensor
    fresh: tuple[Tensor, Tensor]  # of fresh packets
    many: tuple[Tensor, Tensor]  # of all


def lines(found: LongWays, view: ServerView) -> Lines:
    """Of all queues."""
    queue = found.queues.unbind(1)
    busy, least = view.utilization, LEAST_FREE * view.share
    free = torch.maximum(view.share - busy * queue[WORK_FREE], least)
    at_fresh, at_all = found.others
    fresh = busy * queue[WORK_BEHIND] / free, torch.addcmul(torch.maximum(view.share - busy, least), busy, at_fresh) / free
    many = torch.addcmul(queue[WAIT], queue[FREE], fresh[0]), torch.addcmul(at_all, queue[FREE], fresh[1])
    return Lines(queue[LONG], fresh, many)
