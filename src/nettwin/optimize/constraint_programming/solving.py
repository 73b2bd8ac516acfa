"""Running CP-SAT within a budget, so that an interrupt ends it."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Any

import numpy as np

from nettwin.optimize.budget import Clock

EVALUATIONS_PER_SECOND = 100_000
"""How many evaluations a second of the solver's deterministic time counts for."""
_STRATEGIES = 8
_LOOK_S = 0.02
"""How often an interrupt is looked for, in seconds."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What one run of the solver may take."""

    seconds: float
    deterministic_s: float
    seed: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run found."""

    solver: Any
    is_optimal: bool
    is_infeasible: bool
    has_solution: bool

    @property
    def objective(self) -> int:
        return round(float(self.solver.objective_value))


def solved(model: Any, clock: Clock, effort: Effort, on_better: Callable[[float], None] | None = None) -> Outcome:
    """The outcome of a model; it is solved beside this thread, which looks for an interrupt meanwhile."""
    from ortools.sat.python import cp_model

    solver, found = cp_model.CpSolver(), list[Any]()
    _configure(solver.parameters, effort)
    callback = _reporter(on_better) if on_better else None
    thread = Thread(target=lambda: found.append(solver.solve(model, callback)), daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_S)
        if clock.budget.interrupt.is_set():
            solver.stop_search()
    clock.spend(max(1, int(solver.deterministic_time * EVALUATIONS_PER_SECOND)) if found else 1)
    status = found[0] if found else cp_model.UNKNOWN
    return Outcome(solver, status == cp_model.OPTIMAL, status == cp_model.INFEASIBLE, status in {cp_model.OPTIMAL, cp_model.FEASIBLE})


def effort_left(clock: Clock, share: float, deterministic_s: float) -> Effort:
    """A share of what is left of the budget, and no more than ``deterministic_s``."""
    left = clock.evaluations_left / EVALUATIONS_PER_SECOND
    return Effort(
        seconds=max(0.01, clock.seconds_left * share) if np.isfinite(clock.seconds_left) else np.inf,
        deterministic_s=max(1e-3, min(deterministic_s, left * share)),
        seed=clock.budget.seed,
    )


def _configure(parameters: Any, effort: Effort) -> None:
    # Many strategies taken in turns by one thread: as deterministic as one of them, and much faster to good answers.
    parameters.num_workers = _STRATEGIES
    parameters.interleave_search = True
    parameters.interleave_batch_size = 1
    parameters.random_seed = effort.seed % 2**31
    parameters.max_deterministic_time = effort.deterministic_s
    parameters.catch_sigint_signal = False  # Ctrl-C is the caller's, who sets the interrupt
    if np.isfinite(effort.seconds):
        parameters.max_time_in_seconds = effort.seconds


def _reporter(on_better: Callable[[float], None]) -> Any:
    from ortools.sat.python import cp_model

    class Reporter(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            on_better(self.objective_value)

    return Reporter()
