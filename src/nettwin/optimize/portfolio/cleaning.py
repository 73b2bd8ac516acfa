"""A plan without the changes that do not matter, and with splits that a person can read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane import offered_utilization
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.controlplane.itineraries import Itineraries
from nettwin.optimize.portfolio.kernels import WayColumns, tidy
from nettwin.optimize.steering.crossings import entries_of
from nettwin.optimize.steering.detours import Detour, steering_of
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_ROUNDING = 1e-12
Sharing = Sequence[tuple[Detour, float]]


def cleaned(before: Scenario, after: Scenario, most_utilization: float, is_free: BoolArray | None = None) -> dict[int, Sharing]:
    """The steering of ``after`` with as few demands steered anew, and over as few ways, as links have room for.

    No link comes above ``most_utilization``; those that are above it already come no higher. Only demands that are free are touched
    (all by default). The two scenarios differ in segment policies alone. Small demands come first: most of the changes are theirs,
    and they need the least room.
    """
    old, new = steering_of(before), steering_of(after)
    vectors = SegmentVectors.of(forwarding_of(after))
    explicit = {after.index_of_demand(name) for name in after.policy.explicit_paths}
    rows = [row for row in sorted({**old, **new}) if old.get(row) != new.get(row) and row not in explicit]
    rows = [row for row in rows if is_free is None or is_free[row]]
    table = _Ways.of(after, vectors, rows, old, new)
    utilization = offered_utilization(after)
    limit = np.maximum(most_utilization, utilization) * (1 + _ROUNDING)
    order = np.argsort(after.traffic.rate_bps[table.row], kind="stable")
    columns = WayColumns(table.first, table.old, table.new.copy(), *table.vectors(after, vectors))
    is_back = tidy(order, columns, utilization, limit)
    return _steering(table, columns.weight, is_back, old, new)


@dataclass(frozen=True, eq=False)
class _Ways:
    """The ways of each demand that is steered anew: those of now and those of before."""

    row: IntArray  # [demand] of the traffic
    first: IntArray  # [demand + 1] way
    detour: list[Detour]  # [way]
    old: FloatArray  # [way] weight
    new: FloatArray  # [way] weight

    @classmethod
    def of(
        cls, scenario: Scenario, vectors: SegmentVectors, rows: Sequence[int], old: Mapping[int, Sharing], new: Mapping[int, Sharing]
    ) -> "_Ways":
        """Without the demands that have a way which leads nowhere: routers would share those anew."""
        kept, first = [], [0]
        detours: list[Detour] = []
        weights: list[list[float]] = []
        for row in rows:
            ways: dict[Detour, list[float]] = {}
            for column, sharing in enumerate((old.get(row, _DIRECT), new.get(row, _DIRECT))):
                for detour, weight in sharing:
                    ways.setdefault(detour, [0.0, 0.0])[column] += weight
            if all(_arrives(scenario, vectors, row, detour) for detour in ways):
                kept.append(row)
                detours += ways
                weights += ways.values()
                first.append(len(detours))
        columns = np.array(weights, dtype=np.float64).reshape(-1, 2).T.copy()
        return cls(np.array(kept, dtype=np.int64), np.array(first, dtype=np.int64), detours, columns[0], columns[1])

    def vectors(self, scenario: Scenario, vectors: SegmentVectors) -> tuple[IntArray, IntArray, FloatArray]:
        """Offsets [way + 1], links and what a whole demand adds to their utilization."""
        traffic, topology, n_ways = scenario.traffic, scenario.topology, len(self.detour)
        row = np.repeat(self.row, np.diff(self.first))
        legs = [_legs(scenario, detour, target) for detour, target in zip(self.detour, traffic.target[row].tolist(), strict=True)]
        offsets = np.concatenate([[0], np.cumsum([len(each) for each in legs])]).astype(np.int64)
        flat = np.array([leg for each in legs for leg in each], dtype=np.int64)
        each = Itineraries(np.arange(n_ways), traffic.source[row].astype(np.int64), np.ones(n_ways), offsets, flat)
        way, link, share = entries_of(each, vectors, topology.link_target)
        order = np.argsort(way, kind="stable")
        way, link = way[order], link[order].astype(np.int64)
        ends = np.concatenate([[0], np.cumsum(np.bincount(way, minlength=n_ways))]).astype(np.int64)
        return ends, link, share[order] * traffic.rate_bps[row[way]] / topology.capacity_bps[link]


_DIRECT: Sharing = (((), 1.0),)


def _legs(scenario: Scenario, detour: Detour, target: int) -> list[int]:
    """Of an itinerary: before a link is crossed, the forwarding leads to its source."""
    legs = []
    for leg in detour:
        legs += [int(scenario.topology.link_source[~leg]), leg] if leg < 0 else [leg]
    return [*legs, target]


def _arrives(scenario: Scenario, vectors: SegmentVectors, row: int, detour: Detour) -> bool:
    topology, here = scenario.topology, int(scenario.traffic.source[row])
    for leg in (*detour, int(scenario.traffic.target[row])):
        to = int(topology.link_source[~leg]) if leg < 0 else leg
        if not vectors.is_reachable[here, to] or (leg < 0 and not topology.link_is_up[~leg]):
            return False
        here = int(topology.link_target[~leg]) if leg < 0 else leg
    return True


def _steering(
    table: _Ways, weight: FloatArray, is_back: IntArray, old: Mapping[int, Sharing], new: Mapping[int, Sharing]
) -> dict[int, Sharing]:
    result = dict(new)
    for place, row in enumerate(table.row.tolist()):
        if is_back[place]:
            result.pop(row, None)
            result |= {row: old[row]} if row in old else {}
            continue
        ways = range(table.first[place], table.first[place + 1])
        result[row] = tuple((table.detour[way], float(weight[way])) for way in ways if weight[way] > 0)
    return result
