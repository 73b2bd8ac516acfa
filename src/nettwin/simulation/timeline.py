"""A network that changes while it is simulated: one performance per window of time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.performance import Performance
from nettwin.scenario.arrays import FloatArray
from nettwin.simulation.event_run import EventRun
from nettwin.simulation.horizon import check_feasible, events_per_s
from nettwin.simulation.kernels.ledger import close_window, open_window
from nettwin.simulation.layout import Stage
from nettwin.simulation.pace import Pace
from nettwin.simulation.records import State
from nettwin.simulation.result import performance_of
from nettwin.simulation.settings import SimulationSettings
from nettwin.simulation.stages import enter_stage
from nettwin.simulation.state import Program, initial_state, queued
from nettwin.simulation.totals import Totals, forget

_NO_BATCHES = np.zeros((0, 3, 0))


@dataclass(frozen=True, eq=False)
class TimedStage:
    """A stage and when it begins."""

    start_s: float
    stage: Stage


def simulate_stages(
    stages: Sequence[TimedStage], window_edges_s: FloatArray, settings: SimulationSettings = SimulationSettings()
) -> tuple[Performance, ...]:
    """One performance per window, all with the links, queues and demands of the first stage, which begins at 0.

    The stages share the order of nodes, links and demands. A link that goes down loses what is queued on it and under way on it, and what
    is sent into it until a stage has other paths.
    """
    ends_s = [*(each.start_s for each in stages[1:]), float(window_edges_s[-1])]
    for each, end_s in zip(stages, ends_s, strict=True):
        check_feasible(each.stage, end_s - each.start_s)
    program = Program.of(tuple(each.stage for each in stages))
    run = _started(program, settings, window_edges_s)
    progress, length_s = settings.progress or (lambda _: None), float(window_edges_s[-1])
    pace = Pace(run, _events_per_s(program), lambda time: progress(time / length_s))
    entered, result = 0, []
    pace.advance(float(window_edges_s[0]))
    for number, end in enumerate(window_edges_s[1:].tolist(), start=1):
        while entered + 1 < len(stages) and stages[entered + 1].start_s < end:
            entered += 1
            pace.advance(stages[entered].start_s)
            enter_stage(run, program, entered, stages[entered].start_s)
        pace.advance(end)
        result.append(_closed(run.state, program))
        if number + 1 < len(window_edges_s):
            _open(run.state, end, float(window_edges_s[number + 1]))
    return tuple(result)


def _started(program: Program, settings: SimulationSettings, window_edges_s: FloatArray) -> EventRun:
    """At time 0, where every packet in a queue and every delivery is an event that a change can still undo."""
    state = initial_state(program, settings, 0)
    state = state._replace(ports=queued(state.ports))
    state.clock["is_delivery_an_event"] = 1
    state.clock["delay_cap"] = program.stages[0].scenario.observation.delay_cap_s
    state.clock["measure_from"], state.clock["measure_until"] = window_edges_s[:2]
    return EventRun(state, settings, _events_per_s(program))


def _events_per_s(program: Program) -> float:
    """Of the busiest stage."""
    return max(events_per_s(stage) for stage in program.stages)


def _closed(state: State, program: Program) -> Performance:
    """What was counted in the window that ends now."""
    close_window(state)
    clock = state.clock[0]
    totals = Totals.of(state, float(clock["measure_until"] - clock["measure_from"]), _NO_BATCHES)
    return performance_of(totals, program, program.stages[0])


def _open(state: State, start: float, end: float) -> None:
    forget(state)
    state.clock["measure_from"], state.clock["measure_until"] = start, end
    open_window(state)
