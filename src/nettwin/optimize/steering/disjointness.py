"""Pairs of demands whose paths must not share anything, and what a path uses."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.judging.disjointness import pairs
from nettwin.intents.path_constraints import Disjointness
from nettwin.intents.selecting import rows
from nettwin.scenario import Scenario, Topology
from nettwin.scenario.arrays import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class DisjointPair:
    """Two demands between the same ends that may share none of something."""

    clause: int
    """Position among the path constraints."""
    first: int
    second: int
    """Rows of the demands."""
    kind: Disjointness


def disjoint_pairs(scenario: Scenario, intent: Intent) -> list[DisjointPair]:
    """Every pair that a path constraint speaks of, each once."""
    found = list[DisjointPair]()
    for clause, constraint in enumerate(intent.paths):
        if constraint.disjoint is None:
            continue
        mine = rows(intent, constraint.selected, scenario)
        mine = mine[scenario.traffic.rate_bps[mine] > 0]
        others = rows(intent, constraint.disjoint_from, scenario) if constraint.disjoint_from else None
        found += [DisjointPair(clause, *rows_of_pair, constraint.disjoint) for rows_of_pair in pairs(scenario, mine, others)]
    return found


@dataclass(frozen=True, eq=False)
class Resources:
    """What links use up, of one kind of disjointness: their circuit, and their nodes or risk groups."""

    topology: Topology
    kind: Disjointness

    @cached_property
    def of_link(self) -> tuple[tuple[int, ...], ...]:  # [link]
        """Numbers of what each link belongs to. Nodes are numbered as in the topology; a circuit always counts."""
        topology, number = self.topology, dict[tuple[str, str], int]()
        if self.kind is Disjointness.NODE:
            number = {("node", node.id): index for index, node in enumerate(topology.nodes)}
        names = [[("circuit", link.circuit or link.id)] for link in topology.links]
        for own, link in zip(names, topology.links, strict=True):
            if self.kind is Disjointness.NODE:
                own += [("node", link.source), ("node", link.target)]
            if self.kind is Disjointness.RISK_GROUP:
                own += [("group", group) for group in link.risk_groups]
        return tuple(tuple(number.setdefault(name, len(number)) for name in own) for own in names)

    @cached_property
    def n_resources(self) -> int:
        return max((number for own in self.of_link for number in own), default=-1) + 1

    def used(self, links: IntArray, ends: tuple[int, int]) -> frozenset[int]:
        """What a demand's links use; its own ends do not count."""
        found = {number for link in links.tolist() for number in self.of_link[link]}
        return frozenset(found - set(ends) if self.kind is Disjointness.NODE else found)

    def links_using(self, resources: frozenset[int]) -> BoolArray:  # [link]
        """Links that use any of these."""
        return np.array([not resources.isdisjoint(own) for own in self.of_link], dtype=np.bool_)
