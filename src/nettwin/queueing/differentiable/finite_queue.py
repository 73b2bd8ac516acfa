"""One queue with a finite buffer, on tensors: ``nettwin.queueing.finite_queue``, where the formulas and their sources are."""

import torch
from torch import Tensor

from nettwin.queueing.differentiable.values import Packets, QueueState, ServerView
from nettwin.queueing.finite_queue import _FAR_FROM_ONE, _LARGEST_EXPONENT, _LEAST_DECAY, _LEAST_SERVICE_VARIATION, _TINY


def solve(view: ServerView, packets: Packets, places: Tensor) -> QueueState:
    """The state of queues with ``places`` waiting places (real, may be infinite)."""
    utilization, share, idle_ratio, service_s = view.utilization, view.share, view.idle_ratio, packets.service_s
    load = _away_from_one(utilization / share.clamp_min(_TINY))
    variability = (view.work_s / (utilization * service_s).clamp_min(_TINY**2)).clamp_min(1e-3)
    free = 1 - load
    idle = idle_ratio * free
    busy = (1 - idle).clamp_min(_TINY)
    decay = _away_from_zero(_log_ratio(load, variability, busy), load)
    states = (places.clamp_max(1e6) + 1).clamp_min(1e-3)
    tail = busy * torch.exp((decay * states).clamp(-_LARGEST_EXPONENT, _LARGEST_EXPONENT))
    loss = (free / load * tail / (1 - tail)).clamp(0.0, 1.0)
    idle_weight = idle / -torch.expm1(decay)
    open_states = (states - 1).clamp_min(1e-3)
    both = torch.stack([states, open_states])  # all that there are, and those in which a packet finds a place
    total, mean, variance = _geometric(decay, both)
    busy_weight = busy * total
    waits = busy_weight / (busy_weight + idle_weight)
    full_s = states * service_s / share  # a full buffer, drained at this queue's share
    wait = torch.minimum(waits[0] * mean[0] / (packets.rate * (1 - loss)).clamp_min(_TINY), full_s)
    services = (packets.size_variation.clamp_min(_LEAST_SERVICE_VARIATION) + 1 - share).clamp_max(1.0)
    ahead = mean[1] + 1
    variation = (variance + ahead**2 + ahead * services) / (waits[1] * ahead**2) - 1
    return QueueState(loss, wait, variation * wait**2, 1 - waits[1])


def _away_from_zero(decay: Tensor, load: Tensor) -> Tensor:
    least = torch.where(load < 1, -_LEAST_DECAY, torch.full_like(decay, _LEAST_DECAY))  # two numbers alone would be of single precision
    return torch.where(decay.abs() < _LEAST_DECAY, least, decay)


def _away_from_one(load: Tensor) -> Tensor:
    close = (load - 1).abs() < _FAR_FROM_ONE
    return torch.where(close, 1 - _FAR_FROM_ONE, load).clamp_min(_TINY)


def _log_ratio(load: Tensor, variability: Tensor, busy: Tensor) -> Tensor:
    """ln of the ratio of the number waiting: from the mean without a limit below load 1, from the diffusion limit above."""
    below = load.clamp_max(1 - _FAR_FROM_ONE)
    mean = variability * below**2 / (1 - below) / busy
    return torch.where(load < 1, -torch.log1p(1 / mean.clamp_min(1e-30)), torch.log(load) / variability)


def _geometric(decay: Tensor, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Sum of exp(decay * n) over n = 0 .. states - 1, mean of n with these weights, and its variance for the last row of ``states``."""
    decay_all = decay * states
    total = torch.expm1(decay_all.clamp_max(_LARGEST_EXPONENT)) / torch.expm1(decay)
    units = torch.cat([decay_all, decay[None]])
    means = _unit_mean(units)
    variances = _unit_variance(units[1:])
    mean = (states * means[:-1] - means[-1]).clamp_min(0.0)
    return total, mean, (states[-1] ** 2 * variances[0] - variances[1]).clamp_min(0.0)


def _unit_mean(z: Tensor) -> Tensor:
    """Mean of a density proportional to exp(z * u) on [0, 1]."""
    small = z.abs() < 1e-2
    safe = torch.where(small, 1.0, z)
    return torch.where(small, 0.5 + z / 12, -1 / torch.expm1(-safe.clamp(-_LARGEST_EXPONENT, _LARGEST_EXPONENT)) - 1 / safe)


def _unit_variance(z: Tensor) -> Tensor:
    """Variance of a density proportional to exp(z * u) on [0, 1]."""
    small = z.abs() < 1e-1
    safe = torch.where(small, 1.0, z.abs())
    exact = 1 / safe**2 - 0.25 / torch.sinh(safe.clamp_max(_LARGEST_EXPONENT) / 2) ** 2
    return torch.where(small, 1 / 12 - z**2 / 240, exact)
