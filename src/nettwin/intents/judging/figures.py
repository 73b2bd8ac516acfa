"""Figures of each demand, with their intervals, as clauses ask for them."""

from dataclasses import dataclass

import numpy as np

from nettwin.intents.objectives import level_of
from nettwin.intents.slo import Metric
from nettwin.performance import DemandPerformance, Performance
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Figures:
    """A value per demand, and the interval that it lies in; NaN where the engine makes no claim."""

    value: FloatArray  # [demand]
    lower: FloatArray  # [demand] the value itself where there is no interval
    upper: FloatArray  # [demand]
    is_trusted: BoolArray  # [demand] whether the engine knows such demands

    def of(self, rows: IntArray) -> "Figures":
        """Those of some demands."""
        return Figures(self.value[rows], self.lower[rows], self.upper[rows], self.is_trusted[rows])


def figures_of(performance: Performance, metric: Metric, statistic: str = "mean") -> Figures:
    """The figure that a clause is about, for every demand."""
    value = _column(performance.demands, performance, metric, statistic)
    lower = upper = value
    if performance.interval is not None:
        ends = [_column(side, performance, metric, statistic) for side in (performance.interval.lower, performance.interval.upper)]
        lower, upper = (np.where(np.isnan(end), value, end) for end in ends)
    known = performance.is_trusted
    is_trusted = np.ones(len(value), dtype=np.bool_) if known is None else np.asarray(known, dtype=np.bool_)
    return Figures(value, np.minimum(lower, upper), np.maximum(lower, upper), is_trusted)


def no_figures(n_demands: int) -> Figures:
    """Where no engine was asked."""
    unknown = np.full(n_demands, np.nan)
    return Figures(unknown, unknown, unknown, np.ones(n_demands, dtype=np.bool_))


def _column(side: DemandPerformance, performance: Performance, metric: Metric, statistic: str) -> FloatArray:  # [demand]
    match metric:
        case Metric.DELAY_VARIATION:
            return side.delay_variation_s
        case Metric.PACKET_LOSS:
            return side.loss_ratio
        case Metric.THROUGHPUT:
            return _delivered_share(side, performance)
    level = level_of(statistic)
    if level is None:
        return side.delay_s
    if level not in performance.quantile_levels:
        return np.full(len(side.delay_s), np.nan)
    return side.delay_quantiles_s[:, performance.quantile_levels.index(level)]


def _delivered_share(side: DemandPerformance, performance: Performance) -> FloatArray:  # [demand]
    """Received over sent; 1 where nothing is sent."""
    sent = performance.demands.offered_bps
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sent == 0, 1.0, side.throughput_bps / sent)
