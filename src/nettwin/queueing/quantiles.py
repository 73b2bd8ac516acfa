"""Quantiles of a delay: a mix of packet sizes, plus a wait that is 0 with some probability and gamma-distributed otherwise.

The gamma distribution matches the first two moments of the wait over a path (two-moment fits: Tijms, "Stochastic Models", 1994,
appendix B). Every quantile is found by bisection on the distribution function of the mix.
"""

from dataclasses import dataclass
from functools import cache

import numba
import numpy as np

from nettwin.scenario.arrays import FloatArray

_N_SHAPES = 241
_LEAST_SHAPE, _LARGEST_SHAPE = 0.05, 50.0
_N_POINTS = 1025
_REACH = 1.0 - 1e-6  # the table of each shape ends at this quantile
_MOST_STEPS = 60
_TOLERANCE = 1e-4  # relative; the model errs by far more


@dataclass(frozen=True, eq=False)
class WaitMoments:
    """[row]"""

    mean_s: FloatArray
    variance_s2: FloatArray
    no_wait: FloatArray  # probability of no wait at all


def delay_quantiles(levels: tuple[float, ...], wait: WaitMoments, atoms_s: FloatArray, weights: FloatArray) -> FloatArray:
    """Quantiles [row, level], levels ascending, of a wait plus one of the ``atoms_s`` [row, atom], which ascend."""
    waits = np.maximum(1 - wait.no_wait, 1e-9)
    given = wait.mean_s / waits
    spread = np.maximum((wait.variance_s2 + wait.mean_s**2) / waits - given**2, 1e-12 * given**2)
    shape = np.clip(given**2 / np.maximum(spread, 1e-300), _LEAST_SHAPE, _LARGEST_SHAPE)
    place = np.log(shape / _LEAST_SHAPE) / np.log(_LARGEST_SHAPE / _LEAST_SHAPE) * (_N_SHAPES - 1)
    reach, table = _gamma_table()
    row = np.rint(place).astype(np.int64)
    rows = np.column_stack([wait.no_wait, given * reach[row], row])
    result: FloatArray = _invert(np.array(levels), rows, np.ascontiguousarray(atoms_s), np.ascontiguousarray(weights), table)
    return result


@cache
def _gamma_table() -> tuple[FloatArray, FloatArray]:
    """Gamma distributions of mean 1: how far each table reaches [shape], and the distribution function [shape, point]."""
    from scipy.special import gammainc, gammaincinv

    shapes = np.geomspace(_LEAST_SHAPE, _LARGEST_SHAPE, _N_SHAPES)
    reach = gammaincinv(shapes, _REACH) / shapes
    points = np.linspace(0, 1, _N_POINTS) ** 2 * reach[:, None]  # dense near 0, where small shapes are steep
    return reach, gammainc(shapes[:, None], points * shapes[:, None]) / _REACH


def _invert_all(levels: FloatArray, rows: FloatArray, atoms: FloatArray, weights: FloatArray, table: FloatArray) -> FloatArray:
    n, n_atoms = atoms.shape
    last = table.shape[1] - 1
    result = np.empty((n, len(levels)))
    for i in range(n):
        no_wait, stretch, shape = rows[i, 0], rows[i, 1], int(rows[i, 2])
        bottom, top = atoms[i, 0], atoms[i, n_atoms - 1] + stretch
        for k in range(len(levels)):
            low, high, tried = bottom, top, bottom
            for _ in range(_MOST_STEPS):
                total = 0.0  # P(atom + wait <= tried)
                for j in range(n_atoms):
                    wait = tried - atoms[i, j]
                    if wait < 0:
                        break
                    inside = 1.0
                    if wait < stretch:
                        x = np.sqrt(wait / stretch) * last
                        left = int(x)
                        inside = table[shape, left] + (x - left) * (table[shape, left + 1] - table[shape, left])
                    total += weights[i, j] * (no_wait + (1 - no_wait) * inside)
                if total >= levels[k]:
                    high = tried
                else:
                    low = tried
                if high - low <= _TOLERANCE * high:
                    break
                tried = 0.5 * (low + high)
            result[i, k] = high
            bottom = high
    return result


_invert = numba.njit(cache=True)(_invert_all)
