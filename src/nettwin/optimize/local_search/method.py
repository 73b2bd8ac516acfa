"""The optimizer: steering, metrics, or both; the better plan is the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nettwin.changes import Plan, SetMetric
from nettwin.changes.change import Change
from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.optimize.answer import Found as Answer
from nettwin.optimize.answer import answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.local_search.metrics import search_metrics
from nettwin.optimize.local_search.run import NAME, Aim
from nettwin.optimize.local_search.search import search
from nettwin.optimize.local_search.surviving import bounds_failures, survive
from nettwin.optimize.local_search.task import Task, aim_of, bound_of, problem_for
from nettwin.optimize.solution import Bound, Solution
from nettwin.optimize.steering.detours import changes_to
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

__all__ = ["LocalSearch", "bound_of", "problem_for"]

_METRICS_ALONE, _METRICS_TOO = 0.2, 0.4
"""Share of the budget for steering when it only shows what is possible, and when metrics may change as well."""
_INTACT = 0.2
"""Share of it for the intact network alone, which proves the bound, before failures are looked at."""
_METRICS_UNTIL = 0.75
"""Share of the budget at which steering goes on under the new metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSearch:
    """Lowers the maximum utilization, whatever else an intent wants; path constraints and limits are kept on the way."""

    precision: float = 1e-4
    """The search ends when the maximum utilization is proven to be this close to the least possible, relative."""

    @property
    def name(self) -> str:
        return NAME

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The best steering of demands and IGP metrics, as far as the intent lets them be changed.

        Raises OptimizationError where it lets neither.
        """
        steers, sets_metrics = (knob in intent.limits.knobs for knob in (Knob.SEGMENT_POLICY, Knob.IGP_METRIC))
        if not steers and not sets_metrics:
            hint = f"add {Knob.SEGMENT_POLICY} or {Knob.IGP_METRIC} to limits.knobs"
            raise OptimizationError("the intent lets neither segment policies nor metrics be changed", where=NAME, hint=hint)
        clock, aim = Clock(budget), aim_of(intent, self.precision)
        share = 1.0 if not sets_metrics else _METRICS_TOO if steers else _METRICS_ALONE
        plan = _steered(scenario, intent, clock, replace(aim, share=share))
        bound, candidates = plan.bound, [plan] if steers else []
        enough = max(aim.enough, bound.value * (1 + self.precision) if bound else 0.0)
        if sets_metrics and not (steers and plan.max_utilization <= enough):
            candidates += _with_metrics(scenario, intent, clock, replace(aim, enough=enough), steers=steers)
        best = min(candidates, key=lambda each: each.max_utilization)
        answer = Answer(method=NAME, changes=best.changes, bound=bound, stopped_by=clock.stopped_by or best.stopped_by)
        return answered(scenario, intent, predictor, clock, answer)


@dataclass(frozen=True, eq=False)
class _Candidate:
    changes: Sequence[Change]
    max_utilization: float
    stopped_by: str
    bound: Bound | None = None


def _steered(scenario: Scenario, intent: Intent, clock: Clock, aim: Aim) -> _Candidate:
    task, must_survive = Task.of(scenario, intent), bounds_failures(intent)
    found = search(task.problem, task.start, task.limits, clock, replace(aim, share=aim.share * (_INTACT if must_survive else 1.0)))
    bound = bound_of(scenario, intent, task.problem, found)
    if must_survive:
        found = survive(task, clock, aim, found.max_utilization)
    return _Candidate(changes_to(scenario, found.steering), found.max_utilization, found.stopped_by, bound)


def _with_metrics(scenario: Scenario, intent: Intent, clock: Clock, aim: Aim, *, steers: bool) -> list[_Candidate]:
    """Other metrics, and detours besides where the metrics alone are not enough."""
    found = search_metrics(scenario, clock, _METRICS_UNTIL if steers else 1.0, aim.enough, intent.limits.max_changes)
    links = scenario.topology.links
    changes = tuple(SetMetric(link.id, float(metric)) for link, metric in zip(links, found.metric, strict=True) if metric != link.metric)
    candidates = [_Candidate(changes, found.max_utilization, found.stopped_by)]
    left = None if intent.limits.max_changes is None else intent.limits.max_changes - len(changes)
    if steers and changes and found.max_utilization > aim.enough and left != 0:
        rest = replace(intent, limits=replace(intent.limits, max_changes=left))
        more = _steered(Plan(changes).apply(scenario), rest, clock, aim)
        candidates.append(replace(more, changes=(*changes, *more.changes)))
    return candidates
