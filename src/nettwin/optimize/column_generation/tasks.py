"""From a scenario and an intent to the task of column generation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.intent import Intent
from nettwin.intents.selecting import rows
from nettwin.optimize.column_generation.pricing import Places, SegmentOracle
from nettwin.optimize.column_generation.search import Task
from nettwin.optimize.column_generation.ways import start_at
from nettwin.optimize.lp.flow_network import FlowNetwork
from nettwin.optimize.lp.generation import Start
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import Detour, Steering, steering_of
from nettwin.optimize.steering.problem import SteeringProblem, problem_of
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Case:
    """A task, and what belongs to it outside."""

    scenario: Scenario
    intent: Intent
    task: Task
    network: FlowNetwork
    kept: Mapping[int, Sequence[tuple[Detour, float]]]
    """Steering of the demands that are left alone, by row of the traffic."""
    is_complete: bool
    """Whether every demand that loads a link may be steered, free of constraints: then bounds hold for every plan."""

    @property
    def delay_cost(self) -> FloatArray:  # [link]
        """What a utilization of 1 adds to the mean propagation delay of all traffic, in seconds."""
        topology, total = self.scenario.topology, float(self.scenario.traffic.rate_bps.sum())
        return np.asarray(topology.propagation_delay_s * topology.capacity_bps / max(total, 1e-300))


def case_of(scenario: Scenario, intent: Intent, max_places: int, *, has_adjacency: bool, tolerance: float) -> Case:
    """Demands whose constraints no single place satisfies, and those that must be disjoint, keep their ways."""
    vectors = SegmentVectors.of(forwarding_of(scenario))
    admissible = Admissible.of(scenario, intent, vectors)
    masks = None if admissible.is_free else admissible.masks
    fixed = _fixed(scenario, intent, admissible)
    problem = problem_of(scenario, vectors, masks=masks, fixed=fixed)
    now = steering_of(scenario)
    steerable = {int(row) for row in problem.row}
    must_move = np.isin(problem.row, _not_allowed(admissible, now))
    present = start_at(problem, now)
    task = Task(
        problem=problem,
        present=present,
        start=_allowed_start(problem, present, must_move),
        must_move=must_move,
        max_places=min(max_places, intent.limits.max_segments),
        has_adjacency=has_adjacency,
        max_changes=intent.limits.max_changes,
        tolerance=tolerance,
    )
    kept = {row: detours for row, detours in now.items() if row not in steerable}
    is_complete = masks is None and not len(fixed) and not scenario.policy.explicit_paths
    return Case(scenario, intent, task, FlowNetwork.of(scenario), kept, is_complete)


def _not_allowed(admissible: Admissible, now: Steering) -> IntArray:
    """Rows whose present way breaks a constraint."""
    breaks = ~admissible.direct
    for row, detours in now.items():
        breaks[row] = not admissible.allows_all(row, detours)
    return np.flatnonzero(breaks)


def _allowed_start(problem: SteeringProblem, present: Start, must_move: BoolArray) -> Start:
    """The present ways, but the cheapest allowed ones (all links alike) of demands that cannot stay."""
    if not must_move.any():
        return present
    oracle = SegmentOracle(problem, Places.of(problem))
    _, allowed = oracle.cheapest(np.full(problem.n_links, 1.0 / problem.n_links), 0.0)
    stays = np.flatnonzero(~must_move[present.ways.demand])
    ways = present.ways.take(stays).and_also(allowed.take(np.flatnonzero(must_move)))
    share = np.concatenate([present.share[stays], np.ones(int(must_move.sum()))])
    order = np.argsort(ways.demand, kind="stable")
    return Start(ways.take(order), share[order])


def _fixed(scenario: Scenario, intent: Intent, admissible: Admissible) -> IntArray:
    is_fixed = np.zeros(scenario.traffic.n_demands, dtype=np.bool_)
    if not admissible.is_free:
        masks = admissible.masks
        possible = masks.direct | masks.node.any(axis=1) | masks.link.any(axis=1)
        is_fixed[admissible.constrained[~possible]] = True
    for rule in intent.paths:
        if rule.disjoint is not None:
            for selector in filter(None, (rule.selected, rule.disjoint_from)):
                is_fixed[rows(intent, selector, scenario)] = True
    return np.flatnonzero(is_fixed)
