"""Clauses that leave one demand no way at all, whatever carries it: exact, by shortest walks."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.optimize.budget import Clock
from nettwin.optimize.conflicts.asked import Asked
from nettwin.optimize.conflicts.conflict import Conflict, cannot_hold, minimal, path_names
from nettwin.optimize.conflicts.words import clause_words, in_words
from nettwin.optimize.steering.allowed_routes import Route, RouteSearch
from nettwin.optimize.steering.exact_routes import Requirement
from nettwin.optimize.steering.path_rules import PathRule, avoided
from nettwin.optimize.steering.rule_check import ROUNDING
from nettwin.scenario import Scenario, Topology


def route_conflict(scenario: Scenario, intent: Intent, clock: Clock) -> Conflict | None:
    """Of the first demand that has no way."""
    asked, seen = Asked(scenario, intent), set()
    concerned = np.flatnonzero(asked.of_paths.any(axis=0) | asked.of_slos.any(axis=0))
    for row in concerned.tolist():
        if asked.kind(row) in seen:
            continue
        seen.add(asked.kind(row))
        requirements = list(asked.requirements(row))
        clock.spend(1)
        if allowed_route(asked, row, requirements) is None:
            return _explained(asked, row, requirements)
        if clock.budget.interrupt.is_set():
            break
    return None


def allowed_route(asked: Asked, row: int, requirements: Sequence[Requirement]) -> tuple[Route, float] | None:
    """The fastest way of a demand that satisfies these requirements, and its propagation delay."""
    topology, traffic = asked.scenario.topology, asked.scenario.traffic
    closed = np.any([each.is_closed for each in requirements], axis=0) if requirements else np.zeros(topology.n_links, dtype=np.bool_)
    rule = PathRule(
        rows=np.array([row]),
        is_avoided=closed,
        sequences=tuple(sequence for each in requirements for sequence in each.sequences),
        max_hops=min((each.max_hops for each in requirements), default=np.inf),
        max_stretch=np.inf,
        clauses=(),
    )
    best = RouteSearch(topology, rule).shortest(int(traffic.source[row]), int(traffic.target[row]))
    slowest = min((each.max_delay_s for each in requirements), default=np.inf)
    return None if best is None or best[1] > slowest * ROUNDING else best


def _explained(asked: Asked, row: int, requirements: list[Requirement]) -> Conflict:
    by_clause = {each.clause: each for each in requirements}

    def is_impossible(clauses: tuple[str, ...]) -> bool:
        return allowed_route(asked, row, [by_clause[clause] for clause in clauses]) is None

    clauses = minimal([each.clause for each in requirements], is_impossible)
    named = [f"{clause} ({clause_words(asked.intent, clause)})" for clause in clauses]
    why = _reason(asked, row, [by_clause[clause] for clause in clauses])
    return Conflict(clauses, f"{cannot_hold(named)} for {asked.scenario.demand_ids[row]}: {why}")


def _reason(asked: Asked, row: int, requirements: list[Requirement]) -> str:
    """What the fastest way that satisfies all but the last requirement does wrong."""
    *others, last = requirements
    topology = asked.scenario.topology
    ends = [topology.nodes[int(end[row])].id for end in (asked.scenario.traffic.source, asked.scenario.traffic.target)]
    way = f"way from {ends[0]} to {ends[1]}" + (f" that keeps to {' and '.join(each.clause for each in others)}" if others else "")
    route, delay_s = allowed_route(asked, row, others) or ((), np.inf)  # the set is minimal: there is one
    if delay_s > last.max_delay_s * ROUNDING:
        return f"the fastest {way} takes {in_words(delay_s)} of propagation alone, {last.clause} allows {in_words(last.max_delay_s)}"
    if down := _down(asked, last):
        return f"{down} is down"
    if obstacle := _obstacle(asked, row, others, last):
        return f"every {way} passes {obstacle}"
    if len(route) > last.max_hops and not last.sequences and not last.is_closed.any():
        return f"every {way} has more than {int(last.max_hops)} hops"
    return f"no {way} keeps to {last.clause}"


def _obstacle(asked: Asked, row: int, others: list[Requirement], last: Requirement) -> str:
    """One thing that the clause avoids and that every way needs."""
    topology, names = asked.scenario.topology, path_names(asked.intent)
    if last.clause not in names:
        return ""
    nodes, links = avoided(topology, asked.intent.paths[names.index(last.clause)].avoid)
    is_needed = partial(_is_needed, asked, row, others)
    for node in np.flatnonzero(nodes):
        if is_needed(last, _at(topology, int(node)) & last.is_closed):
            return topology.nodes[node].id
    for link in np.flatnonzero(links):
        if is_needed(last, np.arange(topology.n_links) == link):
            return topology.links[link].id
    return ""


def _is_needed(asked: Asked, row: int, others: list[Requirement], last: Requirement, closed: np.ndarray) -> bool:
    return bool(closed.any()) and allowed_route(asked, row, [*others, Requirement(last.clause, closed)]) is None


def _at(topology: Topology, node: int) -> np.ndarray:
    return np.asarray((topology.link_source == node) | (topology.link_target == node))


def _down(asked: Asked, last: Requirement) -> str:
    """Nodes of a waypoint all of which are down."""
    topology = asked.scenario.topology
    for sequence in last.sequences:
        for stop in sequence:
            if not topology.node_is_up[stop].any():
                return " and ".join(topology.nodes[node].id for node in np.flatnonzero(stop))
    return ""
