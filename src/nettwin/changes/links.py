"""Edits of links: capacity, propagation delay, new and removed ones."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.changes.edits import with_links
from nettwin.changes.selection import links_named
from nettwin.errors import ScenarioError
from nettwin.scenario import AdjacencySegment, ForwardingTable, Link, RoutingPolicy, Scenario


@dataclass(frozen=True, slots=True)
class SetCapacity:
    """Another capacity for a link, or for both directions where a circuit is named."""

    link: str
    capacity_bps: float

    def apply(self, scenario: Scenario) -> Scenario:
        indices = links_named(scenario.topology, self.link)
        return with_links(scenario, indices, lambda link: replace(link, capacity_bps=self.capacity_bps))


@dataclass(frozen=True, slots=True)
class SetPropagationDelay:
    """Another propagation delay for a link, or for both directions where a circuit is named."""

    link: str
    propagation_delay_s: float

    def apply(self, scenario: Scenario) -> Scenario:
        indices = links_named(scenario.topology, self.link)
        return with_links(scenario, indices, lambda link: replace(link, propagation_delay_s=self.propagation_delay_s))


@dataclass(frozen=True, slots=True)
class AddLink:
    """A new link after the present ones; with its opposite direction in one circuit, if wanted."""

    link: Link
    both_directions: bool = False

    def apply(self, scenario: Scenario) -> Scenario:
        topology = scenario.topology
        return replace(scenario, topology=replace(topology, links=(*topology.links, *self.links())))

    def links(self) -> tuple[Link, ...]:
        """What is added: one link or two. The opposite of ``A->B`` is ``B->A``, that of another id has ``/reverse`` after it."""
        if not self.both_directions:
            return (self.link,)
        link = replace(self.link, circuit=self.link.circuit or f"{self.link.source}--{self.link.target}")
        ends = f"{link.source}->{link.target}"
        backwards = link.id.replace(ends, f"{link.target}->{link.source}", 1) if ends in link.id else f"{link.id}/reverse"
        return link, replace(link, id=backwards, source=link.target, target=link.source)


@dataclass(frozen=True, slots=True)
class RemoveLink:
    """A link is taken away for good, with all directions of its circuit unless told otherwise. Rows after it move up."""

    link: str
    """Id or pattern of links or circuits."""
    whole_circuit: bool = True

    def apply(self, scenario: Scenario) -> Scenario:
        topology = scenario.topology
        gone = set(links_named(topology, self.link, whole_circuit=self.whole_circuit))
        names = {topology.links[index].id for index in gone}
        check_unused(scenario.policy, links=names, nodes=set())
        kept = [index for index in range(topology.n_links) if index not in gone]
        links = tuple(topology.links[index] for index in kept)
        return replace(scenario, topology=replace(topology, links=links), policy=_renumbered(scenario.policy, topology.n_links, kept))


@dataclass(frozen=True, slots=True)
class ReplaceLink:
    """A link gets all properties anew; only its id and its place remain. For what no other change sets: ends, circuit, risks, tags."""

    link: Link

    def apply(self, scenario: Scenario) -> Scenario:
        return with_links(scenario, [scenario.topology.index_of_link(self.link.id)], lambda _: self.link)


def check_unused(policy: RoutingPolicy, *, links: set[str], nodes: set[str]) -> None:
    """Raise ScenarioError if an explicit path or a segment list goes over one of these links or nodes."""
    for demand, paths in policy.explicit_paths.items():
        _check_disjoint(demand, links & {name for path in paths for name in path.links})
    for demand, lists in policy.segment_lists.items():
        segments = [segment for segment_list in lists for segment in segment_list.segments]
        over_links = {segment.link for segment in segments if isinstance(segment, AdjacencySegment)}
        over_nodes = {segment.node for segment in segments if not isinstance(segment, AdjacencySegment)}
        _check_disjoint(demand, (links & over_links) | (nodes & over_nodes))


def _check_disjoint(demand: str, used: set[str]) -> None:
    if used:
        raise ScenarioError(
            f"its configured path uses {min(used)!r}, which is to be removed",
            where=f"demand {demand!r}",
            hint="clear or set its path first, or fail the link instead of removing it",
        )


def _renumbered(policy: RoutingPolicy, n_links: int, kept: list[int]) -> RoutingPolicy:
    """The policy after links moved up; a forwarding table forgets the links that are gone."""
    if not isinstance(policy.base, ForwardingTable):
        return policy
    new_index = np.full(n_links + 1, -1)  # the last entry is what -1 points to
    new_index[kept] = np.arange(len(kept))
    return replace(policy, base=ForwardingTable(new_index[policy.base.next_link]))
