"""What each queue sees of its port, for every discipline: the share of the server, the work ahead, and how often it is idle."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.queueing.calibration import Calibration
from nettwin.queueing.finite_queue import ServerView
from nettwin.queueing.ports import Ports
from nettwin.queueing.precedence import PortLoads, both_greedy, by_clock, by_service, fair_claims, strict_priority, tied
from nettwin.queueing.round_robin import conserving_waits, visit_waits
from nettwin.scenario import Discipline
from nettwin.scenario.arrays import FloatArray, IntArray

_LEAST_SHARE = 1e-3
_LEAST_FREE = 0.02


@dataclass(frozen=True, eq=False)
class QueueWork:
    """Mean residual work that queues bring to their port, in seconds of the server."""

    smooth_s: FloatArray  # [link, slot] with Poisson arrivals, of what is carried
    bursty_s: FloatArray  # [link, slot, other] of ``other`` over the time scale of ``slot``


def precedences(ports: Ports, loads: PortLoads, calibration: Calibration) -> FloatArray:  # [link, slot, other]
    """How far other queues go first; 0 where a port has one queue."""
    n = loads.offered.shape[1]
    result = np.zeros((ports.n_links, n, n))
    for discipline, links in ports.links_by_discipline.items():
        if discipline is Discipline.STRICT_PRIORITY:
            result[links] = strict_priority(loads.rows(links))
        elif discipline is Discipline.VIRTUAL_CLOCK:
            result[links] = by_clock(loads.rows(links))
        elif discipline is not Discipline.FIFO:
            result[links] = by_service(loads.rows(links), calibration.tie_width)
    return result


def server_views(ports: Ports, loads: PortLoads, precedence: FloatArray, work: QueueWork) -> ServerView:  # [link, slot]
    """The generalised Cobham formula: a queue waits R / (share * (share - own load)), R all work that may stand before it.

    R counts the queues that go first with their bursts over this queue's time scale, the others with the rest of the packet
    that they may just be sending.
    """
    first = precedence + np.eye(precedence.shape[1])
    share = _shares(ports, loads, precedence)
    later = ((1 - first) * loads.carried[:, None, :]).sum(axis=2)
    residual = (first * work.bursty_s + (1 - first) * work.smooth_s[:, None, :]).sum(axis=2)
    free = share - loads.offered
    idle_ratio = np.where(free > 0, share * np.maximum(0, 1 - later / np.maximum(free, 1e-9)), share)
    view = ServerView(loads.offered, share, residual, np.clip(idle_ratio, 1e-6, 1.0))
    return _with_turns(ports, loads, view, precedence, np.einsum("pkk->pk", work.bursty_s))


def _shares(ports: Ports, loads: PortLoads, precedence: FloatArray) -> FloatArray:  # [link, slot]
    """What those that go first leave of the server; queues of a tie, or that all want more than their share, get it by weight."""
    ties = np.zeros(precedence.shape)
    for discipline in (Discipline.LEAST_SERVED, Discipline.VIRTUAL_CLOCK):
        links = _links(ports, discipline)
        if not len(links):
            continue
        part = loads.rows(links)
        ties[links] = tied(part, precedence[links]) if discipline is Discipline.LEAST_SERVED else both_greedy(part)
    first = precedence * (1 - ties)
    taken = (first * loads.carried[:, None, :]).sum(axis=2) + fair_claims(loads, first, ties)
    return np.asarray(np.maximum(1 - taken, _LEAST_SHARE))


def _with_turns(ports: Ports, loads: PortLoads, view: ServerView, precedence: FloatArray, own_work_s: FloatArray) -> ServerView:
    """The same, where queues take turns or shares instead of strict precedence."""
    share, residual = view.share.copy(), view.work_s.copy()
    links = _links(ports, Discipline.VIRTUAL_CLOCK)
    if len(links):
        part, divisor = loads.rows(links), _wait_divisor(share[links], loads.rows(links))
        residual[links] = conserving_waits(part, residual[links] / divisor, own_work_s[links]) * divisor
    for discipline in (Discipline.DRR, Discipline.WFQ):
        links = _links(ports, discipline)
        if not len(links):
            continue
        part, strict, work_s = loads.rows(links), view.share[links], own_work_s[links]
        first = precedence[links]
        fair = np.maximum(strict - fair_claims(part, first, 1 - first), _LEAST_SHARE)
        strict_wait_s = residual[links] / _wait_divisor(strict, part)
        isolated_s = work_s / _wait_divisor(fair, part) - work_s / _wait_divisor(strict, part)
        wait_s = visit_waits(part, strict_wait_s + isolated_s, work_s)
        share[links], residual[links] = fair, wait_s * _wait_divisor(fair, part)
    return replace(view, share=share, work_s=residual)


def _wait_divisor(share: FloatArray, loads: PortLoads) -> FloatArray:
    return share * np.maximum(share - loads.offered, _LEAST_FREE * share)


def _links(ports: Ports, discipline: Discipline) -> IntArray:
    return ports.links_by_discipline.get(discipline, np.zeros(0, dtype=np.int64))
