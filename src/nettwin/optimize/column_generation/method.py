"""Column generation as an optimizer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.intents.objectives import EVERY_DEMAND, Figure, Objective
from nettwin.optimize.answer import Found, answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.column_generation.choosing import Choice
from nettwin.optimize.column_generation.rounding import rounded
from nettwin.optimize.column_generation.search import Steered, Task, fewest_changes, least_cost, lowest_utilization
from nettwin.optimize.column_generation.tasks import Case, case_of
from nettwin.optimize.column_generation.ways import steering_from, utilization_by
from nettwin.optimize.lp.bounds import mcf_bound
from nettwin.optimize.lp.generation import Start
from nettwin.optimize.solution import Bound, Solution
from nettwin.optimize.steering.detours import changes_to
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

_WORTH_MORE_CHANGES = 1e-3
"""A plan with many more changes must be better by this, relative: where demands may not be split, rounding decides about as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGeneration:
    """Splits demands over weighted segment lists so that the maximum utilization is as low as provably possible."""

    max_places: int = 3
    """Most nodes or adjacency segments that a list names; the intent may allow fewer."""
    has_adjacency: bool = True
    tolerance: float = 1e-4
    """Relative gap between utilization and bound that counts as the optimum."""
    least_share: float = 0.005
    """Segment lists with a smaller share of their demand are dropped."""
    has_few_changes: bool = True
    """Whether, with the utilization as low as it gets, as few demands as possible are steered."""

    @property
    def name(self) -> str:
        return "column-generation"

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The best plan of segment policies within the budget. Raises OptimizationError for an intent that is about something else."""
        _check(intent)
        clock = Clock(budget)
        case = case_of(scenario, intent, self.max_places, has_adjacency=self.has_adjacency, tolerance=self.tolerance)
        proof = _Proof(case, clock)
        found = lowest_utilization(case.task, clock, proof.floor, lambda value, bound: clock.tell(self.name, value, bound))
        return answered(scenario, intent, predictor, clock, self._answer(case, found, proof, clock))

    def _answer(self, case: Case, found: Steered, proof: "_Proof", clock: Clock) -> Found:
        floor, bound = proof.bound(found), proof.best(found)
        shares = self._rounded(case, found, self._second(case, found, clock), clock)
        value = _maximum(case.task.problem, shares)
        steering = {**case.kept, **steering_from(case.task.problem, shares)}
        is_optimal = bound is not None and value <= bound.value * (1 + 2 * self.tolerance)
        notes = _notes(case, found, floor)
        return Found(
            method=self.name,
            changes=changes_to(case.scenario, steering),
            bound=bound,
            stopped_by="optimum" if is_optimal else clock.stopped_by,
            notes=notes,
        )

    def _rounded(self, case: Case, found: Steered, better: Steered, clock: Clock) -> Start:
        """What came second is rounded, or what came first where the former does not survive that."""
        problem, choice = case.task.problem, Choice(case.intent.limits.max_splits, self.least_share, 2 * self.tolerance)
        shares = rounded(problem, better.shares, found.price, choice, clock)
        value = _maximum(problem, shares)
        if better is found or value <= better.value * (1 + 2 * self.tolerance):
            return shares
        other = rounded(problem, found.shares, found.price, choice, clock)
        return other if _maximum(problem, other) < value * (1 - _WORTH_MORE_CHANGES) else shares

    def _second(self, case: Case, found: Steered, clock: Clock) -> Steered:
        """What comes after the utilization: delay if the intent says so, else few changes."""
        task, objectives = case.task, case.intent.objectives
        if clock.stopped_by or task.max_changes is not None:
            return found
        delays = [each for each in objectives if _is_mean_delay(each)]
        if delays and objectives.index(delays[0]) < 2:
            room = 1 + (objectives[0].tolerance if objectives[0].minimize is Figure.MAX_UTILIZATION else 0.0)
            ceiling = max(found.value * room, case.intent.limits.max_utilization or 0.0 if objectives[0] is delays[0] else 0.0)
            return least_cost(task, found, clock, ceiling, case.delay_cost)[0]
        if self.has_few_changes:
            return fewest_changes(task, found, clock, found.value * (1 + self.tolerance))
        return found


class _Proof:
    """Bounds for any routing, worked out when they are needed."""

    def __init__(self, case: Case, clock: Clock) -> None:
        self._case, self._clock = case, clock
        self._bound: Bound | None = None

    def bound(self, found: Steered) -> Bound:
        """The best one known; ``found`` offers its prices as a hint."""
        if self._bound is None or self._bound.value < found.value * (1 - self._case.task.tolerance):
            network = self._case.network
            hint = found.price[network.link] / network.capacity_bps
            bound = mcf_bound(network, self._clock, (hint,), target=found.value)
            self._bound = bound if self._bound is None or bound.value > self._bound.value else self._bound
        return self._bound

    def floor(self, found: Steered) -> float:
        """Its value."""
        return self.bound(found).value

    def best(self, found: Steered) -> Bound | None:
        """The highest that holds for every plan that the intent allows; None where capacities may grow."""
        knobs = set(self._case.intent.limits.knobs)
        if Knob.CAPACITY in knobs:
            return None
        flow = self.bound(found)
        is_all = knobs == {Knob.SEGMENT_POLICY} and self._case.is_complete and found.n_places == self._case.intent.limits.max_segments
        if not is_all or found.bound <= flow.value:
            return flow
        return Bound(value=found.bound, proof=f"column generation: holds for segment lists of at most {found.n_places} segments")


def _maximum(problem: SteeringProblem, shares: Start) -> float:
    return float(utilization_by(problem, shares.ways, shares.share).max(initial=0.0))


def _check(intent: Intent) -> None:
    if Knob.SEGMENT_POLICY not in intent.limits.knobs:
        raise OptimizationError(
            "the intent allows no segment policies", where="column-generation", hint="add segment-policy to limits.knobs"
        )
    is_about_loads = any(each.minimize is Figure.MAX_UTILIZATION for each in intent.objectives[:1])
    if not is_about_loads and intent.limits.max_utilization is None:
        raise OptimizationError(
            "it knows nothing but loads, and the intent does not bound them",
            where="column-generation",
            hint="minimize max-utilization first, set limits.max_utilization, or use the method portfolio",
        )


def _is_mean_delay(objective: Objective) -> bool:
    is_plain = objective.statistic == "mean" and objective.across == "mean" and objective.over == EVERY_DEMAND
    return objective.minimize is Figure.ONE_WAY_DELAY and is_plain


def _notes(case: Case, found: Steered, floor: Bound) -> Mapping[str, str]:
    task: Task = case.task
    notes = {
        "optimum": f"{found.value:.6g} with splits over lists of at most {found.n_places} places, at least {found.bound:.6g}",
        "any routing": f"at least {floor.value:.6g} ({floor.proof})",
    }
    if len(case.kept) or not case.is_complete:
        n_kept = int(case.scenario.traffic.n_demands - task.problem.n_demands)
        notes["kept"] = (
            f"{n_kept} demands keep their ways: explicit, without traffic, disjoint, or no single place satisfies their constraints"
        )
    if not np.isfinite(found.value):
        notes["paths"] = "some demand has no admissible way"
    return notes
