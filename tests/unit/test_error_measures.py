from dataclasses import replace

import numpy as np
import pytest

from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.performance import error_measures as measures
from nettwin.performance.pooled_errors import errors_of_many
from nettwin.performance.prediction_errors import errors_of_one


def performance(delay_s, *, p90_s=None, loss=0.0, utilization=(0.5,), interval=None, variation_s=np.nan):
    delay_s = np.asarray(delay_s, dtype=float)
    n = len(delay_s)
    demands = replace(
        DemandPerformance.unknown(n, 1),
        delay_s=delay_s,
        delay_quantiles_s=np.asarray(2 * delay_s if p90_s is None else p90_s, dtype=float)[:, None],
        loss_ratio=np.full(n, loss) if np.isscalar(loss) else np.asarray(loss),
        delay_variation_s=np.full(n, variation_s) if np.isscalar(variation_s) else np.asarray(variation_s),
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
    one = errors_of_one(performance([1.0, 2.0]), performance([1.0, 2.0]))
    errors = errors_of_many([one])
    assert errors.delay.mape == errors.delay.wape == errors.delay.p99_ape == errors.loss_mae == errors.utilization_mae == 0
    assert errors.delay.answered == 1
    assert np.isnan(errors.delay.coverage_90)


def test_mean_over_simulations_and_pool_differ_by_size():
    small = errors_of_one(performance([1.5]), performance([1.0]))
    large = errors_of_one(performance([1.1] * 9), performance([1.0] * 9))
    delay = errors_of_many([small, large]).delay
    assert delay.mape == pytest.approx((0.5 + 0.1) / 2)
    assert delay.mape_pooled == pytest.approx((0.5 + 9 * 0.1) / 10)
    assert delay.median_ape == pytest.approx(0.1)


def test_what_was_not_recorded_or_not_predicted_is_left_out_and_counted():
    one = errors_of_one(performance([1.1, np.nan, 9.0]), performance([1.0, 1.0, np.nan], utilization=(np.nan,)))
    errors = errors_of_many([one])
    assert errors.demands == 3
    assert errors.delay.mape == pytest.approx(0.1)
    assert errors.delay.answered == pytest.approx(0.5)
    assert np.isnan(errors.utilization_mae)


def test_quantile_loss_and_utilization_errors():
    predicted = performance([1.0], p90_s=[3.0], loss=0.02, utilization=(0.5, 0.7))
    one = errors_of_one(predicted, performance([1.0], p90_s=[2.0], loss=0.01, utilization=(0.6, np.nan)))
    errors = errors_of_many([one])
    assert (errors.delay.p90_mape, errors.loss_mae, errors.utilization_mae) == (
        pytest.approx(0.5),
        pytest.approx(0.01),
        pytest.approx(0.1),
    )
    assert errors.delay.quantile_mape == {0.9: pytest.approx(0.5)}


@pytest.mark.parametrize(("interval", "expected"), [((0.9, 0.5, 1.5), 0.5), ((0.5, 0.5, 1.5), np.nan), (None, np.nan)])
def test_coverage_counts_only_90_percent_intervals(interval, expected):
    one = errors_of_one(performance([1.0, 1.0], interval=interval), performance([1.2, 2.0]))
    np.testing.assert_equal(errors_of_many([one]).delay.coverage_90, expected)


def test_nothing_at_all_is_unknown_and_not_an_error():
    errors = errors_of_many([])
    assert errors.simulations == 0
    assert np.isnan(errors.delay.mape)


def test_demands_without_an_interval_do_not_count_as_missed():
    interval = Interval(
        coverage=0.9,
        lower=replace(DemandPerformance.unknown(3, 1), delay_s=np.array([0.5, 1.5, np.nan])),
        upper=replace(DemandPerformance.unknown(3, 1), delay_s=np.array([1.5, 2.0, np.nan])),
    )
    delay = errors_of_many([errors_of_one(replace(performance([1.0] * 3), interval=interval), performance([1.0] * 3))]).delay
    assert delay.coverage_90 == pytest.approx(0.5)
    assert delay.interval_width == pytest.approx((1.0 + 0.5) / 2)


def test_errors_by_true_delay_add_up_to_all_of_them():
    rng = np.random.default_rng(1)
    recorded = rng.lognormal(size=1000)
    predicted = recorded * np.where(recorded > np.quantile(recorded, 0.9), 0.5, 1.1)
    delay = errors_of_many([errors_of_one(performance(predicted), performance(recorded))]).delay
    assert [part.demands for part in delay.by_true_delay] == [500, 400, 90, 10]
    assert [part.mape for part in delay.by_true_delay] == pytest.approx([0.1, 0.1, 0.5, 0.5])
    assert [part.bias for part in delay.by_true_delay] == pytest.approx([0.1, 0.1, -0.5, -0.5])
    assert sum(part.mape * part.demands for part in delay.by_true_delay) / 1000 == pytest.approx(delay.mape_pooled)
    assert delay.by_true_delay[-1].bias == pytest.approx(delay.bias_slowest_1pct)


@pytest.mark.parametrize("n_demands", [1, 2, 3, 7, 49, 51, 101])
def test_parts_by_true_delay_hold_every_demand_once(n_demands):
    one = errors_of_one(performance(np.arange(1.0, n_demands + 1)), performance(np.arange(1.0, n_demands + 1)))
    parts = errors_of_many([one]).delay.by_true_delay
    assert sum(part.demands for part in parts) == n_demands
    assert parts[-1].demands >= 1


def test_the_most_certain_are_those_with_relatively_narrow_intervals():
    recorded = np.ones(10)
    predicted = np.array([1.1] * 8 + [2.0] * 2)
    width = np.array([0.1] * 8 + [1.0, np.nan])  # no claim is the least certain
    assert measures.mape_of_most_certain(predicted, recorded, width) == pytest.approx(0.1)
    assert measures.mape_of_most_certain(predicted, recorded, width[::-1]) == pytest.approx((6 * 0.1 + 2 * 1.0) / 8)
    assert np.isnan(measures.mape_of_most_certain(predicted, recorded, np.full(10, np.nan)))


def test_dropping_the_uncertain_halves_the_error_of_an_engine_that_knows_where_it_errs():
    recorded = np.ones(100)
    off = np.where(np.arange(100) < 80, 0.1, 0.5)
    bound = replace(DemandPerformance.unknown(100, 1), delay_s=np.zeros(100))
    interval = Interval(coverage=0.9, lower=bound, upper=replace(bound, delay_s=2 * off * (1 + off)))
    delay = errors_of_many([errors_of_one(replace(performance(1 + off), interval=interval), performance(recorded))]).delay
    assert delay.selective_mape_80 == pytest.approx(0.1)
    assert delay.selective_ratio == pytest.approx(0.1 / delay.mape_pooled)


def test_almost_steady_delays_have_no_error_of_variation():
    recorded = performance([1.0, 1.0], variation_s=[1e-9, 0.2])
    delay = errors_of_many([errors_of_one(performance([1.0, 1.0], variation_s=[0.5, 0.3]), recorded)]).delay
    assert delay.variation_mape == pytest.approx(0.5)
    assert np.isnan(delay.ipdv_mape)


def test_loss_of_lossy_demands_is_pooled():
    some = errors_of_one(performance([1.0, 1.0], loss=[0.0, 0.3]), performance([1.0, 1.0], loss=[0.0, 0.1]))
    none = errors_of_one(performance([1.0]), performance([1.0], loss=0.0005))
    assert errors_of_many([some, none]).loss_mae_lossy == pytest.approx(0.2)
    assert np.isnan(errors_of_many([none]).loss_mae_lossy)


def test_queues_are_compared_where_they_were_recorded():
    def queues(packets, utilization, loss):
        known = {"occupancy_packets": packets, "utilization": utilization, "loss_ratio": loss}
        return replace(performance([1.0]), queues=replace(QueuePerformance.unknown(2), **{k: np.asarray(v) for k, v in known.items()}))

    one = errors_of_one(queues([1.0, 5.0], [0.5, 0.6], [0.0, 0.1]), queues([2.0, 4.0], [0.4, np.nan], [np.nan, 0.3]))
    figures = errors_of_many([one]).figures
    assert figures.occupancy_wape == pytest.approx(2 / 6)
    assert figures.queue_utilization_mae == pytest.approx(0.1)
    assert figures.queue_loss_mae == pytest.approx(0.2)


def test_trusted_and_other_demands_are_told_apart():
    answer = replace(performance([1.1, 1.1, 2.0, 1.0]), is_trusted=np.array([True, True, False, False]))
    trusted = errors_of_many([errors_of_one(answer, performance([1.0, 1.0, 1.0, np.nan]))]).trusted
    assert trusted.share == pytest.approx(2 / 3)
    assert (trusted.mape, trusted.mape_untrusted) == (pytest.approx(0.1), pytest.approx(1.0))
    no_claim = errors_of_many([errors_of_one(performance([1.0]), performance([1.0]))]).trusted
    assert np.isnan([no_claim.share, no_claim.mape, no_claim.mape_untrusted]).all()


def test_noise_is_the_standard_error_that_an_interval_tells():
    recorded = performance([2.0, np.nan], interval=(0.95, 1 - 0.0196, 1 + 0.0196))
    np.testing.assert_allclose(measures.relative_standard_errors(recorded), [0.01, np.nan], rtol=1e-3)
    errors = errors_of_many([errors_of_one(performance([2.0, 1.0]), recorded), errors_of_one(performance([1.0]), performance([1.0]))])
    assert errors.figures.noise == pytest.approx(0.01, rel=1e-3)


def test_pools_stay_small():
    """Some 20 bytes per demand: a simulation with 300 nodes has 90,000 of them."""
    delays = errors_of_one(performance(np.ones(1000)), performance(np.ones(1000))).delays
    assert sum(column.nbytes for column in vars(delays).values()) <= 28 * 1000
