"""The path constraints of an intent by index: which demands must keep to what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nettwin.changes.selection import links_named, nodes_named
from nettwin.intents.intent import Intent
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.intents.selecting import rows
from nettwin.scenario import Scenario, Topology
from nettwin.scenario.arrays import BoolArray, IntArray, frozen


@dataclass(frozen=True, eq=False)
class PathRule:
    """What every path of some demands must keep to."""

    rows: IntArray
    is_avoided: BoolArray  # [link] not to be crossed
    sequences: tuple[BoolArray, ...]
    """Each [position, node]: nodes that serve as waypoint, in the order in which they must be passed."""
    max_hops: float
    max_stretch: float
    clauses: tuple[int, ...]
    """Positions of the path constraints that it is made of."""


def path_rules(scenario: Scenario, intent: Intent) -> list[PathRule]:
    """A rule for each set of demands that the same constraints are about; demands without any, or without traffic, are in none.

    A demand's own ends need not be avoided.
    Raises UnknownNameError for a node, link or selector that does not exist.
    """
    indices = [index for index, each in enumerate(intent.paths) if _limits_paths(each)]
    if not indices or not scenario.traffic.n_demands:
        return []
    concerns = np.zeros((len(indices), scenario.traffic.n_demands), dtype=np.bool_)
    for position, index in enumerate(indices):
        concerns[position, rows(intent, intent.paths[index].selected, scenario)] = True
    concerns &= scenario.traffic.rate_bps > 0
    kinds, kind_of = np.unique(concerns, axis=1, return_inverse=True)
    every = np.arange(scenario.traffic.n_demands)
    found: list[PathRule] = []
    for kind in range(kinds.shape[1]):
        clauses = tuple(indices[position] for position in np.flatnonzero(kinds[:, kind]))
        if clauses:
            found += _rules(scenario, intent, clauses, every[kind_of.ravel() == kind])
    return found


def avoided(topology: Topology, avoid: Avoid) -> tuple[BoolArray, BoolArray]:
    """Nodes and links that must not be used: named, matched or tagged. Raises UnknownNameError."""
    node, link = np.zeros(topology.n_nodes, dtype=np.bool_), np.zeros(topology.n_links, dtype=np.bool_)
    for name in avoid.nodes:
        node[nodes_named(topology, name)] = True
    for name in avoid.links:
        link[links_named(topology, name)] = True
    tags = set(avoid.tags)
    node |= np.array([not tags.isdisjoint(each.tags) for each in topology.nodes], dtype=np.bool_)
    link |= np.array([not tags.isdisjoint(each.tags) for each in topology.links], dtype=np.bool_)
    return node, link


def waypoint_sequences(topology: Topology, constraint: PathConstraint) -> tuple[BoolArray, ...]:
    """Each [position, node]: what must be passed in this order; waypoints in any order are sequences of one each."""
    stops = [_nodes(topology, names) for names in constraint.via]
    if not stops:
        return ()
    return (np.stack(stops),) if constraint.is_ordered else tuple(stop[None, :] for stop in stops)


def _nodes(topology: Topology, names: Sequence[str]) -> BoolArray:
    serves = np.zeros(topology.n_nodes, dtype=np.bool_)
    for name in names:
        serves[nodes_named(topology, name)] = True
    return serves


def _limits_paths(constraint: PathConstraint) -> bool:
    bounds = (constraint.max_hops, constraint.max_stretch)
    return bool(constraint.via) or constraint.avoid != Avoid() or any(bound is not None for bound in bounds)


def _rules(scenario: Scenario, intent: Intent, clauses: tuple[int, ...], concerned: IntArray) -> Iterator[PathRule]:
    topology, constraints = scenario.topology, [intent.paths[index] for index in clauses]
    node, link = np.zeros(topology.n_nodes, dtype=np.bool_), np.zeros(topology.n_links, dtype=np.bool_)
    for constraint in constraints:
        nodes, links = avoided(topology, constraint.avoid)
        node |= nodes
        link |= links
    rule = PathRule(
        rows=concerned,
        is_avoided=link,
        sequences=tuple(each for constraint in constraints for each in waypoint_sequences(topology, constraint)),
        max_hops=min((c.max_hops for c in constraints if c.max_hops is not None), default=np.inf),
        max_stretch=min((c.max_stretch for c in constraints if c.max_stretch is not None), default=np.inf),
        clauses=clauses,
    )
    ends = scenario.traffic.source[concerned], scenario.traffic.target[concerned]
    own = np.stack([np.where(node[end], end, -1) for end in ends])  # ends that would have to be avoided
    for pair in np.unique(own, axis=1).T:
        of_these = concerned[(own == pair[:, None]).all(axis=0)]
        elsewhere = node.copy()
        elsewhere[pair[pair >= 0]] = False
        closed = link | elsewhere[topology.link_source] | elsewhere[topology.link_target]
        yield replace(rule, rows=of_these, is_avoided=frozen(closed))
