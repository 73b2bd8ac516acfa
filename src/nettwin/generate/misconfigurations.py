"""Mistakes that operators make, as changes: what a troubleshooter has to find."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from nettwin.changes import Change, Plan, SetBuffer, SetClassMap, SetMetric, SetNextLink, SetQueueWeights, SetRoutingBase
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import ScenarioError
from nettwin.scenario import ForwardingTable, Link, Scenario


def wrong_metric(scenario: Scenario, rng: np.random.Generator) -> Change:
    """A link has a metric ten times too large or too small."""
    link = _one_of(scenario.topology.links, rng)
    return SetMetric(link.id, link.metric * (10.0 if rng.random() < 0.5 else 0.1))


def wrong_class_map(scenario: Scenario, rng: np.random.Generator) -> Change:
    """A port sends the classes to its queues the wrong way round."""
    link = _one_of([link for link in scenario.topology.links if _reversed_map(link) != _class_map(link)], rng, "port with several queues")
    return SetClassMap(link.id, _reversed_map(link))


def wrong_weights(scenario: Scenario, rng: np.random.Generator) -> Change:
    """A port has the weights of its queues in reverse."""
    link = _one_of([link for link in scenario.topology.links if _has_weights(link)], rng, "port with different weights")
    return SetQueueWeights(link.id, tuple(queue.weight for queue in reversed(link.scheduling.queues)))


def wrong_buffer(scenario: Scenario, rng: np.random.Generator) -> Change:
    """A port has room for two packets only."""
    return SetBuffer(_one_of(scenario.topology.links, rng).id, buffer_packets=2.0)


def black_hole(scenario: Scenario, rng: np.random.Generator) -> Change:
    """A node drops what is meant for one target. Shortest paths become a fixed table first, without ECMP."""
    table = _table(scenario)
    carried = np.argwhere(table.next_link >= 0)
    if not len(carried):
        raise ScenarioError("nothing is forwarded", where="black hole", hint="the network needs links that are up")
    node, target = carried[rng.integers(len(carried))].tolist()
    nodes = scenario.topology.nodes
    hole = SetNextLink(nodes[node].id, nodes[target].id)
    return hole if isinstance(scenario.policy.base, ForwardingTable) else Plan((SetRoutingBase(table), hole))


MISTAKES: Mapping[str, Callable[[Scenario, np.random.Generator], Change]] = MappingProxyType(
    {
        "wrong-metric": wrong_metric,
        "wrong-class-map": wrong_class_map,
        "wrong-weights": wrong_weights,
        "wrong-buffer": wrong_buffer,
        "black-hole": black_hole,
    }
)


def _table(scenario: Scenario) -> ForwardingTable:
    """The forwarding of a scenario as a table: where several next links lead to a target, the one with the smallest id."""
    if isinstance(scenario.policy.base, ForwardingTable):
        return scenario.policy.base
    topology, is_next = scenario.topology, forwarding_of(scenario).is_next
    table = np.full((topology.n_nodes, topology.n_nodes), -1)
    for link in sorted(range(topology.n_links), key=lambda index: topology.links[index].id, reverse=True):
        table[topology.link_source[link], is_next[:, link]] = link
    return ForwardingTable(table)


def _class_map(link: Link) -> tuple[int, ...]:
    return link.scheduling.queue_by_class or tuple(range(len(link.scheduling.queues)))


def _reversed_map(link: Link) -> tuple[int, ...]:
    return tuple(len(link.scheduling.queues) - 1 - queue for queue in _class_map(link))


def _has_weights(link: Link) -> bool:
    weights = [queue.weight for queue in link.scheduling.queues]
    return weights != weights[::-1]


def _one_of(links: Sequence[Link], rng: np.random.Generator, what: str = "link") -> Link:
    if not links:
        raise ScenarioError(f"there is no {what}", where="misconfiguration", hint="choose another mistake")
    return links[int(rng.integers(len(links)))]
