"""Confidence intervals from batch means."""

from dataclasses import replace

import numpy as np
from scipy.stats import t as student

from nettwin.performance import DemandPerformance, Interval
from nettwin.scenario.arrays import BoolArray, FloatArray
from nettwin.simulation.rare import FEWEST_PACKETS
from nettwin.simulation.result import ratio
from nettwin.simulation.totals import Totals

DELIVERED, DELAY_SUM, LOST = 0, 1, 2


def half_width(numerator: FloatArray, denominator: FloatArray, coverage: float) -> FloatArray:
    """Half-width of the interval of sum(numerator) / sum(denominator); batches along the first axis.

    The ratio estimator (Cochran, Sampling Techniques, 1977, section 6.4): batches may hold different numbers of packets, or none.
    """
    n = len(numerator)
    total = denominator.sum(axis=0)
    mean = ratio(numerator.sum(axis=0), total)
    if n < 2:
        return np.full_like(mean, np.inf)
    residual = numerator - mean * denominator
    spread = np.sqrt((residual**2).sum(axis=0) * n / (n - 1))
    return float(student.ppf(0.5 + coverage / 2, n - 1)) * ratio(spread, total)


def network_half_width(totals: Totals, offset_s: FloatArray, coverage: float) -> float:
    """Relative half-width of the packet-weighted mean delay of the whole network; infinite if nothing was delivered."""
    delivered = totals.batches[:, DELIVERED]
    delay = (totals.batches[:, DELAY_SUM] + delivered * offset_s).sum(axis=1)
    packets = delivered.sum(axis=1)
    if packets.sum() == 0 or delay.sum() == 0:
        return np.inf
    return float(half_width(delay, packets, coverage) * packets.sum() / delay.sum())


def interval_of(totals: Totals, demands: DemandPerformance, coverage: float) -> Interval | None:
    """Intervals of delay and loss per demand; NaN where there are too few packets to tell."""
    if len(totals.batches) < 2:
        return None
    delivered, lost = totals.batches[:, DELIVERED], totals.batches[:, LOST]
    is_known = delivered.sum(axis=0) + lost.sum(axis=0) >= FEWEST_PACKETS
    delay = _known(half_width(totals.batches[:, DELAY_SUM], delivered, coverage), is_known)
    loss = _known(half_width(lost, lost + delivered, coverage), is_known)
    return Interval(coverage=coverage, lower=_moved(demands, -delay, -loss), upper=_moved(demands, delay, loss))


def _known(values: FloatArray, is_known: BoolArray) -> FloatArray:
    return np.where(np.isfinite(values) & is_known, values, np.nan)


def _moved(demands: DemandPerformance, delay: FloatArray, loss: FloatArray) -> DemandPerformance:
    unknown = DemandPerformance.unknown(len(delay), demands.delay_quantiles_s.shape[1])
    return replace(unknown, delay_s=np.maximum(demands.delay_s + delay, 0.0), loss_ratio=np.clip(demands.loss_ratio + loss, 0.0, 1.0))
