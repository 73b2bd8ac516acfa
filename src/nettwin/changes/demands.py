"""New and removed demands. The others keep their order and their ids."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from nettwin.changes.edits import without_entries
from nettwin.changes.selection import demands_named
from nettwin.errors import ScenarioError
from nettwin.scenario import Demand, Scenario, Traffic
from nettwin.scenario.arrays import IntArray
from nettwin.scenario.traffic import default_demand_id, named_demands

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class AddDemand:
    """A new demand after the present ones. Without an id it is named after its ends."""

    demand: Demand

    def apply(self, scenario: Scenario) -> Scenario:
        return AddDemands((self.demand,)).apply(scenario)


@dataclass(frozen=True, slots=True)
class AddDemands:
    """New demands after the present ones. Those without an id are named after their ends."""

    demands: tuple[Demand, ...]

    def apply(self, scenario: Scenario) -> Scenario:
        added = Traffic.of([replace(demand, id="") for demand in self.demands], scenario.topology)
        traffic = _joined(scenario.traffic, added)
        ids = self._ids(scenario)
        return replace(scenario, traffic=replace(traffic, ids=ids) if ids else traffic)

    def _ids(self, scenario: Scenario) -> tuple[str, ...]:
        """Ids of all demands, old and new; none where a scenario names all of them after their ends."""
        if not scenario.traffic.ids and not any(demand.id for demand in self.demands):
            return ()
        for demand in self.demands:
            if demand.id in scenario.demand_index:
                raise ScenarioError("there is already one", where=f"demand {demand.id!r}", hint="remove it first, or give another id")
        names = [(demand.id, default_demand_id(demand.source, demand.target, demand.traffic_class)) for demand in self.demands]
        return (*scenario.demand_ids, *named_demands(names, scenario.demand_index))


@dataclass(frozen=True, slots=True)
class RemoveDemand:
    """A demand disappears, with its entries in the routing policy."""

    demand: str
    """Id or pattern."""

    def apply(self, scenario: Scenario) -> Scenario:
        return RemoveDemands((self.demand,)).apply(scenario)


@dataclass(frozen=True, slots=True)
class RemoveDemands:
    """Demands disappear, with their entries in the routing policy."""

    demands: tuple[str, ...]
    """Ids or patterns."""

    def apply(self, scenario: Scenario) -> Scenario:
        gone = sorted({row for pattern in self.demands for row in demands_named(scenario, pattern)})
        return without_rows(scenario, np.array(gone, dtype=np.int64))


def without_rows(scenario: Scenario, rows: IntArray) -> Scenario:
    """The scenario without these demands. The others are given their ids explicitly: names after ends are counted through."""
    kept = np.ones(scenario.traffic.n_demands, dtype=np.bool_)
    kept[rows] = False
    names = np.array(scenario.demand_ids, dtype=object)
    traffic = scenario.traffic
    columns = ("source", "target", "rate_bps", "traffic_class", "arrival_index", "packet_size_index")
    fewer = replace(traffic, ids=tuple(names[kept]), **{name: getattr(traffic, name)[kept] for name in columns})
    return replace(scenario, traffic=fewer, policy=without_entries(scenario.policy, names[rows]))


def _joined(first: Traffic, second: Traffic) -> Traffic:
    arrivals, arrival_rows = _united(first.arrivals, second.arrivals)
    sizes, size_rows = _united(first.packet_sizes, second.packet_sizes)
    return Traffic(
        source=np.concatenate([first.source, second.source]),
        target=np.concatenate([first.target, second.target]),
        rate_bps=np.concatenate([first.rate_bps, second.rate_bps]),
        traffic_class=np.concatenate([first.traffic_class, second.traffic_class]),
        arrival_index=np.concatenate([first.arrival_index, arrival_rows[second.arrival_index]]),
        packet_size_index=np.concatenate([first.packet_size_index, size_rows[second.packet_size_index]]),
        arrivals=arrivals,
        packet_sizes=sizes,
    )


def _united(first: tuple[Item, ...], second: tuple[Item, ...]) -> tuple[tuple[Item, ...], IntArray]:
    """Both tables as one, and where each row of the second is in it."""
    table = list(first)
    for value in second:
        if value not in table:
            table.append(value)
    return tuple(table), np.array([table.index(value) for value in second], dtype=np.int32)
