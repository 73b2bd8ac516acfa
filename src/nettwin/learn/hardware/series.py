"""Windows of time one after the other: what an engine says about each, and what was measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.errors import InputError
from nettwin.formats.imported import Imported
from nettwin.performance import Performance, PerformanceSeries
from nettwin.predict.predictor import Predictor
from nettwin.scenario.arrays import FloatArray


def predicted_series(engine: Predictor, windows: Iterable[Imported]) -> PerformanceSeries:
    """The engine's answer to each window, as the windows of a recording follow each other."""
    scenarios = [window.scenario for window in windows]
    edges = np.concatenate([[0.0], np.cumsum([scenario.observation.duration_s for scenario in scenarios])])
    return PerformanceSeries(window_edges_s=edges, windows=tuple(engine.predict(scenario) for scenario in scenarios))


@dataclass(frozen=True, eq=False)
class Compared:
    """A predicted series beside the measured one. [window, demand]; NaN where a demand was silent."""

    start_s: FloatArray  # [window]
    predicted_s: FloatArray
    measured_s: FloatArray

    @property
    def relative_errors(self) -> FloatArray:
        """Of all windows and demands that were measured."""
        error = np.abs(self.predicted_s / self.measured_s - 1)
        return error[np.isfinite(error)]


def compared(series: PerformanceSeries, windows: Sequence[Imported]) -> Compared:
    """Mean delays per window. Raises InputError where windows are missing or were not measured."""
    measured = [window.performance for window in windows if window.performance is not None]
    if len(measured) != len(series.windows):
        raise InputError(f"{len(measured)} measured windows for {len(series.windows)} predicted ones", where="series")
    true, answer = _delays(measured), _delays(series.windows)
    return Compared(np.array(series.window_edges_s[:-1]), np.where(np.isfinite(true), answer, np.nan), true)


def _delays(windows: Sequence[Performance]) -> FloatArray:
    return np.stack([window.demands.delay_s for window in windows])
