"""From what a method found to its answer: the plan applied, judged before and after, counted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from nettwin.changes import Plan
from nettwin.changes.change import Change
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.preference import is_better
from nettwin.intents.verdict import Verdict
from nettwin.optimize.budget import Clock
from nettwin.optimize.solution import Bound, Evidence, Solution
from nettwin.performance import Performance
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """What a method found. What it has worked out already need not be worked out again."""

    method: str
    changes: Sequence[Change] = ()
    bound: Bound | None = None
    stopped_by: str = ""
    """Empty: whatever ended the clock, ``no improvement`` where nothing did."""
    predictions: int = 0
    """Scenarios that the predictor was asked about during the search."""
    conflicts: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    verdict_before: Verdict | None = None
    """None: it is not judged yet."""
    verdict: Verdict | None = None
    scenario: Scenario | None = None
    """After the changes; None: they are not applied yet."""


def answered(scenario: Scenario, intent: Intent, predictor: Predictor, clock: Clock, found: Found) -> Solution:
    """The solution: what was found, or the empty plan where that is not better than doing nothing."""
    predict = Counting(predictor)
    before = found.verdict_before or judge(intent, scenario, predict, before=scenario)
    after, verdict = scenario, before
    plan = Plan(tuple(found.changes))
    if plan.changes:
        after = found.scenario or plan.apply(scenario)
        verdict = found.verdict or judge(intent, after, predict, before=scenario)
        if not is_better(verdict, before, intent):
            plan, after, verdict = Plan(), scenario, before
    evidence = Evidence(
        method=found.method,
        verdict=verdict,
        verdict_before=before,
        evaluations=clock.evaluations,
        predictions=found.predictions + predict.n_asked,
        seconds=clock.seconds,
        stopped_by=found.stopped_by or clock.stopped_by or "no improvement",
        conflicts=found.conflicts,
        notes=MappingProxyType(dict(found.notes)),
    )
    objective = verdict.objectives[0] if verdict.objectives else float("nan")
    bound = found.bound if verdict.objectives else None
    return Solution(plan=plan, scenario=after, objective=objective, bound=bound, evidence=evidence)


class Counting:
    """A predictor as judges want it, that counts the scenarios it was asked about."""

    def __init__(self, predictor: Predictor) -> None:
        self._predict: Callable[[Sequence[Scenario]], list[Performance]] = partial(predict_all, predictor)
        self.n_asked = 0

    def __call__(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        self.n_asked += len(scenarios)
        return self._predict(scenarios)
