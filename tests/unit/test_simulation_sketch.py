"""Quantiles from the histogram of delays: their error is bounded."""

import numpy as np
import pytest

from nettwin.performance import QUANTILE_LEVELS
from nettwin.scenario.arrays import FloatArray
from nettwin.simulation import sketch
from nettwin.simulation.kernels import delivery
from nettwin.simulation.sketch import OCTAVES, Sketch, SketchShape


def _bins(values: FloatArray, shape: SketchShape) -> FloatArray:
    return np.array([delivery.sketch_bin.py_func(value, float(shape.bins_per_octave), shape.n_bins) for value in values])


def _sketch(values: FloatArray, shape: SketchShape, scale: float = 1.0) -> Sketch:
    counts = np.bincount(_bins(values * scale, shape), minlength=shape.n_bins).astype(np.uint32)[None]
    return Sketch(shape, counts, np.zeros(1), np.array([scale]), np.array([values.max()]))


def test_both_formulas_have_the_same_constant() -> None:
    assert sketch.CURVATURE == delivery.CURVATURE


@pytest.mark.parametrize("n_demands", [10, 10_000, 90_000])
def test_values_lie_in_their_bins(n_demands: int) -> None:
    shape = SketchShape.for_demands(n_demands)
    values = np.exp(np.random.default_rng(1).uniform(0, np.log(2.0**OCTAVES), 2000))
    bins, edges = _bins(values, shape), shape.edges()
    assert bool(np.all(values >= edges[bins] * (1 - 1e-9)))
    assert bool(np.all(values <= edges[bins + 1] * (1 + 1e-9)))


@pytest.mark.parametrize(("n_demands", "bound"), [(4_000, 0.006), (20_000, 0.0096), (90_000, 0.0191)])
def test_bins_are_no_wider_than_promised(n_demands: int, bound: float) -> None:
    edges = SketchShape.for_demands(n_demands).edges()[:-1]
    assert np.diff(edges).max() > 0
    assert (edges[1:] / edges[:-1] - 1).max() <= bound


def test_quantiles_of_atoms() -> None:
    """A few exact delays, as fixed packet sizes on idle links give them."""
    shape = SketchShape.for_demands(1)
    values = np.repeat([1.0, 3.7, 11.3], [300, 500, 200])
    quantiles = _sketch(values, shape).quantiles(QUANTILE_LEVELS)[0]
    exact = np.quantile(values, QUANTILE_LEVELS, method="inverted_cdf")
    np.testing.assert_allclose(quantiles, exact, rtol=0.006)


def test_quantiles_of_a_continuous_distribution() -> None:
    values = 1 + np.random.default_rng(2).exponential(20.0, 20_000)
    quantiles = _sketch(values, SketchShape.for_demands(1), scale=1.0).quantiles(QUANTILE_LEVELS)[0]
    np.testing.assert_allclose(quantiles, np.quantile(values, QUANTILE_LEVELS), rtol=0.006)


def test_values_beyond_the_last_bin_end_at_the_largest() -> None:
    shape = SketchShape.for_demands(1)
    values = np.array([2.0, 2.0**OCTAVES * 3, 2.0**OCTAVES * 8])
    quantiles = _sketch(values, shape).quantiles((0.1, 0.999))[0]
    assert quantiles[0] == pytest.approx(2.0, rel=0.006)
    assert 2.0**OCTAVES < quantiles[1] <= values.max()


def test_no_deliveries_no_quantiles() -> None:
    shape = SketchShape.for_demands(1)
    empty = Sketch(shape, np.zeros((2, shape.n_bins), dtype=np.uint32), np.zeros(2), np.ones(2), np.zeros(2))
    assert bool(np.all(np.isnan(empty.quantiles(QUANTILE_LEVELS))))
