"""The mean of delays that are recorded as at most a cap, from their mean and quantiles."""

import math

import numpy as np

from nettwin.performance import QUANTILE_LEVELS
from nettwin.predict.neural.arrays import NUMPY, Arrays, Column

_MASS = tuple(float(mass) for mass in np.diff((0.0, *QUANTILE_LEVELS, 1.0)))


def capped_mean(mean_s: Column, quantiles_s: Column, cap_s: float, xp: Arrays = NUMPY) -> Column:  # [demand]
    """E[min(D, cap)], with D between its quantiles as if evenly spread; the mean itself where the cap is far."""
    if not math.isfinite(cap_s):
        return mean_s
    points = xp.joined([quantiles_s[:, :1], quantiles_s, quantiles_s[:, -1:]])
    whole, kept = _integral(points), _integral(xp.at_most(points, cap_s))
    is_near = quantiles_s[:, -1] > cap_s
    capped = xp.where(is_near, mean_s * kept / xp.at_least(whole, 1e-300), mean_s)
    return xp.at_most(capped, cap_s)


def _integral(values: Column) -> Column:
    """Over the distribution function, by the trapezoidal rule."""
    return sum((values[:, k + 1] + values[:, k]) / 2 * mass for k, mass in enumerate(_MASS))
