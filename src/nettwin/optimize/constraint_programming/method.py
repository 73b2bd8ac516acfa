"""Constraint programming: CP-SAT over the best few ways of the demands that matter."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.limits import Knob
from nettwin.intents.objectives import Figure
from nettwin.intents.preference import is_better
from nettwin.intents.verdict import Verdict
from nettwin.optimize.answer import Found, answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.conflicts import conflicting_clauses
from nettwin.optimize.constraint_programming.model import UTILIZATION_UNITS, Model
from nettwin.optimize.constraint_programming.neighborhood import Size, goals_known, repaired, steerable, task_around
from nettwin.optimize.constraint_programming.pools import Ways
from nettwin.optimize.constraint_programming.solving import effort_left, solved
from nettwin.optimize.constraint_programming.state import State
from nettwin.optimize.constraint_programming.survival import FailureCut, broken_failures
from nettwin.optimize.constraint_programming.task import Taken, Task
from nettwin.optimize.solution import Bound, Solution
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class ConstraintProgramming:
    """Hard path constraints, disjoint pairs, few changes, limits on load before and after failures.

    Knows loads and propagation delays; what waits in queues it leaves to the predictor that judges its answer.
    """

    demands: int = 120
    """Most demands that one run of the solver may move, those that break a constraint not counted."""
    candidates: int = 8
    """Ways that are proposed for each of them."""
    split_demands: int = 10
    """The largest so many may be split over several ways."""
    share_steps: int = 4
    """Shares of a split demand are multiples of one part in so many."""
    rounds: int = 6
    """Most runs, each around the best so far, with new candidates."""
    effort: float = 2.0
    """Most seconds of the solver's deterministic time for one goal of one run."""
    failures: int = 8
    """Most failures that are added to the task at a time."""

    @property
    def name(self) -> str:
        return "constraint-programming"

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The best plan found. Raises OptimizationError where no path may be changed, UnknownNameError for names that are not there."""
        if Knob.SEGMENT_POLICY not in intent.limits.knobs:
            raise OptimizationError(
                "it moves demands, and the intent allows no such changes", where=self.name, hint="add segment-policy to limits.knobs"
            )
        clock = Clock(budget)
        search = _Search(self, scenario, intent, clock)
        state, is_optimal = search.run()
        found = Found(
            method=self.name,
            changes=state.changes(),
            bound=_bound(search.ways),
            stopped_by=clock.stopped_by or ("optimum" if is_optimal else "no improvement"),
            conflicts=search.conflicts,
            notes=search.notes(is_optimal),
        )
        return answered(scenario, intent, predictor, clock, found)


class _Search:
    """Runs of the solver around the best state so far."""

    def __init__(self, method: ConstraintProgramming, scenario: Scenario, intent: Intent, clock: Clock) -> None:
        self.method, self.clock, self.intent = method, clock, intent
        vectors = SegmentVectors.of(forwarding_of(scenario))
        self.ways = Ways(scenario, intent, Admissible.of(scenario, intent, vectors))
        survive = tuple(replace(clause, slos=()) for clause in intent.survive)
        self.known = replace(intent, objectives=tuple(goals_known(intent.objectives)), slos=(), survive=survive)
        self.cuts: list[FailureCut] = []
        self.words: dict[str, str] = {}
        self.conflicts: tuple[str, ...] = ()
        self.is_explained = False

    def run(self) -> tuple[State, bool]:
        """The best state found, and whether the solver proved that its candidates allow none better."""
        best, state = State(self.ways), repaired(State(self.ways), self.method.demands, self.clock)
        verdict = self._verdict(best, self.ways.scenario)
        rng, is_optimal, n_idle = np.random.default_rng(self.clock.budget.seed), False, 0
        for _ in range(self.method.rounds):
            state, is_optimal = self._improved(state, rng)
            after = state.scenario()
            judged = self._verdict(state, after)
            new_cuts = broken_failures(self.ways.scenario, self.intent.survive, self.cuts, after, self.method.failures)
            self.cuts += new_cuts
            is_progress = is_better(judged, verdict, self.known)
            if is_progress:
                best, verdict = state, judged
            if not new_cuts and not self.is_explained and not self._is_met(best, verdict):
                self._explain()
            n_idle = 0 if is_progress or new_cuts else n_idle + 1
            is_whole = is_optimal and len(steerable(self.ways)) <= self.method.demands
            if self.clock.stopped_by or n_idle > 1 or (is_whole and not new_cuts and n_idle):
                break
        return best, is_optimal

    def _is_met(self, state: State, verdict: Verdict) -> bool:
        """Whether every hard clause holds, as far as loads and propagation delays tell."""
        return verdict.hard_excess <= 0 and not self._is_late(state)

    def _explain(self) -> None:
        """Look for clauses that cannot hold together: the solver could not satisfy them all."""
        self.is_explained = True
        conflict = conflicting_clauses(self.ways.scenario, self.intent, self.clock)
        if conflict is not None:
            self.conflicts, self.words["conflict"] = conflict.clauses, conflict.words

    def _is_late(self, state: State) -> bool:
        """Whether propagation alone breaks a hard SLO."""
        late = state.delay_s > self.ways.most_delay_s * (1 + 1e-9)
        return bool((late & (self.ways.scenario.traffic.rate_bps > 0)).any())

    def _verdict(self, state: State, after: Scenario) -> Verdict:
        """What loads and propagation delays tell: SLOs and waiting are left to the predictor."""
        verdict = judge(self.known, after, None, before=self.ways.scenario)
        return replace(verdict, objectives=state.values(self.known.objectives))

    def notes(self, is_optimal: bool) -> dict[str, str]:
        notes = dict(self.words)
        left_out = [each.minimize.value for each in self.intent.objectives if each not in goals_known(self.intent.objectives)]
        if left_out:
            notes["not minimized"] = ", ".join(left_out)
        if is_optimal:
            notes["optimum"] = f"of at most {self.method.candidates} detours of each of {self.method.demands} demands, not of all plans"
        return notes

    def _improved(self, state: State, rng: np.random.Generator) -> tuple[State, bool]:
        method = self.method
        size = Size(method.demands, method.candidates, method.split_demands, method.share_steps)
        task = task_around(state, self.cuts, size, rng)
        self.clock.spend(sum(len(choice.candidates) for choice in task.choices))
        if not task.choices:
            return state, True
        taken, is_optimal = self._minimized(task)
        return state.after(task, taken), is_optimal

    def _minimized(self, task: Task) -> tuple[tuple[Taken, ...], bool]:
        """The choices that make the hard excess and then the goals as small as possible, each within the tolerance of those before."""
        model = Model.of(task)
        taken: tuple[Taken, ...] = tuple(((choice.hint, 1.0),) for choice in task.choices)
        all_optimal = True
        stages = ([(model.hard_excess, None)] if model.can_be_violated else []) + [(model.goal(goal), goal) for goal in task.goals]
        for number, (expression, goal) in enumerate(stages):
            if isinstance(expression, int):
                continue
            model.cp.minimize(expression)
            share = 0.5 / (len(stages) - number)
            effort = effort_left(self.clock, max(share, 0.25), self.method.effort)
            outcome = solved(model.cp, self.clock, effort, self._report(task, goal is not None and goal.is_max_utilization))
            if not outcome.has_solution:
                return taken, False
            taken, all_optimal = model.taken(outcome.solver.value), all_optimal and outcome.is_optimal
            value = outcome.objective
            model.cp.add(expression <= (value if goal is None else model.most(goal, value)))
            model.hint(taken)
            if self.clock.stopped_by:
                return taken, False
        return taken, all_optimal

    def _report(self, task: Task, is_utilization: bool):  # type: ignore[no-untyped-def]
        if not is_utilization:
            return None
        return lambda units: self.clock.tell(self.method.name, units / UTILIZATION_UNITS)


def _bound(ways: Ways) -> Bound | None:
    """Only of the number of changes something is known for all plans."""
    objectives = ways.intent.objectives
    if not objectives or objectives[0].minimize is not Figure.CHANGES or Knob.IGP_METRIC in ways.intent.limits.knobs:
        return None
    constrained = ways.admissible.constrained.tolist()
    n_broken = sum(not ways.present(row).is_allowed for row in constrained)
    return Bound(
        value=float(n_broken), proof="every demand whose paths break a constraint needs a change of its own; plans without IGP metrics"
    )
