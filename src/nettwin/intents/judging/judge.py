"""A scenario held against an intent, clause by clause."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nettwin.intents.intent import Intent
from nettwin.intents.judging.budget import judge_budget
from nettwin.intents.judging.capacity import judge_reachability, judge_utilization
from nettwin.intents.judging.case import Case, Predict
from nettwin.intents.judging.objective_values import objective_values
from nettwin.intents.judging.paths import judge_paths
from nettwin.intents.judging.plan_limits import judge_plan
from nettwin.intents.judging.slos import judge_slos
from nettwin.intents.judging.survival import judge_survival
from nettwin.intents.objectives import PER_DEMAND
from nettwin.intents.planning import Planning, grown
from nettwin.intents.verdict import ClauseVerdict, Verdict
from nettwin.performance import Performance
from nettwin.performance.quantities import number
from nettwin.scenario import Scenario


def judge(intent: Intent, scenario: Scenario, predict: Predict | None = None, *, before: Scenario | None = None) -> Verdict:
    """Which clauses hold, and the values of the objectives.

    ``predict`` answers what the control plane alone cannot tell: delay, delay variation, loss; without it clauses about these are
    undetermined. ``before`` is what the plan under judgment started from; without it nothing is said about the plan. An intent whose
    planning clause lets traffic grow is judged with the traffic at the end of its horizon.
    Raises UnknownNameError where the intent names something that is not there.
    """
    return judge_many(intent, [scenario], predict, before=before)[0]


def judge_many(
    intent: Intent, scenarios: Sequence[Scenario], predict: Predict | None = None, *, before: Scenario | None = None
) -> list[Verdict]:
    """Several scenarios, with one call of ``predict`` for all of them (and more for failures whose SLOs are judged)."""
    questions = [grown(intent.planning, scenario) for scenario in scenarios]
    answers: Sequence[Performance | None] = [None] * len(questions)
    if predict is not None and needs_performance(intent):
        answers = predict(questions)
    cases = [
        Case(question, answer, before, planned=scenario) for question, answer, scenario in zip(questions, answers, scenarios, strict=True)
    ]
    return [Verdict(clauses=tuple(_clauses(intent, case, predict)), objectives=objective_values(intent, case)) for case in cases]


def needs_performance(intent: Intent) -> bool:
    """Whether anything is asked that the control plane alone cannot tell."""
    return bool(intent.slos) or any(objective.minimize in PER_DEMAND for objective in intent.objectives)


def _clauses(intent: Intent, case: Case, predict: Predict | None) -> Iterator[ClauseVerdict]:
    when = _when(intent.planning, case)
    yield from _at(when, judge_slos(intent, case))
    yield from judge_paths(intent, case)
    yield from _at(when, judge_utilization(intent, case))
    yield from judge_plan(intent, case)
    yield from judge_reachability(case)
    yield from _at(when, judge_survival(intent, case, predict))
    yield from judge_budget(intent, case)


def _when(planning: Planning | None, case: Case) -> str:
    if planning is None or case.scenario is case.planned:
        return ""
    return f"in {number(planning.growth.years)} years, with {number(planning.growth.factor)} times the traffic, "


def _at(when: str, clauses: Iterator[ClauseVerdict]) -> Iterator[ClauseVerdict]:
    """Clauses about the future say so."""
    return (replace(clause, words=when + clause.words) for clause in clauses) if when else clauses
