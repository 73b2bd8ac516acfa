"""Failures of a network as changes: all single ones, or some at random."""

import numpy as np

from nettwin.changes import Change, FailLink, FailNode, FailRiskGroup, Plan
from nettwin.errors import ScenarioError
from nettwin.scenario import Topology


def circuit_failures(topology: Topology) -> list[FailLink]:
    """One failure for each circuit that is up in some direction."""
    return [FailLink(name) for name, members in topology.circuits.items() if any(topology.links[member].is_up for member in members)]


def node_failures(topology: Topology) -> list[FailNode]:
    """One failure for each node that is up."""
    return [FailNode(node.id) for node in topology.nodes if node.is_up]


def risk_group_failures(topology: Topology) -> list[FailRiskGroup]:
    """One failure for each shared-risk group."""
    return [FailRiskGroup(name) for name in topology.risk_groups]


def random_failures(topology: Topology, rng: np.random.Generator, n_failures: int = 2) -> Plan:
    """Several circuits fail together."""
    candidates: list[Change] = [*circuit_failures(topology)]
    if n_failures > len(candidates):
        raise ScenarioError(f"{n_failures} failures of {len(candidates)} circuits", where="random failures", hint="ask for fewer")
    return Plan(tuple(candidates[i] for i in rng.choice(len(candidates), size=n_failures, replace=False)))
