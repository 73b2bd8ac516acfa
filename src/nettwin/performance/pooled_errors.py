"""Errors over many simulations: means of each one's, and figures of all demands in one pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettwin.performance import error_measures as measures
from nettwin.performance.prediction_errors import DelayColumns, ErrorsOfOne, Figures

TRUE_DELAY_SHARES = (0.0, 0.5, 0.9, 1 - measures.SLOWEST_SHARE, 1.0)
"""Where the demands of a pool are cut, in the order of their recorded delays: the last part is the slowest 1 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueDelayErrors:
    """Errors over a part of the demands, told apart by their recorded delay."""

    from_share: float
    to_share: float
    demands: int
    mape: float
    bias: float
    """Mean relative error with its sign: below 0 is under-predicted."""
    coverage_90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayErrors:
    """Errors of delays over one or many simulations."""

    mape: float
    """Mean over simulations of each one's MAPE."""
    mape_pooled: float
    """MAPE over the demands of all simulations together, so large simulations weigh more. Also of one pool: the next five."""
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
    variation_mape: float
    """Of the standard deviation of the delay; mean over simulations, as the next two."""
    ipdv_mape: float
    quantile_mape: Mapping[float, float]
    """By recorded level."""
    by_true_delay: tuple[TrueDelayErrors, ...]
    interval_width: float
    """Mean width of the 90 % interval over the predicted delay; pooled."""
    selective_mape_80: float
    """Pooled MAPE after the 20 % of the demands with the relatively widest intervals are dropped."""
    selective_ratio: float
    """That over the MAPE of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustErrors:
    """What the engine's trust in its answers is worth; NaN where it makes no such claim."""

    share: float
    """Of the demands with a recorded delay, those trusted."""
    mape: float
    """Pooled over these."""
    mape_untrusted: float
    """Pooled over the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """The errors over a set of simulations."""

    simulations: int
    demands: int
    delay: DelayErrors
    figures: Figures
    """Means over simulations."""
    loss_mae_lossy: float
    """Mean absolute error of the loss ratio over the demands of all simulations that lost more than 0.1 %."""
    trusted: TrustErrors

    @property
    def loss_mae(self) -> float:
        return self.figures.loss_mae

    @property
    def utilization_mae(self) -> float:
        return self.figures.utilization_mae


def errors_of_many(each: Sequence[ErrorsOfOne]) -> Errors:
    """The errors over simulations."""
    pool = DelayColumns.pooled([one.delays for one in each])
    figures = Figures.mean([one.figures for one in each])
    return Errors(
        simulations=len(each),
        demands=sum(one.n_demands for one in each),
        delay=_delay_errors(pool, figures, _mean_by_level([one.quantile_mape for one in each])),
        figures=figures,
        loss_mae_lossy=measures.mean_of_known(np.concatenate([np.empty(0), *(one.lossy_errors for one in each)])),
        trusted=_trust_errors(pool),
    )


def _delay_errors(pool: DelayColumns, figures: Figures, quantile_mape: Mapping[float, float]) -> DelayErrors:
    apes = np.abs(measures.relative_errors(pool.predicted_s, pool.recorded_s))
    median, p95, p99 = np.quantile(apes, (0.5, 0.95, 0.99)).tolist() if len(apes) else [float("nan")] * 3
    pooled = measures.mean_of_known(apes)
    selective = measures.mape_of_most_certain(pool.predicted_s, pool.recorded_s, pool.relative_width)
    return DelayErrors(
        mape=figures.mape,
        mape_pooled=pooled,
        median_ape=median,
        p95_ape=p95,
        p99_ape=p99,
        wape=measures.weighted_absolute_percentage_error(pool.predicted_s, pool.recorded_s),
        bias_slowest_1pct=measures.bias_of_largest(pool.predicted_s, pool.recorded_s),
        p90_mape=quantile_mape.get(0.9, float("nan")),
        coverage_90=measures.mean_of_known(pool.is_inside),
        answered=measures.mean_of_known(np.isfinite(pool.predicted_s).astype(np.float32)),
        variation_mape=figures.variation_mape,
        ipdv_mape=figures.ipdv_mape,
        quantile_mape=quantile_mape,
        by_true_delay=_by_true_delay(pool),
        interval_width=measures.mean_of_known(pool.relative_width),
        selective_mape_80=selective,
        selective_ratio=selective / pooled if pooled > 0 else float("nan"),
    )


def _by_true_delay(pool: DelayColumns) -> tuple[TrueDelayErrors, ...]:
    """The comparable demands of a pool, in four parts of rising recorded delay."""
    known = pool.rows(measures.is_comparable(pool.predicted_s, pool.recorded_s))
    n_demands = len(known.recorded_s)
    if not n_demands:
        return ()
    known = known.rows(np.argsort(known.recorded_s, kind="stable"))
    slowest = n_demands - measures.n_largest(n_demands)
    edges = [*(min(round(share * n_demands), slowest) for share in TRUE_DELAY_SHARES[:-2]), slowest, n_demands]
    parts = zip(pairwise(TRUE_DELAY_SHARES), pairwise(edges), strict=True)
    return tuple(_part(known.rows(slice(*rows)), shares) for shares, rows in parts)


def _part(demands: DelayColumns, shares: tuple[float, float]) -> TrueDelayErrors:
    errors = measures.relative_errors(demands.predicted_s, demands.recorded_s)
    return TrueDelayErrors(
        from_share=shares[0],
        to_share=shares[1],
        demands=len(errors),
        mape=measures.mean_of_known(np.abs(errors)),
        bias=measures.mean_of_known(errors),
        coverage_90=measures.mean_of_known(demands.is_inside),
    )


def _trust_errors(pool: DelayColumns) -> TrustErrors:
    trusted, others = (pool.rows(pool.is_trusted == value) for value in (1, 0))
    return TrustErrors(
        share=measures.mean_of_known(pool.is_trusted),
        mape=measures.mean_absolute_percentage_error(trusted.predicted_s, trusted.recorded_s),
        mape_untrusted=measures.mean_absolute_percentage_error(others.predicted_s, others.recorded_s),
    )


def _mean_by_level(each: Sequence[Mapping[float, float]]) -> dict[float, float]:
    levels = sorted({level for one in each for level in one})
    return {level: measures.mean_of_known([one.get(level, float("nan")) for one in each]) for level in levels}
