"""Which demands make another one wait: those in its queue, and those whose packets go before."""

from collections.abc import Callable, Sequence

import numpy as np

from nettwin.apps.explain.loads import Answered, precedes
from nettwin.apps.explain.parts import Cause, Hop, QueueLoad
from nettwin.scenario import Discipline
from nettwin.scenario.arrays import FloatArray

ITSELF, SAME_QUEUE, GOES_BEFORE, SHARES_PORT = "itself", "same queue", "goes before", "shares the port"
Place = tuple[str, int]
"""A queue: its link and its position there."""

_MATTERS = 0.02  # share of a demand's delay, or loss, from which a queue is worth a look


def waits_by_queue(hops: Sequence[Hop]) -> dict[Place, float]:
    """What a demand waits at each queue, in the mean over all its delivered packets."""
    return _sums(hops, lambda hop: hop.path_share * hop.wait_s)


def drops_by_queue(hops: Sequence[Hop]) -> dict[Place, float]:
    """Which share of a demand's packets each queue drops."""
    return _sums(hops, lambda hop: hop.dropped_ratio)


def queues_that_matter(hops: Sequence[Hop], delay_s: float, loss_ratio: float) -> list[QueueLoad]:
    """The queues where a demand waits, or is dropped, for a share worth telling; the worst first."""
    loads = {(hop.link, hop.load.position): hop.load for hop in hops}
    waits, drops = waits_by_queue(hops), drops_by_queue(hops)
    weight = {key: max(_part(waits[key], delay_s), _part(drops[key], loss_ratio)) for key in loads}
    return [loads[key] for key in sorted(loads, key=lambda key: -weight[key]) if weight[key] >= _MATTERS]


def causes_at(answered: Answered, demand: int, load: QueueLoad, wait_s: float) -> list[Cause]:
    """All demands that load this queue or go before it, the ones to which most of the wait is attributed first."""
    scenario, hops = answered.scenario, answered.hops
    link = scenario.topology.index_of_link(load.link)
    queue = int(scenario.topology.queues.offsets[link]) + load.position
    own, ahead = _loads(answered, link, queue)
    force = own + _force_ahead(load) * ahead
    total = max(force.sum(), 1e-300)
    rows = np.flatnonzero(np.bincount(hops.demand[hops.link == link], minlength=len(own)) > 0)
    rows = rows[np.argsort(-force[rows], kind="stable")]
    return [
        Cause(
            link=load.link,
            position=load.position,
            demand=scenario.demand_ids[row],
            relation=_relation(load, is_itself=row == demand, is_own=bool(own[row] > 0)),
            traffic_class=int(scenario.traffic.traffic_class[row]),
            load=float(own[row] + ahead[row]),
            share=float(own[row] / max(own.sum(), 1e-300) if own[row] > 0 else ahead[row] / max(ahead.sum(), 1e-300)),
            wait_s=float(wait_s * force[row] / total),
        )
        for row in rows.tolist()
        if force[row] > 0
    ]


def _loads(answered: Answered, link: int, queue: int) -> tuple[FloatArray, FloatArray]:  # [demand] each
    """What each demand brings to the queue, and to queues that go before it or share the port with it."""
    hops, n = answered.hops, answered.scenario.traffic.n_demands
    first = answered.scenario.topology.queues.offsets[link]
    goes_before = precedes(answered.scenario, queue)
    here = np.flatnonzero(hops.link == link)
    weight = goes_before[hops.queue[here] - first]
    own = np.bincount(hops.demand[here], answered.load[here] * (hops.queue[here] == queue), n)
    return own.astype(np.float64), np.bincount(hops.demand[here], answered.load[here] * weight, n).astype(np.float64)


def _force_ahead(load: QueueLoad) -> float:
    """What work that goes before counts, relative to work of the queue itself.

    Strict priority: the ratio of the derivatives of Cobham's wait R / (left * (left - offered)), 1 + (1 - pressure). Weights: the
    others are in the way as far as the queue wants more than it is granted.
    """
    if load.discipline == Discipline.STRICT_PRIORITY.value:
        return 1 + max(0.0, 1 - load.pressure)
    return min(1.0, load.offered / load.weight_ratio)


def _relation(load: QueueLoad, *, is_itself: bool, is_own: bool) -> str:
    if is_itself:
        return ITSELF
    if is_own:
        return SAME_QUEUE
    return GOES_BEFORE if load.discipline == Discipline.STRICT_PRIORITY.value else SHARES_PORT


def _sums(hops: Sequence[Hop], figure: Callable[[Hop], float]) -> dict[Place, float]:
    sums: dict[Place, float] = {}
    for hop in hops:
        key = (hop.link, hop.load.position)
        sums[key] = sums.get(key, 0.0) + figure(hop)
    return sums


def _part(value: float, whole: float) -> float:
    return value / whole if whole > 0 else 0.0
