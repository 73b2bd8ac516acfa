"""A simulation run by the window engine."""

import numpy as np

from nettwin.simulation.horizon import packets_per_s
from nettwin.simulation.kernels.compiled import announce
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
_CHUNK = 10
"""Arrivals in a chunk of a box."""


class WindowRun:
    """Holds the state between calls."""

    def __init__(self, state: State, settings: SimulationSettings, stage: Stage, lookahead_s: float) -> None:
        self.state = state
        self._settings = settings
        width = lookahead_s * _SAFETY
        state.clock["width"], state.clock["per_width"] = width, 1 / width
        n_windows = _number_of_windows(stage, width)
        per_source = packets_per_s(stage.scenario) * width / max(len(state.sources), 1)
        ahead = np.clip(np.ceil(_PACKETS_AHEAD / max(per_source, 1e-9)), 1, n_windows // 2)
        self._boxes = _boxes(len(state.ports), n_windows, len(state.packets), int(ahead))
        announce(run_windows)
        begin_sources(state, np.arange(len(state.sources)), 0.0)

    def advance(self, until: float) -> None:
        """Let everything happen that happens before ``until``."""
        while run_windows(self.state, self._boxes, until) == OUT_OF_MEMORY:
            self.state = enlarged(self.state, self._settings)
            self._boxes = _enlarged(self._boxes, self.state)


def _boxes(n_ports: int, n_windows: int, n_packets: int, windows_ahead: int) -> Boxes:
    return Boxes(
        heads=np.full((n_ports, n_windows), NONE, dtype=np.int32),
        chunk_times=np.zeros((n_packets, _CHUNK)),
        chunk_slots=np.zeros((n_packets, _CHUNK), dtype=np.int32),
        chunk_counts=np.zeros(n_packets, dtype=np.int32),
        chunk_next=np.append(np.arange(1, n_packets), NONE).astype(np.int32),
        times=np.zeros(n_packets),
        slots=np.zeros(n_packets, dtype=np.int32),
        sorted_times=np.zeros(n_packets),
        sorted_slots=np.zeros(n_packets, dtype=np.int32),
        counts=np.zeros(n_packets + 1, dtype=np.int32),
        windows_ahead=np.array([windows_ahead]),
    )


def _enlarged(boxes: Boxes, state: State) -> Boxes:
    """Room for as many packets as the state has rows: at worst, each has a chunk of its own."""
    old, new = len(boxes.chunk_counts), len(state.packets)
    if new == old:
        return boxes
    larger = _boxes(len(boxes.heads), boxes.heads.shape[1], new, int(boxes.windows_ahead[0]))
    larger.heads[:] = boxes.heads
    for name in ("chunk_times", "chunk_slots", "chunk_counts", "chunk_next"):
        getattr(larger, name)[:old] = getattr(boxes, name)
    larger.chunk_next[-1] = state.clock["free_chunk"][0]
    state.clock["free_chunk"] = old
    return larger


def _number_of_windows(stage: Stage, width: float) -> int:
    """Enough to hold what is on the longest link, as a power of two."""
    propagation = stage.scenario.topology.propagation_delay_s[stage.routing.hop_link].max(initial=0.0)
    wanted = 2 ** int(np.ceil(np.log2(1.5 * propagation / width + 4)))
    return int(np.clip(wanted, _FEWEST, _MOST))
