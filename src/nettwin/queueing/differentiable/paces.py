"""How fast packets get along on ways that many share, on tensors: ``nettwin.queueing.paces``, all queues and reaches at once."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from nettwin.queueing.differentiable.gathering import at, over, root, sums
from nettwin.queueing.differentiable.values import DemandHops, Laws, Paces, Ports, Structure, Ways
from nettwin.queueing.paces import _LEAST_CHANCE, _LEAST_VARIATION, _MOST_LOAD, _NOTHING

_NO_CHANCE = 1e-100  # below this, quotients have no finite derivative


def ways(structure: Structure, hops: DemandHops, share: Tensor, capacity_bps: Tensor) -> Ways:
    """Along every path; ``share`` [pair] of the packets of a link that come from each link."""
    pair = at(structure.strands.link_pair, structure.strands.of_hop)
    lasting = at(torch.cat([share, share.new_zeros(1)]), pair) ** 2 * (hops.hop_packet_rate > 0)
    per_bit = 1 / at(capacity_bps, hops.previous_link.clamp_min(0))
    found = along(lasting, torch.stack([lasting, lasting * per_bit]), len(structure.layout.n_at))
    return Ways(lasting, *found.unbind())


def along(kept: Tensor, own: Tensor, longest: int) -> Tensor:
    """Along every path own + kept * what is there at the hop before, by doubling; ``kept`` [hop] is 0 where paths begin."""
    result, step = own, 1
    while step < longest:
        result = torch.addcmul(result, kept, shifted(result, step))
        step *= 2
        if step < longest:
            kept = kept * shifted(kept, step // 2)
    return result


def shifted(values: Tensor, step: int) -> Tensor:
    """What stands so many places before, 0 where nothing does."""
    return pad(values, (step, 0)).narrow(-1, 0, values.shape[-1])


def paces(found: Ways, hops: DemandHops, ports: Ports, laws: Laws, columns: Tensor) -> Paces:
    """``columns`` [4, queue]: packets/s, bit/s, mean size in bits, how far slower wires have put packets apart."""
    _, work, mean, apart = columns.unbind()
    load = ports.of_link(ports.per_link(work) / ports.capacity_bps).clamp_max(_MOST_LOAD)
    relative = laws.bits.to(mean) / at(mean, laws.queue)[:, None]
    packets = sums(hops.hop_packet_rate, laws.of_hop, len(laws.queue))
    share, size, place = _classes(laws, packets, relative, len(mean))
    caught = _caught(share, size, laws.reaches.to(mean), load)
    table = _figures(laws, relative, (caught, size, place), apart)
    work_at, unit, mean_at = torch.stack([work, mean / ports.queue_capacity_bps, mean]).index_select(1, hops.queue).unbind()
    wait, single, slope, spread, both = _interpolated(table, laws.of_hop, work_at * found.s_per_bit, laws.reaches.to(mean)).unbind()
    met, is_free = root(found.lasting), found.lasting <= 0
    wait, spread, both = (met * unit * torch.stack([wait, spread, both])).unbind()
    return Paces(
        wait=wait,
        free=is_free.to(mean),
        size_share=met * slope,
        spread=spread,
        single=torch.where(is_free, 0.0, 1 - met * (1 - single)),
        bits_wait=both,
        bits_free=torch.where(is_free, hops.hop_mean_bits / mean_at, 0.0),
    )


def _classes(laws: Laws, packets: Tensor, relative: Tensor, n_queues: int) -> tuple[Tensor, Tensor, Tensor]:
    """Share and mean size [queue, class] of the classes of each queue, and the class of each atom [law, atom], fixed in derivatives."""
    n_classes = len(laws.edges) + 1
    place = (relative.detach()[:, :, None] >= laws.edges.to(relative)).sum(-1)
    weight = packets[:, None] * laws.weights.to(packets)
    group = (laws.queue[:, None] * n_classes + place).reshape(-1)
    found = sums(torch.stack([weight, weight * relative]).reshape(2, -1), group, n_queues * n_classes)
    mass, work = found.reshape(2, n_queues, n_classes).unbind()
    return over(mass, mass.sum(1, keepdim=True)), over(work, mass), place


def _caught(share: Tensor, size: Tensor, reaches: Tensor, load: Tensor) -> Tensor:
    """[queue, reach, own class, class]: probability of following a packet of that class; of the own class: nobody longer."""
    both = torch.stack([share, share * size])
    more, longer = (both.flip(-1).cumsum(-1).flip(-1) - both).clamp_min(0.0).unbind()  # than those of each class
    rest = 1 - load[:, None] + load[:, None] * more
    columns = torch.stack([(1 - load[:, None]) / rest, more, longer, size])[..., None, None].unbind(2)
    rates = (reaches[:, None] * (-1 / rest)[..., None, None]).unbind(1)
    rank = torch.arange(share.shape[1], device=size.device)
    is_met = ((share[..., None, None] > 0) & (rank <= rank[:, None, None])).unbind(1)
    last = size.new_zeros((len(size), len(reaches), share.shape[1]))
    pace, gone, result = size[:, None, :], last, []
    for rate, is_met_k, column in zip(rates, is_met, columns, strict=True):
        none, more_k, longer_k, size_k = column.unbind()
        # that it follows nobody longer than this class; then again, with the pace that this means
        now = torch.maximum(none * torch.exp(rate * torch.addcmul(longer_k, more_k, pace, value=-1).clamp_min(0.0)), last)
        pace_now = torch.addcmul(gone, size_k, now - last) / now.clamp_min(_NO_CHANCE)
        now = torch.maximum(none * torch.exp(rate * torch.addcmul(longer_k, more_k, pace_now, value=-1).clamp_min(0.0)), last)
        now = torch.where(is_met_k, now, last)
        result.append(now - last)
        gone = torch.addcmul(gone, size_k, result[-1])
        pace = torch.where(is_met_k, torch.where(now > _LEAST_CHANCE, gone / now.clamp_min(_LEAST_CHANCE), size_k), pace)
        last = now
    return torch.stack(result, dim=-1)


def _figures(laws: Laws, relative: Tensor, queues: tuple[Tensor, Tensor, Tensor], apart: Tensor) -> Tensor:
    """[figure, law * reach]: wait, none longer, slope, deviation, E[size * wait], for mean size 1 of the queue."""
    caught, size, place = queues
    n_queues, n_reaches, n_classes, _ = caught.shape
    found = at(caught.transpose(1, 2).reshape(n_queues * n_classes, n_reaches, n_classes), laws.queue[:, None] * n_classes + place)
    wait = (at(size, laws.queue)[:, None, :] - (at(apart, laws.queue)[:, None] * relative)[:, :, None]).clamp_min(0.0)
    wait = wait * (torch.arange(n_classes, device=wait.device) != place[:, :, None])  # [law, atom, class]
    moments = found @ torch.stack([wait, wait**2, (wait <= _NOTHING).to(wait)], dim=-1)  # [law, atom, reach, 3]
    weights = laws.weights.to(wait)
    mean, square, none = torch.einsum("la,larm->mlr", weights, moments).unbind()
    both = torch.einsum("la,lar->lr", weights * relative, moments[..., 0])
    own, own2 = ((weights * part).sum(1, keepdim=True) for part in (relative, relative**2))
    variance = own2 - own**2
    varied = variance > _LEAST_VARIATION * own2
    variance = torch.where(varied, variance, 1.0)
    slope = torch.where(varied, ((own * mean - both) / variance).clamp(0.0, 1.0), 0.0)
    left = square - mean**2 - slope**2 * (own2 - own**2)
    return torch.stack([mean, none, slope, root(left), both]).reshape(5, -1)


def _interpolated(table: Tensor, law: Tensor, reach: Tensor, reaches: Tensor) -> Tensor:  # [figure, hop]
    """Between the reaches of the table: evenly up to the first, then in their logarithm."""
    first, n = reaches[1], len(reaches)
    place = torch.log2(torch.minimum(torch.maximum(reach, first), reaches[-1]) / first)
    low = place.detach().floor().clamp_max(n - 3)
    is_near = reach < first
    part = torch.where(is_near, reach / first, place - low)
    row = law * n + torch.where(is_near, 0, low.long() + 1)
    return torch.lerp(table.index_select(1, row), table.index_select(1, row + 1), part.expand(len(table), -1))
