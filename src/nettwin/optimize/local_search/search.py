"""The entry on arrays: a problem and where it starts, to the best steering and what it proves."""

from dataclasses import dataclass

from nettwin.intents.limits import Limits
from nettwin.optimize.budget import Clock
from nettwin.optimize.local_search.few_changes import few_changes, fewest_changes
from nettwin.optimize.local_search.run import Aim, Run, ceiling, spare_changes
from nettwin.optimize.local_search.tables import Sharing, Tables
from nettwin.optimize.steering.detours import Steering
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import FloatArray

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
    """No steering of the problem's demands over segment lists of up to ``depth`` places has a lower maximum utilization; 0: none known."""
    depth: int
    is_complete: bool
    """Whether the bound is about all segment lists that the limits allow."""
    price: FloatArray  # [link] of utilization, adds up to 1; they prove the bound
    stopped_by: str
    """``optimum``, ``deadline``, ``evaluations``, ``interrupt`` or ``no improvement``."""


def search(
    problem: SteeringProblem, start: Steering, limits: Limits, clock: Clock, aim: Aim = Aim(), home: Steering | None = None
) -> Found:
    """Lower the maximum utilization with few changes of ``home`` (by default the start): those that it does not need are taken back.

    ``max_splits``, ``max_segments`` and ``max_changes`` of the limits are kept, but ways that are there may stay.
    """
    n_ways, n_legs = max(_WAYS, limits.max_splits), limits.max_segments
    tables = Tables.of(problem, start, n_ways, n_legs)
    base = (tables.copy() if home is None else tables.steered(home)).ways
    run = Run(tables, clock, aim, max_depth=n_legs)
    halves = 1 + (limits.max_splits < _WAYS) + (limits.max_changes is not None or aim.slack > 0)
    run.to_the_end(1 / halves)
    if limits.max_splits < _WAYS:
        base = run.narrow(limits.max_splits, base)
        run.to_the_end(2 / halves)
    spare_changes(run, base)
    if aim.slack:
        fewest_changes(run, base, ceiling(run))
    if limits.max_changes is not None:
        few_changes(run, base, limits.max_changes)
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
        is_complete=run.is_complete,
        price=run.proof if run.bound > 0 else run.mean_price * run.tables.network.capacity,
        stopped_by=run.clock.stopped_by or run.stopped_by or "no improvement",
    )
