"""Scenarios with different nodes, links and demands, brought to one order so that their rows compare."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from nettwin.changes.content import base_in_order_of
from nettwin.changes.demands import AddDemands
from nettwin.scenario import Demand, Link, Node, PacketTrace, Poisson, Scenario, Topology, Traffic
from nettwin.scenario.arrays import IntArray


def aligned(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """The same scenarios over all nodes, links and demands that any of them has, in the order in which they first appear.

    A node or link that a scenario does not have is down in it, a demand has rate 0.
    """
    nodes = {node.id: node for scenario in reversed(scenarios) for node in scenario.topology.nodes}
    links = {link.id: link for scenario in reversed(scenarios) for link in scenario.topology.links}
    node_order = list(dict.fromkeys(node.id for scenario in scenarios for node in scenario.topology.nodes))
    link_order = list(dict.fromkeys(link.id for scenario in scenarios for link in scenario.topology.links))
    widened = [
        _with_topology(scenario, [nodes[name] for name in node_order], [links[name] for name in link_order]) for scenario in scenarios
    ]
    owners = {name: scenario for scenario in reversed(widened) for name in scenario.demand_ids}
    demand_order = tuple(dict.fromkeys(name for scenario in widened for name in scenario.demand_ids))
    return [_with_demands(scenario, demand_order, owners) for scenario in widened]


def _with_topology(scenario: Scenario, nodes: Sequence[Node], links: Sequence[Link]) -> Scenario:
    own = scenario.topology
    topology = replace(
        own,
        nodes=tuple(own.node(each.id) if each.id in own.node_index else replace(each, is_up=False) for each in nodes),
        links=tuple(own.link(each.id) if each.id in own.link_index else replace(each, is_up=False) for each in links),
    )
    if topology.nodes == own.nodes and topology.links == own.links:
        return scenario
    policy = replace(scenario.policy, base=base_in_order_of(scenario, topology))
    return replace(scenario, topology=topology, traffic=_with_nodes(scenario.traffic, own, topology), policy=policy)


def _with_nodes(traffic: Traffic, own: Topology, topology: Topology) -> Traffic:
    new_index = np.array([topology.node_index[node.id] for node in own.nodes])
    if np.array_equal(new_index, np.arange(own.n_nodes)):
        return traffic
    return replace(traffic, source=new_index[traffic.source], target=new_index[traffic.target])


def _with_demands(scenario: Scenario, order: tuple[str, ...], owners: Mapping[str, Scenario]) -> Scenario:
    if scenario.demand_ids == order:
        return scenario
    absent = tuple(_silent(owners[name], name) for name in order if name not in scenario.demand_index)
    scenario = AddDemands(absent).apply(scenario) if absent else scenario
    rows = np.array([scenario.demand_index[name] for name in order], dtype=np.int64)
    return replace(scenario, traffic=_reordered(scenario.traffic, rows, order))


def _silent(owner: Scenario, name: str) -> Demand:
    traffic, nodes, row = owner.traffic, owner.topology.nodes, owner.index_of_demand(name)
    arrivals = traffic.arrivals[traffic.arrival_index[row]]
    return Demand(
        source=nodes[traffic.source[row]].id,
        target=nodes[traffic.target[row]].id,
        rate_bps=0.0,
        traffic_class=int(traffic.traffic_class[row]),
        arrivals=Poisson() if isinstance(arrivals, PacketTrace) else arrivals,  # a trace would bring its own rate
        packet_sizes=traffic.packet_sizes[traffic.packet_size_index[row]],
        id=name,
    )


def _reordered(traffic: Traffic, rows: IntArray, ids: tuple[str, ...]) -> Traffic:
    columns = ("source", "target", "rate_bps", "traffic_class", "arrival_index", "packet_size_index")
    return replace(traffic, ids=ids, **{name: getattr(traffic, name)[rows] for name in columns})
