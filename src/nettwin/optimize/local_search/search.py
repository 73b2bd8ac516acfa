"""The entry on arrays: a problem and where it starts, to the best steering and what it proves."""

from dataclasses import dataclass

from nettwin.intents.limits import Limits
from nettwin.optimize.budget import Clock
from nettwin.optimize.local_search.few_changes import few_changes
from nettwin.optimize.local_search.run import Run, spare_changes
from nettwin.optimize.local_search.tables import Sharing, Tables
from nettwin.optimize.steering.detours import Steering
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import FloatArray

_DEPTH = 2
"""Places of a new detour to begin with: three pay rarely, and take half as long again."""
_WAYS = 4
"""Of each demand while traffic is shared freely; with fewer allowed, a second search starts from the heaviest of them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """The best steering of a search."""

    steering: dict[int, Sharing]
    """Of the demands that do not simply go direct, by row of the traffic."""
    load_bps: FloatArray  # [link]
    max_utilization: float
    bound: float
    """No steering of the problem's demands over any segment lists of ``depth`` places has a lower maximum utilization."""
    depth: int
    price: FloatArray  # [link] of utilization, adds up to 1; they prove the bound
    stopped_by: str
    """``optimum``, ``deadline``, ``evaluations``, ``interrupt`` or ``no improvement``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """When a search may end."""

    precision: float = 1e-4
    """It ends when the maximum utilization is proven to be this close to the least possible, relative."""
    enough: float = 0.0
    """It ends when no link is fuller than this."""
    slack: float = 0.0
    """How much higher than the lowest found the maximum utilization may be to spare changes, relative."""


def search(problem: SteeringProblem, start: Steering, limits: Limits, clock: Clock, aim: Aim = Aim()) -> Found:
    """Lower the maximum utilization, with few changes of the start: those that it does not need are taken back.

    ``max_splits``, ``max_segments`` and ``max_changes`` of the limits are kept.
    """
    tables = Tables.of(problem, start, max(_WAYS, limits.max_splits), limits.max_segments)
    home = tables.copy().ways
    run = Run(tables, clock, aim.precision, enough=aim.enough, depth=min(_DEPTH, limits.max_segments), max_depth=limits.max_segments)
    is_final = limits.max_splits >= _WAYS and limits.max_changes is None
    run.to_the_end(1.0 if is_final else 0.5)
    if limits.max_splits < _WAYS:
        n_ways = max(1, limits.max_splits, int(home.n_ways.max(initial=1)))
        run.narrow(n_ways)
        home = home._replace(legs=home.legs[:, :n_ways].copy(), weight=home.weight[:, :n_ways].copy())
        run.to_the_end(1.0 if limits.max_changes is None else 0.5)
    spare_changes(run, home, aim.slack)
    if limits.max_changes is not None:
        few_changes(run, home, limits.max_changes)
    return found(run)


def found(run: Run) -> Found:
    """The best network of a run."""
    best = run.tables.with_ways(run.best)
    return Found(
        steering=best.steering(),
        load_bps=run.best.load,
        max_utilization=run.top,
        bound=min(run.bound, run.top),
        depth=run.depth,
        price=run.proof,
        stopped_by=run.stopped_by or run.clock.stopped_by or "no improvement",
    )
