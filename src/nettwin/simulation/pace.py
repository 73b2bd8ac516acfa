"""Long stretches of time in short steps: between two of them Python can be interrupted, and progress be told."""

import math
from collections.abc import Callable

import numpy as np

from nettwin.simulation.engines import Run

_EVENTS = 2e6
"""Of a step: a second or so."""


class Pace:
    """A run from time 0 on, a step at a time; ``tell`` is called with the time after each step."""

    def __init__(self, run: Run, events_per_s: float, tell: Callable[[float], None]) -> None:
        self._run, self._events_per_s, self._tell = run, events_per_s, tell
        self._now = 0.0

    def advance(self, until: float) -> None:
        """Let everything happen that happens before ``until``."""
        n = max(math.ceil((until - self._now) * self._events_per_s / _EVENTS), 1)
        for time in np.linspace(self._now, until, n + 1)[1:].tolist():
            self._run.advance(time)
            self._tell(time)
        self._now = until
