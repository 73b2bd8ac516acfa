"""A simulation run by the window engine."""

import numpy as np

from nettwin.simulation.horizon import packets_per_s
from nettwin.simulation.kernels.event_engine import OUT_OF_MEMORY
from nettwin.simulation.kernels.sources import begin_sources
from nettwin.simulation.kernels.window_engine import Boxes, run_windows
from nettwin.simulation.layout import Stage
from nettwin.simulation.records import NONE, State
from nettwin.simulation.settings import SimulationSettings
from nettwin.simulation.state import enlarged

_SAFETY = 1.0 - 1e-6
"""Against rounding when a time far from 0 is put into its window."""
_PACKETS_AHEAD = 4.0
"""How many packets a source sends at a time, in the mean."""
_FEWEST, _MOST = 16, 512


class WindowRun:
    """Holds the state between calls."""

    def __init__(self, state: State, settings: SimulationSettings, stage: Stage, lookahead_s: float) -> None:
        self.state = state
        self._settings = settings
        width = lookahead_s * _SAFETY
        state.clock["width"] = width
        n_windows = _number_of_windows(stage, width)
        self._heads = np.full((len(state.ports), n_windows), NONE, dtype=np.int32)
        per_source = packets_per_s(stage.scenario) * width / max(len(state.sources), 1)
        self._chunk = np.array([np.clip(np.ceil(_PACKETS_AHEAD / max(per_source, 1e-9)), 1, n_windows // 2)], dtype=np.int64)
        self._boxes = self._with_room()
        begin_sources(state, np.arange(len(state.sources)), 0.0)

    def advance(self, until: float) -> None:
        """Let everything happen that happens before ``until``."""
        while run_windows(self.state, self._boxes, until) == OUT_OF_MEMORY:
            self.state = enlarged(self.state, self._settings)
            self._boxes = self._with_room()

    def _with_room(self) -> Boxes:
        n = len(self.state.packets)
        return Boxes(
            heads=self._heads,
            times=np.zeros(n),
            slots=np.zeros(n, dtype=np.int32),
            sorted_times=np.zeros(n),
            sorted_slots=np.zeros(n, dtype=np.int32),
            counts=np.zeros(n + 1, dtype=np.int32),
            chunk=self._chunk,
        )


def _number_of_windows(stage: Stage, width: float) -> int:
    """Enough to hold what is on the longest link, as a power of two."""
    propagation = stage.scenario.topology.propagation_delay_s[stage.routing.hop_link].max(initial=0.0)
    wanted = 2 ** int(np.ceil(np.log2(1.5 * propagation / width + 4)))
    return int(np.clip(wanted, _FEWEST, _MOST))
