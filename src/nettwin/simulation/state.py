"""The state that a simulation starts from, and how it grows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.errors import PredictionError
from nettwin.scenario.arrays import FloatArray
from nettwin.simulation.layout import Layout, Stage
from nettwin.simulation.records import CLOCK, FIFO, NONE, PACKET, STAY, STRICT_PRIORITY, TALLY, Records, State
from nettwin.simulation.seeds import salt, stream_seeds
from nettwin.simulation.settings import SimulationSettings
from nettwin.simulation.sketch import SketchShape
from nettwin.simulation.tables import Tables, tables_of

_FIRST_ROWS = 4096
_FINEST = 64.0
"""The sketch's unit is at least a mean transmission time divided by this."""


@dataclass(frozen=True, eq=False)
class Program:
    """All stages of a simulation as tables: computed once, shared by all replications."""

    stages: tuple[Stage, ...]
    layout: Layout
    tables: tuple[Tables, ...]

    @classmethod
    def of(cls, stages: tuple[Stage, ...]) -> "Program":
        """The tables of these stages."""
        layout = Layout.of(stages)
        tables: list[Tables] = []
        n_size_rows = 0
        for number, stage in enumerate(stages):
            tables.append(tables_of(stage, layout, number, n_size_rows))
            n_size_rows += len(tables[-1].size_rows)
        return cls(stages, layout, tuple(tables))

    @cached_property
    def empty_tallies(self) -> Records:
        """Nothing counted yet; what is set are the scales of the sketch."""
        return _tallies(self)

    @property
    def n_demands(self) -> int:
        return self.stages[0].scenario.traffic.n_demands


def initial_state(program: Program, settings: SimulationSettings, replication: int) -> State:
    """An empty network at time 0, with the random streams of this replication."""
    first = program.tables[0]
    shape = SketchShape.for_demands(program.n_demands)
    state = State(
        clock=_clock(settings, replication, shape),
        packets=_free_rows(PACKET, _FIRST_ROWS),
        stays=_free_rows(STAY, _FIRST_ROWS),
        ports=first.ports.copy(),
        queues=first.queues.copy(),
        hops=np.concatenate([tables.hops for tables in program.tables]),
        paths=np.concatenate([tables.paths for tables in program.tables]),
        sources=first.sources.copy(),
        tallies=program.empty_tallies.copy(),
        size_rows=np.concatenate([tables.size_rows for tables in program.tables]),
        sketch=np.zeros((program.n_demands, shape.n_bins), dtype=np.uint32),
    )
    state.sources["state0"], state.sources["state1"] = stream_seeds(settings.seed, replication, program.n_demands)
    state.sources["next"] = NONE
    return state


def queued(ports: Records) -> Records:
    """The same ports without the shortcut for FIFO, which books a packet's whole stay on its arrival: with it nothing could change."""
    ports = ports.copy()
    ports["kind"][ports["kind"] == FIFO] = STRICT_PRIORITY
    return ports


def _clock(settings: SimulationSettings, replication: int, shape: SketchShape) -> Records:
    clock = np.zeros(1, dtype=CLOCK)
    clock["bins_per_octave"] = shape.bins_per_octave
    clock["n_free_packets"] = clock["n_free_stays"] = _FIRST_ROWS
    clock["is_size_resampled"] = settings.resample_sizes_per_hop
    clock["salt"] = salt(settings.seed, replication)
    clock["overflow"] = NONE
    clock["delay_cap"] = np.inf
    return clock


def _free_rows(dtype: np.dtype[np.void], n: int, first: int = 0) -> Records:
    rows = np.zeros(n, dtype=dtype)
    rows["next"] = np.arange(first + 1, first + n + 1)
    rows["next"][-1] = NONE
    return rows


def _tallies(program: Program) -> Records:
    """Empty tallies; the sketch leaves out the propagation but for about one transmission time."""
    rows = np.zeros(program.n_demands, dtype=TALLY)
    least: FloatArray = np.min([tables.least_delay_s for tables in program.tables], axis=0)
    transmission: FloatArray = np.min([tables.transmission_s for tables in program.tables], axis=0)
    least, transmission = (np.where(np.isfinite(values), values, 1.0) for values in (least, transmission))
    rows["sketch_offset"] = np.maximum(least - transmission, 0.0)
    rows["sketch_scale"] = 1.0 / np.maximum(least - rows["sketch_offset"], transmission / _FINEST)
    return rows


def enlarged(state: State, settings: SimulationSettings) -> State:
    """The same state with twice the rows of what has run out. Raises PredictionError at the limit."""
    clock = state.clock[0]
    is_short_of_packets = clock["n_free_packets"] * 8 <= len(state.packets)
    if is_short_of_packets:
        state = state._replace(packets=_doubled(state.packets, state.clock, "free_packet", settings))
    if clock["n_free_stays"] * 8 <= len(state.stays) or not is_short_of_packets:
        state = state._replace(stays=_doubled(state.stays, state.clock, "free_stay", settings))
    return state


def _doubled(rows: Records, clock: Records, free: str, settings: SimulationSettings) -> Records:
    n = len(rows)
    if 2 * n > settings.max_packets_in_flight:
        raise PredictionError(
            f"more than {n:,} packets are in the network at once",
            where="simulation",
            hint="an overloaded queue grows without bound: give it a finite buffer, less traffic or a shorter observation",
        )
    fresh = _free_rows(rows.dtype, n, first=n)
    fresh["next"][-1] = clock[free][0]
    clock[free] = n
    clock[f"n_{free}s"] += n
    return np.concatenate([rows, fresh])
