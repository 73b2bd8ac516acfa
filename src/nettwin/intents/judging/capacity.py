"""The most that links may carry, and who still has a way: what the control plane alone tells."""

from collections.abc import Iterator

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.judging.case import WHOLE, Case, routed_share
from nettwin.intents.judging.culprits import MOST_NAMED, loading_demands
from nettwin.intents.verdict import ClauseVerdict, Status
from nettwin.performance.quantities import percent
from nettwin.scenario.arrays import FloatArray

ROUNDING = 1e-9
REACHABILITY = "reachability"
"""The clause that every plan has to keep, though no intent says it."""


def judge_utilization(intent: Intent, case: Case) -> Iterator[ClauseVerdict]:
    """``limits.max_utilization``: the offered load of every link that is up."""
    bound = intent.limits.max_utilization
    if bound is None:
        return
    excess = utilization_excess(case.utilization, bound)
    worst = np.argsort(-excess, kind="stable")[: int((excess > ROUNDING).sum())]
    links, ids = case.scenario.topology.links, case.scenario.demand_ids
    blamed = loading_demands(case, int(worst[0])) if len(worst) else []
    yield ClauseVerdict(
        clause="limits.max_utilization",
        status=Status.VIOLATED if len(worst) else Status.SATISFIED,
        excess=float(excess.sum()),
        doubt=float(excess.sum()),
        words=f"no link may be offered more than {percent(bound)} of its capacity: {_outcome(case, excess, blamed)}",
        demands=tuple(ids[row] for row in blamed),
        links=tuple(links[link].id for link in worst[:MOST_NAMED]),
    )


def utilization_excess(utilization: FloatArray, bound: float) -> FloatArray:
    """How far each utilization is above the bound, relative to it."""
    excess = np.maximum(utilization / bound - 1.0, 0.0)
    return np.asarray(np.where(excess > ROUNDING, excess, 0.0))


def _outcome(case: Case, excess: FloatArray, blamed: list[int]) -> str:
    links = case.scenario.topology.links
    if not len(links):
        return "there is none"
    top = int(np.argmax(case.utilization))
    most = f"{links[top].id} at {percent(float(case.utilization[top]))}"
    n_above = int((excess > 0).sum())
    if not n_above:
        return f"none of {len(links)} is, the highest is {most}"
    who = f", most of it from {case.scenario.demand_ids[blamed[0]]}" if blamed else ""
    return f"{n_above} of {len(links)} {'is' if n_above == 1 else 'are'}, worst {most}{who}"


def judge_reachability(case: Case) -> Iterator[ClauseVerdict]:
    """Demands that had a way before the plan and have none, or none for a part of them, after it. No clause where there are none."""
    if case.before is None or case.before is case.scenario or case.before.demand_ids != case.scenario.demand_ids:
        return
    lost = np.where(case.sends, routed_share(case.before) - case.routed_share, 0.0)
    worst = np.argsort(-lost, kind="stable")[: int((lost > 1.0 - WHOLE).sum())]
    if len(worst):
        ids = case.scenario.demand_ids
        total = float(lost[worst].sum())
        yield ClauseVerdict(
            clause=REACHABILITY,
            status=Status.VIOLATED,
            excess=total,
            doubt=total,
            words=f"the plan must not cut off anybody: {len(worst)} demands lose their way or a part of it, {ids[worst[0]]} first",
            demands=tuple(ids[row] for row in worst[:MOST_NAMED]),
        )
