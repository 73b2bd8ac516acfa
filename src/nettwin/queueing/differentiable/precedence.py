"""Which queue of a port goes before which, on tensors: ``nettwin.queueing.precedence`` for all ports at once.

[link, slot, other] in 0 .. 1: how far ``other`` takes precedence over ``slot``.
"""

import torch
from torch import Tensor

from nettwin.queueing.differentiable.gathering import TINY
from nettwin.queueing.differentiable.values import PortLoads
from nettwin.queueing.precedence import _CLEARLY, _RUNS_AWAY, _SHARPLY


def others(loads: PortLoads) -> Tensor:  # [slot, other]
    """1 but for a queue and itself."""
    n = loads.offered.shape[1]
    return 1 - torch.eye(n, dtype=loads.offered.dtype, device=loads.offered.device)


def strict_priority(loads: PortLoads) -> Tensor:  # [slot, other]
    """The lower index first."""
    return others(loads).tril()


def by_service(loads: PortLoads, tie_width: float) -> Tensor:
    """The smaller service per weight first."""
    served = (loads.carried / loads.weight).clamp_min(1e-12)
    ratio = served[:, :, None] / served[:, None, :]
    lead = torch.where(ratio > 1, ratio - 1, 1 - 1 / ratio)
    return (0.5 + lead / (2 * tie_width)).clamp(0.0, 1.0) * others(loads)


def by_clock(loads: PortLoads) -> Tensor:
    """The smaller lead of its clock over the time first: virtual clock."""
    share = loads.weight / loads.weight.sum(dim=1, keepdim=True)
    load = loads.carried / share
    below = load.clamp_max(_RUNS_AWAY)
    packet_s = torch.where(loads.service_s > 0, loads.service_s, 1.0) / share
    lead = packet_s * (1 + below / (1 - below) / 2) * (load / _RUNS_AWAY).clamp(1.0, 1e3) ** _SHARPLY
    return (1 - 1 / (1 + (lead[:, :, None] / lead[:, None, :]) ** 2)) * others(loads)


def greed(loads: PortLoads) -> Tensor:  # [link, slot]
    """0 for a queue that gets all it wants when the server is filled up by weight, 1 for one that wants clearly more.

    The level to which all are filled is the highest of those that leave content whoever wants less than one of the queues.
    """
    wanted = loads.offered / loads.weight
    weight = torch.where(loads.offered > 0, loads.weight, 0.0)
    is_less = wanted[:, None, :] < wanted[:, :, None]  # [link, slot, other]: content where those as greedy as ``slot`` are not
    left = (1 - torch.where(is_less, loads.offered[:, None, :], 0.0).sum(-1)).clamp_min(0.0)
    level = (left / torch.where(is_less, 0.0, weight[:, None, :]).sum(-1).clamp_min(1e-12)).amax(dim=1, keepdim=True)
    return ((wanted / level.clamp_min(TINY) - 1) / _CLEARLY).clamp(0.0, 1.0)


def both_greedy(loads: PortLoads, greedy: Tensor) -> Tensor:
    """1 where both queues want clearly more than their weights grant."""
    return greedy[:, :, None] * greedy[:, None, :] * others(loads)


def tied(loads: PortLoads, greedy: Tensor, precedence: Tensor) -> Tensor:
    """1 where neither of two queues goes first, or both want more than their weights grant; 0 where one always goes first."""
    even = (1 - (2 * precedence - 1).abs()) * others(loads)
    return torch.maximum(even, both_greedy(loads, greedy))


def fair_claims(loads: PortLoads, greedy: Tensor, precedence: Tensor, part: Tensor) -> Tensor:  # [link, slot]
    """Share of the server that others take while this queue is backlogged, as far as weights (``part`` of the pair) decide."""
    part = part * others(loads)
    weight, carried = loads.weight[:, None, :], loads.carried[:, None, :]
    left = (1 - (precedence * carried).sum(-1)).clamp(0.0, 1.0)
    rivals = loads.weight + (part * torch.where(loads.offered * loads.weight > 0, loads.weight, 0.0)[:, None, :]).sum(-1)
    fair = (left * loads.weight / rivals).clamp_min(1e-3)  # what each gets while all of its rivals are backlogged
    own = (loads.offered / fair).clamp_max(1.0)[:, :, None]  # the longer this queue is backlogged, the longer so are its rivals
    seldom = (loads.carried / left.clamp_min(1e-3)).clamp_max(1.0)[:, None, :]
    often = (loads.carried / fair).clamp_max(1.0)[:, None, :]
    backlogged = torch.maximum((1 - own) * seldom + own * often, greedy[:, None, :])
    claim = (part * backlogged * weight).sum(-1)
    return torch.minimum(left * claim / (loads.weight + claim), (part * carried).sum(-1))
