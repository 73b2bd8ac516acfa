"""The packet simulator: scenario and paths in, counted packets out."""

import math
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace

from nettwin.errors import NotConvergedError
from nettwin.performance import Performance
from nettwin.scenario import Routing, Scenario
from nettwin.simulation.engines import chosen_engine
from nettwin.simulation.horizon import Horizon, horizon_of
from nettwin.simulation.layout import Stage
from nettwin.simulation.precision import interval_of, network_half_width
from nettwin.simulation.rare import with_composed_means
from nettwin.simulation.replication import replicate
from nettwin.simulation.result import SimulationResult, performance_of, ratio
from nettwin.simulation.settings import Progress, SimulationSettings
from nettwin.simulation.stability import doubts_about_growth, trusted_demands, unstable_queues
from nettwin.simulation.state import Program
from nettwin.simulation.steady import with_short_links
from nettwin.simulation.totals import Totals, merged

_ROUND = 2
"""Replications between two looks at the precision: independent of the number of workers, so that the answer is too."""


def simulate(scenario: Scenario, routing: Routing, settings: SimulationSettings = SimulationSettings()) -> SimulationResult:
    """Send packets through the network and count what happens to them. Raises PredictionError, NotConvergedError."""
    stage = Stage(scenario, routing)
    if not (math.isfinite(scenario.observation.duration_s) or settings.keeps_propagation):
        stage = with_short_links(stage)
    program = Program.of((stage,))
    horizon = horizon_of(stage, settings)
    run = _Replications(program, settings, horizon)
    step = _ROUND if settings.precision else horizon.n_replications
    totals = run.first(step)
    while settings.precision and run.n_done < horizon.n_replications and _width(totals, program, settings) > settings.precision:
        totals = merged([totals, *run.next(step)])
    return _result(program, horizon, settings, totals, run)


class _Replications:
    """Independent runs, a round at a time."""

    def __init__(self, program: Program, settings: SimulationSettings, horizon: Horizon) -> None:
        self.engine = chosen_engine(program.stages[0], settings)
        self.n_done = 0
        self._program, self._settings, self._horizon = program, settings, horizon
        self._finished = [0.0] * horizon.n_replications
        self._is_given_up = False

    def first(self, n: int) -> Totals:
        return merged(self.next(n))

    def next(self, n: int) -> list[Totals]:
        """The next ``n`` replications in order, as many at a time as there are workers."""
        numbers = range(self.n_done, min(self.n_done + n, self._horizon.n_replications))
        self.n_done = numbers.stop
        if self._settings.workers == 1 or len(numbers) == 1:
            return [self._one(number) for number in numbers]
        with ThreadPoolExecutor(min(self._settings.workers, len(numbers))) as pool:
            try:
                return list(pool.map(self._one, numbers))
            except BaseException:  # an interrupt reaches this thread only, and the pool waits for the others
                self._is_given_up = True
                raise

    def _one(self, number: int) -> Totals:
        return replicate(self._program, self._settings, self._horizon, (number, self.engine), self._report(number))

    def _report(self, number: int) -> Progress:
        def report(share: float) -> None:
            if self._is_given_up:
                raise CancelledError
            self._finished[number] = share
            if self._settings.progress:
                self._settings.progress(sum(self._finished) / len(self._finished))

        return report


def _width(totals: Totals, program: Program, settings: SimulationSettings) -> float:
    return network_half_width(totals, program.empty_tallies["sketch_offset"], settings.coverage)


def _result(program: Program, horizon: Horizon, settings: SimulationSettings, totals: Totals, run: _Replications) -> SimulationResult:
    width = _width(totals, program, settings)
    has_converged = settings.precision is None or width <= settings.precision
    doubts = [] if has_converged else [_imprecision(settings, totals, width)]
    if settings.is_strict and doubts:
        raise NotConvergedError(doubts[0], where="simulation", hint="raise the budget of packets or ask for less precision")
    performance = performance_of(totals, program, program.stages[0])
    performance = replace(performance, interval=interval_of(totals, performance.demands, settings.coverage), doubts=tuple(doubts))
    return SimulationResult(
        performance=_steady(performance, program, totals) if horizon.is_steady else performance,
        served_size_bits=ratio(totals.queues["served_bits"], totals.queues["served"]),
        offered_packets=totals.queues["arrived"],
        delivered_packets=totals.demands["delivered"],
        lost_packets=totals.demands["lost"],
        measured_s=totals.measured_s,
        n_replications=run.n_done,
        n_packets=totals.n_packets,
        n_hops=totals.n_hops,
        engine=run.engine.value,
        relative_half_width=width,
        has_converged=has_converged,
    )


def _steady(performance: Performance, program: Program, totals: Totals) -> Performance:
    """With what only a steady state has: means of rare demands from their queues, and doubts whether there is one."""
    stage = program.stages[0]
    unstable = unstable_queues(totals, program, stage)
    return replace(
        with_composed_means(performance, totals, program),
        is_trusted=trusted_demands(unstable, program, stage),
        doubts=(*performance.doubts, *doubts_about_growth(unstable, program, stage)),
    )


def _imprecision(settings: SimulationSettings, totals: Totals, width: float) -> str:
    known = f"known to {width:.2%}" if math.isfinite(width) else "unknown"
    return f"the mean delay is {known} after {totals.n_packets:,} packets, not known to {settings.precision:.2%}"
