"""What gets where, on tensors: ``nettwin.queueing.carrying``, all paths one hop further at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nettwin.queueing.carrying import LEAST_SIZE
from nettwin.queueing.differentiable.gathering import over, sums
from nettwin.queueing.differentiable.values import Arrivals, Carried, DemandHops, Layout, QueueLoss


@dataclass(frozen=True, eq=False)
class Senders:
    """What the sources send, at their hops in the order of the layout."""

    layout: Layout
    rates: Tensor  # [3, sorted hop] packets/s, bit/s, rate of E[size**2]
    sizes: Tensor  # [2, sorted hop] mean size of packets, and of the packet of a random bit


def senders(hops: DemandHops, layout: Layout) -> Senders:
    """The same for all rounds."""
    rate, mean, second = hops.packet_rate, hops.mean_bits, hops.second_moment_bits2
    columns = torch.stack([rate, rate * mean, rate * second, mean, second / mean]).index_select(-1, layout.path_order)
    columns = columns.index_select(-1, layout.path)
    return Senders(layout, columns[:3], columns[3:])


def carry(sent: Senders, loss: QueueLoss) -> Carried:
    """Follow every path from its source to its end. Sizes shrink on the way, because long packets find less room."""
    layout, n_queues = sent.layout, len(loss.flat)
    lost = torch.stack([loss.flat, loss.per_bit]).index_select(-1, layout.queue)
    before, after, ends = _followed(layout, lost[0], lost[1] * sent.sizes)
    packets, bits = before
    work = sent.rates[2] * bits * over(bits, packets)
    columns = torch.cat([sent.rates[:2] * before, work[None], sent.rates[:2] * after])
    found = sums(columns, layout.queue, n_queues)
    delivered = ends.index_select(-1, layout.path_place)
    return Carried(Arrivals(found[0], found[1], found[2]), found[3], found[4], delivered[0], delivered[1])


def _followed(layout: Layout, flat: Tensor, slope: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Share of the packets and of the bits [2, sorted hop] before and after each hop, and [2, sorted path] at the ends."""
    left = flat.new_ones((2, len(layout.path_order)))
    least = torch.stack([torch.zeros_like(left[0, :1]), torch.full_like(left[0, :1], LEAST_SIZE)])
    before, after, ends, tiny = [], [], [], torch.finfo(flat.dtype).tiny
    sizes = list(layout.n_at)
    # split rather than sliced: the derivative of a slice has the size of the whole
    for n, unlost, per_bit in zip(sizes, torch.split(1 - flat, sizes), torch.split(slope, sizes, dim=1), strict=True):
        ends.append(left[:, n:])
        left = left[:, :n]
        before.append(left)
        shrunk = left[1] / (left[0] + tiny)  # mean size here over mean size sent
        kept = torch.addcmul(unlost, per_bit, shrunk, value=-1).clamp_min(0.0)
        left = left * torch.minimum(torch.maximum(kept, least * kept[0]), kept[0])
        after.append(left)
    ends.append(left)
    nothing = flat.new_ones((2, 0))
    return torch.cat([*before, nothing], dim=1), torch.cat([*after, nothing], dim=1), torch.cat(ends[::-1], dim=1)
