"""Detours of demands by index, to and from the segment policies of a scenario."""

from collections.abc import Mapping, Sequence

from nettwin.changes import SegmentPolicy
from nettwin.changes.routing import ClearPath
from nettwin.scenario import AdjacencySegment, NodeSegment, Scenario, Segment, SegmentList

Detour = tuple[int, ...]
"""Places to pass on the way: a node index, or ``~link`` for an adjacency segment (as legs of itineraries). Empty: the direct way."""
Steering = Mapping[int, Sequence[tuple[Detour, float]]]
"""For the row of each steered demand its detours and their weights, which add up to 1."""


def steering_of(scenario: Scenario) -> dict[int, tuple[tuple[Detour, float], ...]]:
    """The detours that a scenario's segment policies order now."""
    lists = scenario.policy.segment_lists.items()
    return {scenario.index_of_demand(demand): _detours(scenario, demand, each) for demand, each in lists}


def changes_to(scenario: Scenario, steering: Steering) -> tuple[SegmentPolicy | ClearPath, ...]:
    """The fewest changes after which a scenario is steered like this; demands that are not named follow the forwarding."""
    now = steering_of(scenario)
    names = scenario.demand_ids
    wanted = {row: tuple(detours) for row, detours in steering.items() if not _is_direct(detours)}
    cleared = [ClearPath(names[row]) for row in now if row not in wanted and not _is_direct(now[row])]
    set_anew = [SegmentPolicy(names[row], _lists(scenario, row, wanted[row])) for row in sorted(wanted) if now.get(row) != wanted[row]]
    return (*cleared, *set_anew)


def _is_direct(detours: Sequence[tuple[Detour, float]]) -> bool:
    return all(not detour for detour, _ in detours)


def _detours(scenario: Scenario, demand: str, lists: Sequence[SegmentList]) -> tuple[tuple[Detour, float], ...]:
    target = int(scenario.traffic.target[scenario.index_of_demand(demand)])
    total = sum(each.weight for each in lists)
    return tuple((_legs(scenario, each, target), each.weight / total) for each in lists if each.weight > 0)


def _legs(scenario: Scenario, segments: SegmentList, target: int) -> Detour:
    topology = scenario.topology
    legs = [topology.index_of_node(s.node) if isinstance(s, NodeSegment) else ~topology.index_of_link(s.link) for s in segments.segments]
    return tuple(legs[:-1] if legs and legs[-1] == target else legs)


def _lists(scenario: Scenario, row: int, detours: Sequence[tuple[Detour, float]]) -> tuple[SegmentList, ...]:
    target = int(scenario.traffic.target[row])
    return tuple(SegmentList(tuple(_segment(scenario, leg) for leg in detour or (target,)), weight) for detour, weight in detours)


def _segment(scenario: Scenario, leg: int) -> Segment:
    topology = scenario.topology
    return AdjacencySegment(topology.links[~leg].id) if leg < 0 else NodeSegment(topology.nodes[leg].id)
