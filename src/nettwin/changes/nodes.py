"""Edits of nodes: new, removed and otherwise described ones."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nettwin.changes.demands import without_rows
from nettwin.changes.edits import with_nodes
from nettwin.changes.links import RemoveLink, check_unused
from nettwin.scenario import ForwardingTable, Node, RoutingPolicy, Scenario
from nettwin.scenario.arrays import IntArray


@dataclass(frozen=True, slots=True)
class AddNode:
    """A new node after the present ones. A forwarding table knows no way to it and has none of its own."""

    node: Node

    def apply(self, scenario: Scenario) -> Scenario:
        topology = scenario.topology
        policy = _with_table(scenario.policy, lambda table: np.pad(table, (0, 1), constant_values=-1))
        return replace(scenario, topology=replace(topology, nodes=(*topology.nodes, self.node)), policy=policy)


@dataclass(frozen=True, slots=True)
class RemoveNode:
    """A node is taken away for good, with its links and the demands that start or end there. Rows after it move up."""

    node: str

    def apply(self, scenario: Scenario) -> Scenario:
        gone = scenario.topology.index_of_node(self.node)
        check_unused(scenario.policy, links=set(), nodes={self.node})
        return _without_node(_without_links(_without_demands(scenario, gone), self.node), gone)


@dataclass(frozen=True, slots=True)
class ReplaceNode:
    """A node gets all properties anew; only its id and its place remain."""

    node: Node

    def apply(self, scenario: Scenario) -> Scenario:
        return with_nodes(scenario, [scenario.topology.index_of_node(self.node.id)], lambda _: self.node)


def _without_demands(scenario: Scenario, node: int) -> Scenario:
    traffic = scenario.traffic
    rows = np.flatnonzero((traffic.source == node) | (traffic.target == node))
    return without_rows(scenario, rows) if len(rows) else scenario


def _without_links(scenario: Scenario, node: str) -> Scenario:
    for link in scenario.topology.links:
        if node in (link.source, link.target):
            scenario = RemoveLink(link.id, whole_circuit=False).apply(scenario)
    return scenario


def _without_node(scenario: Scenario, gone: int) -> Scenario:
    topology, traffic = scenario.topology, scenario.traffic
    nodes = topology.nodes[:gone] + topology.nodes[gone + 1 :]
    return replace(
        scenario,
        topology=replace(topology, nodes=nodes),
        traffic=replace(traffic, source=traffic.source - (traffic.source > gone), target=traffic.target - (traffic.target > gone)),
        policy=_with_table(scenario.policy, lambda table: np.delete(np.delete(table, gone, axis=0), gone, axis=1)),
    )


def _with_table(policy: RoutingPolicy, edit: Callable[[IntArray], IntArray]) -> RoutingPolicy:
    if not isinstance(policy.base, ForwardingTable):
        return policy
    return replace(policy, base=ForwardingTable(edit(policy.base.next_link)))
