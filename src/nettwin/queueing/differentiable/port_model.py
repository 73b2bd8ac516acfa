"""What each queue sees of its port, on tensors: ``nettwin.queueing.port_model`` for all ports at once.

Formulas of one discipline are computed for all ports if the scenario has that discipline at all, and used where it rules.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nettwin.queueing.calibration import Calibration
from nettwin.queueing.differentiable.gathering import over
from nettwin.queueing.differentiable.precedence import both_greedy, by_clock, by_service, fair_claims, greed, others, strict_priority, tied
from nettwin.queueing.differentiable.round_robin import conserving_waits, visit_waits
from nettwin.queueing.differentiable.smoothing import between
from nettwin.queueing.differentiable.values import PortLoads, ServerView
from nettwin.queueing.port_model import _CLOCK, _LEAST_SERVED, _LEAST_SHARE, _LEAST_VARIABILITY, _PRIORITY, DRR, LEAST_FREE
from nettwin.scenario import Discipline

_BY_SERVICE = frozenset({Discipline.LEAST_SERVED, Discipline.DRR, Discipline.WFQ})
_IN_TURNS = frozenset({Discipline.DRR, Discipline.WFQ})
_WITH_TIES = frozenset({Discipline.LEAST_SERVED, Discipline.VIRTUAL_CLOCK})


@dataclass(frozen=True, eq=False)
class QueueWork:
    """What queues bring to their port. [link, slot]"""

    smooth_s: Tensor  # mean residual work with Poisson arrivals, of what is offered, in seconds of the server
    excess_s: Tensor  # [link, slot, window] what bursts add to it without losses
    left: Tensor  # share of that which losses leave
    changed_s: Tensor  # what upstream ports change in it
    window: Tensor  # column (a real number) of the time scale of the queue


@dataclass(frozen=True, eq=False)
class Rules:
    """Which disciplines rule where."""

    codes: Tensor  # [link]
    kinds: frozenset[Discipline]

    def rules(self, low: int, high: int) -> Tensor:  # [link, 1]
        """Where a discipline between two numbers rules."""
        return ((self.codes >= low) & (self.codes <= high))[:, None]


def server_views(
    rules: Rules, loads: PortLoads, work: QueueWork, before: Tensor, count: int, calibration: Calibration
) -> tuple[ServerView, Tensor]:  # [link, slot]; [link, slot, other]
    """How each queue sees its port, and how far others go first, in round ``count``; ``before``: how far they did."""
    first = before + 2 / (count + 1) * (_goal(rules, loads, calibration.tie_width) - before)
    smooth, bursty = _work_of(loads, work)
    greedy = greed(loads) if rules.kinds & (_IN_TURNS | _WITH_TIES) else torch.zeros_like(smooth)
    share = _shares(rules, loads, greedy, first)
    later = 1 - first - torch.eye(first.shape[1], dtype=first.dtype, device=first.device)
    ahead = 1 - later
    residual = (ahead * bursty + later * smooth[:, None, :]).sum(-1)
    free = share - loads.offered
    delayed = (1 - (later * loads.carried[:, None, :]).sum(-1) / free.clamp_min(1e-9)).clamp_min(0.0)
    idle = (share * torch.where(free > 0, delayed, 1.0)).clamp(1e-6, 1.0)
    own = bursty.diagonal(dim1=1, dim2=2)
    share, residual = _with_turns(rules, loads, (greedy, first), share, (residual, own))
    return ServerView(loads.offered, share, residual, idle), first


def _goal(rules: Rules, loads: PortLoads, tie_width: float) -> Tensor:
    goal = torch.zeros_like(loads.offered[:, :, None] * loads.offered[:, None, :])
    if Discipline.STRICT_PRIORITY in rules.kinds:
        goal = torch.where(rules.rules(_PRIORITY, _PRIORITY)[..., None], strict_priority(loads), goal)
    if Discipline.VIRTUAL_CLOCK in rules.kinds:
        goal = torch.where(rules.rules(_CLOCK, _CLOCK)[..., None], by_clock(loads), goal)
    if rules.kinds & _BY_SERVICE:
        goal = torch.where((rules.codes >= _LEAST_SERVED)[:, None, None], by_service(loads, tie_width), goal)
    return goal


def _work_of(loads: PortLoads, work: QueueWork) -> tuple[Tensor, Tensor]:  # [link, slot], [link, slot, other]
    """Mean residual work of each queue, of what is carried: with Poisson arrivals, and over the time scale of the queue that looks."""
    n = loads.offered.shape[1]
    kept = over(loads.carried, loads.offered)
    table = work.excess_s[:, None].expand(-1, n, -1, -1)  # [link, slot, other, window]
    excess = between(table, work.window[:, :, None].expand(-1, -1, n))
    total = work.smooth_s[:, None] + excess * work.left[:, None] + work.changed_s[:, None]
    total = torch.maximum(total, _LEAST_VARIABILITY * work.smooth_s[:, None])
    is_other = others(loads)
    return work.smooth_s * kept, total * (kept[:, None] * is_other + (1 - is_other))


def _shares(rules: Rules, loads: PortLoads, greedy: Tensor, precedence: Tensor) -> Tensor:  # [link, slot]
    """What those that go first leave of the server; queues of a tie, or that all want more than their share, get it by weight."""
    if not rules.kinds & _WITH_TIES:
        return (1 - (precedence * loads.carried[:, None, :]).sum(-1)).clamp_min(_LEAST_SHARE)
    ties = tied(loads, greedy, precedence) if Discipline.LEAST_SERVED in rules.kinds else both_greedy(loads, greedy)
    if Discipline.LEAST_SERVED in rules.kinds and Discipline.VIRTUAL_CLOCK in rules.kinds:
        ties = torch.where(rules.rules(_CLOCK, _CLOCK)[..., None], both_greedy(loads, greedy), ties)
    has_ties = rules.rules(_CLOCK, _LEAST_SERVED)
    first = precedence * (1 - torch.where(has_ties[..., None], ties, 0.0))
    claims = torch.where(has_ties, fair_claims(loads, greedy, first, ties), 0.0)
    return (1 - claims - (first * loads.carried[:, None, :]).sum(-1)).clamp_min(_LEAST_SHARE)


def _wait_divisor(share: Tensor, loads: PortLoads) -> Tensor:
    return share * torch.maximum(share - loads.offered, LEAST_FREE * share)


def _with_turns(
    rules: Rules, loads: PortLoads, order: tuple[Tensor, Tensor], share: Tensor, works_s: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:  # [link, slot]
    """Share and work where queues take turns or shares instead of strict precedence; ``works_s``: ahead of, and of each queue."""
    (greedy, first), (residual, own_s) = order, works_s
    strict = _wait_divisor(share, loads)
    work_s, found = residual, share
    if Discipline.VIRTUAL_CLOCK in rules.kinds:
        conserving = conserving_waits(loads, residual / strict, own_s) * strict
        work_s = torch.where(rules.rules(_CLOCK, _CLOCK), conserving, work_s)
    if rules.kinds & _IN_TURNS:
        in_turns = (rules.codes >= DRR)[:, None]
        fair = (share - fair_claims(loads, greedy, first, 1 - first)).clamp_min(_LEAST_SHARE)
        shared = _wait_divisor(fair, loads)
        isolated_s = own_s / shared - own_s / strict
        visited = visit_waits(loads, residual / strict + isolated_s, own_s) * shared
        found, work_s = torch.where(in_turns, fair, found), torch.where(in_turns, visited, work_s)
    return found, work_s
