"""The ten-line interface for scripts and notebooks; ``import nettwin`` offers these names."""

from typing import Any

from nettwin.apps.compare import Comparison
from nettwin.apps.explain import Explanation, Target
from nettwin.apps.explain import explain as explain_demands
from nettwin.apps.failure_answers import failure_answers
from nettwin.apps.report import Case, write_report
from nettwin.apps.sweep import FailureKind
from nettwin.apps.sweep import sweep as sweep_failures
from nettwin.apps.sweep_tables import SweepView
from nettwin.apps.tables import PerformanceView, SeriesView
from nettwin.apps.what_if import what_if as compare_with_changes
from nettwin.changes import Timeline, parse_change
from nettwin.changes.change import Change
from nettwin.errors import PredictionError
from nettwin.predict import registry
from nettwin.predict.predictor import TimelinePredictor
from nettwin.predict.registry import DEFAULT_ENGINE
from nettwin.scenario import Scenario

__all__ = ["Case", "ask", "ask_in_time", "explain", "sweep", "what_if", "write_report"]


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
