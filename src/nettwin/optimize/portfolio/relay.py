"""Methods one after the other: each starts where the best plan so far leads, within its slice of the budget."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nettwin.errors import MissingDependencyError, OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.objectives import Figure
from nettwin.intents.preference import is_better
from nettwin.intents.verdict import Verdict
from nettwin.optimize import registry
from nettwin.optimize.answer import Counting
from nettwin.optimize.budget import Budget, Clock, Progress
from nettwin.optimize.optimizer import Optimizer
from nettwin.optimize.portfolio.difference import changes_between
from nettwin.optimize.solution import Bound, Solution
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

_LEAST_SECONDS = 1e-3
_FINISH_SHARE, _FINISH_SECONDS_PER_DEMAND = 0.2, 12e-6
"""What is kept of the time to tidy and judge the best plan: no more than this share, no more than it takes."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One method's turn."""

    method: str
    share: float
    """Of what is left of the budget."""
    options: Mapping[str, object] = field(default_factory=dict)


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
    told: dict[str, str] = field(default_factory=dict)
    """What each method contributed last, in words."""
    _round: int = 0

    @classmethod
    def of(cls, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> "Relay":
        """At the start."""
        return cls(scenario, intent, predictor, Clock(budget), best=scenario)

    @property
    def stopped_by(self) -> str:
        """Why no further leg may start; empty: one may."""
        return self.clock.stopped_by or ("deadline" if self._seconds_left <= 0 else "")

    @property
    def _seconds_left(self) -> float:
        """For legs."""
        kept = min(_FINISH_SHARE * self.clock.budget.seconds, _FINISH_SECONDS_PER_DEMAND * self.scenario.traffic.n_demands)
        return self.clock.seconds_left - kept

    @property
    def gap(self) -> float:
        """Of the first objective; infinite where no bound is known or a hard clause is violated."""
        if self.bound is None or self.verdict is None or self.verdict.hard_excess > 0 or not self.bound.value > 0:
            return math.inf
        return self.verdict.objectives[0] / self.bound.value - 1.0

    def is_done(self, gap: float) -> bool:
        """Whether nothing is left to be gained; of an intent without objectives, when all its clauses surely hold."""
        if self.intent.objectives:
            return self.gap <= gap
        verdict = self.verdict
        return verdict is not None and verdict.hard_excess + verdict.hard_doubt + verdict.penalty <= 0

    def go_round(self, legs: Sequence[Leg], gap: float) -> None:
        """Round after round, until one brings nothing, the gap is small enough or the budget spent."""
        has_improved = True
        while has_improved:
            has_improved = False
            for leg in legs:
                if self.stopped_by or self.is_done(gap):
                    return
                has_improved |= self.run(registry.create(leg.method, **leg.options), leg)
            self._round += 1

    def run(self, optimizer: Optimizer, leg: Leg) -> bool:
        """One leg; whether it found something better. A method that cannot handle the intent or is not installed is passed over."""
        start, asked = self._asked()
        try:
            solution = optimizer.optimize(start, asked, self.predictor, self._slice(leg.share))
        except (OptimizationError, MissingDependencyError) as error:
            self.told[leg.method] = error.what
            return False
        self._count(solution)
        if bounds_objective(leg.method, self.intent) and (asked.limits.max_changes is None or start is self.scenario):
            self._raise_bound(solution.bound)  # with some changes made, what few more can reach bounds nothing
        after, verdict = solution.scenario, self._judged(solution)
        is_progress = after is not start and (self.verdict is None or is_better(verdict, self.verdict, self.intent))
        if is_progress:
            self.best, self.verdict = after, verdict
        if is_progress or leg.method not in self.told:
            self.told[leg.method] = _contribution(solution, verdict, is_progress=is_progress)
        return is_progress

    def _asked(self) -> tuple[Scenario, Intent]:
        """Where a leg starts, and the intent with the changes that are left; where none are left, it starts over."""
        limits = self.intent.limits
        if limits.max_changes is None:
            return self.best, self.intent
        left = limits.max_changes - len(changes_between(self.scenario, self.best))
        return (self.best, replace(self.intent, limits=replace(limits, max_changes=left))) if left > 0 else (self.scenario, self.intent)

    def _judged(self, solution: Solution) -> Verdict:
        """Of a leg's plan, as one for the original scenario."""
        if self.verdict_before is None:
            self.verdict_before = self.verdict = solution.evidence.verdict_before
        if not counts_changes(self.intent):
            return solution.evidence.verdict
        predict = Counting(self.predictor)
        verdict = judge(self.intent, solution.scenario, predict, before=self.scenario)
        self.predictions += predict.n_asked
        return verdict

    def find_conflicts(self) -> None:
        """Name clauses that cannot hold together, if hard ones are violated still."""
        is_violated = self.verdict is not None and self.verdict.hard_excess > 0
        if self.conflicts or not is_violated or self.clock.budget.interrupt.is_set():
            return
        from nettwin.optimize.conflicts import conflicting_clauses

        conflict = conflicting_clauses(self.scenario, self.intent, self.clock)
        if conflict is not None:
            self.conflicts = conflict.clauses
            self.told["conflict"] = conflict.words

    def _slice(self, share: float) -> Budget:
        """Its part of what is left."""
        budget, clock, offset = self.clock.budget, self.clock, self.clock.evaluations
        left = clock.evaluations_left
        return replace(
            budget,
            seed=budget.seed + self._round,
            seconds=max(_LEAST_SECONDS, share * self._seconds_left),
            evaluations=None if math.isinf(left) else max(1, int(share * left)),
            report=lambda progress: self._report(progress, offset),
        )

    def _report(self, progress: Progress, offset: int) -> None:
        bounds = [value for value in (progress.bound, self.bound.value if self.bound else None) if value]
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

    def _count(self, solution: Solution) -> None:
        """Add up what was spent."""
        evidence = solution.evidence
        self.clock.spend(evidence.evaluations)
        self.predictions += evidence.predictions
        self.conflicts = evidence.conflicts or self.conflicts
        self.told |= {key: words for key, words in evidence.notes.items() if key == "conflict"}

    def _raise_bound(self, bound: Bound | None) -> None:
        if bound is not None and (self.bound is None or bound.value > self.bound.value):
            self.bound = bound


def bounds_objective(method: str, intent: Intent) -> bool:
    """Whether a method's bound is about the first objective: most know bounds of the maximum utilization only."""
    if not intent.objectives:
        return False
    return intent.objectives[0].minimize is Figure.MAX_UTILIZATION or method in ("twin-guided", "upgrades")


def counts_changes(intent: Intent) -> bool:
    """Whether it matters how far a plan is from the network as it is."""
    is_aim = any(objective.minimize in (Figure.CHANGES, Figure.COST) for objective in intent.objectives)
    return is_aim or intent.limits.max_changes is not None


def _contribution(solution: Solution, verdict: Verdict, *, is_progress: bool) -> str:
    seconds = f"{solution.evidence.seconds:.2f} s"
    if not is_progress:
        return f"nothing better in {seconds}"
    return f"objective {verdict.objectives[0]:.5g} in {seconds}" if verdict.objectives else f"better in {seconds}"
