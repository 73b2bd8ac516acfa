"""The changes that lead from one scenario to another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from nettwin.changes.change import Change
from nettwin.changes.content import base_in_order_of, demands_by_id
from nettwin.changes.demands import AddDemands, RemoveDemands
from nettwin.changes.failures import FailLink, FailNode, RestoreLink, RestoreNode
from nettwin.changes.links import AddLink, RemoveLink, ReplaceLink, SetCapacity, SetPropagationDelay
from nettwin.changes.nodes import AddNode, RemoveNode, ReplaceNode
from nettwin.changes.observation import SetObservation
from nettwin.changes.plan import Plan
from nettwin.changes.routing import ClearPath, SegmentPolicy, SetMetric, SetNextLink, SetPaths, SetRoutingBase
from nettwin.changes.scheduling import SetScheduling
from nettwin.changes.selection import EVERY_DEMAND, Selection
from nettwin.changes.traffic import ScaleTraffic, SetArrivals, SetPacketSizes, SetRates, SetTrafficClass
from nettwin.scenario import Demand, ForwardingTable, Link, Scenario

Item = TypeVar("Item")


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


def _removed_demands(before: Scenario, after: Scenario) -> Iterator[Change]:
    if before.traffic is after.traffic and before.topology.nodes is after.topology.nodes:
        return
    old, new = _ends(before), _ends(after)
    gone = tuple(name for name, ends in old.items() if new.get(name) != ends)
    if gone:
        yield RemoveDemands(gone)


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


def _added_demands(before: Scenario, after: Scenario) -> Iterator[Change]:
    names = [name for name in after.demand_ids if name not in before.demand_index]
    if names:
        rows = demands_by_id(after)
        yield AddDemands(tuple(rows[name] for name in names))


def _demand_edits(before: Scenario, after: Scenario) -> Iterator[Change]:
    """Both scenarios have the same demands by now, perhaps in another order."""
    if before.traffic is after.traffic:
        return
    old, new = demands_by_id(before), demands_by_id(after)
    for value, ids in _edited(old, new, lambda demand: demand.traffic_class).items():
        yield SetTrafficClass(value, Selection(ids))
    for arrivals, ids in _edited(old, new, lambda demand: demand.arrivals).items():
        yield SetArrivals(arrivals, Selection(ids))
    for sizes, ids in _edited(old, new, lambda demand: demand.packet_sizes).items():
        yield SetPacketSizes(sizes, Selection(ids))


def _rates(before: Scenario, after: Scenario) -> Iterator[Change]:
    if before.traffic is after.traffic:
        return
    old = before.traffic.rate_bps
    new = after.traffic.rate_bps[[after.demand_index[name] for name in before.demand_ids]] if len(old) else old
    changed = np.flatnonzero(old != new)
    if not len(changed):
        return
    factor = float(new[changed[0]] / old[changed[0]]) if old[changed[0]] > 0 else 0.0
    if np.array_equal(old * factor, new):
        yield ScaleTraffic(factor, EVERY_DEMAND)
    else:
        yield SetRates({before.demand_ids[row]: float(new[row]) for row in changed.tolist()})


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


def _ends(scenario: Scenario) -> dict[str, tuple[str, str]]:
    names = [node.id for node in scenario.topology.nodes]
    columns = zip(scenario.demand_ids, scenario.traffic.source.tolist(), scenario.traffic.target.tolist(), strict=True)
    return {name: (names[source], names[target]) for name, source, target in columns}


def _edited(old: Mapping[str, Demand], new: Mapping[str, Demand], part: Callable[[Demand], Item]) -> dict[Item, tuple[str, ...]]:
    """The ids of the demands that differ in one part, under its new value."""
    groups: dict[Item, list[str]] = {}
    for name, demand in new.items():
        if part(old[name]) != part(demand):
            groups.setdefault(part(demand), []).append(name)
    return {value: tuple(ids) for value, ids in groups.items()}


# Each stage finds what it needs: new nodes before new links, new links before the paths over them, and what is
# removed only after no path goes over it any more.
_STAGES: Sequence[Stage] = (
    _observation,
    _removed_demands,
    _nodes,
    _links,
    _added_demands,
    _demand_edits,
    _rates,
    _cleared_paths,
    _paths,
    _removed_links,
    _removed_nodes,
    _base,
)
