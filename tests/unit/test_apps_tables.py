import numpy as np
import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.apps.scenario_tables import demand_table, link_table, node_table
from nettwin.apps.tables import PerformanceView, SeriesView, quantile_column
from nettwin.changes import FailLink


@pytest.fixture
def view() -> PerformanceView:
    return PerformanceView(triangle(), FakePredictor(half_width_s=1e-4, n_untrusted=1).predict(triangle()))


def test_demands_are_named_and_carry_their_figures(view: PerformanceView) -> None:
    row = view.demands.loc["A->B"]
    assert (row["source"], row["target"], row["rate_bps"]) == ("A", "B", 4e5)
    assert row["delay_s"] == pytest.approx(1e-3 + 1e-2 * 0.4)
    assert row["delay_p99_s"] == pytest.approx(row["delay_s"] * 1.99)
    assert row["delay_upper_s"] - row["delay_lower_s"] == pytest.approx(2e-4)
    assert view.demands["is_trusted"].tolist() == [False, True, True]
    assert view.demands["mean_hops"].tolist() == [1, 1, 1]
    assert row["port_delay_s"] == pytest.approx(row["delay_s"] - 1e-3)  # a millisecond of propagation


def test_links_and_queues_are_named(view: PerformanceView) -> None:
    assert view.links.loc["A->B", "utilization"] == pytest.approx(0.4)
    assert view.links.loc["A->B", "offered_bps"] == pytest.approx(4e5)
    assert view.queues.loc["A->B[0]", "link"] == "A->B"
    assert len(view.queues) == 6


def test_units_are_told(view: PerformanceView) -> None:
    units = view.demands.attrs["units"]
    assert (units["delay_s"], units["rate_bps"], units["loss_ratio"]) == ("s", "bit/s", "1")
    assert "source" not in units
    assert view.links.attrs["units"]["utilization"] == "1"


@pytest.mark.parametrize(("level", "column"), [(0.5, "delay_p50_s"), (0.99, "delay_p99_s"), (0.999, "delay_p99_9_s")])
def test_quantile_columns_have_names(level: float, column: str) -> None:
    assert quantile_column(level) == column


def test_scenario_tables_show_what_is_asked() -> None:
    scenario = FailLink("A--B").apply(triangle(has_positions=True))
    assert node_table(scenario).loc["A", ["sent_bps", "received_bps"]].tolist() == [6e5, 1e5]
    links = link_table(scenario)
    assert not links.loc["A->B", "is_up"]
    assert links.loc["A->C", "offered_utilization"] == pytest.approx(0.6)  # A->B goes around
    assert demand_table(scenario)["mean_hops"].tolist() == [2, 2, 1]


def test_an_unreachable_demand_has_no_hops() -> None:
    scenario = FailLink("A--C").apply(FailLink("A--B").apply(triangle()))
    assert np.isnan(demand_table(scenario).loc["A->B", "mean_hops"])


def test_a_series_puts_its_windows_below_each_other(view: PerformanceView) -> None:
    class Timeline:
        scenario = view.scenario

    series = SeriesView(view.scenario, FakePredictor().predict_timeline(Timeline))
    assert series.summary[["start_s", "end_s"]].to_numpy().tolist() == [[0.0, 1.0], [1.0, 2.0]]
    assert len(series.demands) == 2 * 3
    assert series.demands["start_s"].tolist() == [0.0] * 3 + [1.0] * 3
    assert [start for start, _, _ in series.windows()] == [0.0, 1.0]
