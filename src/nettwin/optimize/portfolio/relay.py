"""Methods one after the other: each starts where the best plan so far leads, within its slice of the budget."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nettwin.errors import MissingDependencyError, OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.preference import is_better
from nettwin.intents.verdict import Verdict
from nettwin.optimize.budget import Budget, Clock, Progress
from nettwin.optimize.optimizer import Optimizer
from nettwin.optimize.solution import Bound, Solution
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

_LEAST_SECONDS = 1e-3


@dataclass(frozen=True, slots=True)
class Leg:
    """One method's turn."""

    method: str
    share: float
    """Of what is left of the budget."""
    options: Mapping[str, object] = field(default_factory=dict)
    starts_over: bool = False
    """Whether it starts from the original scenario and not from the best plan so far."""


@dataclass(eq=False)
class Relay:
    """The race so far."""

    scenario: Scenario
    intent: Intent
    predictor: Predictor
    clock: Clock
    best: Scenario
    """Where the best plan leads."""
    verdict: Verdict | None = None
    """Of the best; None before the first leg."""
    verdict_before: Verdict | None = None
    bound: Bound | None = None
    predictions: int = 0
    conflicts: tuple[str, ...] = ()
    stopped_by: str = ""
    told: dict[str, str] = field(default_factory=dict)
    """What each method contributed, in words."""

    @classmethod
    def of(cls, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> "Relay":
        """At the start."""
        return cls(scenario, intent, predictor, Clock(budget), best=scenario)

    @property
    def gap(self) -> float:
        """Of the first objective; infinite where no bound is known or a hard clause is violated."""
        if self.bound is None or self.verdict is None or self.verdict.hard_excess > 0 or not self.bound.value > 0:
            return math.inf
        return self.verdict.objectives[0] / self.bound.value - 1.0

    def run(self, optimizer: Optimizer, leg: Leg) -> None:
        """One leg; a method that cannot handle the intent or is not installed says so and is passed over."""
        start = self.scenario if leg.starts_over else self.best
        try:
            solution = optimizer.optimize(start, self.intent, self.predictor, self._slice(leg.share))
        except (OptimizationError, MissingDependencyError) as error:
            self.told[leg.method] = str(error)
            return
        self._take(leg.method, solution, is_first=start is self.scenario)

    def _slice(self, share: float) -> Budget:
        """Its part of what is left."""
        budget, clock, offset = self.clock.budget, self.clock, self.clock.evaluations
        left = clock.evaluations_left
        return replace(
            budget,
            seconds=max(_LEAST_SECONDS, share * clock.seconds_left),
            evaluations=None if math.isinf(left) else max(1, int(share * left)),
            report=lambda progress: self._report(progress, offset),
        )

    def _report(self, progress: Progress, offset: int) -> None:
        bounds = [value for value in (progress.bound, self.bound.value if self.bound else None) if value is not None]
        best = min(progress.objective, self.verdict.objectives[0]) if self.verdict and self.verdict.objectives else progress.objective
        told = replace(
            progress,
            method=f"portfolio/{progress.method}",
            seconds=self.clock.seconds,
            evaluations=offset + progress.evaluations,
            objective=best,
            bound=max(bounds) if bounds else None,
        )
        self.clock.budget.report(told)

    def _take(self, method: str, solution: Solution, *, is_first: bool) -> None:
        """Keep what is better, add up what was spent."""
        evidence = solution.evidence
        self.clock.spend(evidence.evaluations)
        self.predictions += evidence.predictions
        self.conflicts = evidence.conflicts or self.conflicts
        if is_first and self.verdict_before is None:
            self.verdict_before = evidence.verdict_before
        if solution.bound is not None and (self.bound is None or solution.bound.value > self.bound.value):
            self.bound = solution.bound
        earlier = self.verdict or self.verdict_before
        is_progress = bool(solution.plan.changes) and (earlier is None or is_better(evidence.verdict, earlier, self.intent))
        if is_progress:
            self.best, self.verdict = solution.scenario, evidence.verdict
        elif self.verdict is None:
            self.verdict = earlier
        self.told[method] = _contribution(solution, is_progress)


def _contribution(solution: Solution, is_progress: bool) -> str:
    seconds = f"{solution.evidence.seconds:.2f} s"
    if not is_progress:
        return f"nothing better in {seconds}"
    return f"objective {solution.objective:.5g} in {seconds}" if not math.isnan(solution.objective) else f"better in {seconds}"
