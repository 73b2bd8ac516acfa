"""Intents that cannot be met: which clauses contradict each other, or the network, and why."""

from nettwin.intents.intent import Intent
from nettwin.optimize.budget import Clock
from nettwin.optimize.conflicts.capacity import survival_conflict, utilization_conflict
from nettwin.optimize.conflicts.changes import changes_conflict
from nettwin.optimize.conflicts.conflict import Conflict
from nettwin.optimize.conflicts.disjoint import disjointness_conflict
from nettwin.optimize.conflicts.routes import route_conflict
from nettwin.scenario import Scenario

__all__ = ["Conflict", "conflicting_clauses"]

_PROOFS = (route_conflict, disjointness_conflict, changes_conflict, utilization_conflict, survival_conflict)
"""The cheap ones first."""


def conflicting_clauses(scenario: Scenario, intent: Intent, clock: Clock) -> Conflict | None:
    """Hard clauses that no plan of explicit paths or segment policies satisfies together, none of them superfluous.

    Every conflict is proven; None says that no proof was found, not that there is a plan.
    Raises UnknownNameError for names that are not there.
    """
    for proof in _PROOFS:
        conflict = proof(scenario, intent, clock)
        if conflict is not None or clock.budget.interrupt.is_set():
            return conflict
    return None
