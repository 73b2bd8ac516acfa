"""How far predicted values are from recorded ones: relative errors of delays, absolute errors of loss and utilization.

Every measure leaves out the rows that the reference or the prediction does not know; NaN where nothing is left. Ratios, never percent.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from nettwin.performance.performance import Interval, Performance
from nettwin.scenario.arrays import FloatArray

COVERAGE = 0.9
SLOWEST_SHARE = 0.01
CERTAIN_SHARE = 0.8


def relative_errors(predicted: FloatArray, recorded: FloatArray) -> FloatArray:  # [row that both know]
    """predicted / recorded - 1, where the recorded value is above zero."""
    known = is_comparable(predicted, recorded)
    return np.asarray(predicted[known] / recorded[known] - 1)


def is_comparable(predicted: FloatArray, recorded: FloatArray) -> np.ndarray:
    """Whether a relative error can be told: both are known, and the recorded value is above zero."""
    return np.asarray(np.isfinite(predicted) & np.isfinite(recorded) & (recorded > 0))


def mean_absolute_percentage_error(predicted: FloatArray, recorded: FloatArray) -> float:
    """MAPE, as a ratio."""
    return mean_of_known(np.abs(relative_errors(predicted, recorded)))


def mean_absolute_error(predicted: FloatArray, recorded: FloatArray) -> float:
    """MAE, in the unit of the values."""
    return mean_of_known(np.abs(predicted - recorded))


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
    largest = order[-n_largest(len(order), share) :]
    return mean_of_known(relative_errors(predicted[known][largest], recorded[known][largest]))


def n_largest(n_rows: int, share: float = SLOWEST_SHARE) -> int:
    """How many rows a share of them is, one at least."""
    return max(1, round(share * n_rows))


def inside(interval: Interval | None, recorded_delay_s: FloatArray) -> FloatArray:  # [demand]
    """1 where the recorded delay lies in the predicted 90 % interval, 0 where not, NaN where there is none."""
    if interval is None or not _holds_90_percent(interval):
        return np.full(len(recorded_delay_s), np.nan, dtype=np.float32)
    lower, upper = interval.lower.delay_s, interval.upper.delay_s
    known = np.isfinite(lower) & np.isfinite(upper)
    return np.where(known, (lower <= recorded_delay_s) & (recorded_delay_s <= upper), np.nan).astype(np.float32)


def relative_widths(interval: Interval | None, predicted_delay_s: FloatArray) -> FloatArray:  # [demand]
    """Width of the predicted 90 % interval over the predicted delay; NaN where there is none."""
    if interval is None or not _holds_90_percent(interval):
        return np.full(len(predicted_delay_s), np.nan, dtype=np.float32)
    positive = np.where(predicted_delay_s > 0, predicted_delay_s, np.nan)
    return ((interval.upper.delay_s - interval.lower.delay_s) / positive).astype(np.float32)


def mape_of_most_certain(predicted: FloatArray, recorded: FloatArray, uncertainty: FloatArray, share: float = CERTAIN_SHARE) -> float:
    """MAPE over the ``share`` of the rows that are least uncertain; those without a claim count as the most uncertain ones."""
    known = is_comparable(predicted, recorded)
    uncertainty = uncertainty[known]
    if not np.isfinite(uncertainty).any():
        return float("nan")
    kept = np.argsort(np.where(np.isfinite(uncertainty), uncertainty, np.inf), kind="stable")[: max(1, round(share * len(uncertainty)))]
    return mean_absolute_percentage_error(predicted[known][kept], recorded[known][kept])


def relative_standard_errors(performance: Performance) -> FloatArray:  # [demand]
    """Relative standard error of each measured mean delay, from its confidence interval; NaN where the measurement does not tell."""
    interval, delay_s = performance.interval, performance.demands.delay_s
    if interval is None:
        return np.full(len(delay_s), np.nan)
    half = (interval.upper.delay_s - interval.lower.delay_s) / 2
    deviations = NormalDist().inv_cdf(0.5 + interval.coverage / 2)
    return np.asarray(half / deviations / np.where(delay_s > 0, delay_s, np.nan))


def mean_of_known(values: FloatArray | Sequence[float]) -> float:
    """The mean of the finite values; NaN where there is none. Sums in double precision."""
    values = np.asarray(values)
    known = values[np.isfinite(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else float("nan")


def _holds_90_percent(interval: Interval) -> bool:
    return bool(np.isclose(interval.coverage, COVERAGE))
