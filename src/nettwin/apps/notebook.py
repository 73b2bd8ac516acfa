"""The ten-line interface for scripts and notebooks; ``import nettwin`` offers these names."""

import math
from dataclasses import dataclass
from typing import Any

from nettwin.apps.compare import Comparison
from nettwin.apps.explain import Explanation, Target
from nettwin.apps.explain import explain as explain_demands
from nettwin.apps.failure_answers import failure_answers
from nettwin.apps.plans import in_words, plan_document
from nettwin.apps.plans.wishes import LEAST_UTILIZATION
from nettwin.apps.report import Case, write_report
from nettwin.apps.sweep import sweep as sweep_failures
from nettwin.apps.sweep_tables import SweepView
from nettwin.apps.tables import PerformanceView, SeriesView
from nettwin.apps.what_if import what_if as compare_with_changes
from nettwin.changes import Plan, Timeline, parse_change
from nettwin.changes.change import Change
from nettwin.changes.single_failures import FailureKind
from nettwin.errors import PredictionError
from nettwin.intents.intent import Intent
from nettwin.optimize import registry as optimizers
from nettwin.optimize.budget import Budget
from nettwin.optimize.solution import Solution
from nettwin.optimize.verification import verified
from nettwin.optimize.warming import warm_up
from nettwin.predict import registry
from nettwin.predict.predictor import TimelinePredictor
from nettwin.predict.registry import DEFAULT_ENGINE
from nettwin.scenario import Scenario

__all__ = ["Case", "Improvement", "ask", "ask_in_time", "explain", "improve", "sweep", "what_if", "write_report"]


def ask(scenario: Scenario, engine: str = DEFAULT_ENGINE, **options: Any) -> PerformanceView:
    """An engine's answer as tables: ``.demands``, ``.links``, ``.queues``, ``.summary``."""
    return PerformanceView(scenario, registry.create(engine, **options).predict(scenario))


def ask_in_time(timeline: Timeline, engine: str = "simulator", **options: Any) -> SeriesView:
    """An engine's answers to changes in time, as tables with the start and end of each window."""
    predictor = registry.create(engine, **options)
    if not isinstance(predictor, TimelinePredictor):
        raise PredictionError("it does not answer for changes in time", where=f"engine {engine}", hint="use the simulator")
    return SeriesView(timeline, predictor.predict_timeline(timeline))


def what_if(scenario: Scenario, *changes: Change | str, engine: str = DEFAULT_ENGINE, **options: Any) -> Comparison:
    """Before and after the changes, in order; each a change or its text, as ``"fail-link A--B"``."""
    plan = [parse_change(change) if isinstance(change, str) else change for change in changes]
    return compare_with_changes(scenario, plan, registry.create(engine, **options))


def explain(
    scenario: Scenario,
    *demands: str,
    target_delay_s: float | None = None,
    target_loss_ratio: float | None = None,
    engine: str = DEFAULT_ENGINE,
    **options: Any,
) -> Explanation:
    """Why these demands (or the worst) are slow and lossy, who causes it, what would change it; print it, or see its tables."""
    return explain_demands(scenario, registry.create(engine, **options), demands, Target(target_delay_s, target_loss_ratio))


def sweep(scenario: Scenario, fail: FailureKind = "links", engine: str | None = None, **options: Any) -> SweepView:
    """Every single failure of ``"links"``, ``"nodes"`` or ``"groups"``; an engine adds delay and loss to the loads."""
    result = sweep_failures(scenario, fail)
    answers = failure_answers(result, registry.create(engine, **options)) if engine is not None else None
    return SweepView(result, answers)


@dataclass(frozen=True, eq=False)
class Improvement:
    """A scenario, and the plan that was found for it; print it to read it in words."""

    before: Scenario
    solution: Solution

    @property
    def plan(self) -> Plan:
        return self.solution.plan

    @property
    def after(self) -> Scenario:
        return self.solution.scenario

    @property
    def document(self) -> dict[str, Any]:
        """All of it as plain data, as the command line's JSON has it."""
        return plan_document(self.before, self.solution)

    def __str__(self) -> str:
        verdict, bound = self.solution.evidence.verdict, self.solution.bound
        figures = f"Objective {self.solution.objective:.4g}" + (", no bound known." if bound is None else f", at least {bound.value:.4g}.")
        clauses = [f"{clause.status}: {clause.clause}: {clause.words}" for clause in verdict.clauses]
        return "\n".join([figures, *clauses, *in_words(self.before, self.after, self.plan)])


def improve(  # noqa: PLR0913 (named limits, for people)
    scenario: Scenario,
    intent: Intent = LEAST_UTILIZATION,
    *,
    method: str = optimizers.DEFAULT_METHOD,
    seconds: float = math.inf,
    evaluations: int | None = None,
    seed: int = 0,
    engine: str = DEFAULT_ENGINE,
    **options: Any,
) -> Improvement:
    """Look for changes that achieve an intent (the least maximum utilization if none is given); options are those of the method.

    Without a limit it searches for ten seconds. The name ``optimize`` is taken: it is the package with the methods.
    """
    limit = 10.0 if evaluations is None and math.isinf(seconds) else seconds
    optimizer = optimizers.create(method, **options)
    predictor = registry.create(engine)
    warm_up(optimizer, intent, predictor)
    budget = Budget(seconds=limit, evaluations=evaluations, seed=seed)
    return Improvement(scenario, verified(optimizer.optimize(scenario, intent, predictor, budget), scenario, intent, predictor))
