"""From a scenario and an intent to a steering problem and its start, and what its answer proves about the scenario."""

import math
from dataclasses import dataclass, replace

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure
from nettwin.optimize.local_search.run import Aim
from nettwin.optimize.local_search.search import Found
from nettwin.optimize.solution import Bound
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import Detour, steering_of
from nettwin.optimize.steering.disjointness import disjoint_pairs
from nettwin.optimize.steering.present import Present
from nettwin.optimize.steering.problem import SteeringProblem, problem_of
from nettwin.optimize.steering.required import required_detours
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import IntArray


@dataclass(frozen=True, eq=False)
class Task:
    """What is steered, from where, within which limits."""

    scenario: Scenario
    intent: Intent
    problem: SteeringProblem
    start: dict[int, tuple[tuple[Detour, float], ...]]
    """The present steering, but that demands which break a path constraint take the shortest way that keeps to it."""
    limits: Limits
    """Those of the intent, without the changes that the start makes already."""

    @classmethod
    def of(cls, scenario: Scenario, intent: Intent) -> "Task":
        """Raises UnknownNameError for a node, link or selector that does not exist."""
        vectors, now, limits = SegmentVectors.of(forwarding_of(scenario)), steering_of(scenario), intent.limits
        if not intent.paths:
            return cls(scenario, intent, problem_of(scenario, vectors), now, limits)
        admissible, fixed = Admissible.of(scenario, intent, vectors), _paired(scenario, intent)
        problem = problem_of(scenario, vectors, masks=None if admissible.is_free else admissible.masks, fixed=fixed)
        mended = _mended(admissible, np.intersect1d(admissible.constrained, problem.row))
        if limits.max_changes is not None:
            limits = replace(limits, max_changes=max(0, limits.max_changes - len(mended)))
        return cls(scenario, intent, problem, now | mended, limits)


def problem_for(scenario: Scenario, intent: Intent) -> SteeringProblem:
    """The demands that the intent lets be steered; those that must be disjoint from others stay as they are."""
    return Task.of(scenario, intent).problem


def aim_of(intent: Intent, precision: float) -> Aim:
    """Where an intent lets the search end; it is judged with the traffic to come, which fills links as much more."""
    figures = [objective.minimize for objective in intent.objectives]
    if Figure.MAX_UTILIZATION not in figures:
        return Aim(precision=precision, enough=(intent.limits.max_utilization or 0.0) / intent.growth_factor)
    place = figures.index(Figure.MAX_UTILIZATION)
    wants_few = Figure.CHANGES in figures[place + 1 :]
    return Aim(precision=precision, slack=intent.objectives[place].tolerance if wants_few else 0.0)


def bound_of(scenario: Scenario, intent: Intent, problem: SteeringProblem, found: Found) -> Bound | None:
    """What the prices of the search prove about every plan that the intent allows."""
    from nettwin.optimize.lp.bounds import FLOW_PROOF, proven_by
    from nettwin.optimize.lp.flow_network import FlowNetwork

    network = FlowNetwork.of(scenario)
    value = proven_by(network, (found.price / problem.capacity_bps)[network.link])
    steers_only = set(intent.limits.knobs) == {Knob.SEGMENT_POLICY} and not len(_paired(scenario, intent))
    if steers_only and found.is_complete and found.bound > value:
        return Bound(value=found.bound, proof=f"link prices: holds for segment lists of up to {found.depth} segments")
    return Bound(value=value, proof=FLOW_PROOF) if value > 0 else None


def _paired(scenario: Scenario, intent: Intent) -> IntArray:
    rows = [row for pair in disjoint_pairs(scenario, intent) for row in (pair.first, pair.second)]
    return np.unique(np.array(rows, dtype=np.int64))


def _mended(admissible: Admissible, rows: IntArray) -> dict[int, tuple[tuple[Detour, float], ...]]:
    """New ways of demands that break a constraint; those that cannot keep to theirs stay as they are."""
    present, mended = Present(admissible), dict[int, tuple[tuple[Detour, float], ...]]()
    for row in rows.tolist():
        if present.keeps(row):
            continue
        detours = required_detours(admissible, row, at_most=1)
        if detours and not math.isclose(admissible.scenario.traffic.rate_bps[row], 0.0):
            mended[row] = ((detours[0], 1.0),)
    return mended
