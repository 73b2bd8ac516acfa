"""A scenario held against an intent, clause by clause."""

from collections.abc import Callable, Iterator, Sequence

from nettwin.intents.intent import Intent
from nettwin.intents.judging.capacity import judge_reachability, judge_utilization
from nettwin.intents.judging.case import Case
from nettwin.intents.judging.objective_values import objective_values
from nettwin.intents.judging.slos import judge_slos
from nettwin.intents.objectives import PER_DEMAND
from nettwin.intents.verdict import ClauseVerdict, Verdict
from nettwin.performance import Performance
from nettwin.scenario import Scenario

Predict = Callable[[Sequence[Scenario]], list[Performance]]
"""The answers to several questions, in order."""


def judge(intent: Intent, scenario: Scenario, predict: Predict | None = None, *, before: Scenario | None = None) -> Verdict:
    """Which clauses hold, and the values of the objectives.

    ``predict`` answers what the control plane alone cannot tell: delay, delay variation, loss; without it clauses about these are
    undetermined. ``before`` is what the plan under judgment started from; without it nothing is said about the plan.
    Raises UnknownNameError where the intent names something that is not there.
    """
    return judge_many(intent, [scenario], predict, before=before)[0]


def judge_many(
    intent: Intent, scenarios: Sequence[Scenario], predict: Predict | None = None, *, before: Scenario | None = None
) -> list[Verdict]:
    """Several scenarios, with one call of ``predict`` for all of them."""
    is_asked = predict is not None and needs_performance(intent)
    answers: Sequence[Performance | None] = predict(scenarios) if predict is not None and is_asked else [None] * len(scenarios)
    cases = [Case(scenario, answer, before) for scenario, answer in zip(scenarios, answers, strict=True)]
    return [Verdict(clauses=tuple(_clauses(intent, case)), objectives=objective_values(intent, case)) for case in cases]


def needs_performance(intent: Intent) -> bool:
    """Whether anything is asked that the control plane alone cannot tell."""
    return bool(intent.slos) or any(objective.minimize in PER_DEMAND for objective in intent.objectives)


def _clauses(intent: Intent, case: Case) -> Iterator[ClauseVerdict]:
    yield from judge_slos(intent, case)
    yield from judge_utilization(intent, case)
    yield from judge_reachability(case)
