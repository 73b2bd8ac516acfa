"""Everything in a topology that may fail alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from nettwin.changes.failures import FailLink, FailNode, FailRiskGroup
from nettwin.errors import UnknownNameError
from nettwin.scenario import Topology

FailureKind = Literal["links", "nodes", "groups"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that fails."""

    id: str
    """Of the circuit, the node or the risk group."""
    change: FailLink | FailNode | FailRiskGroup
    links: tuple[int, ...]
    """Indices of the links that go down with it."""


def single_failures(topology: Topology, kind: FailureKind) -> tuple[Failure, ...]:
    """Everything of a kind that can still fail, in the order of the topology."""
    if kind not in get_args(FailureKind):
        raise UnknownNameError.among("kind of failure", kind, get_args(FailureKind))
    every = {"links": _circuits, "nodes": _nodes, "groups": _groups}[kind](topology)
    return tuple(failure for failure in every if _does_harm(failure, topology))


def _circuits(topology: Topology) -> Iterable[Failure]:
    return (Failure(name, FailLink(topology.links[links[0]].id), links) for name, links in topology.circuits.items())


def _nodes(topology: Topology) -> Iterable[Failure]:
    attached: list[list[int]] = [[] for _ in topology.nodes]
    for index, (source, target) in enumerate(zip(topology.link_source, topology.link_target, strict=True)):
        attached[source].append(index)
        attached[target].append(index)
    return (Failure(node.id, FailNode(node.id), tuple(links)) for node, links in zip(topology.nodes, attached, strict=True) if node.is_up)


def _groups(topology: Topology) -> Iterable[Failure]:
    return (Failure(name, FailRiskGroup(name), links) for name, links in topology.risk_groups.items())


def _does_harm(failure: Failure, topology: Topology) -> bool:
    return bool(topology.link_is_up[list(failure.links)].any())
