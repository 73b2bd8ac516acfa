"""How long an optimizer may search, and how it tells how far it is."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from nettwin.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a search stands."""

    method: str
    seconds: float
    evaluations: int
    objective: float
    bound: float | None = None


def _silent(_progress: Progress) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of a search. With a limit in evaluations alone, equal seeds give equal answers on every machine."""

    seconds: float = math.inf
    evaluations: int | None = None
    seed: int = 0
    report: Callable[[Progress], None] = _silent
    """Told from time to time how the search stands."""
    interrupt: Event = field(default_factory=Event)
    """Set it (from a signal handler, another thread) to end the search with the best plan so far."""

    def __post_init__(self) -> None:
        if not self.seconds > 0 or (self.evaluations is not None and self.evaluations < 1):
            raise InputError(f"{self.seconds} seconds, {self.evaluations} evaluations", where="budget", hint="both must be positive")


class Clock:
    """A budget being spent."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.evaluations = 0
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._start

    @property
    def seconds_left(self) -> float:
        """Infinite where time is no limit."""
        return self.budget.seconds - self.seconds

    @property
    def evaluations_left(self) -> float:
        """Infinite where their number is no limit."""
        return math.inf if self.budget.evaluations is None else self.budget.evaluations - self.evaluations

    def spend(self, evaluations: int) -> None:
        """Count candidates that were worked out."""
        self.evaluations += evaluations

    @property
    def stopped_by(self) -> str:
        """Why the search must end now; empty: it may go on."""
        if self.budget.interrupt.is_set():
            return "interrupt"
        if self.seconds_left <= 0:
            return "deadline"
        return "evaluations" if self.evaluations_left <= 0 else ""

    def tell(self, method: str, objective: float, bound: float | None = None) -> None:
        """Report how the search stands."""
        self.budget.report(Progress(method=method, seconds=self.seconds, evaluations=self.evaluations, objective=objective, bound=bound))
