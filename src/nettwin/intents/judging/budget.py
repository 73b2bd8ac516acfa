"""The planning clause: what the plan costs."""

from collections.abc import Iterator

from nettwin.intents.intent import Intent
from nettwin.intents.judging.case import Case
from nettwin.intents.judging.culprits import MOST_NAMED
from nettwin.intents.verdict import ClauseVerdict, Status
from nettwin.performance.quantities import number


def judge_budget(intent: Intent, case: Case) -> Iterator[ClauseVerdict]:
    """``planning.budget``: the cost of all upgrades together. Nothing is said where there is no plan."""
    if intent.planning is None or intent.planning.budget is None or case.before is None:
        return
    budget, (total, paid) = intent.planning.budget, case.cost(intent.planning)
    excess = min(max(total / budget - 1.0, 0.0) if budget else total, 1e3)
    by_circuit = {name for name, _ in paid[:MOST_NAMED]}
    links = [link.id for link in case.scenario.topology.links if (link.circuit or link.id) in by_circuit]
    yield ClauseVerdict(
        clause="planning.budget",
        status=Status.VIOLATED if excess > 1e-9 else Status.SATISFIED,
        excess=excess,
        doubt=excess,
        words=f"the plan may cost at most {number(budget)}: {_outcome(total, paid)}",
        links=tuple(links[:MOST_NAMED]) if excess > 1e-9 else (),
    )


def _outcome(total: float, paid: list[tuple[str, float]]) -> str:
    if not paid:
        return "it buys nothing"
    dearest, cost = paid[0]
    if cost == float("inf"):
        return f"{dearest} grows, but no modules are on sale for it"
    return f"it costs {number(total)}, most of it for {dearest} ({number(cost)})"
