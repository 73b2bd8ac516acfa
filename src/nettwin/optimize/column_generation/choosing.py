"""Which few ways a demand should take, where its share of the optimum wants more than it may have: a small integer program."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack, vstack

from nettwin.optimize.budget import Clock
from nettwin.optimize.column_generation.pricing import Places
from nettwin.optimize.column_generation.ways import ways_over
from nettwin.optimize.lp.generation import NO_KEY, Start, Ways
from nettwin.optimize.lp.master import quiet_highs
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_CANDIDATES = 40
"""Ways over one place that are offered to each demand in question, the cheapest at the prices of the optimum."""
_NODES = 500
"""Of the search tree. Those seen so far on REPETITA graphs took fewer than 50."""
_LONGEST_S = 5.0


@dataclass(frozen=True, eq=False)
class Choice:
    """Limits on the ways of each demand."""

    max_splits: int
    least_share: float
    tolerance: float = 1e-4


def few_ways(problem: SteeringProblem, start: Start, price: FloatArray, choice: Choice, clock: Clock) -> Start | None:
    """Shares with few ways for the demands that have too many; the other split demands share anew. None: none found in time."""
    ways, n = start.ways, np.bincount(start.ways.demand)
    small = np.bincount(ways.demand, weights=start.share < choice.least_share) > 0
    in_question = (n > choice.max_splits) | small
    is_open = (n > 1)[ways.demand]
    fixed = start.ways.usage[:, ~is_open] @ start.share[~is_open] + problem.background_bps / problem.capacity_bps
    mine = ways.take(np.flatnonzero(is_open))
    every = _distinct(mine.and_also(_candidates(problem, np.flatnonzero(in_question), price)))
    share = _solved(every, in_question[every.demand], fixed, choice, clock)
    if share is None:
        return None
    used = share > 0
    joined = ways.take(np.flatnonzero(~is_open)).and_also(every.take(np.flatnonzero(used)))
    shares = np.concatenate([start.share[~is_open], share[used]])
    order = np.argsort(joined.demand, kind="stable")
    total = np.bincount(joined.demand, weights=shares)
    return Start(joined.take(order), (shares / total[joined.demand])[order])


def _candidates(problem: SteeringProblem, demands: IntArray, price: FloatArray) -> Ways:
    if problem.masks is not None:
        demands = demands[problem.masks.place[problem.row[demands]] < 0]
    places = np.append(Places.of(problem).leg, NO_KEY).astype(np.int32)
    offered = [_cheapest(problem, int(demand), places, price) for demand in demands]
    legs = np.concatenate([*offered, np.empty(0, dtype=np.int32)])
    owner = np.repeat(demands, [len(each) for each in offered]).astype(np.int64)
    return ways_over(problem, owner, legs[:, None])


def _cheapest(problem: SteeringProblem, demand: int, places: IntArray, price: FloatArray) -> IntArray:
    reach, source, target = problem.vectors.is_reachable, problem.source[demand], problem.target[demand]
    enter = np.where(places < 0, problem.link_source[~np.minimum(places, -1)], np.where(places == NO_KEY, source, places))
    leave = np.where(places < 0, problem.link_target[~np.minimum(places, -1)], np.where(places == NO_KEY, source, places))
    possible = places[reach[source, enter] & reach[leave, target]]
    paid = ways_over(problem, np.full(len(possible), demand), possible[:, None]).price(price, 0.0)
    return np.asarray(possible[np.argsort(paid, kind="stable")[:_CANDIDATES]])


def _distinct(ways: Ways) -> Ways:
    """Without ways of a demand that load the same links alike: an integer program would try all of them in turn."""
    dense = np.round(ways.usage.toarray().T, 12)
    _, first = np.unique(np.column_stack([ways.demand, dense]), axis=0, return_index=True)
    return ways.take(np.sort(first))


def _solved(ways: Ways, is_chosen: BoolArray, fixed: FloatArray, choice: Choice, clock: Clock) -> FloatArray | None:
    """Columns: the maximum t, shares, and for ways in question whether they are taken."""
    from highspy import HighsModelStatus

    place = np.flatnonzero(is_chosen)
    rows, upper = _rows(ways, place, choice)
    lower = np.where(np.arange(len(upper)) < len(np.unique(ways.demand)), upper, -np.inf)
    n = 1 + len(ways) + len(place)
    matrix = csc_array(vstack([hstack([csc_array(-np.ones((len(fixed), 1))), ways.usage, csc_array((len(fixed), len(place)))]), rows]))
    cost, most = np.zeros(n), np.ones(n)
    cost[0], most[0] = 1.0, np.inf
    is_whole = (np.arange(n) > len(ways)).astype(np.int32)
    highs = quiet_highs()
    seconds = max(min(_LONGEST_S, clock.seconds_left), 1e-3)
    options = {"presolve": "choose", "solver": "choose", "time_limit": seconds}
    for option, value in {**options, "mip_rel_gap": choice.tolerance, "mip_max_nodes": _NODES}.items():
        highs.setOptionValue(option, value)
    bounds = np.concatenate([np.full(len(fixed), -np.inf), lower]), np.concatenate([-fixed, upper])
    entries = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data
    highs.passModel(n, len(bounds[0]), matrix.nnz, 1, 1, 0.0, cost, np.zeros(n), most, *bounds, *entries, is_whole)
    highs.run()
    if highs.getModelStatus() == HighsModelStatus.kInfeasible or not highs.getInfo().primal_solution_status:
        return None
    share = np.array(highs.getSolution().col_value)[1 : 1 + len(ways)]
    return np.where(share > choice.least_share / 2, share, 0.0) if len(share) else None


def _rows(ways: Ways, place: IntArray, choice: Choice) -> tuple[csc_array, FloatArray]:
    """Shares add up to 1; so many ways are taken at most; a share is at least the least, and 0 unless its way is taken."""
    n, k = len(ways), len(place)
    owners, owner = np.unique(ways.demand, return_inverse=True)
    chosen, mine = np.unique(ways.demand[place], return_inverse=True)
    whole = csr_array((np.ones(n), (owner, np.arange(n))), shape=(len(owners), n))
    count = csr_array((np.ones(k), (mine, np.arange(k))), shape=(len(chosen), k))
    pick = csr_array((np.ones(k), (np.arange(k), place)), shape=(k, n))
    unit = csr_array((np.ones(k), (np.arange(k), np.arange(k))), shape=(k, k))
    parts = [
        hstack([csc_array((len(owners), 1)), whole, csc_array((len(owners), k))]),
        hstack([csc_array((len(chosen), 1)), csc_array((len(chosen), n)), count]),
        hstack([csc_array((k, 1)), pick, -unit]),
        hstack([csc_array((k, 1)), -pick, choice.least_share * unit]),
    ]
    upper = np.concatenate([np.ones(len(owners)), np.full(len(chosen), float(choice.max_splits)), np.zeros(2 * k)])
    return csc_array(vstack(parts)), upper
