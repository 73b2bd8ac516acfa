"""One run of a scenario that does not change."""

import numpy as np

from nettwin.simulation.engines import Run, start
from nettwin.simulation.horizon import Horizon, events_per_s
from nettwin.simulation.kernels.ledger import close_window
from nettwin.simulation.pace import Pace
from nettwin.simulation.records import Records
from nettwin.simulation.settings import Engine, Progress, SimulationSettings
from nettwin.simulation.state import Program, initial_state
from nettwin.simulation.totals import Totals

N_BATCHES = 20


def replicate(program: Program, settings: SimulationSettings, horizon: Horizon, which: tuple[int, Engine], progress: Progress) -> Totals:
    """Everything counted in the replication with this number, run by this engine. An exception of ``progress`` ends it."""
    number, engine = which
    state = initial_state(program, settings, number)
    clock = state.clock
    clock["measure_from"], clock["measure_until"] = horizon.measure_from_s, horizon.measure_until_s
    clock["delay_cap"] = program.stages[0].scenario.observation.delay_cap_s
    run = start(engine, state, settings, program.stages[0])
    pace = Pace(run, events_per_s(program.stages[0]), lambda time: progress(time / horizon.measure_until_s))
    pace.advance(horizon.measure_from_s)
    batches = _measured_in_batches(run, horizon, pace)
    close_window(run.state)
    return Totals.of(run.state, horizon.measured_s, batches)


def _measured_in_batches(run: Run, horizon: Horizon, pace: Pace) -> np.ndarray:
    ends = np.linspace(horizon.measure_from_s, horizon.measure_until_s, N_BATCHES + 1)[1:]
    counts = [_cumulative(run.state.tallies)]
    for end in ends.tolist():
        pace.advance(end)
        counts.append(_cumulative(run.state.tallies))
    return np.diff(np.stack(counts), axis=0)


def _cumulative(tallies: Records) -> np.ndarray:
    return np.stack([tallies["delivered"], tallies["delay_sum"], tallies["lost"]])
