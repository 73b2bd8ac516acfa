"""Packets keep their sizes on their way, on tensors: ``nettwin.queueing.platoons``, all pairs and size classes at once."""

import torch
from torch import Tensor

from nettwin.queueing.differentiable.gathering import at, over, root, sums
from nettwin.queueing.differentiable.values import Platoons, Ports, SizeAtoms, Streams, Structure
from nettwin.queueing.platoons import _EDGES, _LEAST_VARIATION, _MOST_HOPS, _SPREAD, _WEIGHT

_N_CLASSES = len(_EDGES) + 1


def platoons(ports: Ports, sizes: tuple[Tensor, Tensor], streams: tuple[Streams, Streams], port_rate: Tensor) -> Platoons:
    """From packets/s and mean size [queue, class], the streams into links and into queues, and the packets/s of each port."""
    into_links, into_queues = streams
    common_s, spacing_bps = histories(into_links, over(into_links.packet_rate, at(port_rate, into_links.to)), ports.capacity_bps)
    weights, bits = sizes
    waits = class_waits(into_queues, (common_s, spacing_bps), sizes, ports)
    wait, slope, variance = _moments(waits, weights, bits, ports.queue_capacity_bps)
    return Platoons(
        wait_s=_WEIGHT * wait,
        size_share=slope.clamp(0.0, 1.0),
        spread_s=_SPREAD * root(variance),
        spacing_bps=spacing_bps,
    )


def histories(into: Streams, share: Tensor, capacity_bps: Tensor) -> tuple[Tensor, Tensor]:  # [link] each
    """Of two packets of a link: seconds per bit of common wires before it; the slowest of these and it, bit/s."""
    both = share**2
    alone = (1 - sums(both, into.to, len(capacity_bps))).clamp_min(0.0) * capacity_bps
    start = torch.stack([torch.zeros_like(capacity_bps), alone])
    more = torch.stack([1 / at(capacity_bps, into.from_link), torch.zeros_like(both)])
    most = torch.stack([torch.full_like(both, torch.inf), at(capacity_bps, into.to)])
    result = torch.stack([torch.zeros_like(capacity_bps), capacity_bps])
    group = into.to.expand(2, -1)
    for _ in range(_MOST_HOPS):
        handed = both * torch.minimum(result.index_select(-1, into.from_link) + more, most)
        result = start.scatter_add(-1, group, handed)
    return result[0], result[1]


def size_classes(structure: Structure, rate: Tensor, mean_bits: Tensor, atoms: SizeAtoms) -> tuple[Tensor, Tensor]:
    """The packets of each queue by size: packets/s and mean size, [queue, class] each; ``rate`` [strand], ``mean_bits`` [queue].

    Which class a size belongs to counts as fixed in derivatives.
    """
    strands = structure.strands
    bits = at(atoms.bits, strands.size_row)  # [strand, atom]
    edges = structure.size_edges * at(mean_bits.detach(), strands.queue)[:, None]
    place = (bits.detach()[:, :, None] >= edges[:, None, :]).sum(-1)
    weight = rate[:, None] * at(atoms.weights, strands.size_row)
    group = (strands.queue[:, None] * _N_CLASSES + place).reshape(-1)
    found = sums(torch.stack([weight, weight * bits]).reshape(2, -1), group, len(mean_bits) * _N_CLASSES)
    packets, work = found.reshape(2, len(mean_bits), _N_CLASSES).unbind()
    return packets, over(work, packets)


def class_waits(into: Streams, history: tuple[Tensor, Tensor], sizes: tuple[Tensor, Tensor], ports: Ports) -> Tensor:
    """Bits that a class waits for behind longer packets: mean; mean square; mean, had they one hop in common. [3, queue, class]"""
    weights, bits = sizes
    some, total = weights > 0, weights.sum(dim=1)
    before = torch.cummax(torch.where(some, bits, 0.0), dim=1).values.roll(1, dims=1)  # mean size of the next smaller class, if any
    before = torch.cat([torch.zeros_like(before[:, :1]), before[:, 1:]], dim=1)
    upper = torch.where(some, bits, before)
    # [queue, class, longer]: E[(S - s) over S >= longer]
    longer = (over(weights, total[:, None])[:, None, :] * (bits[:, None, :] - bits[:, :, None])).flip(-1).cumsum(-1).flip(-1)
    rate, own_s, common_s = into.packet_rate, 1 / at(ports.capacity_bps, into.from_link), at(history[0], into.from_link)
    apart = (at(ports.queue_capacity_bps, into.to) / at(history[1], into.from_link)).clamp_min(1.0)
    floor = apart[:, None] * at(bits, into.to)  # [pair, class]
    high = (at(upper, into.to)[:, None, :] - floor[:, :, None]).clamp_min(0.0)
    low = (at(before, into.to)[:, None, :] - floor[:, :, None]).clamp_min(0.0)
    passed = at(longer, into.to).clamp_min(0.0)
    spared = -torch.expm1(-(rate * (own_s + common_s))[:, None, None] * passed) * (high - low)
    once = -torch.expm1(-(rate * own_s)[:, None, None] * passed) * (high - low)
    waits = torch.stack([spared.sum(-1), (spared * (high + low)).sum(-1), once.sum(-1)])
    waits = waits * over(rate, at(total, into.to))[:, None]  # [3, pair, class]
    found = sums(waits.transpose(1, 2), into.to, len(total))
    return found.transpose(1, 2)


def _moments(waits: Tensor, weights: Tensor, bits: Tensor, capacity_bps: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # [queue] each
    """Mean wait beyond a single port's, share of a size that is undone, variance that lasts."""
    part = over(weights, weights.sum(dim=1)[:, None])
    mean, square, single = (part * waits).sum(-1)
    size, size2, both = (part * torch.stack([bits, bits**2, bits * waits[0]])).sum(-1)
    variance, covariance = size2 - size**2, both - size * mean
    varied = variance > _LEAST_VARIATION * size**2
    slope = torch.where(varied, -covariance / torch.where(varied, variance, 1.0), 0.0)
    lasting = torch.where(varied, (square - mean**2 - slope**2 * variance).clamp_min(0.0), 0.0)
    return (mean - single).clamp_min(0.0) / capacity_bps, slope, lasting / capacity_bps**2
