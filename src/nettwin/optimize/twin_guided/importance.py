"""How much each demand's delay and loss matter to an intent, as things stand."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.selecting import rows
from nettwin.intents.slo import Metric, Slo
from nettwin.performance import HopPerformance, Performance
from nettwin.performance.hops import sum_by_demand
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray, IntArray

SHARPNESS = 8
"""Of the soft maximum over demands: one that is 9 % worse weighs twice as much."""
MOST_PRESSURE = 1e3
HARD = 30.0
"""A hard bound that is just kept, beside the first objective, which weighs 1."""
NEXT = 0.05
"""What an objective weighs beside the one before it."""
LEAST_LOSS = 1e-4
MOST_TAIL = 50.0


@dataclass(frozen=True, eq=False)
class Importance:
    """Prices, so that the cost of a network is a sum over its queues; they hold near the performance that they were taken at."""

    wait: FloatArray  # [demand] of a second in queues
    fixed: FloatArray  # [demand] of a second of propagation and transmission
    loss: FloatArray  # [demand] of losing everything
    utilization: float = 0.0

    @property
    def is_protected(self) -> np.ndarray:  # [demand]
        """Whom the intent is about at all."""
        return (self.wait > 0) | (self.loss > 0)


@dataclass(frozen=True, eq=False)
class Figures:
    """A scenario's answer with the split of the delay that prices need."""

    scenario: Scenario
    performance: Performance
    fixed_s: FloatArray  # [demand]
    wait_s: FloatArray  # [demand]

    @classmethod
    def of(cls, scenario: Scenario, performance: Performance, hops: HopPerformance) -> "Figures":
        n_demands = scenario.traffic.n_demands
        fixed = sum_by_demand(hops, np.nan_to_num(hops.propagation_s + hops.transmission_s), n_demands)
        return cls(scenario, performance, fixed, sum_by_demand(hops, np.nan_to_num(hops.wait_s), n_demands))

    def delay_s(self, statistic: str) -> FloatArray:  # [demand]
        """Mean or percentile; what is not known counts as ten times the largest."""
        known = self.performance.demands.delay_s
        values = known if statistic == "mean" else self.performance.delay_quantile_s(float(statistic.removeprefix("p")) / 100)
        values = np.where(np.isfinite(values), values, known)
        return np.where(np.isfinite(values), values, 10 * np.nanmax(values, initial=1e-6))

    def tail(self, values: FloatArray) -> FloatArray:  # [demand]
        """How much faster a percentile or a variation grows than the mean wait."""
        return np.clip((values - self.fixed_s) / np.maximum(self.wait_s, 1e-9), 1.0, MOST_TAIL)


def importance_of(intent: Intent, figures: Figures) -> Importance:
    """Sum over the SLOs that are, or are nearly, violated and over the objectives, the first first."""
    n_demands = figures.scenario.traffic.n_demands
    wait, fixed, loss = np.zeros(n_demands), np.zeros(n_demands), np.zeros(n_demands)
    for kind, chosen, values, price in _concerns(intent, figures):
        if kind is Metric.PACKET_LOSS:
            loss[chosen] += price
        elif kind is Metric.DELAY_VARIATION:
            wait[chosen] += price * np.clip(values / np.maximum(figures.wait_s[chosen], 1e-9), 0.5, MOST_TAIL)
        else:
            tail = np.zeros(n_demands)
            tail[chosen] = values
            wait[chosen] += price * figures.tail(tail)[chosen]
            fixed[chosen] += price
    places = [place for place, each in enumerate(intent.objectives) if each.minimize is Figure.MAX_UTILIZATION]
    return Importance(wait, fixed, loss, float(sum(NEXT**place for place in places)))


Concern = tuple[Metric, IntArray, FloatArray, FloatArray]
"""What is meant, the rows of the demands, their values, the price of a unit of each."""


def _concerns(intent: Intent, figures: Figures) -> Iterator[Concern]:
    for slo in intent.slos:
        yield _of_slo(slo, rows(intent, slo.selected, figures.scenario), figures)
    for place, objective in enumerate(intent.objectives):
        metric = _METRICS.get(objective.minimize)
        if metric is not None:
            yield _of_objective(metric, objective, rows(intent, objective.over, figures.scenario), figures, NEXT**place)


_METRICS = {
    Figure.ONE_WAY_DELAY: Metric.ONE_WAY_DELAY,
    Figure.DELAY_VARIATION: Metric.DELAY_VARIATION,
    Figure.PACKET_LOSS: Metric.PACKET_LOSS,
}


def _of_slo(slo: Slo, chosen: IntArray, figures: Figures) -> Concern:
    metric = Metric.PACKET_LOSS if slo.metric is Metric.THROUGHPUT else slo.metric
    bound = 1 - slo.bound if slo.metric is Metric.THROUGHPUT else slo.bound
    bound = max(bound, LEAST_LOSS) if metric is Metric.PACKET_LOSS else bound
    values = _values(metric, slo.statistic, figures)[chosen]
    pressure = np.minimum((values / bound) ** SHARPNESS, MOST_PRESSURE)
    weight = HARD if slo.soft is None else slo.soft.penalty
    return metric, chosen, values, weight * pressure / bound


def _of_objective(metric: Metric, objective: Objective, chosen: IntArray, figures: Figures, weight: float) -> Concern:
    values = _values(metric, objective.statistic, figures)[chosen]
    if objective.across == "max":
        shares = (values / max(values.max(initial=0.0), 1e-12)) ** SHARPNESS
    else:
        shares = figures.scenario.traffic.rate_bps[chosen]
    shares = shares / max(shares.sum(), 1e-300)
    least = LEAST_LOSS if metric is Metric.PACKET_LOSS else 1e-9
    return metric, chosen, values, weight * shares / max(float(shares @ values), least)


def _values(metric: Metric, statistic: str, figures: Figures) -> FloatArray:  # [demand]
    if metric is Metric.ONE_WAY_DELAY:
        return figures.delay_s(statistic)
    column = figures.performance.demands.loss_ratio if metric is Metric.PACKET_LOSS else figures.performance.demands.delay_variation_s
    return np.nan_to_num(column, nan=1.0 if metric is Metric.PACKET_LOSS else 0.0)
