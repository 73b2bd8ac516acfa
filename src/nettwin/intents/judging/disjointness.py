"""Pairs of demands that must not share anything, and what they share."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from nettwin.intents.path_constraints import Disjointness
from nettwin.scenario import Routing, Scenario
from nettwin.scenario.arrays import IntArray


def pairs(scenario: Scenario, rows: IntArray, others: IntArray | None) -> Iterator[tuple[int, int]]:
    """Without others: two of the demands from one node to another. With them: one of each between the same ends, in either direction."""
    source, target = scenario.traffic.source, scenario.traffic.target
    by_ends: dict[tuple[int, ...], list[int]] = {}
    if others is None:
        for row in rows.tolist():
            by_ends.setdefault((int(source[row]), int(target[row])), []).append(row)
        for group in by_ends.values():
            yield from combinations(group, 2)
        return
    for row in others.tolist():
        by_ends.setdefault(tuple(sorted((int(source[row]), int(target[row])))), []).append(row)
    seen = set()
    for row in rows.tolist():
        for other in by_ends.get(tuple(sorted((int(source[row]), int(target[row])))), ()):
            pair = (min(row, other), max(row, other))
            if row != other and pair not in seen:
                seen.add(pair)
                yield row, other


def shared(scenario: Scenario, routing: Routing, pair: tuple[int, int], kind: Disjointness) -> list[int]:
    """Links of the first demand on which it shares something with the second."""
    first, second = (np.unique(_links(routing, demand)) for demand in pair)
    taken = {thing for link in second.tolist() for thing in _things(scenario, link, kind, pair)}
    return [link for link in first.tolist() if not taken.isdisjoint(_things(scenario, link, kind, pair))]


def _links(routing: Routing, demand: int) -> IntArray:
    found = [links for share, links in routing.paths_of(demand) if share > 0]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int32)


def _things(scenario: Scenario, index: int, kind: Disjointness, pair: tuple[int, int]) -> set[tuple[str, str]]:
    """What a link uses up: its circuit always."""
    link = scenario.topology.links[index]
    things = {("circuit", link.circuit or link.id)}
    if kind is Disjointness.RISK_GROUP:
        things |= {("group", group) for group in link.risk_groups}
    if kind is Disjointness.NODE:
        nodes, traffic = scenario.topology.nodes, scenario.traffic
        ends = {nodes[end].id for demand in pair for end in (int(traffic.source[demand]), int(traffic.target[demand]))}
        things |= {("node", node) for node in (link.source, link.target) if node not in ends}
    return things
