"""From the shares of a linear program to few weighted segment lists per demand."""

import numpy as np

from nettwin.optimize.budget import Clock
from nettwin.optimize.column_generation.choosing import Choice, few_ways
from nettwin.optimize.column_generation.ways import utilization_by
from nettwin.optimize.lp.generation import Start
from nettwin.optimize.lp.master import Master
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import FloatArray, IntArray

_POWER = 16
"""Of the utilization, summed over the links: nearly the maximum, but it also sees the links below it."""
_PASSES = 3


def rounded(problem: SteeringProblem, start: Start, price: FloatArray, choice: Choice, clock: Clock) -> Start:
    """At most so many ways per demand, none with less than a least share; what is left is shared anew among them.

    Where that is worse than the start, a small integer program chooses the ways (``price`` [link] of the optimum tells it which).
    """
    few = _heaviest(start, choice)
    if len(few.share) == len(start.share):
        return few
    simple = _unsplit(problem, start) if choice.max_splits == 1 else _heaviest(_shared_anew(problem, few), choice)
    best = min(few, simple, key=lambda each: _maximum(problem, each))
    if _maximum(problem, best) <= _maximum(problem, start) * (1 + choice.tolerance) or clock.stopped_by:
        return best
    chosen = few_ways(problem, start, price, choice, clock)
    return best if chosen is None else min(best, _heaviest(chosen, choice), key=lambda each: _maximum(problem, each))


def _maximum(problem: SteeringProblem, start: Start) -> float:
    return float(utilization_by(problem, start.ways, start.share).max(initial=0.0))


def _heaviest(start: Start, choice: Choice) -> Start:
    demand, share = start.ways.demand, start.share
    order = np.lexsort((-share, demand))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(demand[order], demand[order])
    kept = np.flatnonzero((rank == 0) | ((rank < choice.max_splits) & (share >= choice.least_share)))
    total = np.bincount(demand[kept], weights=share[kept], minlength=int(demand.max(initial=-1)) + 1)
    return Start(start.ways.take(kept), share[kept] / total[demand[kept]])


def _bases(start: Start) -> IntArray:
    """The heaviest way of each demand."""
    order = np.lexsort((start.share, start.ways.demand))
    return np.asarray(order[np.flatnonzero(np.diff(start.ways.demand[order], append=-1))])


def _shared_anew(problem: SteeringProblem, start: Start) -> Start:
    ways, base = start.ways, _bases(start)
    others = np.setdiff1d(np.arange(len(ways)), base)
    usage = ways.usage[:, base]
    master = Master(np.asarray(usage.sum(axis=1)).ravel() + problem.background_bps / problem.capacity_bps, np.zeros(len(base)))
    master.add((ways.usage[:, others] - usage[:, ways.demand[others]]).tocsc(), ways.demand[others], np.zeros(len(others)))
    if not master.solve(lambda: ""):
        return start
    share = np.zeros(len(ways))
    share[others] = master.share
    share[base] = 1.0 - np.bincount(master.owner, weights=master.share, minlength=len(base))
    return Start(ways, np.maximum(share, 0.0))


def _unsplit(problem: SteeringProblem, start: Start) -> Start:
    """Each demand on one of its ways: the large ones choose first, then all again."""
    ways, chosen = start.ways, _bases(start)
    n_ways = np.bincount(ways.demand, minlength=len(chosen))
    split = np.flatnonzero(n_ways > 1)
    split = split[np.argsort(-problem.rate_bps[split], kind="stable")]
    utilization = utilization_by(problem, ways.take(chosen), np.ones(len(chosen)))
    for _ in range(_PASSES):
        for demand in split:
            without = utilization - _column(start, int(chosen[demand]))
            choices = np.flatnonzero(ways.demand == demand)
            crowded = [_crowding(without + _column(start, int(way))) for way in choices]
            chosen[demand] = choices[int(np.argmin(crowded))]
            utilization = without + _column(start, int(chosen[demand]))
    return Start.at(ways.take(chosen))


def _column(start: Start, way: int) -> FloatArray:
    return np.asarray(start.ways.usage[:, [way]].toarray()).ravel()


def _crowding(utilization: FloatArray) -> float:
    top = float(utilization.max(initial=0.0))
    return top * float(np.sum((utilization / top) ** _POWER)) ** (1 / _POWER) if top > 0 else 0.0
