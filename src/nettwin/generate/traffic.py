"""Traffic matrices of different characters, and mixes of classes, arrival processes and packet sizes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nettwin.controlplane import link_loads
from nettwin.errors import ScenarioError
from nettwin.scenario import ArrivalProcess, PacketSizes, Scenario, Topology, Traffic
from nettwin.scenario.arrays import FloatArray


def uniform_demands(topology: Topology, total_bps: float, rng: np.random.Generator, spread: float = 0.9) -> Traffic:
    """A demand between any two nodes, at rates drawn evenly from mean * (1 - spread) to mean * (1 + spread)."""
    return _demands(rng.uniform(1 - spread, 1 + spread, size=_square(topology)), total_bps)


def hot_spot_demands(topology: Topology, total_bps: float, rng: np.random.Generator, n_spots: int = 1, factor: float = 10.0) -> Traffic:
    """As uniform, but some nodes, as data centers do, send and receive ``factor`` times as much as others."""
    weight = np.ones(topology.n_nodes)
    weight[rng.choice(topology.n_nodes, size=min(n_spots, topology.n_nodes), replace=False)] = factor
    return _demands(np.maximum.outer(weight, weight) * rng.uniform(0.5, 1.5, size=_square(topology)), total_bps)


def bimodal_demands(
    topology: Topology, total_bps: float, rng: np.random.Generator, large_share: float = 0.2, factor: float = 10.0
) -> Traffic:
    """Many small demands and a few that are ``factor`` times as large, each about normally distributed (Medina et al., SIGCOMM 2002)."""
    is_large = rng.random(_square(topology)) < large_share
    spread = np.maximum(rng.normal(1.0, 0.2, size=is_large.shape), 0.05)
    return _demands(np.where(is_large, factor, 1.0) * spread, total_bps)


def scaled_to_utilization(scenario: Scenario, max_utilization: float) -> Scenario:
    """The scenario with all rates scaled so that the busiest link is offered this share of its capacity."""
    load = link_loads(scenario) / scenario.topology.capacity_bps
    if not load.max(initial=0.0) > 0:
        raise ScenarioError("no link carries anything", where="scaled_to_utilization", hint="add demands that can be routed")
    traffic = scenario.traffic
    return replace(scenario, traffic=replace(traffic, rate_bps=traffic.rate_bps * (max_utilization / load.max())))


def with_class_mix(traffic: Traffic, shares: Sequence[float], rng: np.random.Generator) -> Traffic:
    """Each demand in one class, drawn by the shares of the classes."""
    return replace(traffic, traffic_class=rng.choice(len(shares), size=traffic.n_demands, p=_probabilities(shares)))


def with_arrival_mix(traffic: Traffic, arrivals: Sequence[ArrivalProcess], rng: np.random.Generator) -> Traffic:
    """Each demand with one of these arrival processes, drawn evenly."""
    return replace(traffic, arrivals=tuple(arrivals), arrival_index=rng.integers(len(arrivals), size=traffic.n_demands))


def with_size_mix(traffic: Traffic, packet_sizes: Sequence[PacketSizes], rng: np.random.Generator) -> Traffic:
    """Each demand with one of these distributions of packet sizes, drawn evenly."""
    return replace(traffic, packet_sizes=tuple(packet_sizes), packet_size_index=rng.integers(len(packet_sizes), size=traffic.n_demands))


def _demands(weight: FloatArray, total_bps: float) -> Traffic:
    np.fill_diagonal(weight, 0.0)
    return Traffic.from_matrix(weight * (total_bps / weight.sum()))


def _square(topology: Topology) -> tuple[int, int]:
    return topology.n_nodes, topology.n_nodes


def _probabilities(shares: Sequence[float]) -> FloatArray:
    share = np.array(shares, dtype=np.float64)
    if not (len(share) and bool(np.all(share >= 0)) and share.sum() > 0):
        raise ScenarioError(f"shares {tuple(shares)}", where="class mix", hint="not negative, at least one above zero")
    return np.asarray(share / share.sum())
