"""Quantiles of a delay: a mix of packet sizes, plus a wait that is 0 with some probability and gamma-distributed otherwise.

The gamma distribution matches the first two moments of the wait over a path (two-moment fits: Tijms, "Stochastic Models", 1994,
appendix B). Every quantile is found by bisection on the distribution function of the mix.
"""

from dataclasses import dataclass
from functools import cache

import numba
import numpy as np

from nettwin.scenario.arrays import FloatArray

_N_SHAPES = 61
_LEAST_SHAPE, _LARGEST_SHAPE = 0.05, 50.0
_N_POINTS = 1025
_REACH = 1.0 - 1e-6  # the table of each shape ends at this quantile
_BISECTIONS = 20  # of a bracket that the quantile below narrows


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


def _distribution(delay: float, row: FloatArray, atoms: FloatArray, weights: FloatArray, table: FloatArray) -> float:
    """P(atom + wait <= delay) of one row."""
    last = table.shape[1] - 1
    total = 0.0
    for j in range(len(atoms)):
        wait = delay - atoms[j]
        if wait < 0:
            break
        inside = 1.0
        if wait < row[1]:
            x = np.sqrt(wait / row[1]) * last
            left = int(x)
            below = table[int(row[2]), left]
            inside = below + (x - left) * (table[int(row[2]), left + 1] - below)
        total += weights[j] * (row[0] + (1 - row[0]) * inside)
    return total


_distribution_compiled = numba.njit(cache=True)(_distribution)


def _invert_all(levels: FloatArray, rows: FloatArray, atoms: FloatArray, weights: FloatArray, table: FloatArray) -> FloatArray:
    n, n_atoms = atoms.shape
    result = np.empty((n, len(levels)))
    for i in range(n):
        bottom, top = atoms[i, 0], atoms[i, n_atoms - 1] + rows[i, 1]
        for k in range(len(levels)):
            low, high = bottom, top
            if _distribution_compiled(low, rows[i], atoms[i], weights[i], table) >= levels[k]:
                high = low
            for _ in range(_BISECTIONS):
                if high - low <= 1e-7 * high:
                    break
                middle = 0.5 * (low + high)
                if _distribution_compiled(middle, rows[i], atoms[i], weights[i], table) < levels[k]:
                    low = middle
                else:
                    high = middle
            result[i, k] = high
            bottom = high
    return result


_invert = numba.njit(cache=True)(_invert_all)
