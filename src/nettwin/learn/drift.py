"""When the twin no longer fits the network: a change in the errors of its predictions, found as it happens.

Each measurement gives one number, the median over its demands of error over expected error (the half-width of the twin's interval).
ADWIN (Bifet & Gavaldà, "Learning from time-changing data with adaptive windowing", SDM 2007) watches its mean and says when it moved; a
false alarm comes with a probability below ``delta``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettwin.errors import MissingDependencyError
from nettwin.performance import Performance
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

FEWEST = 32
"""Measurements before a change can be told: ADWIN's grace period."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one measurement said."""

    index: int
    error: float
    """Median over demands of |measured / predicted - 1|."""
    relative_error: float
    """Median over demands of the error over the half-width of the interval; below 1 where the twin fits."""
    is_drift: bool
    """Whether the mean of ``relative_error`` has moved."""
    mean_before: float
    mean_now: float


class DriftMonitor:
    """Told one measurement after the other; its memory is the only state that the learning parts keep."""

    def __init__(self, predictor: Predictor, delta: float = 0.002) -> None:
        try:
            from river.drift import ADWIN
        except ImportError as missing:
            raise MissingDependencyError(
                "needs river, which is not installed", where="drift", hint="pip install 'nettwin[neural]'"
            ) from missing
        self.predictor = predictor
        self._detector: Any = ADWIN(delta=delta, clock=1, grace_period=FEWEST // 2)  # type: ignore[no-untyped-call]
        self._count = 0

    def update(self, scenario: Scenario, measured: Performance) -> Watched:
        """One measurement; says whether the twin's errors have changed."""
        error, relative = _errors(self.predictor.predict(scenario), measured)
        before = float(self._detector.estimation)
        if np.isfinite(relative):
            self._detector.update(float(np.log(max(relative, 1e-3))))
        watched = Watched(
            index=self._count,
            error=error,
            relative_error=relative,
            is_drift=bool(np.isfinite(relative) and self._detector.drift_detected),
            mean_before=float(np.exp(before)),
            mean_now=float(np.exp(self._detector.estimation)),
        )
        self._count += 1
        return watched


def watch(predictor: Predictor, measurements: Iterable[tuple[Scenario, Performance]], delta: float = 0.002) -> Iterator[Watched]:
    """What each measurement says, in order."""
    monitor = DriftMonitor(predictor, delta)
    return (monitor.update(scenario, measured) for scenario, measured in measurements)


def _errors(predicted: Performance, measured: Performance) -> tuple[float, float]:
    delay, true = predicted.demands.delay_s, measured.demands.delay_s
    known = np.isfinite(delay) & np.isfinite(true) & (true > 0) & (delay > 0)
    if not known.any():
        return float("nan"), float("nan")
    error = np.abs(np.log(true[known] / delay[known]))
    half = np.full(int(known.sum()), 0.05)  # an engine without intervals is expected to be 5 % off
    if predicted.interval is not None:
        bounds = predicted.interval
        half = np.log(bounds.upper.delay_s[known] / np.maximum(bounds.lower.delay_s[known], 1e-300)) / 2
    return float(np.median(np.abs(true[known] / delay[known] - 1))), float(np.median(error / np.maximum(half, 1e-4)))
