from dataclasses import replace

import numpy as np
import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.apps.scenario_tables import demand_table, link_table, node_table
from nettwin.apps.tables import PATH_FIGURES, PerformanceView, SeriesView, quantile_column
from nettwin.changes import AddDemand, AddLink, FailLink, RestoreLink, SetScheduling, TimedChange, Timeline
from nettwin.scenario import Demand, Discipline, Link, Observation, Queue, Scheduling


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


def in_time(*events: TimedChange) -> SeriesView:
    """Two windows of a second each."""
    timeline = Timeline(replace(triangle(), observation=Observation(2.0)), events)
    return SeriesView(timeline, FakePredictor().predict_timeline(timeline))


def test_a_series_puts_its_windows_below_each_other() -> None:
    series = in_time()
    assert series.summary[["start_s", "end_s"]].to_numpy().tolist() == [[0.0, 1.0], [1.0, 2.0]]
    assert len(series.demands) == 2 * 3
    assert series.demands["start_s"].tolist() == [0.0] * 3 + [1.0] * 3
    assert [start for start, _, _ in series.windows()] == [0.0, 1.0]


def test_what_an_event_adds_is_in_every_window() -> None:
    """An attack, and a new link from C to B."""
    attack = TimedChange(1.0, AddDemand(Demand("C", "B", 5e5, id="attack")))
    new_link = TimedChange(1.5, AddLink(Link("C->B#2", "C", "B", 1e6)))
    series = in_time(attack, new_link)
    attacks = series.demands.set_index("demand").loc["attack"]
    assert attacks["rate_bps"].tolist() == [0.0, 5e5]
    assert attacks["source"].tolist() == ["C", "C"]
    assert series.links.set_index("link").loc["C->B#2", "is_up"].tolist() == [False, True]
    assert len(series.queues) == 2 * 7


def test_a_series_shows_the_network_as_it_is_when_a_window_ends() -> None:
    series = in_time(TimedChange(0.5, FailLink("A--B")), TimedChange(1.0, RestoreLink("A--B")))
    assert series.links.set_index("link").loc["A->B", "is_up"].tolist() == [False, True]
    assert not set(PATH_FIGURES) & set(series.demands)


def test_queues_are_numbered_as_in_the_beginning() -> None:
    two = Scheduling(Discipline.STRICT_PRIORITY, (Queue(), Queue()))
    series = in_time(TimedChange(1.0, SetScheduling("A->B", two)))
    assert len(series.queues) == 2 * 6
