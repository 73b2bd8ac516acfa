"""What a scenario says, whatever the order in which it says it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from nettwin.scenario import Demand, ForwardingTable, Scenario, ShortestPaths, Topology


def same_content(first: Scenario, second: Scenario) -> bool:
    """Whether two scenarios have equal nodes, links, demands, policy and observation by id. Names and descriptions do not count."""
    if first is second:
        return True
    return (
        first.observation == second.observation
        and {node.id: node for node in first.topology.nodes} == {node.id: node for node in second.topology.nodes}
        and {link.id: link for link in first.topology.links} == {link.id: link for link in second.topology.links}
        and demands_by_id(first) == demands_by_id(second)
        and same_policy(first, second)
    )


def same_policy(first: Scenario, second: Scenario) -> bool:
    """Whether two scenarios with the same nodes and links route by the same policy."""
    one, other = first.policy, second.policy
    return (
        dict(one.explicit_paths) == dict(other.explicit_paths)
        and dict(one.segment_lists) == dict(other.segment_lists)
        and base_in_order_of(first, second.topology) == other.base
    )


def demands_by_id(scenario: Scenario) -> Mapping[str, Demand]:
    """The demands as rows, under the ids that the scenario gives them."""
    rows = scenario.traffic.rows(scenario.topology)
    return {name: replace(row, id=name) for name, row in zip(scenario.demand_ids, rows, strict=True)}


def base_in_order_of(scenario: Scenario, topology: Topology) -> ShortestPaths | ForwardingTable:
    """The base of a scenario's policy, its table renumbered to another order of nodes and links; what is unknown there is left out."""
    base, own = scenario.policy.base, scenario.topology
    if not isinstance(base, ForwardingTable) or _same_order(own, topology):
        return base
    link = np.array([topology.link_index.get(each.id, -1) for each in own.links] + [-1])
    known = [(row, topology.node_index[node.id]) for row, node in enumerate(own.nodes) if node.id in topology.node_index]
    old, new = (np.array(column, dtype=np.int64) for column in zip(*known, strict=True))
    table = np.full((topology.n_nodes, topology.n_nodes), -1)
    table[np.ix_(new, new)] = link[base.next_link[np.ix_(old, old)]]
    return ForwardingTable(table)


def _same_order(first: Topology, second: Topology) -> bool:
    return [node.id for node in first.nodes] == [node.id for node in second.nodes] and [link.id for link in first.links] == [
        link.id for link in second.links
    ]
