"""Failures and their repair: what is down stays in its place, so that answers before and after compare row by row."""

from dataclasses import dataclass, replace

from nettwin.changes.edits import with_links, with_nodes
from nettwin.changes.selection import links_named, nodes_named
from nettwin.errors import UnknownNameError
from nettwin.scenario import Scenario


@dataclass(frozen=True, slots=True)
class FailLink:
    """A link goes down, with all directions of its circuit unless told otherwise."""

    link: str
    """Id or pattern of links or circuits."""
    whole_circuit: bool = True

    def apply(self, scenario: Scenario) -> Scenario:
        return _set_links(scenario, links_named(scenario.topology, self.link, whole_circuit=self.whole_circuit), is_up=False)


@dataclass(frozen=True, slots=True)
class RestoreLink:
    """A link comes up again, with all directions of its circuit unless told otherwise."""

    link: str
    """Id or pattern of links or circuits."""
    whole_circuit: bool = True

    def apply(self, scenario: Scenario) -> Scenario:
        return _set_links(scenario, links_named(scenario.topology, self.link, whole_circuit=self.whole_circuit), is_up=True)


@dataclass(frozen=True, slots=True)
class FailNode:
    """A node goes down; no link from or to it carries packets."""

    node: str

    def apply(self, scenario: Scenario) -> Scenario:
        return with_nodes(scenario, nodes_named(scenario.topology, self.node), lambda node: replace(node, is_up=False))


@dataclass(frozen=True, slots=True)
class RestoreNode:
    """A node comes up again."""

    node: str

    def apply(self, scenario: Scenario) -> Scenario:
        return with_nodes(scenario, nodes_named(scenario.topology, self.node), lambda node: replace(node, is_up=True))


@dataclass(frozen=True, slots=True)
class FailRiskGroup:
    """All links that share a risk go down together."""

    group: str

    def apply(self, scenario: Scenario) -> Scenario:
        return _set_links(scenario, _members(scenario, self.group), is_up=False)


@dataclass(frozen=True, slots=True)
class RestoreRiskGroup:
    """All links that share a risk come up again."""

    group: str

    def apply(self, scenario: Scenario) -> Scenario:
        return _set_links(scenario, _members(scenario, self.group), is_up=True)


def _set_links(scenario: Scenario, indices: list[int], *, is_up: bool) -> Scenario:
    return with_links(scenario, indices, lambda link: replace(link, is_up=is_up))


def _members(scenario: Scenario, group: str) -> list[int]:
    groups = scenario.topology.risk_groups
    if group not in groups:
        raise UnknownNameError.among("risk group", group, groups)
    return list(groups[group])
