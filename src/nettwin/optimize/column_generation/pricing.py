"""Pricing: the cheapest segment lists of every demand under prices of links."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.optimize.column_generation.kernels import cheapest_allowed, cheapest_detours, pair_prices
from nettwin.optimize.column_generation.ways import ways_over
from nettwin.optimize.lp.generation import NO_KEY, Ways
from nettwin.optimize.steering.admissible import Masks
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Places:
    """What a demand may be told to pass: all nodes, then the links that are up, as adjacency segments."""

    leg: IntArray  # [place] node index or ~link
    enter: IntArray  # [place] node
    leave: IntArray  # [place] node

    @classmethod
    def of(cls, problem: SteeringProblem, *, has_adjacency: bool = True) -> "Places":
        """All of a network, without adjacency segments if they are not wanted."""
        nodes = np.arange(problem.vectors.n_nodes, dtype=np.int32)
        links = np.flatnonzero(problem.is_up & has_adjacency).astype(np.int32)
        return cls(
            leg=np.concatenate([nodes, ~links]),
            enter=np.concatenate([nodes, problem.link_source[links].astype(np.int32)]),
            leave=np.concatenate([nodes, problem.link_target[links].astype(np.int32)]),
        )


@dataclass(frozen=True, eq=False)
class SegmentOracle:
    """All segment lists of at most ``depth`` places before the target."""

    problem: SteeringProblem
    places: Places
    depth: int = 1
    link_cost: FloatArray | None = None  # [link] of a utilization of 1

    @property
    def background(self) -> FloatArray:  # [link]
        """Utilization by what is not steered."""
        return np.asarray(self.problem.background_bps / self.problem.capacity_bps)

    def cheapest(self, price: FloatArray, cost_price: float) -> tuple[FloatArray, Ways]:
        """What each demand's cheapest way pays for prices of utilization [link] and of cost, and the ways."""
        problem, places, vectors = self.problem, self.places, self.problem.vectors
        full = price if self.link_cost is None else price + cost_price * self.link_cost
        per_bps = full / problem.capacity_bps
        pairs = pair_prices(vectors.offsets, vectors.link, vectors.fraction, vectors.is_reachable, per_bps)
        toll = np.where(places.leg < 0, per_bps[~np.minimum(places.leg, -1)], 0.0)
        paid, legs = self._free(pairs, toll)
        if problem.masks is not None:
            self._constrain(problem.masks, pairs, toll, paid, legs)
        return paid * problem.rate_bps, ways_over(problem, np.arange(problem.n_demands), legs, self.link_cost)

    def _free(self, pairs: FloatArray, toll: FloatArray) -> tuple[FloatArray, IntArray]:
        problem, places, best, levels = self.problem, self.places, pairs, []
        for _ in range(self.depth):
            best, place = cheapest_detours(pairs, places.enter, places.leave, toll, best)
            levels.append(place)
        legs = np.full((problem.n_demands, self.depth), NO_KEY, dtype=np.int32)
        towards = problem.target.copy()
        for step in range(self.depth - 1, -1, -1):
            place = levels[step][problem.source, towards]
            legs[:, step] = np.where(place < 0, NO_KEY, places.leg[place])
            towards = np.where(place < 0, towards, places.enter[place])
        return best[problem.source, problem.target], legs

    def _constrain(self, masks: Masks, pairs: FloatArray, toll: FloatArray, cost: FloatArray, legs: IntArray) -> None:
        """Constrained demands pass one place at most, and only those that their masks allow."""
        problem, places = self.problem, self.places
        row, place = masks.place[problem.row], np.full(problem.n_demands, -1, dtype=np.int64)
        is_link = places.leg < 0
        allowed = np.concatenate([masks.node[:, places.leg[~is_link]], masks.link[:, ~places.leg[is_link]]], axis=1)
        ends = problem.source, problem.target
        cheapest_allowed(pairs, places.enter, places.leave, toll, *ends, row, masks.direct, allowed, cost, place)
        concerned = np.flatnonzero(row >= 0)
        legs[concerned] = NO_KEY
        legs[concerned, 0] = np.where(place < 0, NO_KEY, places.leg[place])[concerned]


@dataclass(frozen=True, eq=False)
class Reluctant:
    """Any way but the present ones of a demand costs 1: the cost is about the number of changes."""

    oracle: SegmentOracle
    present: Ways
    """One or more for each demand, in order."""
    must_move: BoolArray  # [demand] its present way is not allowed

    @property
    def background(self) -> FloatArray:  # [link]
        """Utilization by what is not steered."""
        return self.oracle.background

    def cheapest(self, price: FloatArray, cost_price: float) -> tuple[FloatArray, Ways]:
        """What each demand's cheapest way pays for prices of utilization [link] and of changes, and the ways."""
        paid, ways = self.oracle.cheapest(price, 0.0)
        paid = paid + cost_price
        now = self.present.price(price, 0.0)
        order = np.lexsort((now, self.present.demand))
        best = order[np.searchsorted(self.present.demand[order], np.arange(len(paid)))]
        stays = (now[best] <= paid) & ~self.must_move
        both = replace(ways, cost=np.ones(len(ways))).and_also(self.present.take(best))
        chosen = np.where(stays, len(paid) + np.arange(len(paid)), np.arange(len(paid)))
        return np.where(stays, now[best], paid), both.take(chosen)
