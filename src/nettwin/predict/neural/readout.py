"""From corrections per hop to figures per demand and queue, through the physics: sums over hops, products of survivals.

Everything is relative to the reference delay of each demand. Waits are never negative and never longer than a full buffer allows, so a
delay is at least propagation and transmission; losses are probabilities; quantiles ascend.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nettwin.predict.neural.batch import Batch, sums
from nettwin.predict.neural.layers import tanh

_LEAST = 1e-9
_NO_PRIOR_LOSS_LOGIT = -5.0
_CLOSED = 25.0  # log odds of a loss from which a queue is closed
_MOST_QUANTILE = 1.0
_MOST_SPREAD = 0.7


@dataclass(frozen=True, eq=False)
class Corrections:
    """What the network changes: logarithms of factors, and shifts of log odds. [hop]"""

    wait: Tensor
    variance: Tensor
    loss: Tensor


@dataclass(frozen=True, eq=False)
class Outputs:
    """Relative to the reference delay of each demand, but for shares and logarithms."""

    delay: Tensor  # [demand]
    variation: Tensor  # [demand]
    ipdv: Tensor  # [demand]
    quantiles: Tensor  # [demand, level]
    loss: Tensor  # [demand]
    hop_wait: Tensor  # [hop] mean wait of the demand's packets
    hop_loss: Tensor  # [hop]
    path_weight: Tensor  # [path] share in the demand's delivered packets
    queue_wait: Tensor  # [queue] in packet times of the queue
    queue_loss: Tensor  # [queue]
    queue_sent: Tensor  # [queue] packets/s that get through
    scales: Tensor  # [demand, figure] logarithm of the expected relative error; of the loss: of the error of its square root
    queue_scales: Tensor  # [queue, figure] likewise, of delay and loss
    trust: Tensor  # [queue] 1 inside the range of the training data, falling to 0 outside


@dataclass(frozen=True, eq=False)
class Physical:
    """What follows from the corrections by sums and products."""

    wait: Tensor  # [hop]
    loss: Tensor  # [hop]
    reaching: Tensor  # [hop]
    weight: Tensor  # [path] share in the demand's delivered packets
    delay: Tensor  # [demand]
    delivered: Tensor  # [demand]
    wait_variance: Tensor  # [demand]
    between: Tensor  # [demand] variance between the paths of a demand
    summary: Tensor  # [demand, 6] how far waits and spreads were moved, and how much of the delay they are


@dataclass(frozen=True, eq=False)
class Heads:
    """What the network says beyond the corrections of hops."""

    demand: Tensor  # [demand, level + 2] quantiles, spread, IPDV
    scales: Tensor  # [demand, figure]
    queue_scales: Tensor  # [queue, figure]
    trust: Tensor  # [queue]


def physical_of(batch: Batch, corrections: Corrections, has_prior: bool) -> Physical:
    """Delays, losses and variances of the demands, from the corrected waits, losses and variances of their hops."""
    physics, n_paths, n_demands = batch.physics, batch.n_paths, batch.n_demands
    prior_wait = physics.hop_wait if has_prior else physics.hop_unit
    prior_variance = physics.hop_variance if has_prior else physics.hop_unit.square()
    wait = torch.minimum(prior_wait * torch.exp(corrections.wait), physics.hop_room)
    variance = prior_variance * torch.exp(2 * corrections.wait + corrections.variance)
    loss = _loss(physics.hop_loss_logit, corrections.loss, has_prior)
    reaching, survival = _survival(batch, torch.log1p(-loss.clamp_max(1 - 1e-7)))
    arriving = batch.path_share * survival
    delivered = sums(arriving, batch.path_demand, n_demands)
    weight = arriving / delivered.clamp_min(1e-12)[..., batch.path_demand]
    by_path = [sums(figure, batch.hop_path, n_paths) for figure in (wait, prior_wait, variance, prior_variance)]
    path_delay = physics.path_fixed + by_path[0]
    delay = sums(weight * path_delay, batch.path_demand, n_demands)
    return Physical(
        wait=wait,
        loss=loss,
        reaching=reaching,
        weight=weight,
        delay=delay,
        delivered=delivered,
        wait_variance=sums(weight * by_path[2], batch.path_demand, n_demands),
        between=sums(weight * (path_delay - delay[..., batch.path_demand]).square(), batch.path_demand, n_demands),
        summary=_summary(batch, weight, by_path),
    )


def _loss(logit: Tensor, shift: Tensor, has_prior: bool) -> Tensor:
    """Nothing passes a closed queue, whatever the network thinks."""
    loss = torch.sigmoid((logit if has_prior else torch.full_like(logit, _NO_PRIOR_LOSS_LOGIT)) + shift)
    return torch.where(logit > _CLOSED, torch.ones_like(loss), loss)


def outputs_of(batch: Batch, physical: Physical, heads: Heads, has_prior: bool) -> Outputs:
    """All figures of a batch."""
    spread = _MOST_SPREAD * tanh(heads.demand[..., -2] / _MOST_SPREAD)
    wait_variance = physical.wait_variance * torch.exp(2 * spread)
    variation = torch.sqrt(batch.physics.demand_size_variance + wait_variance + physical.between + _LEAST**2)
    ipdv = batch.physics.demand_ipdv * torch.exp(0.5 * physical.summary[..., 1]) if has_prior else variation
    queue_wait, queue_loss, sent = _queues(batch, physical)
    return Outputs(
        delay=physical.delay,
        variation=variation,
        ipdv=ipdv.clamp_min(_LEAST) * torch.exp(tanh(heads.demand[..., -1])),
        quantiles=_quantiles(batch, heads.demand[..., :-2], (physical.summary, physical.delay, variation), has_prior),
        loss=(1 - physical.delivered).clamp(0.0, 1.0),
        hop_wait=physical.wait,
        hop_loss=physical.loss,
        path_weight=physical.weight,
        queue_wait=queue_wait,
        queue_loss=queue_loss,
        queue_sent=sent,
        scales=heads.scales,
        queue_scales=heads.queue_scales,
        trust=heads.trust,
    )


def _survival(batch: Batch, passed_log: Tensor) -> tuple[Tensor, Tensor]:
    """Share of a path's packets that reach each hop, and its end."""
    total = passed_log.new_zeros((*passed_log.shape[:-1], batch.n_paths))
    before, start = [], 0
    for n in batch.n_at:
        before.append(total[..., :n])
        total = torch.cat([total[..., :n] + passed_log[..., start : start + n], total[..., n:]], dim=-1)
        start += n
    reaching = torch.exp(torch.cat(before, dim=-1)) if before else passed_log
    return reaching, torch.where(total < -15.0, torch.zeros_like(total), torch.exp(total))


def _summary(batch: Batch, weight: Tensor, figures: list[Tensor]) -> Tensor:
    wait, prior, variance, prior_variance = (sums(weight * figure, batch.path_demand, batch.n_demands) for figure in figures)
    fixed = sums(weight * batch.physics.path_fixed, batch.path_demand, batch.n_demands)
    moved = torch.log((wait + 1e-6) / (prior + 1e-6))
    spread = torch.log((variance + 1e-9) / (prior_variance + 1e-9))
    share = wait / (wait + fixed).clamp_min(1e-9)
    variation = torch.sqrt(variance + 1e-12) / (wait + 1e-6)
    size = torch.sqrt(batch.physics.demand_size_variance + 1e-12) / fixed.clamp_min(1e-6)
    return torch.stack([moved, spread, share, variation.clamp_max(5.0), size.clamp_max(5.0), torch.log(share + 1e-3)], dim=-1)


_NORMAL = (-1.2816, -0.8416, 0.0, 0.8416, 1.2816, 1.6449, 2.3263, 3.0902)


def _quantiles(batch: Batch, raw: Tensor, moments: tuple[Tensor, Tensor, Tensor], has_prior: bool) -> Tensor:
    summary, delay, variation = moments
    floor = batch.physics.demand_floor.unsqueeze(-1)
    change = _MOST_QUANTILE * tanh(raw / _MOST_QUANTILE)
    if has_prior:
        prior = (batch.physics.demand_quantiles - floor).clamp_min(0.0)
        # upper quantiles move with the spread, lower ones with the mean
        upward = torch.linspace(0.3, 0.9, raw.shape[-1], dtype=raw.dtype, device=raw.device)
        moved = summary[..., :1] * (1 - upward) + 0.5 * summary[..., 1:2] * upward
        values = prior * torch.exp(moved.clamp(-3.0, 3.0) + change)
    else:
        points = torch.tensor(_NORMAL[: raw.shape[-1]], dtype=raw.dtype, device=raw.device)
        middle = (delay - batch.physics.demand_floor).clamp_min(_LEAST).unsqueeze(-1)
        values = middle * torch.exp(points * (variation.unsqueeze(-1) / (middle + variation.unsqueeze(-1))) + change)
    return _ascending(floor + values)


def _ascending(values: Tensor) -> Tensor:
    """The largest so far, over the last axis: in doubling steps of all rows, which a GPU does many times faster than ``cummax``."""
    step = 1
    while step < values.shape[-1]:
        values = torch.cat([values[..., :step], torch.maximum(values[..., step:], values[..., :-step])], dim=-1)
        step *= 2
    return values


def _queues(batch: Batch, physical: Physical) -> tuple[Tensor, Tensor, Tensor]:
    """Means over the packets of each queue."""
    rate = batch.physics.demand_packet_rate[batch.path_demand] * batch.path_share
    arriving = rate[batch.hop_path] * physical.reaching
    sent = arriving * (1 - physical.loss)
    n = batch.n_queues
    total, through = sums(arriving, batch.hop_queue, n), sums(sent, batch.hop_queue, n)
    relative = physical.wait / batch.physics.hop_unit.clamp_min(1e-12)
    queue_wait = sums(sent * relative, batch.hop_queue, n) / through.clamp_min(1e-20)
    return queue_wait, 1 - through / total.clamp_min(1e-20), through
