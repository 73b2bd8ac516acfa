"""What the solver is given: demands with candidates, the load of all others, and what must hold."""

from dataclasses import dataclass, field

import numpy as np

from nettwin.optimize.constraint_programming.candidates import Candidate
from nettwin.scenario.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Choice:
    """A demand to be routed: exactly one candidate, or shares of several."""

    row: int
    rate_bps: float
    candidates: tuple[Candidate, ...]
    may_split: bool = False
    hint: int = 0
    """Which candidate it takes at present in the search."""


@dataclass(frozen=True, eq=False)
class LoadLimit:
    """Loads in one state of the network: intact, or after a failure."""

    base_bps: FloatArray  # [link] of all demands that are not chosen for
    capacity_bps: FloatArray  # [link] of links that are up; infinite for others
    bound: float | None
    """Most utilization, hard."""
    shares: tuple[tuple[tuple[IntArray, FloatArray], ...], ...] | None = None
    """[choice][candidate]: links and fractions in this state; None: as the candidates say."""


@dataclass(frozen=True, eq=False)
class Forbidden:
    """Two candidates of two choices that must not be taken together."""

    first: tuple[int, int]
    """Choice and candidate."""
    second: tuple[int, int]
    pair: int
    """Number of the pair of demands: a pair violated counts once."""


@dataclass(frozen=True, eq=False)
class Goal:
    """Something to minimize: the largest utilization, or a sum over what is chosen."""

    is_max_utilization: bool = False
    cost: tuple[tuple[float, ...], ...] = ()
    """[choice][candidate] of the whole demand."""
    base: float = 0.0
    """Of what is not chosen for."""
    is_count: bool = False
    """The number of changes counts; ``cost`` is not looked at."""
    is_maximum: bool = False
    """The largest cost of what is taken counts, not the sum."""
    tolerance: float = 0.0


@dataclass(frozen=True, eq=False)
class Task:
    """One run of the solver."""

    choices: tuple[Choice, ...]
    intact: LoadLimit
    failures: tuple[LoadLimit, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    most_changes: float | None = None
    """Of the choices alone."""
    goals: tuple[Goal, ...] = ()
    share_steps: int = 4
    max_splits: int = 1
    floor_utilization: float = field(default=0.0)
    """Largest utilization that no choice can change."""

    @property
    def n_pairs(self) -> int:
        return 1 + max((each.pair for each in self.forbidden), default=-1)


Taken = tuple[tuple[int, float], ...]
"""Of one choice the candidates taken and their shares."""


def loads_of(task: Task, taken: tuple[Taken, ...]) -> FloatArray:  # [link]
    """Loads of the intact network under some choices, in bit/s."""
    load = task.intact.base_bps.copy()
    for choice, shares in zip(task.choices, taken, strict=True):
        for index, share in shares:
            candidate = choice.candidates[index]
            np.add.at(load, candidate.link, choice.rate_bps * share * candidate.fraction)
    return load
