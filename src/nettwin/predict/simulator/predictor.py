"""From a scenario to the simulator and back."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from nettwin.changes.timeline import Timeline, phases
from nettwin.errors import PredictionError
from nettwin.performance import Performance, PerformanceSeries
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

if TYPE_CHECKING:
    from nettwin.simulation import SimulationSettings

_MOST_ROWS = 10_000_000
"""Demands times windows: beyond that a series is some gigabytes."""


@dataclass(frozen=True, slots=True)
class SimulatorPredictor:
    """Sends every packet. Exact but for chance; the interval says how much chance is left."""

    seed: int = 0
    packets: float = 4e6
    """Budget of packets where the observation does not end, and for a requested precision."""
    duration_s: float | None = None
    """Observe for this long where the scenario asks for the steady state."""
    precision: float | None = None
    """Wanted relative half-width of the mean delay's confidence interval; None: spend the budget once."""
    is_strict: bool = False
    """Whether a missed precision is an error rather than a doubt that the answer mentions."""
    replications: int | None = None
    """Independent runs that are merged. None: two for a steady state, one for a finite observation, more for a precision."""
    workers: int = 1
    """Replications run at the same time; the answer does not depend on it."""
    engine: str = "auto"
    """auto, event or window: they differ in speed only."""
    progress: Callable[[float], None] | None = field(default=None, compare=False, repr=False)
    """Told the finished share now and then."""

    @property
    def name(self) -> str:
        return "simulator"

    def predict(self, scenario: Scenario) -> Performance:
        """Simulate on the paths that the control plane finds. Raises PredictionError, NotConvergedError."""
        from nettwin.controlplane import route
        from nettwin.simulation import simulate

        return simulate(self._observed(scenario), route(scenario), self._settings()).performance

    def predict_timeline(self, timeline: Timeline) -> PerformanceSeries:
        """A performance per window, all with the links, queues and demands of the first phase (``changes.timeline.phases``)."""
        from nettwin.simulation import Stage, TimedStage, simulate_stages

        stages = [TimedStage(phase.start_s, Stage(phase.scenario, phase.routing)) for phase in phases(timeline)]
        edges = _window_edges(timeline)
        return PerformanceSeries(window_edges_s=edges, windows=simulate_stages(stages, edges, self._settings()))

    def _observed(self, scenario: Scenario) -> Scenario:
        if self.duration_s is None or math.isfinite(scenario.observation.duration_s):
            return scenario
        return replace(scenario, observation=replace(scenario.observation, duration_s=self.duration_s))

    def _settings(self) -> "SimulationSettings":
        from nettwin.simulation import SimulationSettings

        return SimulationSettings(
            seed=self.seed,
            packets=self.packets,
            precision=self.precision,
            is_strict=self.is_strict,
            replications=self.replications,
            workers=self.workers,
            engine=self.engine,
            progress=self.progress,
        )


def _window_edges(timeline: Timeline) -> FloatArray:
    """Windows of equal length from the end of the warm-up; the last one may be shorter."""
    start, end = timeline.scenario.observation.warm_up_s, timeline.end_s
    n = max(math.ceil((end - start) / timeline.window_s * (1 - 1e-9)), 1)
    if n * timeline.scenario.traffic.n_demands > _MOST_ROWS:
        raise PredictionError(
            f"{n:,} windows for {timeline.scenario.traffic.n_demands:,} demands", where="timeline", hint="make the windows longer"
        )
    return np.asarray(np.minimum(start + timeline.window_s * np.arange(n + 1), end), dtype=np.float64)
