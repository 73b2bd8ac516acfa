import json
from dataclasses import replace

import pytest

from nettwin import changes as ch
from nettwin.changes import Phase, TimedChange, Timeline, phases
from nettwin.controlplane import route
from nettwin.errors import FormatError, InputError, ScenarioError, UnknownNameError
from nettwin.scenario import Demand, Link, Node, Observation, Scenario, Topology, Traffic


def both(a: str, b: str, metric: float = 1.0) -> tuple[Link, Link]:
    there, back = ((s, t) for s, t in ((a, b), (b, a)))
    return tuple(Link(f"{s}->{t}", s, t, 1e9, metric=metric, circuit=f"{a}--{b}") for s, t in (there, back))  # type: ignore[return-value]


@pytest.fixture
def triangle() -> Scenario:
    """A->C goes directly; the way over B is longer."""
    topology = Topology(tuple(map(Node, "ABC")), both("A", "C") + both("A", "B") + both("B", "C"))
    return Scenario(topology, Traffic.of([Demand("A", "C", 100.0)], topology), observation=Observation(10.0, 2.0))


def path(phase: Phase, demand: int = 0) -> list[str]:
    paths = phase.routing.paths_of(demand)
    return [phase.scenario.topology.links[i].id for i in paths[0][1].tolist()] if paths else []


def test_without_events_there_is_one_phase_that_is_the_scenario(triangle: Scenario) -> None:
    (only,) = phases(Timeline(triangle))
    assert only.start_s == 0.0
    assert only.scenario is triangle
    assert only.routing is route(triangle)


def test_packets_follow_old_paths_until_routing_has_converged(triangle: Scenario) -> None:
    events = (TimedChange(8.0, ch.RestoreLink("A--C")), TimedChange(3.0, ch.FailLink("A--C")))
    timeline = Timeline(triangle, events, convergence_delay_s=0.5)
    found = [(phase.start_s, phase.scenario.topology.link("A->C").is_up, path(phase)) for phase in phases(timeline)]
    assert found == [
        (0.0, True, ["A->C"]),
        (3.0, False, ["A->C"]),
        (3.5, False, ["A->B", "B->C"]),
        (8.0, True, ["A->B", "B->C"]),
        (8.5, True, ["A->C"]),
    ]


def test_without_convergence_delay_routing_follows_at_once(triangle: Scenario) -> None:
    found = phases(Timeline(triangle, (TimedChange(3.0, ch.FailLink("A--C")),)))
    assert [(phase.start_s, path(phase)) for phase in found] == [(0.0, ["A->C"]), (3.0, ["A->B", "B->C"])]


def test_events_overtake_the_convergence_of_earlier_ones(triangle: Scenario) -> None:
    events = (TimedChange(3.0, ch.FailLink("A--C")), TimedChange(4.0, ch.SetMetric("A->B", 7.0)), TimedChange(4.0, ch.ScaleTraffic(2.0)))
    found = phases(Timeline(triangle, events, convergence_delay_s=1.5))
    assert [phase.start_s for phase in found] == [0.0, 3.0, 4.0, 4.5, 5.5]
    assert [path(phase)[0] for phase in found] == ["A->C", "A->C", "A->C", "A->B", "A->B"]
    assert [phase.scenario.traffic.rate_bps[0] for phase in found] == [100, 100, 200, 200, 200]


def test_an_event_at_the_start_still_takes_its_time_to_converge(triangle: Scenario) -> None:
    found = phases(Timeline(triangle, (TimedChange(0.0, ch.FailLink("A--C")),), convergence_delay_s=1.0))
    assert [(phase.start_s, phase.scenario.topology.link("A->C").is_up, path(phase)[0]) for phase in found] == [
        (0.0, False, "A->C"),
        (1.0, False, "A->B"),
    ]


def test_convergence_after_the_end_is_no_phase(triangle: Scenario) -> None:
    found = phases(Timeline(triangle, (TimedChange(11.5, ch.FailLink("A--C")),), convergence_delay_s=1.0))
    assert [phase.start_s for phase in found] == [0.0, 11.5]


def test_all_phases_share_one_order_of_nodes_links_and_demands(triangle: Scenario) -> None:
    growth = ch.Plan(
        (ch.AddNode(Node("D")), ch.AddLink(Link("C->D", "C", "D", 1e9), both_directions=True), ch.AddDemand(Demand("A", "D", 5.0)))
    )
    events = (TimedChange(2.0, growth), TimedChange(4.0, ch.RemoveNode("B")), TimedChange(6.0, ch.RemoveDemand("A->C")))
    found = phases(Timeline(triangle, events))
    first = found[0].scenario
    assert list(first.topology.node_index) == ["A", "B", "C", "D"]
    assert first.demand_ids == ("A->C", "A->D")
    for phase in found:
        assert list(phase.scenario.topology.node_index) == list(first.topology.node_index)
        assert list(phase.scenario.topology.link_index) == list(first.topology.link_index)
        assert phase.scenario.demand_ids == first.demand_ids
    assert [phase.scenario.topology.node("D").is_up for phase in found] == [False, True, True, True]
    assert [phase.scenario.topology.node("B").is_up for phase in found] == [True, True, False, False]
    assert [phase.scenario.topology.link("A->B").is_up for phase in found] == [True, True, False, False]
    assert [phase.scenario.traffic.rate_bps.tolist() for phase in found] == [[100, 0], [100, 5], [100, 5], [0, 5]]
    assert [path(phase, 1) for phase in found] == [[]] + [["A->C", "C->D"]] * 3


def test_policies_follow_into_the_common_order(triangle: Scenario) -> None:
    steered = ch.SetPath("A->C", ("A->B", "B->C")).apply(triangle)
    events = (
        TimedChange(2.0, ch.ClearPath()),
        TimedChange(3.0, ch.RemoveDemand("A->C")),
        TimedChange(4.0, ch.AddDemand(Demand("A", "C", 7.0))),
    )
    found = phases(Timeline(steered, events))
    assert [path(phase) for phase in found] == [["A->B", "B->C"], ["A->C"], ["A->C"], ["A->C"]]
    assert [phase.scenario.traffic.rate_bps.tolist() for phase in found] == [[100], [100], [0], [7]]


@pytest.mark.parametrize("time_s", [-1.0, 12.0, float("nan"), float("inf")])
def test_events_lie_on_the_time_axis(triangle: Scenario, time_s: float) -> None:
    with pytest.raises(ScenarioError, match=r"the time axis is 0 to 12.0 s"):
        Timeline(triangle, (TimedChange(time_s, ch.FailLink("A--C")),))


def test_a_timeline_needs_an_end(triangle: Scenario) -> None:
    with pytest.raises(ScenarioError, match="never ends"):
        Timeline(replace(triangle, observation=Observation()))
    with pytest.raises(ScenarioError, match="out of range"):
        Timeline(triangle, window_s=0.0)
    with pytest.raises(ScenarioError, match="10,000,000,000 windows"):
        Timeline(triangle, window_s=1e-9)


def test_an_event_that_cannot_happen_says_when(triangle: Scenario) -> None:
    with pytest.raises(UnknownNameError, match=r"event at 3.0 s: change 1: unknown link 'X--Y'"):
        phases(Timeline(triangle, (TimedChange(3.0, ch.FailLink("X--Y")),)))


def test_timelines_survive_json(triangle: Scenario) -> None:
    events = (TimedChange(1.0, ch.FailLink("A--C")), TimedChange(2.0, ch.Plan((ch.RestoreLink("A--C"), ch.ScaleTraffic(2.0)))))
    timeline = Timeline(triangle, events, window_s=0.5, convergence_delay_s=0.25)
    again = ch.timeline_from_dict(json.loads(json.dumps(ch.timeline_to_dict(timeline))), triangle)
    assert (again.events, again.window_s, again.convergence_delay_s) == (events, 0.5, 0.25)
    written = ch.timeline_from_dict({"events": [{"time_s": "500 ms", "change": "fail-link A--C"}]}, triangle)
    assert written.events == (TimedChange(0.5, ch.FailLink("A--C")),)


@pytest.mark.parametrize(
    ("plain", "complaint"),
    [
        ([], "timeline: not a mapping"),
        ({"event": []}, "unknown field 'event' .did you mean events"),
        ({"events": {}}, "timeline.events: not a list"),
        ({"events": [{"time_s": 1}]}, r"timeline.events\[0\]: change is missing"),
        ({"events": [{"time_s": 1, "change": {"fail-link": {"lnk": 1}}}]}, r"timeline.events\[0\].change.fail-link: unknown field 'lnk'"),
        ({"window_s": "long"}, "timeline.window_s: 'long' is no time"),
    ],
)
def test_wrong_plain_timelines_are_refused_with_their_place(triangle: Scenario, plain: object, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as caught:
        ch.timeline_from_dict(plain, triangle)
    assert isinstance(caught.value, FormatError | UnknownNameError)
