"""Sudden loads as changes: attacks, and crowds that mean no harm."""

import numpy as np

from nettwin.changes import AddDemands, ScaleTraffic, Selection
from nettwin.errors import ScenarioError
from nettwin.scenario import Demand, FixedSize, Scenario

SMALL_PACKET_BITS = 64 * 8.0
"""A minimum Ethernet frame: what a flood of requests consists of."""


def volumetric_attack(scenario: Scenario, rng: np.random.Generator, total_bps: float, n_sources: int = 10) -> AddDemands:
    """Many nodes flood one with small packets (a distributed denial of service), on top of what they send anyway."""
    names = [node.id for node in scenario.topology.nodes if node.is_up]
    if len(names) < 2:
        raise ScenarioError(f"{len(names)} nodes are up", where="attack", hint="it takes two")
    victim, *attackers = (names[i] for i in rng.permutation(len(names))[: n_sources + 1])
    share = rng.dirichlet(np.full(len(attackers), 5.0))
    flood = (_attack(attacker, victim, float(total_bps * part)) for attacker, part in zip(attackers, share, strict=True))
    return AddDemands(tuple(flood))


def flash_crowd(scenario: Scenario, rng: np.random.Generator, factor: float = 5.0) -> ScaleTraffic:
    """Everybody wants something from one node: what it sends grows ``factor`` times."""
    if not scenario.traffic.n_demands:
        raise ScenarioError("there are no demands", where="flash crowd", hint="add some first")
    source = int(rng.choice(np.unique(scenario.traffic.source)))
    return ScaleTraffic(factor, Selection(source=scenario.topology.nodes[source].id))


def _attack(source: str, target: str, rate_bps: float) -> Demand:
    return Demand(source, target, rate_bps, packet_sizes=FixedSize(SMALL_PACKET_BITS), id=f"attack:{source}->{target}")
