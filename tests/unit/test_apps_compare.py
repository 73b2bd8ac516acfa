import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.apps.compare import Comparison
from nettwin.apps.failure_answers import failure_answers
from nettwin.apps.sweep import sweep
from nettwin.apps.tables import PerformanceView
from nettwin.apps.what_if import what_if
from nettwin.changes import AddDemand, FailLink, FailNode, ScaleTraffic
from nettwin.scenario import Demand


@pytest.fixture
def comparison() -> Comparison:
    return what_if(triangle(), [FailLink("A--B")], FakePredictor())


def test_links_before_and_after(comparison: Comparison) -> None:
    row = comparison.links.loc["A->C"]
    assert (row["utilization_before"], row["utilization_after"]) == (pytest.approx(0.2), pytest.approx(0.6))
    assert row["utilization_change"] == pytest.approx(0.4)
    assert not comparison.links.loc["A->B", "is_up_after"]


def test_newly_worst_is_what_rose_into_the_worst(comparison: Comparison) -> None:
    worst = comparison.worst_links(2)
    assert worst.index.tolist() == ["A->C", "C->B"]
    # A->C was second before; C->B carried nothing.
    assert worst["is_newly_worst"].tolist() == [False, True]
    demands = comparison.worst_demands(1)
    assert demands.index.tolist() == ["A->B"]
    assert demands["is_newly_worst"].tolist() == [False]


def test_most_changed_demands_only_lists_those_that_slow_down(comparison: Comparison) -> None:
    changed = comparison.most_changed_demands(10)
    assert set(changed.index) == {"A->B", "B->A", "A->C"}
    assert (changed["delay_s_change"] > 0).all()
    assert changed["delay_s_change"].is_monotonic_decreasing


def test_newly_unreachable_and_reachable() -> None:
    cut = what_if(triangle(), [FailNode("B")], FakePredictor())
    assert cut.newly_unreachable == ("A->B", "B->A")
    assert cut.newly_reachable == ()
    mended = Comparison(before=cut.after, after=cut.before)
    assert mended.newly_reachable == ("A->B", "B->A")


def test_rows_are_matched_by_id_even_if_demands_come_and_go() -> None:
    added = what_if(triangle(), [AddDemand(Demand("C", "B", 1e5))], FakePredictor())
    assert len(added.demands) == 4
    row = added.demands.loc["C->B"]
    assert row["source"] == "C"
    assert row[["delay_s_before"]].isna().all()
    assert "C->B" not in added.newly_unreachable


def test_summary_and_relative_differences() -> None:
    doubled = what_if(triangle(), [ScaleTraffic(2.0)], FakePredictor())
    assert doubled.summary.loc["max_utilization"].tolist() == pytest.approx([0.4, 0.8, 0.4])
    # delay 1 + 10 u ms: 5 -> 9, 2 -> 3, 3 -> 5 ms
    assert doubled.relative_differences()["median"] == pytest.approx(2 / 3)
    same = Comparison(doubled.before, doubled.before)
    assert same.relative_differences() == {"median": 0.0, "mean": 0.0, "p95": 0.0}


def test_every_failure_is_answered_in_order() -> None:
    told = []
    result = sweep(triangle(), "links")
    answers = failure_answers(result, FakePredictor(), told.append)
    assert answers.index.tolist() == ["A--B", "B--C", "A--C"]
    expected = PerformanceView(triangle(), FakePredictor().predict(FailLink("A--B").apply(triangle())))
    assert answers.loc["A--B", "worst_delay_s"] == pytest.approx(expected.summary.worst_delay_s)
    assert answers.loc["A--B", "most_utilized_link"] == "A->C"
    assert answers.loc["B--C", "max_utilization"] == pytest.approx(0.4)
    assert told == [1.0]  # three are asked about at once
