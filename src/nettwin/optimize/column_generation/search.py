"""The best segment lists for a purpose: lowest maximum utilization first, then few changes or little delay under that."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nettwin.optimize.budget import Clock
from nettwin.optimize.column_generation.present import changed, with_change_costs, with_way_back
from nettwin.optimize.column_generation.pricing import Places, Reluctant, SegmentOracle
from nettwin.optimize.column_generation.ways import some_demands
from nettwin.optimize.lp.generation import Generated, Start, generate
from nettwin.optimize.lp.master import Aim
from nettwin.optimize.lp.spreading import LARGE, spread
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_FEW_CHANGES_TOLERANCE = 0.02
"""The count of changes need not be proven as exactly as the utilization."""
Tell = Callable[[float, float], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Task:
    """What may be steered how, and where from."""

    problem: SteeringProblem
    present: Start
    """Changes are counted from here."""
    start: Start
    """The present ways, but for demands whose constraints do not allow them."""
    must_move: BoolArray  # [demand] the latter
    max_places: int = 3
    """Most places that a segment list names before the target."""
    has_adjacency: bool = True
    max_changes: int | None = None
    tolerance: float = 1e-4
    """Relative gap that counts as the optimum."""

    def reluctant(self, depth: int) -> Reluctant:
        """The same at a cost for every change."""
        return Reluctant(self.oracle(depth), self.present.ways, self.must_move)

    def oracle(self, depth: int, link_cost: FloatArray | None = None) -> SegmentOracle:
        """All segment lists of at most so many places."""
        return SegmentOracle(self.problem, Places.of(self.problem, has_adjacency=self.has_adjacency), depth, link_cost)


@dataclass(frozen=True, eq=False)
class Steered:
    """Shares of demands over segment lists."""

    shares: Start
    value: float
    """Maximum utilization."""
    bound: float
    """No shares over lists of at most ``n_places`` places have a lower one."""
    price: FloatArray  # [link] of utilization: proves the bound
    n_places: int
    is_optimal: bool


def lowest_utilization(task: Task, clock: Clock, floor: Callable[[Steered], float], tell: Tell | None = None) -> Steered:
    """Lists over one place first; over more only while the proven floor under any routing is lower than what they reach."""
    start = task.start
    for depth in range(1, max(task.max_places, 1) + 1):
        found = _lowest(task, start, clock, depth, tell)
        if not found.is_optimal or clock.stopped_by or found.value <= floor(found) * (1 + task.tolerance):
            break
        start = found.shares
    return found


def _lowest(task: Task, start: Start, clock: Clock, depth: int, tell: Tell | None) -> Steered:
    if task.max_changes is None:
        if depth == 1 and task.problem.n_demands >= LARGE:
            start = spread(task.oracle(depth), start, clock)
        return _steered(generate(task.oracle(depth), start, clock, Aim(tolerance=task.tolerance), tell), depth)
    aim = Aim(budget=float(task.max_changes), tolerance=task.tolerance)
    found = generate(task.reluctant(depth), with_change_costs(start, task.present), clock, aim, tell)
    return _within_changes(task, _steered(found, depth), task.max_changes, clock)


def _steered(found: Generated, depth: int) -> Steered:
    return Steered(found.shares, found.value, max(found.bound, 0.0), found.price, depth, found.is_optimal)


def _within_changes(task: Task, found: Steered, most: int, clock: Clock) -> Steered:
    """Whole changes: a few demands that moved least go back, and the others share anew without a budget."""
    moved = changed(found.shares, task.present)
    order = np.lexsort((task.problem.rate_bps, moved))
    is_free = np.zeros(len(moved), dtype=np.bool_)
    is_free[order[len(order) - most :]] = True
    is_free &= moved > 0
    if np.count_nonzero(moved) <= most:
        return found
    back = _put_back(found.shares, task.present, is_free)
    problem, start = some_demands(task.problem, back, is_free)
    again = generate(replace(task, problem=problem).oracle(found.n_places), start, clock, Aim(tolerance=task.tolerance))
    shares = _joined(again.shares, back, np.flatnonzero(is_free), is_free)
    return replace(found, shares=shares, value=again.value)


def _put_back(shares: Start, present: Start, is_free: BoolArray) -> Start:
    """The free demands as shared, the others as they are now."""
    return _both(_of(shares, is_free), _of(present, ~is_free))


def _joined(few: Start, rest: Start, number: IntArray, is_free: BoolArray) -> Start:
    renumbered = Start(replace(few.ways, demand=number[few.ways.demand]), few.share)
    return _both(renumbered, _of(rest, ~is_free))


def _of(start: Start, is_wanted: BoolArray) -> Start:
    index = np.flatnonzero(is_wanted[start.ways.demand])
    return Start(start.ways.take(index), start.share[index])


def _both(one: Start, other: Start) -> Start:
    ways, share = one.ways.and_also(other.ways), np.concatenate([one.share, other.share])
    order = np.argsort(ways.demand, kind="stable")
    return Start(ways.take(order), share[order])


def fewest_changes(task: Task, found: Steered, clock: Clock, ceiling: float) -> Steered:
    """As few changes as linear programming finds that keep every link below a ceiling."""
    aim = Aim(ceiling=ceiling, tolerance=_FEW_CHANGES_TOLERANCE)
    start = with_change_costs(with_way_back(found.shares, task.present, task.must_move), task.present)
    fewer = _under(generate(task.reluctant(found.n_places), start, clock, aim), found, task)
    before, after = (np.count_nonzero(changed(each.shares, task.present)) for each in (found, fewer))
    return fewer if after < before else found


def least_cost(task: Task, found: Steered, clock: Clock, ceiling: float, link_cost: FloatArray) -> tuple[Steered, float]:
    """The least cost of the links' utilizations below a ceiling, and a bound on it (for lists of as many places)."""
    oracle = task.oracle(found.n_places, link_cost)
    ways = replace(found.shares.ways, cost=np.asarray(found.shares.ways.usage.T @ link_cost))
    cheap = generate(oracle, Start(ways, found.shares.share), clock, Aim(ceiling=ceiling, tolerance=task.tolerance))
    return _under(cheap, found, task), cheap.bound


def _under(cheap: Generated, found: Steered, task: Task) -> Steered:
    background = task.problem.background_bps / task.problem.capacity_bps
    value = float((cheap.shares.ways.usage @ cheap.shares.share + background).max(initial=0.0))
    return replace(found, shares=cheap.shares, value=value)
