"""Segment lists as ways of demands: the links that they load, and the steering that they stand for."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array

from nettwin.optimize.column_generation.kernels import detour_vectors
from nettwin.optimize.lp.generation import NO_KEY, Start, Ways
from nettwin.optimize.steering.detours import Detour, Steering
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


def ways_over(problem: SteeringProblem, demand: IntArray, legs: IntArray, link_cost: FloatArray | None = None) -> Ways:
    """Ways of demands, each given by a row of legs [way, step] (padded with NO_KEY); ``link_cost`` [link] of a utilization of 1."""
    v = problem.vectors
    ends = (problem.source[demand], problem.target[demand])
    graph = (v.n_nodes, problem.link_source, problem.link_target)
    offsets, link, amount = detour_vectors(v.offsets, v.link, v.fraction, *graph, *ends, np.ascontiguousarray(legs))
    rate = np.repeat(problem.rate_bps[demand], np.diff(offsets))
    usage = csc_array((amount * rate / problem.capacity_bps[link], link, offsets), shape=(problem.n_links, len(demand)))
    cost = np.zeros(len(demand)) if link_cost is None else np.asarray(usage.T @ link_cost)
    return Ways(demand, legs, usage, cost)


def utilization_by(problem: SteeringProblem, ways: Ways, share: FloatArray) -> FloatArray:  # [link]
    """Of the whole network when the demands are shared like this."""
    return np.asarray(ways.usage @ share + problem.background_bps / problem.capacity_bps)


def start_at(problem: SteeringProblem, steering: Steering) -> Start:
    """The ways and shares that a steering orders (by row of the traffic); demands that it does not name go direct."""
    index = {int(row): demand for demand, row in enumerate(problem.row)}
    steered = {index[row]: detours for row, detours in steering.items() if row in index}
    plain = np.setdiff1d(np.arange(problem.n_demands), np.fromiter(steered, dtype=np.int64, count=len(steered)))
    entries = [(demand, detour, weight) for demand, detours in steered.items() for detour, weight in detours]
    depth = max((len(detour) for _, detour, _ in entries), default=0)
    legs = np.full((len(plain) + len(entries), max(depth, 1)), NO_KEY, dtype=np.int32)
    for place, (_, detour, _) in enumerate(entries, start=len(plain)):
        legs[place, : len(detour)] = detour
    demand = np.concatenate([plain, np.array([entry[0] for entry in entries], dtype=np.int64)])
    share = np.concatenate([np.ones(len(plain)), np.array([entry[2] for entry in entries], dtype=np.float64)])
    order = np.argsort(demand, kind="stable")
    return Start(ways_over(problem, demand[order], legs[order]), share[order])


def steering_from(problem: SteeringProblem, start: Start) -> dict[int, tuple[tuple[Detour, float], ...]]:
    """The steering (by row of the traffic) of the demands that do not simply go direct."""
    ways, share = start.ways, start.share
    steered = np.unique(ways.demand[np.any(ways.key != NO_KEY, axis=1)])
    steering: dict[int, list[tuple[Detour, float]]] = {int(problem.row[demand]): [] for demand in steered}
    for way in np.flatnonzero(np.isin(ways.demand, steered)):
        detour = tuple(int(leg) for leg in ways.key[way] if leg != NO_KEY)
        steering[int(problem.row[ways.demand[way]])].append((detour, float(share[way])))
    return {row: tuple(detours) for row, detours in steering.items()}


def some_demands(problem: SteeringProblem, start: Start, is_free: BoolArray) -> tuple[SteeringProblem, Start]:
    """The problem in which only some demands [demand] may be steered; the others keep to their ways."""
    free = np.flatnonzero(is_free)
    way_is_free = is_free[start.ways.demand]
    rest = start.ways.usage[:, ~way_is_free] @ start.share[~way_is_free]
    columns = {name: getattr(problem, name)[free] for name in ("source", "target", "rate_bps", "row")}
    smaller = replace(problem, **columns, background_bps=problem.background_bps + rest * problem.capacity_bps)
    ways = start.ways.take(np.flatnonzero(way_is_free))
    number = np.cumsum(is_free) - 1
    return smaller, Start(replace(ways, demand=number[ways.demand]), start.share[way_is_free])
