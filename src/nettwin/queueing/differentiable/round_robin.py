"""Schedulers that visit their queues in turn, on tensors: ``nettwin.queueing.round_robin`` for all ports at once."""

import torch
from torch import Tensor

from nettwin.queueing.differentiable.gathering import over
from nettwin.queueing.differentiable.values import PortLoads
from nettwin.queueing.round_robin import _FULL, _LEAST_FREE, _NO_WAIT


def _conserved(offered: Tensor, work_s: Tensor, precedence_wait_s: Tensor) -> Tensor:  # [link]
    """Sum of utilization * wait, whatever the order of service; in overload that of the strict precedence."""
    load = offered.sum(dim=1)
    law = work_s.sum(dim=1) / (1 - load.clamp_max(_FULL)) * load
    part = ((_FULL - load) / 0.08).clamp(0.0, 1.0)
    return part * law + (1 - part) * (offered * precedence_wait_s).sum(dim=1)


def visit_waits(loads: PortLoads, precedence_wait_s: Tensor, work_s: Tensor) -> Tensor:  # [link, slot]
    """Mean waits without buffer limits, from those under strict precedence; ``work_s`` is each queue's own residual work."""
    offered = loads.offered
    served = torch.where(offered > 0, loads.carried / loads.weight, -1.0)
    most_loaded = served.argmax(dim=1, keepdim=True)
    load = offered.sum(dim=1, keepdim=True).clamp_max(_FULL)
    other_load = (offered * (1 - offered.clamp_max(0.9))).sum(dim=1, keepdim=True)
    polling = work_s.sum(dim=1, keepdim=True) / (1 - load) * load / other_load.clamp_min(1e-9)
    most = torch.stack([served, loads.carried, loads.visit_s]).gather(-1, most_loaded.expand(3, -1, -1))
    free = (1 - (loads.carried.sum(dim=1, keepdim=True) - most[1])).clamp_min(_LEAST_FREE)
    half_cycle_s = most[2] / free / 2
    # 1 for the most loaded queue per weight, next to nothing for queues that are clearly less loaded
    last = over(served.clamp_min(0.0), most[0]) ** 4
    gap = (polling * (1 - offered.clamp_max(0.9)) - precedence_wait_s).clamp_min(0.0)
    cycle = half_cycle_s * (1 - offered.clamp_max(1 - _LEAST_FREE))
    wait = precedence_wait_s + (1 - last) * over(gap * cycle, gap + cycle)
    missing = (_conserved(offered, work_s, precedence_wait_s) - (offered * wait).sum(dim=1))[:, None]
    outlasting = (offered * last).sum(dim=1, keepdim=True)
    return torch.maximum(wait + last * missing / outlasting.clamp_min(1e-9), 0.1 * precedence_wait_s)


def conserving_waits(loads: PortLoads, precedence_wait_s: Tensor, work_s: Tensor) -> Tensor:  # [link, slot]
    """The same waits up to a factor, so that they obey the conservation law where precedence is not strict."""
    law = _conserved(loads.offered, work_s, precedence_wait_s)
    total = (loads.offered * precedence_wait_s).sum(dim=1)
    tells = total > _NO_WAIT * law
    return precedence_wait_s * torch.where(tells, law / torch.where(tells, total, 1.0), 1.0)[:, None]
