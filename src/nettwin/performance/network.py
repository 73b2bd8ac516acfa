"""Figures of the whole network, derived from a performance."""

from dataclasses import dataclass

import numpy as np

from nettwin.performance.performance import Performance
from nettwin.scenario.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class NetworkSummary:
    """A performance in a few numbers. Means over demands are weighted by their throughput."""

    max_utilization: float
    mean_utilization: float
    mean_delay_s: float
    worst_delay_s: float
    worst_p99_delay_s: float
    loss_ratio: float
    n_unreachable: int
    offered_bps: float
    throughput_bps: float


def summarize(performance: Performance) -> NetworkSummary:
    """The network-wide figures of one performance."""
    demands, links = performance.demands, performance.links
    offered, delivered = _sum(demands.offered_bps), _sum(demands.throughput_bps)
    return NetworkSummary(
        max_utilization=_max(links.utilization),
        mean_utilization=_mean(links.utilization, np.ones_like(links.utilization)),
        mean_delay_s=_mean(demands.delay_s, demands.throughput_bps),
        worst_delay_s=_max(demands.delay_s),
        worst_p99_delay_s=_max(performance.delay_quantile_s(0.99)),
        loss_ratio=_mean(demands.loss_ratio, demands.offered_bps),
        n_unreachable=int(np.sum(demands.loss_ratio >= 1.0)),
        offered_bps=offered,
        throughput_bps=delivered,
    )


def _sum(values: FloatArray) -> float:
    return float(np.nansum(values))


def _max(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else float("nan")


def _mean(values: FloatArray, weights: FloatArray) -> float:
    known = ~np.isnan(values) & ~np.isnan(weights)
    total = weights[known].sum()
    return float((values[known] * weights[known]).sum() / total) if total > 0 else float("nan")
