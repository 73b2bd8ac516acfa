"""What devices add to a delay that no queueing theory knows: their own latency, learned from a few measurements.

An engine answers with transmission times and waits. Hardware adds a time per device and per bit (look-up, store and forward, time
stamps). ``Calibrated`` adds them to any engine's delays; the four constants are least squares of relative errors. ``with_latency`` writes
one constant per link into the scenario instead, for engines that are to answer with more than mean delays, or to learn.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from nettwin.controlplane import route
from nettwin.errors import InputError
from nettwin.performance import Performance
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

LONGEST = 3.0
"""Delays beyond so many medians say more about queues than about devices and are left out."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """An engine with the latency of the devices added."""

    engine: Predictor
    factor: float
    """Of the engine's own delay."""
    fixed_s: float
    per_link_s: float
    per_bit_s: float

    @property
    def name(self) -> str:
        return f"{self.engine.name}+latency"

    def predict(self, scenario: Scenario) -> Performance:
        """The engine's answer; only mean delays are moved, other figures of the delay are not claimed."""
        answer = self.engine.predict(scenario)
        weights = np.array([self.factor, self.fixed_s, self.per_link_s, self.per_bit_s])
        delay = np.maximum(_rows(scenario, answer) @ weights, 0.0)
        unknown = np.full(len(delay), np.nan)
        demands = replace(
            answer.demands,
            delay_s=delay,
            delay_variation_s=unknown,
            delay_quantiles_s=np.full_like(answer.demands.delay_quantiles_s, np.nan),
        )
        return replace(answer, demands=demands, interval=None, engine=self.name)


def calibrated(engine: Predictor, measured: Iterable[tuple[Scenario, Performance]]) -> Calibrated:
    """Learns the latency from measurements. Raises InputError where they are too few."""
    rows, delays = [], []
    for scenario, performance in measured:
        own, delay = _rows(scenario, engine.predict(scenario)), performance.demands.delay_s
        known = np.isfinite(delay) & (delay > 0) & np.isfinite(own).all(axis=1)
        rows.append(own[known])
        delays.append(delay[known])
    every, true = (np.concatenate(parts) if parts else np.zeros(0) for parts in (rows, delays))
    if len(true) < 8:
        raise InputError(f"{len(true)} measured delays", where="calibration of latencies", hint="give eight or more")
    typical = true <= LONGEST * np.median(true)
    return Calibrated(engine, *_least_squares(every[typical], true[typical]).tolist())


def _rows(scenario: Scenario, answer: Performance) -> FloatArray:  # [demand, 4]
    routing = route(scenario)
    length = np.bincount(routing.path_demand, routing.path_share * np.diff(routing.hop_offsets), scenario.traffic.n_demands)
    ones = np.ones(scenario.traffic.n_demands)
    return np.stack([answer.demands.delay_s, ones, length, scenario.traffic.mean_size_bits], axis=1)


def _least_squares(rows: FloatArray, true: FloatArray) -> FloatArray:
    scale = np.abs(rows).mean(axis=0) + 1e-300
    weights = np.linalg.lstsq(rows / scale / true[:, None], np.ones(len(true)), rcond=None)[0]
    return np.asarray(weights / scale)


QUICK = 1.5
"""Flows whose latency per link is within this factor of that of the quickest tenth hardly wait."""


def link_latency_s(measured: Iterable[tuple[Scenario, Performance]]) -> float:
    """What a link and the device before it add, by the flows that hardly wait: delay less transmission times. Raises InputError."""
    parts = [_latencies_s(scenario, performance) for scenario, performance in measured]
    every = np.concatenate(parts) if parts else np.zeros(0)
    if len(every) < 8:
        raise InputError(f"{len(every)} measured delays", where="latency of links", hint="give eight or more")
    return max(float(np.median(every[every <= QUICK * np.quantile(every, 0.1)])), 0.0)


def with_latency(scenario: Scenario, per_link_s: float) -> Scenario:
    """The scenario with a latency added to the propagation delay of every link."""
    links = tuple(replace(link, propagation_delay_s=link.propagation_delay_s + per_link_s) for link in scenario.topology.links)
    return replace(scenario, topology=replace(scenario.topology, links=links))


def _latencies_s(scenario: Scenario, performance: Performance) -> FloatArray:  # [path with a measurement] per link
    routing, topology = route(scenario), scenario.topology
    path = routing.hop_path
    sending = np.bincount(path, 1 / topology.capacity_bps[routing.hop_link], routing.n_paths)
    length = np.diff(routing.hop_offsets)
    left = performance.demands.delay_s[routing.path_demand] - sending * scenario.traffic.mean_size_bits[routing.path_demand]
    known = np.isfinite(left) & (left > 0) & (length > 0)
    return np.asarray(left[known] / length[known])
