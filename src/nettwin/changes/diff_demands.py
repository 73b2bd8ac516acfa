"""The changes that lead from the demands of one scenario to those of another."""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from nettwin.changes.change import Change
from nettwin.changes.content import demands_by_id
from nettwin.changes.demands import AddDemands, RemoveDemands
from nettwin.changes.selection import EVERY_DEMAND, Selection
from nettwin.changes.traffic import ScaleTraffic, SetArrivals, SetPacketSizes, SetRates, SetTrafficClass
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import IntArray

Item = TypeVar("Item")


def removed_demands(before: Scenario, after: Scenario) -> Iterator[Change]:
    """Demands that are no more, or lead elsewhere."""
    if before.traffic is after.traffic and before.topology.nodes is after.topology.nodes:
        return
    old, new = _ends(before), _ends(after)
    gone = tuple(name for name, ends in old.items() if new.get(name) != ends)
    if gone:
        yield RemoveDemands(gone)


def added_demands(before: Scenario, after: Scenario) -> Iterator[Change]:
    """Demands that are new."""
    names = [name for name in after.demand_ids if name not in before.demand_index]
    if names:
        rows = demands_by_id(after)
        yield AddDemands(tuple(rows[name] for name in names))


def demand_edits(before: Scenario, after: Scenario) -> Iterator[Change]:
    """Other classes, arrivals and packet sizes of the same demands, which may come in another order."""
    if before.traffic is after.traffic:
        return
    old, new, order = before.traffic, after.traffic, _rows_in(after, before.demand_ids)
    arrivals, old_arrivals, new_arrivals = _numbered(old.arrivals, new.arrivals)
    sizes, old_sizes, new_sizes = _numbered(old.packet_sizes, new.packet_sizes)
    for to_class, ids in _edited(before, old.traffic_class, new.traffic_class[order]):
        yield SetTrafficClass(to_class, Selection(ids))
    for row, ids in _edited(before, old_arrivals[old.arrival_index], new_arrivals[new.arrival_index[order]]):
        yield SetArrivals(arrivals[row], Selection(ids))
    for row, ids in _edited(before, old_sizes[old.packet_size_index], new_sizes[new.packet_size_index[order]]):
        yield SetPacketSizes(sizes[row], Selection(ids))


def rates(before: Scenario, after: Scenario) -> Iterator[Change]:
    """Other rates of the same demands."""
    old, new = before.traffic.rate_bps, after.traffic.rate_bps[_rows_in(after, before.demand_ids)]
    changed = np.flatnonzero(old != new)
    if not len(changed):
        return
    factor = float(new[changed[0]] / old[changed[0]]) if old[changed[0]] > 0 else 0.0
    if np.array_equal(old * factor, new):
        yield ScaleTraffic(factor, EVERY_DEMAND)
    else:
        yield SetRates({before.demand_ids[row]: float(new[row]) for row in changed.tolist()})


def _ends(scenario: Scenario) -> dict[str, tuple[str, str]]:
    names = [node.id for node in scenario.topology.nodes]
    columns = zip(scenario.demand_ids, scenario.traffic.source.tolist(), scenario.traffic.target.tolist(), strict=True)
    return {name: (names[source], names[target]) for name, source, target in columns}


def _rows_in(scenario: Scenario, names: tuple[str, ...]) -> IntArray:
    """Where the demands of these names are in a scenario."""
    if scenario.demand_ids == names:
        return np.arange(len(names))
    return np.array([scenario.demand_index[name] for name in names], dtype=np.int64)


def _numbered(first: tuple[Item, ...], second: tuple[Item, ...]) -> tuple[tuple[Item, ...], IntArray, IntArray]:
    """Two tables as one without repetition, and where the rows of each are in it."""
    table = tuple(dict.fromkeys((*first, *second)))
    row = {value: index for index, value in enumerate(table)}
    rows = [np.array([row[value] for value in part], dtype=np.int64) for part in (first, second)]
    return table, rows[0], rows[1]


def _edited(scenario: Scenario, old: IntArray, new: IntArray) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each value that is new to some demands, and their ids."""
    changed = np.flatnonzero(old != new)
    for value in np.unique(new[changed]).tolist():
        yield value, tuple(scenario.demand_ids[row] for row in changed[new[changed] == value].tolist())
