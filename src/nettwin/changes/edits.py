"""The few ways in which changes build a new scenario that shares what they leave alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from nettwin.scenario import Link, Node, RoutingPolicy, Scenario

Entry = TypeVar("Entry")


def with_links(scenario: Scenario, indices: Iterable[int], edit: Callable[[Link], Link]) -> Scenario:
    """The scenario with some links edited, in their places; the same scenario if nothing differs."""
    links = list(scenario.topology.links)
    for index in indices:
        links[index] = edit(links[index])
    if tuple(links) == scenario.topology.links:
        return scenario
    return replace(scenario, topology=replace(scenario.topology, links=tuple(links)))


def with_nodes(scenario: Scenario, indices: Iterable[int], edit: Callable[[Node], Node]) -> Scenario:
    """The scenario with some nodes edited, in their places; the same scenario if nothing differs."""
    nodes = list(scenario.topology.nodes)
    for index in indices:
        nodes[index] = edit(nodes[index])
    if tuple(nodes) == scenario.topology.nodes:
        return scenario
    return replace(scenario, topology=replace(scenario.topology, nodes=tuple(nodes)))


def without_entries(policy: RoutingPolicy, demands: Iterable[str]) -> RoutingPolicy:
    """The policy without the explicit paths and segment lists of some demands; the same policy if it has none."""
    gone = set(demands)
    if gone.isdisjoint(policy.explicit_paths) and gone.isdisjoint(policy.segment_lists):
        return policy
    return replace(
        policy,
        explicit_paths=_without(policy.explicit_paths, gone),
        segment_lists=_without(policy.segment_lists, gone),
    )


def with_entries(entries: Mapping[str, Entry], demands: Sequence[str], entry: Entry) -> Mapping[str, Entry]:
    """The mapping with one entry for all of these demands."""
    return MappingProxyType({**entries, **dict.fromkeys(demands, entry)})


def _without(entries: Mapping[str, Entry], demands: set[str]) -> Mapping[str, Entry]:
    return MappingProxyType({name: entry for name, entry in entries.items() if name not in demands})
