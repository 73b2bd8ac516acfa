"""Edits of what demands send: rates, limits, classes, packets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from nettwin.changes.selection import EVERY_DEMAND, Selection, demands_named
from nettwin.errors import ScenarioError
from nettwin.scenario import ArrivalProcess, PacketSizes, PacketTrace, Poisson, Scenario, Traffic
from nettwin.scenario.arrays import FloatArray, IntArray

Item = TypeVar("Item")

ROUNDING_TOLERANCE = 1e-9
"""A trace whose rate differs by less than this share is left as it was recorded."""


@dataclass(frozen=True, slots=True)
class ScaleTraffic:
    """Demands send ``factor`` times as much."""

    factor: float
    demands: Selection = EVERY_DEMAND

    def __post_init__(self) -> None:
        _check_not_negative("factor", self.factor)

    def apply(self, scenario: Scenario) -> Scenario:
        rates = scenario.traffic.rate_bps.copy()
        rates[self.demands.rows(scenario)] *= self.factor
        return _with_rates(scenario, rates)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Demands that want to send more than this are held to it before they enter the network."""

    limit_bps: float
    demands: Selection = EVERY_DEMAND

    def __post_init__(self) -> None:
        _check_not_negative("limit_bps", self.limit_bps)

    def apply(self, scenario: Scenario) -> Scenario:
        rates, rows = scenario.traffic.rate_bps.copy(), self.demands.rows(scenario)
        rates[rows] = np.minimum(rates[rows], self.limit_bps)
        return _with_rates(scenario, rates)


@dataclass(frozen=True, slots=True)
class SetRate:
    """A demand sends at another mean rate."""

    demand: str
    """Id or pattern."""
    rate_bps: float

    def __post_init__(self) -> None:
        _check_not_negative("rate_bps", self.rate_bps)

    def apply(self, scenario: Scenario) -> Scenario:
        rates = scenario.traffic.rate_bps.copy()
        rates[demands_named(scenario, self.demand)] = self.rate_bps
        return _with_rates(scenario, rates)


@dataclass(frozen=True)
class SetRates:
    """Many demands send at other mean rates, each at its own."""

    rates_bps: Mapping[str, float]
    """By demand id."""

    def apply(self, scenario: Scenario) -> Scenario:
        rates = scenario.traffic.rate_bps.copy()
        rows = [scenario.index_of_demand(name) for name in self.rates_bps]
        rates[rows] = list(self.rates_bps.values())
        return _with_rates(scenario, rates)


@dataclass(frozen=True, slots=True)
class SetTrafficClass:
    """Demands are marked with another class. They keep their ids."""

    to_class: int
    demands: Selection = EVERY_DEMAND

    def apply(self, scenario: Scenario) -> Scenario:
        classes = scenario.traffic.traffic_class.copy()
        classes[self.demands.rows(scenario)] = self.to_class
        return replace(scenario, traffic=replace(scenario.traffic, traffic_class=classes, ids=scenario.demand_ids))


@dataclass(frozen=True, slots=True)
class SetArrivals:
    """The packets of demands follow each other in another way, at the same mean rate (a trace brings its own)."""

    arrivals: ArrivalProcess
    demands: Selection = EVERY_DEMAND

    def apply(self, scenario: Scenario) -> Scenario:
        traffic, rows = scenario.traffic, self.demands.rows(scenario)
        table, index = _pointed(traffic.arrivals, traffic.arrival_index, rows, self.arrivals)
        rates = traffic.rate_bps.copy()
        if isinstance(self.arrivals, PacketTrace):
            rates[rows] = self.arrivals.rate_bps
        return replace(scenario, traffic=replace(traffic, arrivals=table, arrival_index=index, rate_bps=rates))


@dataclass(frozen=True, slots=True)
class SetPacketSizes:
    """The packets of demands have other sizes, at the same mean rate."""

    packet_sizes: PacketSizes
    demands: Selection = EVERY_DEMAND

    def apply(self, scenario: Scenario) -> Scenario:
        traffic, rows = scenario.traffic, self.demands.rows(scenario)
        table, index = _pointed(traffic.packet_sizes, traffic.packet_size_index, rows, self.packet_sizes)
        return replace(scenario, traffic=replace(traffic, packet_sizes=table, packet_size_index=index))


def _with_rates(scenario: Scenario, rates: FloatArray) -> Scenario:
    changed = np.flatnonzero(rates != scenario.traffic.rate_bps)
    if not len(changed):
        return scenario
    return replace(scenario, traffic=_with_retimed_traces(replace(scenario.traffic, rate_bps=rates), scenario.traffic, changed))


def _with_retimed_traces(traffic: Traffic, before: Traffic, changed: IntArray) -> Traffic:
    """A trace has its own rate: at another one it is replayed faster or slower, at none it is no trace any more."""
    if not any(isinstance(process, PacketTrace) for process in traffic.arrivals):
        return traffic
    table, index = traffic.arrivals, traffic.arrival_index
    for row in changed.tolist():
        process = table[index[row]]
        if isinstance(process, PacketTrace):
            retimed = _retimed(process, float(traffic.rate_bps[row] / before.rate_bps[row]))
            table, index = _pointed(table, index, np.array([row]), retimed)
    return replace(traffic, arrivals=table, arrival_index=index)


def _retimed(trace: PacketTrace, factor: float) -> ArrivalProcess:
    if abs(factor - 1) < ROUNDING_TOLERANCE:
        return trace
    if factor == 0:
        return Poisson()
    with np.errstate(over="ignore"):  # a trace slowed down for ever is refused by PacketTrace, in words
        return PacketTrace(trace.times_s / factor, trace.sizes_bits, float(np.divide(trace.period_s, factor)))


def _pointed(table: tuple[Item, ...], index: IntArray, rows: IntArray, value: Item) -> tuple[tuple[Item, ...], IntArray]:
    """Table and index after ``rows`` point to ``value``, which joins the table if it is new there."""
    if value not in table:
        table = (*table, value)
    index = index.copy()
    index[rows] = table.index(value)
    return table, index


def _check_not_negative(name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ScenarioError(f"{name} is {value}", where="change of traffic", hint="it must be finite and not negative")
