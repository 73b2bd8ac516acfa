"""A steering problem in the arrays that compiled sweeps work on, and back."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.optimize.local_search.kernels import NO_LEG, Demands, Network, Ways, add_loads
from nettwin.optimize.steering.detours import Detour, Steering
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import BoolArray, IntArray

Sharing = tuple[tuple[Detour, float], ...]
"""The detours of one demand and their weights."""


@dataclass(frozen=True, eq=False)
class Tables:
    """The demands of a problem source by source, and how they are steered; ``ways`` changes during a search."""

    problem: SteeringProblem
    network: Network
    demands: Demands
    ways: Ways
    order: IntArray  # [demand of the tables] demand of the problem

    @classmethod
    def of(cls, problem: SteeringProblem, start: Steering, n_ways: int, n_legs: int) -> "Tables":
        """Room for ``n_ways`` ways of ``n_legs`` legs per demand, more if the start has more."""
        order = np.argsort(problem.source, kind="stable")
        sharings = _arriving(problem, start)
        n_ways = max([n_ways, *(len(sharing) for sharing in sharings.values())])
        n_legs = max([n_legs, 1, *(len(detour) for sharing in sharings.values() for detour, _ in sharing)])
        direct = _direct(problem, n_ways, n_legs)
        return cls(problem, _network(problem), _demands(problem, order), direct, order)._filled(sharings)

    def steered(self, steering: Steering) -> "Tables":
        """The same demands in arrays of the same shape; what does not fit into it goes direct."""
        _, n_ways, n_legs = self.ways.legs.shape
        fitting = {
            demand: sharing
            for demand, sharing in _arriving(self.problem, steering).items()
            if len(sharing) <= n_ways and all(len(detour) <= n_legs for detour, _ in sharing)
        }
        return self.with_ways(_direct(self.problem, n_ways, n_legs))._filled(fitting)

    def _filled(self, sharings: dict[int, Sharing]) -> "Tables":
        place = np.empty(len(self.order), dtype=np.int64)
        place[self.order] = np.arange(len(self.order))
        for demand, sharing in sharings.items():
            write(self.ways, int(place[demand]), sharing)
        add_loads(self.network, self.demands, self.ways, self.ways.load)
        return self

    def steering(self) -> dict[int, Sharing]:
        """Of the demands that do not simply go direct, by row of the traffic."""
        legs, count = self.ways.legs, self.ways.n_ways
        steered = np.flatnonzero((count > 1) | (legs[:, 0, 0] != NO_LEG))
        rows = self.problem.row[self.order[steered]].tolist()
        return {row: sharing_of(self.ways, demand) for row, demand in sorted(zip(rows, steered.tolist(), strict=True))}

    def with_ways(self, ways: Ways) -> "Tables":
        """The same demands, steered otherwise."""
        return replace(self, ways=ways)

    def copy(self) -> "Tables":
        """With ways of its own."""
        return self.with_ways(copied(self.ways))


def copied(ways: Ways) -> Ways:
    """Their own arrays."""
    return Ways(ways.legs.copy(), ways.weight.copy(), ways.n_ways.copy(), ways.load.copy())


def heaviest(tables: Tables, n_ways: int) -> Tables:
    """With at most so many ways per demand, the heaviest of each."""
    old = tables.ways
    used = np.where(np.arange(old.weight.shape[1]) < old.n_ways[:, None], old.weight, 0.0)  # what lies behind is left over
    order = np.argsort(-used, axis=1, kind="stable")[:, :n_ways]
    weight = np.take_along_axis(used, order, axis=1)
    weight /= weight.sum(axis=1, keepdims=True)
    legs = np.ascontiguousarray(np.take_along_axis(old.legs, order[:, :, None], axis=1))
    ways = Ways(legs, weight, np.minimum(old.n_ways, n_ways).astype(np.int32), tables.problem.background_bps.copy())
    add_loads(tables.network, tables.demands, ways, ways.load)
    return tables.with_ways(ways)


def without_slivers(tables: Tables, is_free: BoolArray, least: float) -> Tables:
    """Of the demands that are free, without ways that carry less than this share; their others take it over in proportion."""
    old = tables.ways
    weight = np.where(is_free[:, None] & (old.weight < least), 0.0, old.weight)
    sorted_out = heaviest(tables.with_ways(old._replace(weight=weight)), weight.shape[1])
    n_left = np.sum(sorted_out.ways.weight > 0, axis=1).astype(np.int32)
    return sorted_out.with_ways(sorted_out.ways._replace(n_ways=n_left))


def sharing_of(ways: Ways, demand: int) -> Sharing:
    """The detours of one demand of the tables and their weights, the heaviest first."""
    legs, weight = ways.legs[demand].tolist(), ways.weight[demand].tolist()
    found = [(tuple(leg for leg in legs[way] if leg != NO_LEG), weight[way]) for way in range(int(ways.n_ways[demand]))]
    return tuple(sorted(found, key=lambda each: (-each[1], each[0])))


def write(ways: Ways, demand: int, sharing: Sharing) -> None:
    """Set the detours of one demand; loads are not changed."""
    ways.legs[demand] = NO_LEG
    ways.weight[demand] = 0.0
    ways.n_ways[demand] = len(sharing)
    for way, (detour, weight) in enumerate(sharing):
        ways.legs[demand, way, : len(detour)] = detour
        ways.weight[demand, way] = weight


def _network(problem: SteeringProblem) -> Network:
    vectors = problem.vectors
    source, target = problem.link_source.astype(np.int32), problem.link_target.astype(np.int32)
    nodes, links = np.arange(vectors.n_nodes, dtype=np.int32), np.flatnonzero(problem.is_up).astype(np.int32)
    return Network(
        offsets=vectors.offsets,
        link=vectors.link,
        fraction=vectors.fraction,
        link_source=source,
        link_target=target,
        capacity=problem.capacity_bps,
        leg=np.concatenate([nodes, ~links]),
        enter=np.concatenate([nodes, source[links]]),
        leave=np.concatenate([nodes, target[links]]),
    )


def _demands(problem: SteeringProblem, order: IntArray) -> Demands:
    n_nodes, place = problem.vectors.n_nodes, np.full(len(order), -1, dtype=np.int32)
    is_allowed = np.zeros((0, 1), dtype=np.bool_)
    if problem.masks is not None:
        masks = problem.masks
        place = masks.place[problem.row[order]].astype(np.int32)
        is_allowed = np.hstack([masks.node, masks.link[:, problem.is_up], masks.direct[:, None]])
    return Demands(
        first=np.searchsorted(problem.source[order], np.arange(n_nodes + 1)),
        source=problem.source[order].astype(np.int32),
        target=problem.target[order].astype(np.int32),
        rate=problem.rate_bps[order],
        place=place,
        is_allowed=is_allowed,
        may_move=np.ones(len(order), dtype=np.bool_),
    )


def _direct(problem: SteeringProblem, n_ways: int, n_legs: int) -> Ways:
    n = problem.n_demands
    weight = np.zeros((n, n_ways))
    weight[:, 0] = 1.0
    legs = np.full((n, n_ways, n_legs), NO_LEG, dtype=np.int32)
    return Ways(legs, weight, np.ones(n, dtype=np.int32), problem.background_bps.copy())


def _arriving(problem: SteeringProblem, steering: Steering) -> dict[int, Sharing]:
    """By demand of the problem, without the detours that a router would not use (RFC 9256, section 5.1)."""
    demand_of = {row: demand for demand, row in enumerate(problem.row.tolist())}
    kept = {}
    for row, sharing in steering.items():
        demand = demand_of.get(int(row))
        if demand is None:
            continue
        good = [(detour, weight) for detour, weight in sharing if weight > 0 and _arrives(problem, demand, detour)]
        total = sum(weight for _, weight in good)
        if good:
            kept[demand] = tuple((tuple(detour), weight / total) for detour, weight in good)
    return kept


def _arrives(problem: SteeringProblem, demand: int, detour: Detour) -> bool:
    here, is_reachable = problem.source[demand], problem.vectors.is_reachable
    for leg in (*detour, int(problem.target[demand])):
        to = problem.link_source[~leg] if leg < 0 else leg
        if not is_reachable[here, to] or (leg < 0 and not problem.is_up[~leg]):
            return False
        here = problem.link_target[~leg] if leg < 0 else leg
    return True
