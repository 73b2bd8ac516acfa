"""Random scenarios of every kind that a twin should know: networks, ports, traffic, routing, load, and things that go wrong.

Two styles. ``recorded``: what public recordings of simulated networks hold (one scheduler per node, buffers in bits or packets, percent
weights, quanta of a second's worth of bits, Poisson, constant and on-off demands of like size). ``wide``: everything that a scenario
can say, over wider ranges, so that the former is no corner of the training range.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nettwin.changes import Change
from nettwin.controlplane import link_loads
from nettwin.errors import ScenarioError
from nettwin.generate.failures import random_failures
from nettwin.generate.misconfigurations import MISTAKES
from nettwin.generate.port_mixes import recorded_ports, wide_ports, with_recorded_quanta
from nettwin.generate.routing_mixes import random_policy
from nettwin.generate.scenario_names import STYLES, ScenarioKind
from nettwin.generate.surges import flash_crowd, volumetric_attack
from nettwin.generate.topologies import FAMILIES
from nettwin.generate.traffic_mixes import Thinness, chosen_rows, recorded_traffic, sendable, wide_traffic
from nettwin.scenario import Scenario, Topology, Traffic

__all__ = ["STYLES", "TROUBLES", "ScenarioSpace", "random_scenario"]

_PROPORTIONATE = 0.5  # share of networks whose capacities fit their loads, link by link


@dataclass(frozen=True, slots=True)
class ScenarioSpace:
    """What random scenarios are drawn from. All ranges include their ends."""

    nodes: tuple[int, int] = (3, 10)
    max_load: tuple[float, float] = (0.1, 1.5)
    """Offered load over capacity of the busiest link."""
    recorded_share: float = 0.5
    """Share of the scenarios in the style of public recordings."""
    trouble_share: float = 0.25
    """Share of the scenarios in which something fails, is misconfigured, or floods the network."""
    real_share: float = 0.25
    """Share of the networks taken from ``topologies``, if there are any."""
    max_demands: int = 1000
    thin_share: float = 0.3
    """Share of the networks with several thin demands per pair, as the ports of large networks have ..."""
    thin_times: tuple[int, int] = (2, 8)
    """... and how many."""

    def __post_init__(self) -> None:
        ordered = 2 < self.nodes[0] <= self.nodes[1] and 0 < self.max_load[0] <= self.max_load[1]
        shares = (self.recorded_share, self.trouble_share, self.real_share, self.thin_share)
        ordered = ordered and 1 <= self.thin_times[0] <= self.thin_times[1]
        if not ordered or self.max_demands < 1 or any(not 0 <= share <= 1 for share in shares):
            raise ScenarioError(f"{self}", where="scenario space", hint="nodes from 3 on, loads above 0, shares in 0..1")


def random_scenario(rng: np.random.Generator, space: ScenarioSpace = ScenarioSpace(), topologies: Sequence[Topology] = ()) -> Scenario:
    """One scenario; its name says its style, network and load. ``topologies`` are networks that exist."""
    style = "recorded" if rng.random() < space.recorded_share else "wide"
    topology, family = _topology(rng, space, topologies)
    is_recorded = style == "recorded"
    thinness = Thinness(space.thin_share, space.thin_times)
    traffic = (recorded_traffic if is_recorded else wide_traffic)(topology, rng, thinness)
    traffic = sendable(_thinned(traffic, space.max_demands, rng))
    topology = (recorded_ports if is_recorded else wide_ports)(topology, traffic, rng)
    topology, policy = random_policy(topology, rng)
    max_load = _max_load(rng, space.max_load)
    scenario = _loaded(Scenario(topology, traffic, policy), max_load, rng)
    if is_recorded:
        scenario = replace(scenario, topology=with_recorded_quanta(scenario.topology, rng))
    scenario, trouble = _in_trouble(scenario, rng) if rng.random() < space.trouble_share else (scenario, "")
    return replace(scenario, name=str(ScenarioKind(style, family, topology.n_nodes, max_load, trouble)))


def _topology(rng: np.random.Generator, space: ScenarioSpace, topologies: Sequence[Topology]) -> tuple[Topology, str]:
    fitting = [topology for topology in topologies if space.nodes[0] <= topology.n_nodes <= space.nodes[1]]
    if fitting and rng.random() < space.real_share:
        return _without_lengths(fitting[int(rng.integers(len(fitting)))], rng), "real"
    family = str(rng.choice(sorted(FAMILIES)))
    low, high = space.nodes
    n_nodes = round(low + (high - low) * rng.beta(2, 1))  # large ones have more to teach
    return _without_lengths(FAMILIES[family](n_nodes, rng), rng), family


def _without_lengths(topology: Topology, rng: np.random.Generator) -> Topology:
    """In every second network light takes no time: then delays are all queueing and transmission."""
    if rng.random() < 0.5:
        return topology
    return replace(topology, links=tuple(replace(link, propagation_delay_s=0.0) for link in topology.links))


def _thinned(traffic: Traffic, most: int, rng: np.random.Generator) -> Traffic:
    if traffic.n_demands <= most:
        return traffic
    return chosen_rows(traffic, np.sort(rng.choice(traffic.n_demands, size=most, replace=False)))


def _max_load(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    """Half of them evenly, half near full load, where queueing is hardest."""
    low, high = limits
    if rng.random() < 0.5:
        return float(rng.uniform(low, high))
    return float(np.clip(rng.normal(0.9, 0.15), low, high))


def _loaded(scenario: Scenario, max_load: float, rng: np.random.Generator) -> Scenario:
    """Capacities in the proportion of the loads (times chance) or at random; then all scaled to the wanted largest load.

    Capacities are scaled, not rates: the packets of demands keep their pace, and time scales of bursts keep their meaning.
    """
    topology = scenario.topology
    load_bps = link_loads(scenario)
    if not load_bps.max(initial=0.0) > 0:
        raise ScenarioError("no link carries anything", where="random scenario", hint="draw again")
    if rng.random() < _PROPORTIONATE:
        shape = np.maximum(load_bps, load_bps.max() * 0.02) / rng.uniform(0.25, 1.0, topology.n_links)
    else:
        shape = load_bps.mean() * rng.choice((1.0, 2.5, 4.0, 10.0), size=topology.n_links, p=(0.2, 0.3, 0.3, 0.2))
    capacity = shape * (load_bps / shape).max() / max_load
    links = tuple(replace(link, capacity_bps=bps) for link, bps in zip(topology.links, capacity.tolist(), strict=True))
    return replace(scenario, topology=replace(topology, links=links))


def _in_trouble(scenario: Scenario, rng: np.random.Generator) -> tuple[Scenario, str]:
    kind = str(rng.choice(sorted(TROUBLES)))
    try:
        change = TROUBLES[kind](scenario, rng)
        return change.apply(scenario), kind
    except ScenarioError:  # this network cannot have that trouble (no port with weights, say)
        return scenario, ""


def _failure(scenario: Scenario, rng: np.random.Generator) -> Change:
    return random_failures(scenario.topology, rng, n_failures=int(rng.integers(1, 3)))


def _attack(scenario: Scenario, rng: np.random.Generator) -> Change:
    return volumetric_attack(scenario, rng, float(scenario.traffic.rate_bps.sum() * rng.uniform(0.02, 0.15)), n_sources=5)


def _crowd(scenario: Scenario, rng: np.random.Generator) -> Change:
    return flash_crowd(scenario, rng, factor=float(rng.uniform(1.5, 3.0)))


TROUBLES: dict[str, Callable[[Scenario, np.random.Generator], Change]] = {
    **MISTAKES,
    "failure": _failure,
    "attack": _attack,
    "flash-crowd": _crowd,
}
"""What may go wrong, by name."""
