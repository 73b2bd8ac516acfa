"""How far one performance is from another: relative errors of delays, absolute errors of loss and utilization.

Every measure leaves out the rows that the reference does not know; NaN where nothing is left. Ratios, never percent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.performance.performance import Interval, Performance
from nettwin.scenario.arrays import BoolArray, FloatArray

COVERAGE = 0.9
SLOWEST_SHARE = 0.01


def relative_errors(predicted: FloatArray, recorded: FloatArray) -> FloatArray:  # [row that both know]
    """predicted / recorded - 1, where the recorded value is above zero."""
    known = np.isfinite(predicted) & np.isfinite(recorded) & (recorded > 0)
    return predicted[known] / recorded[known] - 1


def mean_absolute_percentage_error(predicted: FloatArray, recorded: FloatArray) -> float:
    """MAPE, as a ratio."""
    return _mean(np.abs(relative_errors(predicted, recorded)))


def mean_absolute_error(predicted: FloatArray, recorded: FloatArray) -> float:
    """MAE, in the unit of the values."""
    return _mean(np.abs(predicted - recorded))


def weighted_absolute_percentage_error(predicted: FloatArray, recorded: FloatArray) -> float:
    """WAPE: the sum of the errors over the sum of the recorded values, so that large values weigh more."""
    known = np.isfinite(predicted) & np.isfinite(recorded)
    total = float(recorded[known].sum())
    return float(np.abs(predicted[known] - recorded[known]).sum()) / total if total > 0 else float("nan")


def bias_of_largest(predicted: FloatArray, recorded: FloatArray, share: float = SLOWEST_SHARE) -> float:
    """Mean relative error, with its sign, over the rows with the largest recorded values: below 0 means under-predicted."""
    known = np.isfinite(predicted) & np.isfinite(recorded)
    if not known.any():
        return float("nan")
    order = np.argsort(recorded[known], kind="stable")
    largest = order[-max(1, round(share * len(order))) :]
    return _mean(relative_errors(predicted[known][largest], recorded[known][largest]))


def is_inside(interval: Interval | None, recorded_delay_s: FloatArray) -> BoolArray | None:  # [demand]
    """Whether each recorded delay lies in the predicted interval; None where there is no 90 % interval."""
    if interval is None or not np.isclose(interval.coverage, COVERAGE):
        return None
    return np.asarray((interval.lower.delay_s <= recorded_delay_s) & (recorded_delay_s <= interval.upper.delay_s))


@dataclass(frozen=True, eq=False, kw_only=True)
class ErrorsOfOne:
    """One prediction beside its recording."""

    predicted_delay_s: FloatArray  # [demand whose delay is recorded]
    recorded_delay_s: FloatArray  # likewise
    is_inside: BoolArray | None  # likewise
    n_demands: int
    p90_mape: float
    loss_mae: float
    utilization_mae: float

    @property
    def mape(self) -> float:
        return mean_absolute_percentage_error(self.predicted_delay_s, self.recorded_delay_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayErrors:
    """Errors of mean delays over one or many simulations."""

    mape: float
    """Mean over simulations of each one's MAPE."""
    mape_pooled: float
    """MAPE over the demands of all simulations together, so large simulations weigh more. Also of one pool: all figures below."""
    median_ape: float
    p95_ape: float
    p99_ape: float
    wape: float
    bias_slowest_1pct: float
    p90_mape: float
    """Of the 90 % quantile of the delay; mean over simulations."""
    coverage_90: float
    """Share of recorded delays inside the predicted 90 % interval; NaN where none was predicted."""
    answered: float
    """Share of recorded delays that the engine predicted at all; the others are in no other figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """The errors over a set of simulations."""

    simulations: int
    demands: int
    delay: DelayErrors
    loss_mae: float
    """Mean over simulations, as is the next."""
    utilization_mae: float


def errors_of_one(predicted: Performance, recorded: Performance) -> ErrorsOfOne:
    """Compares one prediction with its recording, demand by demand and link by link."""
    known = np.isfinite(recorded.demands.delay_s)
    inside = is_inside(predicted.interval, recorded.demands.delay_s)
    return ErrorsOfOne(
        predicted_delay_s=predicted.demands.delay_s[known],
        recorded_delay_s=recorded.demands.delay_s[known],
        is_inside=None if inside is None else inside[known],
        n_demands=len(known),
        p90_mape=mean_absolute_percentage_error(predicted.delay_quantile_s(0.9), recorded.delay_quantile_s(0.9)),
        loss_mae=mean_absolute_error(predicted.demands.loss_ratio, recorded.demands.loss_ratio),
        utilization_mae=mean_absolute_error(predicted.links.utilization, recorded.links.utilization),
    )


def errors_of_many(each: Sequence[ErrorsOfOne]) -> Errors:
    """The errors over simulations: means of each one's, and figures of all demands in one pool."""
    return Errors(
        simulations=len(each),
        demands=sum(one.n_demands for one in each),
        delay=_delay_errors(each),
        loss_mae=_mean([one.loss_mae for one in each]),
        utilization_mae=_mean([one.utilization_mae for one in each]),
    )


def _delay_errors(each: Sequence[ErrorsOfOne]) -> DelayErrors:
    predicted = _pool([one.predicted_delay_s for one in each])
    recorded = _pool([one.recorded_delay_s for one in each])
    inside = [one.is_inside for one in each if one.is_inside is not None]
    apes = np.abs(relative_errors(predicted, recorded))
    median, p95, p99 = np.quantile(apes, (0.5, 0.95, 0.99)).tolist() if len(apes) else [float("nan")] * 3
    return DelayErrors(
        mape=_mean([one.mape for one in each]),
        mape_pooled=_mean(apes),
        median_ape=median,
        p95_ape=p95,
        p99_ape=p99,
        wape=weighted_absolute_percentage_error(predicted, recorded),
        bias_slowest_1pct=bias_of_largest(predicted, recorded),
        p90_mape=_mean([one.p90_mape for one in each]),
        coverage_90=_mean(_pool([part.astype(np.float64) for part in inside])),
        answered=_mean(np.isfinite(predicted).astype(np.float64)),
    )


def _pool(columns: Sequence[FloatArray]) -> FloatArray:
    return np.concatenate(columns) if columns else np.empty(0)


def _mean(values: FloatArray | Sequence[float]) -> float:
    values = np.asarray(values, dtype=np.float64)
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
