"""The changes that lead from one scenario to another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from nettwin.changes.change import Change
from nettwin.changes.content import base_in_order_of
from nettwin.changes.diff_demands import added_demands, demand_edits, rates, removed_demands
from nettwin.changes.failures import FailLink, FailNode, RestoreLink, RestoreNode
from nettwin.changes.links import AddLink, RemoveLink, ReplaceLink, SetCapacity, SetPropagationDelay
from nettwin.changes.nodes import AddNode, RemoveNode, ReplaceNode
from nettwin.changes.observation import SetObservation
from nettwin.changes.plan import Plan
from nettwin.changes.routing import ClearPath, SegmentPolicy, SetMetric, SetNextLink, SetPaths, SetRoutingBase
from nettwin.changes.scheduling import SetScheduling
from nettwin.scenario import ForwardingTable, Link, Scenario


def diff(before: Scenario, after: Scenario) -> Plan:
    """A plan that turns ``before`` into a scenario of the same content as ``after``; empty if it has it already."""
    changes: list[Change] = []
    for stage in _STAGES:
        plan = Plan(tuple(stage(before, after)))
        before = plan.apply(before)
        changes += plan
    return Plan(tuple(changes))


Stage = Callable[[Scenario, Scenario], Iterator[Change]]


def _observation(before: Scenario, after: Scenario) -> Iterator[Change]:
    if before.observation != after.observation:
        yield SetObservation(after.observation)


def _nodes(before: Scenario, after: Scenario) -> Iterator[Change]:
    old = {node.id: node for node in before.topology.nodes}
    for node in after.topology.nodes:
        if node.id not in old:
            yield AddNode(node)
        elif node != replace(old[node.id], is_up=node.is_up):
            yield ReplaceNode(node)
        elif node.is_up != old[node.id].is_up:
            yield RestoreNode(node.id) if node.is_up else FailNode(node.id)


def _links(before: Scenario, after: Scenario) -> Iterator[Change]:
    old = {link.id: link for link in before.topology.links}
    for link in after.topology.links:
        if link.id not in old:
            yield AddLink(link)
        elif link != old[link.id]:
            yield from _link_edits(old[link.id], link)


def _link_edits(old: Link, new: Link) -> Iterator[Change]:
    alike = replace(
        old,
        capacity_bps=new.capacity_bps,
        propagation_delay_s=new.propagation_delay_s,
        metric=new.metric,
        scheduling=new.scheduling,
        is_up=new.is_up,
    )
    if alike != new:
        yield ReplaceLink(new)
        return
    if new.capacity_bps != old.capacity_bps:
        yield SetCapacity(new.id, new.capacity_bps)
    if new.propagation_delay_s != old.propagation_delay_s:
        yield SetPropagationDelay(new.id, new.propagation_delay_s)
    if new.metric != old.metric:
        yield SetMetric(new.id, new.metric)
    if new.scheduling != old.scheduling:
        yield SetScheduling(new.id, new.scheduling)
    if new.is_up != old.is_up:
        yield RestoreLink(new.id, whole_circuit=False) if new.is_up else FailLink(new.id, whole_circuit=False)


def _cleared_paths(before: Scenario, after: Scenario) -> Iterator[Change]:
    old, new = before.policy, after.policy
    stale = [name for name in old.explicit_paths if name not in new.explicit_paths]
    stale += [name for name in old.segment_lists if name not in new.segment_lists and name not in stale]
    yield from (ClearPath(name) for name in stale)


def _paths(before: Scenario, after: Scenario) -> Iterator[Change]:
    old, new = before.policy, after.policy
    for name, paths in new.explicit_paths.items():
        if old.explicit_paths.get(name) != paths:
            yield SetPaths(name, paths)
    for name, lists in new.segment_lists.items():
        if old.segment_lists.get(name) != lists:
            yield SegmentPolicy(name, lists)


def _removed_links(before: Scenario, after: Scenario) -> Iterator[Change]:
    gone = [link.id for link in before.topology.links if link.id not in after.topology.link_index]
    yield from (RemoveLink(name, whole_circuit=False) for name in gone)


def _removed_nodes(before: Scenario, after: Scenario) -> Iterator[Change]:
    gone = [node.id for node in before.topology.nodes if node.id not in after.topology.node_index]
    yield from (RemoveNode(name) for name in gone)


def _base(before: Scenario, after: Scenario) -> Iterator[Change]:
    old, new = before.policy.base, base_in_order_of(after, before.topology)
    if old == new:
        return
    if isinstance(old, ForwardingTable) and isinstance(new, ForwardingTable):
        entries = np.argwhere(old.next_link != new.next_link).tolist()
        if len(entries) <= before.topology.n_nodes:  # more than that reads better as a whole table
            yield from (_next_link(before, new, node, target) for node, target in entries)
            return
    yield SetRoutingBase(new)


def _next_link(scenario: Scenario, table: ForwardingTable, node: int, target: int) -> Change:
    nodes, output = scenario.topology.nodes, int(table.next_link[node, target])
    return SetNextLink(nodes[node].id, nodes[target].id, scenario.topology.links[output].id if output >= 0 else "")


# Each stage finds what it needs: new nodes before new links, new links before the paths over them, and what is
# removed only after no path goes over it any more.
_STAGES: Sequence[Stage] = (
    _observation,
    removed_demands,
    _nodes,
    _links,
    added_demands,
    demand_edits,
    rates,
    _cleared_paths,
    _paths,
    _removed_links,
    _removed_nodes,
    _base,
)
