"""The mean of delays that are recorded as at most a cap, from their mean and quantiles."""

import numpy as np

from nettwin.performance import QUANTILE_LEVELS
from nettwin.scenario.arrays import FloatArray

_LEVELS = np.array((0.0, *QUANTILE_LEVELS, 1.0))


def capped_mean(mean_s: FloatArray, quantiles_s: FloatArray, cap_s: float) -> FloatArray:  # [demand]
    """E[min(D, cap)], with D between its quantiles as if evenly spread; the mean itself where the cap is far."""
    if not np.isfinite(cap_s):
        return mean_s
    ends = quantiles_s[:, :1], quantiles_s[:, -1:]
    points = np.concatenate([ends[0], quantiles_s, ends[1]], axis=1)
    mass = np.diff(_LEVELS)

    def integral(values: FloatArray) -> FloatArray:
        return np.asarray(((values[:, 1:] + values[:, :-1]) / 2 * mass).sum(axis=1))

    whole, kept = integral(points), integral(np.minimum(points, cap_s))
    is_near = quantiles_s[:, -1] > cap_s
    capped = np.where(is_near, mean_s * kept / np.maximum(whole, 1e-300), mean_s)
    return np.asarray(np.minimum(capped, cap_s))
