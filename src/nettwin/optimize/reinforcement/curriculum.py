"""The networks that the policy learns on: random families of 8 to 24 nodes with random traffic; no network of any benchmark."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nettwin.controlplane import offered_utilization
from nettwin.generate.gravity import capacity_weights, gravity_demands
from nettwin.generate.topologies import FAMILIES
from nettwin.optimize.reinforcement.game import Game
from nettwin.scenario import Link, Scenario, Topology
from nettwin.scenario.arrays import FloatArray

LINE_RATES_BPS = (1e9, 2.5e9, 10e9, 40e9)
SIZES = (8, 24)
"""Fewest and most nodes."""
FEW_CHANGES = (3, 10, 20, 50)
"""Limits of changes that half of the games have."""


def random_game(seed: int) -> Game:
    """The game of this number: always the same."""
    rng = np.random.default_rng([seed, 20])
    family = list(FAMILIES.values())[int(rng.integers(len(FAMILIES)))]
    topology = family(int(rng.integers(SIZES[0], SIZES[1] + 1)), rng)
    topology = _with_metrics(_with_capacities(topology, rng), rng)
    mass = capacity_weights(topology) if rng.random() < 0.5 else np.ones(topology.n_nodes)
    mass = mass * rng.lognormal(sigma=rng.uniform(0.2, 1.2), size=topology.n_nodes)
    scenario = Scenario(topology, gravity_demands(topology, 1e9, None, mass))
    few = int(rng.choice(FEW_CHANGES)) if rng.random() < 0.5 else None
    return Game.of(_noisy(scenario, rng), max_changes=few)


def _with_capacities(topology: Topology, rng: np.random.Generator) -> Topology:
    """Half of the networks have one line rate, the others several. Both directions of a circuit are equal."""
    if rng.random() < 0.5:
        return topology
    rates = {circuit: float(rng.choice(LINE_RATES_BPS)) for circuit in topology.circuits}
    return replace(topology, links=tuple(replace(link, capacity_bps=rates[link.circuit]) for link in topology.links))


def _with_metrics(topology: Topology, rng: np.random.Generator) -> Topology:
    """Hops, inverse capacities, lengths, or whole numbers at random."""
    kind = int(rng.integers(4))
    drawn = {circuit: float(rng.integers(1, 11)) for circuit in topology.circuits}
    choices: tuple[Callable[[Link], float], ...] = (
        lambda _: 1.0,
        lambda link: max(LINE_RATES_BPS) * 10 / link.capacity_bps,
        lambda link: 1.0 + round(link.propagation_delay_s * 1e4),
        lambda link: drawn[link.circuit],
    )
    return replace(topology, links=tuple(replace(link, metric=choices[kind](link)) for link in topology.links))


def _noisy(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    traffic = scenario.traffic
    noise: FloatArray = rng.lognormal(sigma=rng.uniform(0.0, 1.0), size=traffic.n_demands)
    scenario = replace(scenario, traffic=replace(traffic, rate_bps=traffic.rate_bps * noise))
    peak = float(offered_utilization(scenario).max())
    return replace(scenario, traffic=replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps / peak))
