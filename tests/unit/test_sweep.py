"""What a failure sweep reports, on networks that one can check by eye."""

from dataclasses import replace

import pytest

from nettwin.apps.sweep import failure_effects, link_worst_cases, sweep
from nettwin.changes import FailLink
from nettwin.errors import UnknownNameError
from nettwin.scenario import Demand, ExplicitPath, Link, Node, NodeSegment, RoutingPolicy, Scenario, SegmentList, Topology, Traffic


def square() -> Scenario:
    """A ring A-B-C-D-A in both directions, and a stub E behind A; A and B share a duct to their neighbors."""
    links = []
    for a, b in ("AB", "BC", "CD", "DA", "AE"):
        groups = ("duct",) if a + b in ("AB", "DA") else ()
        links += [Link(f"{x}->{y}", x, y, 10.0, circuit=f"{a}--{b}", risk_groups=groups) for x, y in ((a, b), (b, a))]
    topology = Topology(tuple(Node(name) for name in "ABCDE"), tuple(links))
    demands = [Demand("A", "B", 8.0), Demand("A", "D", 4.0), Demand("E", "A", 1.0)]
    return Scenario(topology, Traffic.of(demands, topology))


def test_every_circuit_fails_once() -> None:
    result = sweep(square())
    assert [failure.id for failure in result.failures] == ["A--B", "B--C", "C--D", "D--A", "A--E"]
    assert result.failures[0].change == FailLink("A->B")
    assert result.load_bps.shape == (5, 10)


def test_worst_case_of_a_link_and_its_causes() -> None:
    case = {case.link: case for case in link_worst_cases(sweep(square()))}
    assert case["A->D"].base_utilization == pytest.approx(0.4)
    assert case["A->D"].worst_utilization == pytest.approx(1.2)
    assert [name for name, _ in case["A->D"].causes] == ["A--B"]
    assert case["A->D"].causes[0][1] == pytest.approx(1.2)
    assert case["E->A"].causes == ()
    assert case["E->A"].worst_utilization == pytest.approx(0.1)


def test_causes_are_limited_and_worst_first() -> None:
    question = square()
    assert all(len(case.causes) <= 1 for case in link_worst_cases(sweep(question, "nodes"), n_causes=1))
    for case in link_worst_cases(sweep(question)):
        shown = [utilization for _, utilization in case.causes]
        assert shown == sorted(shown, reverse=True)


def test_effects_put_cuts_before_overloads() -> None:
    effects = failure_effects(sweep(square()))
    assert [effect.failure for effect in effects[:3]] == ["A--E", "A--B", "D--A"]
    assert (effects[0].n_newly_unreachable, effects[0].newly_unreachable_bps) == (1, pytest.approx(1.0))
    assert (effects[1].max_utilization, effects[1].most_utilized_link, effects[1].n_overloaded) == (pytest.approx(1.2), "A->D", 1)


def test_a_failed_node_takes_its_demands_along() -> None:
    result = sweep(square(), "nodes")
    assert [failure.id for failure in result.failures] == ["A", "B", "C", "D", "E"]
    assert result.n_newly_unreachable.tolist() == [3, 1, 0, 1, 1]
    assert result.newly_unreachable_bps.tolist() == pytest.approx([13.0, 8.0, 0.0, 4.0, 1.0])


def test_a_risk_group_fails_together() -> None:
    result = sweep(square(), "groups")
    assert [failure.id for failure in result.failures] == ["duct"]
    assert len(result.failures[0].links) == 4
    assert result.n_newly_unreachable.tolist() == [2]


def test_what_is_down_already_does_not_fail_again() -> None:
    broken = FailLink("A--B").apply(square())
    assert [failure.id for failure in sweep(broken).failures] == ["B--C", "C--D", "D--A", "A--E"]
    result = sweep(broken)
    assert result.base_n_unreachable == 0
    assert result.n_newly_unreachable.tolist() == [1, 1, 2, 1]


def test_explicit_paths_black_hole_and_segment_lists_choose_again() -> None:
    question = square()
    policy = RoutingPolicy(
        explicit_paths={"A->B": (ExplicitPath(("A->B",), 0.5), ExplicitPath(("A->D", "D->C", "C->B"), 0.5))},
        segment_lists={"A->D": (SegmentList((NodeSegment("C"),)),)},
    )
    result = sweep(replace(question, policy=policy), "nodes")
    after_c = result.load_bps[2]
    names = [link.id for link in question.topology.links]
    assert after_c[names.index("A->D")] == pytest.approx(4.0)  # no valid list is left: the IGP's way
    assert after_c[names.index("A->B")] == pytest.approx(4.0)
    assert result.newly_unreachable_bps[2] == pytest.approx(4.0)
    assert result.n_newly_unreachable[2] == 0


def test_nothing_to_fail() -> None:
    topology = Topology((Node("A"), Node("B")), ())
    result = sweep(Scenario(topology, Traffic.of([Demand("A", "B", 1.0)], topology)))
    assert (result.failures, result.base_n_unreachable) == ((), 1)
    assert link_worst_cases(result) == []
    assert failure_effects(result) == []


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="cables"):
        sweep(square(), "cables")  # type: ignore[arg-type]
