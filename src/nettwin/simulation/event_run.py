"""A simulation run by the event engine."""

import numpy as np

from nettwin.simulation.kernels.calendar import Calendar, drain_events, file_events
from nettwin.simulation.kernels.compiled import announce
from nettwin.simulation.kernels.event_engine import OUT_OF_MEMORY, run_events
from nettwin.simulation.kernels.sources import begin_sources
from nettwin.simulation.records import NONE, State
from nettwin.simulation.settings import SimulationSettings
from nettwin.simulation.state import enlarged

_EVENTS_PER_BUCKET = 3.0
_SMALLEST, _LARGEST = 4096, 65536


class EventRun:
    """Holds the state between calls; ``events_per_s`` is a guess that only the speed depends on."""

    def __init__(self, state: State, settings: SimulationSettings, events_per_s: float) -> None:
        self.state = state
        self._settings = settings
        state.clock["width"] = _EVENTS_PER_BUCKET / max(events_per_s, 1e-9)
        state.clock["per_width"] = 1 / state.clock["width"]
        n_sources = len(state.sources)
        n_near = int(np.clip(2 ** int(np.ceil(np.log2(max(n_sources, 1)))), _SMALLEST, _LARGEST))
        near, far = np.full(n_near, NONE, dtype=np.int32), np.full(_SMALLEST, NONE, dtype=np.int32)
        self.calendar = Calendar(near, far, *self._ready())
        announce(run_events)
        begin_sources(state, np.arange(n_sources), 0.0)
        sources = -2 - len(state.ports) - np.arange(n_sources)
        file_events(state, self.calendar, sources.astype(np.int32))

    def advance(self, until: float) -> None:
        """Let everything happen that happens before ``until``."""
        while run_events(self.state, self.calendar, until) == OUT_OF_MEMORY:
            self.state = enlarged(self.state, self._settings)
            self.calendar = Calendar(self.calendar.near, self.calendar.far, *self._ready())

    def pending(self) -> np.ndarray:
        """Take all events out, to change what they refer to; ``file`` puts them back."""
        state = self.state
        events = np.zeros(len(state.packets) + len(state.ports) + len(state.sources), dtype=np.int32)
        return events[: drain_events(state, self.calendar, events)]

    def file(self, events: np.ndarray) -> None:
        """Put events (back) into the calendar, by their own times."""
        file_events(self.state, self.calendar, events.astype(np.int32))

    def _ready(self) -> tuple[np.ndarray, np.ndarray]:
        n = len(self.state.packets) + len(self.state.ports) + len(self.state.sources) + 1
        return np.zeros(n), np.zeros(n, dtype=np.int32)
