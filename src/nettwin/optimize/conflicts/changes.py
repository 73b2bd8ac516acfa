"""Limits on the number of changes that are too low: demands that each need a change of their own."""

from dataclasses import replace

import numpy as np

from nettwin.controlplane import link_loads
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.optimize.budget import Clock
from nettwin.optimize.conflicts.conflict import MAX_CHANGES, MAX_UTILIZATION, Conflict, cannot_hold, minimal, path_names
from nettwin.optimize.conflicts.words import clause_words
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.crossings import crossings
from nettwin.optimize.steering.present import Present
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.performance.quantities import percent
from nettwin.scenario import Scenario


def changes_conflict(scenario: Scenario, intent: Intent, clock: Clock) -> Conflict | None:
    """Too few changes for the path constraints, or for the limit on utilization. A metric moves many demands: then nothing is claimed."""
    if intent.limits.max_changes is None or not set(intent.limits.knobs) <= {Knob.SEGMENT_POLICY}:
        return None
    clock.spend(1)
    return _by_paths(scenario, intent, intent.limits.max_changes) or _by_load(scenario, intent, intent.limits.max_changes)


def _by_paths(scenario: Scenario, intent: Intent, most: int) -> Conflict | None:
    broken = _broken(scenario, intent)
    names = [name for name in broken if broken[name]]

    def is_impossible(clauses: tuple[str, ...]) -> bool:
        return len(set[int]().union(*(broken[name] for name in clauses))) > most

    if not is_impossible(tuple(names)):
        return None
    kept = minimal(names, is_impossible)
    n = len(set[int]().union(*(broken[name] for name in kept)))
    clauses = (MAX_CHANGES, *kept)
    named = [f"{clause} ({clause_words(intent, clause)})" for clause in clauses]
    return Conflict(clauses, f"{cannot_hold(named)}: {n} demands break them now, and each needs a change of its own")


def _broken(scenario: Scenario, intent: Intent) -> dict[str, set[int]]:
    """For each path constraint the demands that break it now."""
    vectors, broken = SegmentVectors.of(forwarding_of(scenario)), dict[str, set[int]]()
    has_way = np.diff(crossings(scenario).indptr) > 0
    for name, constraint in zip(path_names(intent), intent.paths, strict=True):
        admissible = Admissible.of(scenario, replace(intent, paths=(constraint,)), vectors)
        now = Present(admissible)
        broken[name] = {row for row in admissible.constrained.tolist() if has_way[row] and not now.keeps(row)}
    return broken


def _by_load(scenario: Scenario, intent: Intent, most: int) -> Conflict | None:
    """A link from which even its largest demands, all moved away, do not take enough."""
    bound = intent.limits.max_utilization
    if bound is None:
        return None
    topology, load = scenario.topology, link_loads(scenario)
    share = crossings(scenario).tocsc()
    for link in np.flatnonzero(load > bound * topology.capacity_bps * (1 + 1e-9)).tolist():
        entries = slice(share.indptr[link], share.indptr[link + 1])
        brought = np.sort(share.data[entries] * scenario.traffic.rate_bps[share.indices[entries]])[::-1]
        left = load[link] - brought[:most].sum()
        if left > bound * topology.capacity_bps[link] * (1 + 1e-9):
            clauses = (MAX_CHANGES, MAX_UTILIZATION)
            named = [f"{clause} ({clause_words(intent, clause)})" for clause in clauses]
            return Conflict(
                clauses,
                f"{cannot_hold(named)}: without its {most} largest demands {topology.links[link].id} is still offered "
                f"{percent(float(left / topology.capacity_bps[link]))} of its capacity",
            )
    return None
