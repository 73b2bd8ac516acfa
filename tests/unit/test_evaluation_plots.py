from dataclasses import dataclass, replace

import numpy as np
import pytest

from nettwin.apps.evaluate import EvaluatedSample, Evaluation
from nettwin.apps.evaluation_plots import PLOTS, write_plots
from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.performance.prediction_errors import errors_of_one


@dataclass(frozen=True)
class Truth:
    n_demands: int = 40

    def performance(self, factor=1.0, has_interval=False):
        delay_s = np.random.default_rng(3).lognormal(sigma=2.0, size=self.n_demands)
        demands = replace(DemandPerformance.unknown(self.n_demands, 0), delay_s=delay_s * factor)
        lower, upper = (replace(demands, delay_s=demands.delay_s * bound) for bound in (0.8, 1.2))
        return Performance(
            demands=demands,
            queues=QueuePerformance.unknown(1),
            links=LinkPerformance.unknown(1),
            quantile_levels=(),
            interval=Interval(coverage=0.9, lower=lower, upper=upper) if has_interval else None,
        )


def evaluation(*loads, n_demands=40, factor=1.1, has_interval=True):
    truth = Truth(n_demands)
    errors = errors_of_one(truth.performance(factor, has_interval), truth.performance())
    return Evaluation("engine", tuple(EvaluatedSample(f"sample {load}", 5, load, 0.0, errors) for load in loads))


@pytest.mark.parametrize(("suffix", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_every_figure_is_written_in_both_formats(tmp_path, suffix, head):
    paths = write_plots(evaluation(0.5, 0.9, 1.2), tmp_path / "new", suffix)
    assert [path.stem for path in paths] == list(PLOTS)
    assert all(path.read_bytes().startswith(head) for path in paths)


def drawn(name, of):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    return axes, PLOTS[name](axes, of)


def test_the_cdf_has_a_curve_per_load_group_and_ends_at_one():
    axes, is_drawn = drawn("error-cdf", evaluation(0.5, 1.2))
    assert is_drawn
    assert [line.get_label() for line in axes.lines] == ["all", "load 0 to 0.8", "load 1 and more"]
    assert all(line.get_ydata()[-1] == 1 for line in axes.lines)
    np.testing.assert_allclose(axes.lines[0].get_xdata(), 0.1, rtol=1e-9)


def test_one_group_is_drawn_once():
    axes, _ = drawn("error-cdf", evaluation(0.5, 0.6))
    assert [line.get_label() for line in axes.lines] == ["load 0 to 0.8"]


def test_many_demands_are_drawn_as_a_density():
    axes, _ = drawn("predicted-and-recorded", evaluation(0.5, n_demands=6000))
    assert len(axes.collections) == 1
    assert len(drawn("predicted-and-recorded", evaluation(0.5))[0].collections) == 0


def test_bias_and_error_are_drawn_from_fast_to_slow():
    axes, _ = drawn("error-by-true-delay", evaluation(0.5, factor=0.7))
    error, bias, _ = axes.lines
    np.testing.assert_allclose(error.get_ydata(), 0.3)
    np.testing.assert_allclose(bias.get_ydata(), -0.3)


def test_coverage_needs_intervals(tmp_path):
    axes, _ = drawn("coverage-by-load", evaluation(0.5, 0.9))
    assert [bar.get_height() for bar in axes.patches] == [1, 1, 1]
    assert not drawn("coverage-by-load", evaluation(0.5, has_interval=False))[1]
    assert "coverage-by-load" not in {path.stem for path in write_plots(evaluation(0.5, has_interval=False), tmp_path)}


def test_an_engine_that_answers_nothing_has_no_figures(tmp_path):
    assert write_plots(evaluation(0.5, factor=np.nan), tmp_path) == []
