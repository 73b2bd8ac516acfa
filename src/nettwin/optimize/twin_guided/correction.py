"""The twin after it was measured: what packets said of one network, carried over to its neighbors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nettwin.performance import DemandPerformance, Interval, Performance
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

RANGE = (1.0, 3.0)
"""Quotients of measured and predicted delays are kept in it. A simulation that saw few bursts may be too kind: it never makes the
twin more hopeful, only more careful."""
UNKNOWN_NOISE = 0.5
"""Relative noise of a demand that sent too few packets to tell it."""


@dataclass(frozen=True, eq=False)
class Correction:
    """What measured delays are of predicted ones, demand by demand."""

    delay: FloatArray  # [demand]
    variation: FloatArray  # [demand]
    quantiles: FloatArray  # [demand, quantile]

    @classmethod
    def between(cls, predicted: Performance, measured: Performance) -> "Correction":
        """Both must speak of the same demands and quantiles."""
        p, m = predicted.demands, measured.demands
        pairs = ((p.delay_s, m.delay_s), (p.delay_variation_s, m.delay_variation_s), (p.delay_quantiles_s, m.delay_quantiles_s))
        return cls(*(_quotient(*pair) for pair in pairs))

    @classmethod
    def by_chance(cls, measured: Performance) -> "Correction":
        """What a measurement may be off: once more the relative half-width of the mean delay's interval, for quantiles too."""
        mean = measured.demands.delay_s
        if measured.interval is None:
            noise = np.zeros(len(mean))
        else:
            with np.errstate(invalid="ignore", divide="ignore"):
                noise = np.nan_to_num(measured.interval.upper.delay_s / mean - 1, nan=UNKNOWN_NOISE, posinf=UNKNOWN_NOISE)
        upward = 1 + noise
        return cls(upward, upward, np.repeat(upward[:, None], len(measured.quantile_levels), axis=1))

    def of(self, performance: Performance) -> Performance:
        """A prediction and its interval, corrected."""
        interval = performance.interval
        if interval is not None:
            interval = Interval(
                coverage=interval.coverage,
                lower=self._columns(interval.lower),
                upper=self._columns(interval.upper),
                lower_queues=interval.lower_queues,
                upper_queues=interval.upper_queues,
                lower_links=interval.lower_links,
                upper_links=interval.upper_links,
            )
        return replace(performance, demands=self._columns(performance.demands), interval=interval)

    def _columns(self, demands: DemandPerformance) -> DemandPerformance:
        return replace(
            demands,
            delay_s=demands.delay_s * self.delay,
            delay_variation_s=demands.delay_variation_s * self.variation,
            delay_quantiles_s=demands.delay_quantiles_s * self.quantiles,
        )


@dataclass(frozen=True, eq=False)
class Corrected:
    """A predictor whose delays are multiplied by what a simulation of a network nearby found."""

    predictor: Predictor
    correction: Correction

    @property
    def name(self) -> str:
        return self.predictor.name

    def predict(self, scenario: Scenario) -> Performance:
        """The corrected answer."""
        return self.predict_many([scenario])[0]

    def predict_many(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        """Corrected answers in order."""
        return [self.correction.of(answer) for answer in predict_all(self.predictor, scenarios)]


def _quotient(predicted: FloatArray, measured: FloatArray) -> FloatArray:
    is_known = np.isfinite(measured) & (predicted > 0)
    return np.where(is_known, np.clip(measured / np.where(is_known, predicted, 1.0), *RANGE), 1.0)
