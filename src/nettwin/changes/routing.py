"""Edits of routing: metrics, explicit paths, segment lists, forwarding entries, the base of the policy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf, isclose
from types import MappingProxyType

from nettwin.changes.edits import with_entries, with_links, without_entries
from nettwin.changes.selection import demands_named, links_named
from nettwin.errors import NettwinError, ScenarioError
from nettwin.scenario import AdjacencySegment, ExplicitPath, ForwardingTable, Scenario, SegmentList, ShortestPaths, Topology


@dataclass(frozen=True, slots=True)
class SetMetric:
    """Another IGP metric for a link, or for both directions where a circuit is named."""

    link: str
    metric: float

    def apply(self, scenario: Scenario) -> Scenario:
        return with_links(scenario, links_named(scenario.topology, self.link), lambda link: replace(link, metric=self.metric))


@dataclass(frozen=True, slots=True)
class SetPath:
    """A demand takes exactly these links, in this order."""

    demand: str
    """Id or pattern."""
    links: tuple[str, ...]

    def apply(self, scenario: Scenario) -> Scenario:
        return SetPaths(self.demand, (ExplicitPath(self.links),)).apply(scenario)


@dataclass(frozen=True, slots=True)
class SetPaths:
    """A demand is spread over these explicit paths by their shares."""

    demand: str
    """Id or pattern."""
    paths: tuple[ExplicitPath, ...]

    def __post_init__(self) -> None:
        if not self.paths:
            raise ScenarioError("no paths", where="set-paths", hint="give at least one; clear-path returns a demand to the base policy")
        shares = [path.share for path in self.paths]
        if not (min(shares) >= 0 and isclose(sum(shares), 1.0, abs_tol=1e-6)):
            raise ScenarioError(f"shares {shares}", where="set-paths", hint="not negative, with sum 1")

    def apply(self, scenario: Scenario) -> Scenario:
        rows = demands_named(scenario, self.demand)
        for row in rows:
            for path in self.paths:
                _check_path(scenario, row, path.links)
        entries = with_entries(scenario.policy.explicit_paths, _names(scenario, rows), self.paths)
        return replace(scenario, policy=replace(scenario.policy, explicit_paths=entries))


@dataclass(frozen=True, slots=True)
class SegmentPolicy:
    """A demand is spread over these segment lists by their weights. An explicit path, if it has one, comes before them."""

    demand: str
    """Id or pattern."""
    lists: tuple[SegmentList, ...]

    def __post_init__(self) -> None:
        if not self.lists:
            raise ScenarioError("no segment lists", where="segment-policy", hint="give one; clear-path returns a demand to the base policy")
        weights = [segment_list.weight for segment_list in self.lists]
        if not (min(weights) >= 0 and 0 < sum(weights) < inf):
            raise ScenarioError(f"weights {weights}", where="segment-policy", hint="not negative, at least one above zero")

    def apply(self, scenario: Scenario) -> Scenario:
        for segment_list in self.lists:
            _check_segments(scenario.topology, segment_list)
        names = _names(scenario, demands_named(scenario, self.demand))
        entries = with_entries(scenario.policy.segment_lists, names, self.lists)
        return replace(scenario, policy=replace(scenario.policy, segment_lists=entries))


@dataclass(frozen=True, slots=True)
class ClearPath:
    """A demand loses its explicit paths and segment lists and follows the base of the policy again."""

    demand: str = "*"
    """Id or pattern."""

    def apply(self, scenario: Scenario) -> Scenario:
        names = _names(scenario, demands_named(scenario, self.demand))
        policy = without_entries(scenario.policy, names)
        return scenario if policy is scenario.policy else replace(scenario, policy=policy)


@dataclass(frozen=True, slots=True)
class SetEcmp:
    """Shortest paths of equal cost share the traffic, or the one over the smallest link ids takes all."""

    has_ecmp: bool

    def apply(self, scenario: Scenario) -> Scenario:
        return SetRoutingBase(ShortestPaths(has_ecmp=self.has_ecmp)).apply(scenario)


@dataclass(frozen=True, slots=True)
class SetRoutingBase:
    """Another base of the routing policy: shortest paths, or a forwarding table in the scenario's order of nodes and links."""

    base: ShortestPaths | ForwardingTable

    def apply(self, scenario: Scenario) -> Scenario:
        return replace(scenario, policy=replace(scenario.policy, base=self.base))


@dataclass(frozen=True, slots=True)
class SetNextLink:
    """One entry of the forwarding table: where a node sends what is meant for a target."""

    node: str
    target: str
    link: str = ""
    """The output. Empty: packets for this target are dropped here."""

    def apply(self, scenario: Scenario) -> Scenario:
        base, topology = scenario.policy.base, scenario.topology
        if not isinstance(base, ForwardingTable):
            raise ScenarioError("the routing has no forwarding table", where="set-next-link", hint="set-routing-base gives it one")
        output = topology.index_of_link(self.link) if self.link else -1
        if self.link and topology.links[output].source != self.node:
            raise ScenarioError(f"link {self.link!r} leaves {topology.links[output].source!r}", where=f"node {self.node!r}")
        table = base.next_link.copy()
        table[topology.index_of_node(self.node), topology.index_of_node(self.target)] = output
        return SetRoutingBase(ForwardingTable(table)).apply(scenario)


def steered(scenario: Scenario, changes: Iterable[tuple[int, SegmentPolicy | ClearPath]]) -> Scenario:
    """The scenario after numbered changes of this kind, one after the other; thousands of them (a plan of an optimizer) in one go."""
    paths, lists = dict(scenario.policy.explicit_paths), dict(scenario.policy.segment_lists)
    for number, change in changes:
        try:
            names = _names(scenario, demands_named(scenario, change.demand))
            for segment_list in change.lists if isinstance(change, SegmentPolicy) else ():
                _check_segments(scenario.topology, segment_list)
        except NettwinError as error:
            raise error.at(f"change {number}") from None
        if isinstance(change, SegmentPolicy):
            lists.update(dict.fromkeys(names, change.lists))
            continue
        for name in names:
            paths.pop(name, None)
            lists.pop(name, None)
    if paths == scenario.policy.explicit_paths and lists == scenario.policy.segment_lists:
        return scenario
    policy = replace(scenario.policy, explicit_paths=MappingProxyType(paths), segment_lists=MappingProxyType(lists))
    return replace(scenario, policy=policy)


def _names(scenario: Scenario, rows: Sequence[int]) -> list[str]:
    return [scenario.demand_ids[row] for row in rows]


def _check_path(scenario: Scenario, row: int, path: tuple[str, ...]) -> None:
    """Raise ScenarioError unless the links lead from the demand's source to its target without a gap."""
    topology, demand = scenario.topology, f"demand {scenario.demand_ids[row]!r}"
    here = topology.nodes[scenario.traffic.source[row]].id
    for link in map(topology.link, path):
        if link.source != here:
            raise ScenarioError(f"link {link.id!r} does not start at {here!r}", where=demand, hint="the links of a path follow each other")
        here = link.target
    goal = topology.nodes[scenario.traffic.target[row]].id
    if here != goal:
        raise ScenarioError(f"the path ends at {here!r}", where=demand, hint=f"it must lead to {goal!r}")


def _check_segments(topology: Topology, segment_list: SegmentList) -> None:
    for segment in segment_list.segments:
        if isinstance(segment, AdjacencySegment):
            topology.index_of_link(segment.link)
        else:
            topology.index_of_node(segment.node)
