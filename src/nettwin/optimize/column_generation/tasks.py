"""From a scenario and an intent to the task of column generation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.intent import Intent
from nettwin.intents.selecting import rows
from nettwin.optimize.column_generation.search import Task
from nettwin.optimize.column_generation.ways import start_at
from nettwin.optimize.lp.flow_network import FlowNetwork
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import Detour, steering_of
from nettwin.optimize.steering.problem import problem_of
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray, IntArray


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
    task = Task(
        problem=problem,
        present=start_at(problem, now),
        max_places=min(max_places, intent.limits.max_segments),
        has_adjacency=has_adjacency,
        max_changes=intent.limits.max_changes,
        tolerance=tolerance,
    )
    kept = {row: detours for row, detours in now.items() if row not in steerable}
    is_complete = masks is None and not len(fixed) and not scenario.policy.explicit_paths
    return Case(scenario, intent, task, FlowNetwork.of(scenario), kept, is_complete)


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
