"""What each queue sees of its port, for every discipline: the share of the server, the work ahead, and how often it is idle."""

from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.ports import Ports
from nettwin.queueing.precedence import PortLoads, both_greedy, by_clock, by_service, fair_claims, strict_priority, tied
from nettwin.queueing.round_robin import conserving_waits, visit_waits
from nettwin.scenario import Discipline
from nettwin.scenario.arrays import FloatArray, IntArray

_LEAST_SHARE = 1e-3
LEAST_FREE = 0.02
"""Of a queue's share of the server: what its own load leaves of it at the least."""
_LEAST_VARIABILITY = 0.05  # of a queue's own work, relative to Poisson arrivals
_PRIORITY, _CLOCK, _LEAST_SERVED, DRR, _WFQ = 1, 2, 3, 4, 5
_CODES = {
    Discipline.FIFO: 0,
    Discipline.STRICT_PRIORITY: _PRIORITY,
    Discipline.VIRTUAL_CLOCK: _CLOCK,
    Discipline.LEAST_SERVED: _LEAST_SERVED,
    Discipline.DRR: DRR,
    Discipline.WFQ: _WFQ,
}


def discipline_codes(ports: Ports) -> IntArray:  # [link]
    """The disciplines as numbers."""
    codes = np.zeros(ports.n_links, dtype=np.int64)
    for discipline, links in ports.links_by_discipline.items():
        codes[links] = _CODES[discipline]
    return codes


class QueueWork(NamedTuple):
    """What queues bring to their port, as far as it is the same for all that look at it. [link, slot]"""

    smooth_s: FloatArray  # mean residual work with Poisson arrivals, of what is offered, in seconds of the server
    excess_s: FloatArray  # [link, slot, window] what bursts over windows of unit * step**column add to it without losses
    left: FloatArray  # share of that which losses leave
    changed_s: FloatArray  # what upstream ports change in it
    window: FloatArray  # column (a real number) of the time scale of the queue


@compiled
def _wait_divisor(share: FloatArray, loads: PortLoads) -> FloatArray:
    return share * np.maximum(share - loads.offered, LEAST_FREE * share)


@compiled
def _work_of(link: int, own: PortLoads, work: QueueWork) -> tuple[FloatArray, FloatArray]:  # [slot], [slot, other]
    """Mean residual work of each queue, of what is carried: with Poisson arrivals, and over the time scale of the queue that looks."""
    n = len(own.offered)
    smooth, bursty = np.zeros(n), np.zeros((n, n))
    for other in range(n):
        carried = own.carried[other] / max(own.offered[other], 1e-300) if own.offered[other] > 0 else 0.0
        smooth[other] = work.smooth_s[link, other] * carried
        for slot in range(n):
            left = int(work.window[link, slot])
            part = work.window[link, slot] - left
            excess = work.excess_s[link, other, left] * (1 - part) + work.excess_s[link, other, left + 1] * part
            total = work.smooth_s[link, other] + excess * work.left[link, other] + work.changed_s[link, other]
            total = max(total, _LEAST_VARIABILITY * work.smooth_s[link, other])
            bursty[slot, other] = total if slot == other else total * carried
    return smooth, bursty


@compiled
def _shares(code: int, loads: PortLoads, precedence: FloatArray) -> FloatArray:  # [slot]
    """What those that go first leave of the server; queues of a tie, or that all want more than their share, get it by weight."""
    n = len(loads.offered)
    ties, claims, first = np.zeros((n, n)), np.zeros(n), precedence
    if code == _LEAST_SERVED:
        ties = tied(loads, precedence)
    elif code == _CLOCK:
        ties = both_greedy(loads)
    if code in (_LEAST_SERVED, _CLOCK):
        first = precedence * (1 - ties)
        claims = fair_claims(loads, first, ties)
    share = np.zeros(n)
    for slot in range(n):
        taken = claims[slot]
        for other in range(n):
            taken += first[slot, other] * loads.carried[other]
        share[slot] = max(1 - taken, _LEAST_SHARE)
    return share


@compiled
def _with_turns(
    code: int, loads: PortLoads, first: FloatArray, share: FloatArray, residual: FloatArray, own_work_s: FloatArray
) -> tuple[FloatArray, FloatArray]:  # [slot]
    """Share and work where queues take turns or shares instead of strict precedence."""
    strict = _wait_divisor(share, loads)
    if code == _CLOCK:
        return share, conserving_waits(loads, residual / strict, own_work_s) * strict
    fair = np.maximum(share - fair_claims(loads, first, 1 - first), _LEAST_SHARE)
    shared = _wait_divisor(fair, loads)
    isolated_s = own_work_s / shared - own_work_s / strict
    return fair, visit_waits(loads, residual / strict + isolated_s, own_work_s) * shared


@compiled
def all_views(
    codes: IntArray, loads: PortLoads, work: QueueWork, before: FloatArray, step: float, tie_width: float
) -> tuple[FloatArray, FloatArray]:
    """How far others go first [link, slot, other], and how each queue sees its port [3, link, slot]: share, work ahead, how often idle.

    ``before``: how far they did; ``step``: towards where they go now. The generalised Cobham formula: a queue waits
    R / (share * (share - own load)), R all work that may stand before it. R counts the queues that go first with their bursts over
    this queue's time scale, the others with the rest of the packet that they may just be sending.
    """
    n_links, n = loads.offered.shape
    precedence, found = np.zeros((n_links, n, n)), np.zeros((3, n_links, n))
    for link in range(n_links):
        own = PortLoads(loads.offered[link], loads.carried[link], loads.weight[link], loads.service_s[link], loads.visit_s[link])
        code = codes[link]
        goal = np.zeros((n, n))
        if code == _PRIORITY:
            goal = strict_priority(n)
        elif code == _CLOCK:
            goal = by_clock(own)
        elif code != 0:
            goal = by_service(own, tie_width)
        # a mean over rounds: goals may jump for ever, their mean settles
        first = before[link] + step * (goal - before[link])
        precedence[link] = first
        smooth, bursty = _work_of(link, own, work)
        share = _shares(code, own, first)
        residual, idle = np.zeros(n), np.zeros(n)
        for slot in range(n):
            later = 0.0
            for other in range(n):
                ahead = 1.0 if other == slot else first[slot, other]
                later += (1 - ahead) * own.carried[other]
                residual[slot] += ahead * bursty[slot, other] + (1 - ahead) * smooth[other]
            free = share[slot] - own.offered[slot]
            idle[slot] = share[slot] * max(0.0, 1 - later / max(free, 1e-9)) if free > 0 else share[slot]
        found[2, link] = np.minimum(np.maximum(idle, 1e-6), 1.0)
        if code >= DRR or code == _CLOCK:
            share, residual = _with_turns(code, own, first, share, residual, np.diag(bursty).copy())
        found[0, link], found[1, link] = share, residual
    return precedence, found
