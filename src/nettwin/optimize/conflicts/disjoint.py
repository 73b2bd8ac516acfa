"""Demands that must not share anything and cannot help it: exact, by CP-SAT with an assumption per clause."""

from collections.abc import Sequence

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.optimize.budget import Clock
from nettwin.optimize.conflicts.asked import Asked
from nettwin.optimize.conflicts.conflict import Conflict, cannot_hold, minimal, path_names
from nettwin.optimize.conflicts.words import clause_words
from nettwin.optimize.steering.disjointness import DisjointPair, disjoint_pairs
from nettwin.optimize.steering.exact_routes import Apart, RouteModel, Traveler
from nettwin.scenario import Scenario

_MOST_TOGETHER = 6
"""Demands of one group that are routed together; of larger groups each pair is looked at alone."""
_SECONDS = 5.0
"""For one question to the solver; without an answer, no conflict is claimed."""


def disjointness_conflict(scenario: Scenario, intent: Intent, clock: Clock) -> Conflict | None:
    """Of the first group of demands that have no ways apart."""
    asked, seen = Asked(scenario, intent), set()
    pairs = [pair for pair in disjoint_pairs(scenario, intent) if np.isfinite(asked.possible_delay_s[[pair.first, pair.second]]).all()]
    for group in _groups(pairs):
        members = sorted({row for pair in group for row in (pair.first, pair.second)})
        places = tuple((pair.clause, members.index(pair.first), members.index(pair.second)) for pair in group)
        kind = tuple(asked.kind(row) for row in members), places
        if kind in seen:
            continue
        seen.add(kind)
        clock.spend(1)
        conflict = _conflict(asked, group, members, clock)
        if conflict is not None or clock.stopped_by:
            return conflict
    return None


def _conflict(asked: Asked, group: Sequence[DisjointPair], members: list[int], clock: Clock) -> Conflict | None:
    traffic, names, place = asked.scenario.traffic, path_names(asked.intent), {row: index for index, row in enumerate(members)}
    travelers = tuple(Traveler(int(traffic.source[row]), int(traffic.target[row]), tuple(asked.requirements(row))) for row in members)
    apart = tuple(Apart(names[pair.clause], place[pair.first], place[pair.second], pair.kind) for pair in group)
    model = RouteModel(asked.scenario.topology, travelers, apart)
    seconds = min(_SECONDS, max(0.1, clock.seconds_left))
    core = model.core(model.literals, seconds)
    if core is None:
        return None
    clauses = minimal(core, lambda some: model.core(some, seconds) is not None)
    named = [f"{clause} ({clause_words(asked.intent, clause)})" for clause in clauses]
    who = " and ".join(asked.scenario.demand_ids[row] for row in members)
    others = [clause for clause in clauses if clause not in {each.clause for each in apart}]
    why = f"no ways of {who} that share nothing keep to {' and '.join(others)}" if others else f"the network has no such ways for {who}"
    return Conflict(clauses, f"{cannot_hold(named)}: {why}")


def _groups(pairs: Sequence[DisjointPair]) -> list[list[DisjointPair]]:
    """Pairs that hang together by their demands; those of large groups one by one."""
    group_of: dict[int, int] = {}
    for pair in pairs:
        first, second = group_of.setdefault(pair.first, pair.first), group_of.setdefault(pair.second, pair.second)
        for row, number in group_of.items():
            if number == second:
                group_of[row] = first
    groups: dict[int, list[DisjointPair]] = {}
    for pair in pairs:
        groups.setdefault(group_of[pair.first], []).append(pair)
    split: list[list[DisjointPair]] = []
    for group in groups.values():
        n_members = len({row for pair in group for row in (pair.first, pair.second)})
        split += [group] if n_members <= _MOST_TOGETHER else [[pair] for pair in group]
    return split
