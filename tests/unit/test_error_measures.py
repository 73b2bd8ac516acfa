from dataclasses import replace

import numpy as np
import pytest

from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.performance import error_measures as measures


def performance(delay_s, *, p90_s=None, loss=0.0, utilization=(0.5,), interval=None):
    delay_s = np.asarray(delay_s, dtype=float)
    n = len(delay_s)
    demands = replace(
        DemandPerformance.unknown(n, 1),
        delay_s=delay_s,
        delay_quantiles_s=np.asarray(2 * delay_s if p90_s is None else p90_s, dtype=float)[:, None],
        loss_ratio=np.full(n, loss),
    )
    links = replace(LinkPerformance.unknown(len(utilization)), utilization=np.asarray(utilization, dtype=float))
    if interval:
        low, high = (replace(demands, delay_s=delay_s * factor) for factor in interval[1:])
        interval = Interval(coverage=interval[0], lower=low, upper=high)
    return Performance(demands=demands, queues=QueuePerformance.unknown(1), links=links, quantile_levels=(0.9,), interval=interval)


def test_relative_errors_leave_out_what_is_unknown_or_zero():
    errors = measures.relative_errors(np.array([1.1, 2.0, np.nan, 5.0]), np.array([1.0, np.nan, 3.0, 0.0]))
    np.testing.assert_allclose(errors, [0.1])


def test_wape_weighs_large_values():
    assert measures.weighted_absolute_percentage_error(np.array([2.0, 90.0]), np.array([1.0, 99.0])) == pytest.approx(10 / 100)
    assert measures.mean_absolute_percentage_error(np.array([2.0, 90.0]), np.array([1.0, 99.0])) == pytest.approx((1 + 9 / 99) / 2)


def test_bias_of_the_slowest_has_its_sign_and_at_least_one_row():
    recorded = np.arange(1.0, 201.0)
    predicted = recorded.copy()
    predicted[-2:] /= 2
    assert measures.bias_of_largest(predicted, recorded) == pytest.approx(-0.5)
    assert measures.bias_of_largest(np.array([2.0]), np.array([1.0])) == pytest.approx(1.0)


def test_a_perfect_prediction_has_no_error():
    one = measures.errors_of_one(performance([1.0, 2.0]), performance([1.0, 2.0]))
    errors = measures.errors_of_many([one])
    assert errors.delay.mape == errors.delay.wape == errors.delay.p99_ape == errors.loss_mae == errors.utilization_mae == 0
    assert errors.delay.answered == 1
    assert np.isnan(errors.delay.coverage_90)


def test_mean_over_simulations_and_pool_differ_by_size():
    small = measures.errors_of_one(performance([1.5]), performance([1.0]))
    large = measures.errors_of_one(performance([1.1] * 9), performance([1.0] * 9))
    delay = measures.errors_of_many([small, large]).delay
    assert delay.mape == pytest.approx((0.5 + 0.1) / 2)
    assert delay.mape_pooled == pytest.approx((0.5 + 9 * 0.1) / 10)
    assert delay.median_ape == pytest.approx(0.1)


def test_what_was_not_recorded_or_not_predicted_is_left_out_and_counted():
    one = measures.errors_of_one(performance([1.1, np.nan, 9.0]), performance([1.0, 1.0, np.nan], utilization=(np.nan,)))
    errors = measures.errors_of_many([one])
    assert errors.demands == 3
    assert errors.delay.mape == pytest.approx(0.1)
    assert errors.delay.answered == pytest.approx(0.5)
    assert np.isnan(errors.utilization_mae)


def test_quantile_loss_and_utilization_errors():
    predicted = performance([1.0], p90_s=[3.0], loss=0.02, utilization=(0.5, 0.7))
    one = measures.errors_of_one(predicted, performance([1.0], p90_s=[2.0], loss=0.01, utilization=(0.6, np.nan)))
    assert (one.p90_mape, one.loss_mae, one.utilization_mae) == (pytest.approx(0.5), pytest.approx(0.01), pytest.approx(0.1))


@pytest.mark.parametrize(("interval", "expected"), [((0.9, 0.5, 1.5), 0.5), ((0.5, 0.5, 1.5), np.nan), (None, np.nan)])
def test_coverage_counts_only_90_percent_intervals(interval, expected):
    one = measures.errors_of_one(performance([1.0, 1.0], interval=interval), performance([1.2, 2.0]))
    np.testing.assert_equal(measures.errors_of_many([one]).delay.coverage_90, expected)


def test_nothing_at_all_is_unknown_and_not_an_error():
    errors = measures.errors_of_many([])
    assert errors.simulations == 0
    assert np.isnan(errors.delay.mape)
