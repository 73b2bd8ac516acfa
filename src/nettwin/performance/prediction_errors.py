"""One prediction beside its recording: what is pooled over simulations, and what is averaged over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from nettwin.performance import error_measures as measures
from nettwin.performance.performance import Performance
from nettwin.scenario.arrays import FloatArray

LOSSY = 1e-3
"""A demand that loses more than this share of its packets is lossy."""
STEADY = 1e-3
"""Variations below this share of the mean delay are left out: the relative error of almost nothing says nothing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DelayColumns:
    """Mean delays of demands whose delay was recorded; pools of millions of them are sorted and averaged."""

    predicted_s: FloatArray
    recorded_s: FloatArray
    relative_width: FloatArray  # of the 90 % interval, single precision; NaN: no claim, as in the next two
    is_inside: FloatArray  # 1 or 0, single precision
    is_trusted: FloatArray  # likewise

    @classmethod
    def pooled(cls, each: Sequence["DelayColumns"]) -> "DelayColumns":
        """The demands of all simulations, one after the other."""
        return cls(**{f.name: np.concatenate([getattr(one, f.name) for one in each]) if each else np.empty(0) for f in fields(cls)})

    def rows(self, rows: np.ndarray | slice) -> "DelayColumns":
        """Some of the demands."""
        return DelayColumns(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Errors of one simulation, or their means over simulations; NaN where nothing was recorded or predicted."""

    mape: float
    variation_mape: float
    ipdv_mape: float
    loss_mae: float
    utilization_mae: float
    occupancy_wape: float
    queue_utilization_mae: float
    queue_loss_mae: float
    noise: float
    """Mean relative standard error of the recorded mean delays."""

    @classmethod
    def mean(cls, each: Sequence["Figures"]) -> "Figures":
        """Of the simulations that know the figure."""
        return cls(**{f.name: measures.mean_of_known([getattr(one, f.name) for one in each]) for f in fields(cls)})


@dataclass(frozen=True, eq=False, kw_only=True)
class ErrorsOfOne:
    """One prediction beside its recording."""

    n_demands: int
    delays: DelayColumns
    figures: Figures
    quantile_mape: Mapping[float, float]
    """By recorded level."""
    lossy_errors: FloatArray  # [demand that lost more than 0.1 %] absolute error of its loss ratio

    @property
    def mape(self) -> float:
        return self.figures.mape


def errors_of_one(predicted: Performance, recorded: Performance) -> ErrorsOfOne:
    """Compares one prediction with its recording, demand by demand, queue by queue and link by link."""
    loss_errors = np.abs(predicted.demands.loss_ratio - recorded.demands.loss_ratio)
    return ErrorsOfOne(
        n_demands=len(recorded.demands.delay_s),
        delays=_delays(predicted, recorded),
        figures=_figures(predicted, recorded),
        quantile_mape={level: _quantile_mape(predicted, recorded, level) for level in recorded.quantile_levels},
        lossy_errors=loss_errors[recorded.demands.loss_ratio > LOSSY],
    )


def _delays(predicted: Performance, recorded: Performance) -> DelayColumns:
    delay_s = predicted.demands.delay_s
    trusted = np.full(len(delay_s), np.nan) if predicted.is_trusted is None else predicted.is_trusted
    columns = DelayColumns(
        predicted_s=delay_s,
        recorded_s=recorded.demands.delay_s,
        relative_width=measures.relative_widths(predicted.interval, delay_s),
        is_inside=measures.inside(predicted.interval, recorded.demands.delay_s),
        is_trusted=np.asarray(trusted, dtype=np.float32),
    )
    return columns.rows(np.isfinite(recorded.demands.delay_s))


def _figures(predicted: Performance, recorded: Performance) -> Figures:
    p, r = predicted.demands, recorded.demands
    return Figures(
        mape=measures.mean_absolute_percentage_error(p.delay_s, r.delay_s),
        variation_mape=_variation_mape(p.delay_variation_s, r.delay_variation_s, r.delay_s),
        ipdv_mape=_variation_mape(p.ipdv_s, r.ipdv_s, r.delay_s),
        loss_mae=measures.mean_absolute_error(p.loss_ratio, r.loss_ratio),
        utilization_mae=measures.mean_absolute_error(predicted.links.utilization, recorded.links.utilization),
        occupancy_wape=measures.weighted_absolute_percentage_error(predicted.queues.occupancy_packets, recorded.queues.occupancy_packets),
        queue_utilization_mae=measures.mean_absolute_error(predicted.queues.utilization, recorded.queues.utilization),
        queue_loss_mae=measures.mean_absolute_error(predicted.queues.loss_ratio, recorded.queues.loss_ratio),
        noise=measures.mean_of_known(measures.relative_standard_errors(recorded)),
    )


def _variation_mape(predicted_s: FloatArray, recorded_s: FloatArray, recorded_delay_s: FloatArray) -> float:
    varies = recorded_s > STEADY * recorded_delay_s
    return measures.mean_absolute_percentage_error(predicted_s[varies], recorded_s[varies])


def _quantile_mape(predicted: Performance, recorded: Performance, level: float) -> float:
    return measures.mean_absolute_percentage_error(predicted.delay_quantile_s(level), recorded.delay_quantile_s(level))
