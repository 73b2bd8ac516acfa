"""A solution as plain data, for JSON."""

from typing import Any

from nettwin.apps.plans.words import in_words
from nettwin.changes import changes_to_dicts, command_of
from nettwin.intents.verdict import Status, Verdict
from nettwin.optimize.solution import NO_BOUND, Solution
from nettwin.optimize.verification import is_rejected
from nettwin.scenario import Scenario


def plan_document(scenario: Scenario, solution: Solution) -> dict[str, Any]:
    """What the search for a plan of this scenario came to. Clauses by name; each in words under ``clauses``."""
    evidence, bound = solution.evidence, solution.bound
    verdict, before = evidence.verdict, evidence.verdict_before
    earlier = {clause.clause: clause.status for clause in before.clauses}
    return {
        "objective": solution.objective,
        "bound": None if bound is None else bound.value,
        "gap": solution.gap,
        **{str(status): [clause.clause for clause in verdict.of(status)] for status in Status},
        "plan": changes_to_dicts(solution.plan),
        "evaluations": evidence.evaluations,
        "seconds": evidence.seconds,
        "method": evidence.method,
        "stopped_by": evidence.stopped_by,
        "predictions": evidence.predictions,
        "proof": NO_BOUND if bound is None else bound.proof,
        "objectives": list(verdict.objectives),
        "objectives_before": list(before.objectives),
        "clauses": [
            {"name": clause.clause, "status": clause.status, "before": earlier.get(clause.clause), "is_hard": clause.is_hard}
            | {"words": clause.words, "demands": list(clause.demands), "links": list(clause.links)}
            for clause in verdict.clauses
        ],
        "verification": _verification(evidence.verification),
        "is_rejected": is_rejected(solution),
        "conflicts": list(evidence.conflicts),
        "words": in_words(scenario, solution.scenario, solution.plan),
        "commands": [command_of(change) for change in solution.plan],
        "notes": dict(evidence.notes),
    }


def _verification(verdict: Verdict | None) -> dict[str, Any] | None:
    """What the engine of the ``verify`` clause says; None: nobody asked."""
    if verdict is None:
        return None
    clauses = [{"name": clause.clause, "status": clause.status, "words": clause.words} for clause in verdict.clauses]
    return {"objectives": list(verdict.objectives), "clauses": clauses}
