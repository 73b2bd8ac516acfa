from dataclasses import replace

import numpy as np
import pytest

from nettwin import changes as ch
from nettwin.errors import InputError, ScenarioError, UnknownNameError
from nettwin.scenario import (
    AdjacencySegment,
    Demand,
    Discipline,
    ExplicitPath,
    FixedSize,
    ForwardingTable,
    Link,
    Node,
    NodeSegment,
    OnOff,
    PacketTrace,
    Poisson,
    Queue,
    RoutingPolicy,
    Scenario,
    Scheduling,
    SegmentList,
    ShortestPaths,
    Topology,
    Traffic,
)


def circuit(a: str, b: str, *groups: str) -> tuple[Link, Link]:
    return tuple(Link(f"{s}->{t}", s, t, 1e9, circuit=f"{a}--{b}", risk_groups=groups) for s, t in ((a, b), (b, a)))  # type: ignore[return-value]


@pytest.fixture
def square() -> Scenario:
    """A--B--D--C--A, one bridge under two circuits, four demands."""
    links = circuit("A", "B", "bridge") + circuit("B", "D") + circuit("A", "C", "bridge") + circuit("C", "D")
    topology = Topology(tuple(map(Node, "ABCD")), links)
    rows = [Demand("A", "D", 100.0), Demand("A", "D", 300.0), Demand("D", "A", 50.0, 1), Demand("B", "C", 10.0)]
    return Scenario(topology, Traffic.of(rows, topology))


def down(scenario: Scenario) -> set[str]:
    return {link.id for link in scenario.topology.links if not link.is_up}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (ch.FailLink("A--B"), {"A->B", "B->A"}),
        (ch.FailLink("A->B"), {"A->B", "B->A"}),
        (ch.FailLink("B--A"), {"A->B", "B->A"}),
        (ch.FailLink("A->B", whole_circuit=False), {"A->B"}),
        (ch.FailLink("A->*"), {"A->B", "B->A", "A->C", "C->A"}),
        (ch.FailLink("*->D", whole_circuit=False), {"B->D", "C->D"}),
        (ch.FailRiskGroup("bridge"), {"A->B", "B->A", "A->C", "C->A"}),
        (ch.Plan((ch.FailRiskGroup("bridge"), ch.RestoreLink("A--C"))), {"A->B", "B->A"}),
        (ch.Plan((ch.FailLink("*"), ch.RestoreRiskGroup("bridge"))), {"B->D", "D->B", "C->D", "D->C"}),
    ],
)
def test_failures_take_down_what_they_name(square: Scenario, change: ch.Change, expected: set[str]) -> None:
    assert down(change.apply(square)) == expected


def test_a_failed_node_stays_in_place_and_comes_back(square: Scenario) -> None:
    failed = ch.FailNode("B").apply(square)
    assert not failed.topology.node("B").is_up
    assert failed.topology.n_nodes == square.topology.n_nodes
    assert failed.topology.link_is_up.tolist() == [link.id not in ("A->B", "B->A", "B->D", "D->B") for link in square.topology.links]
    assert ch.same_content(ch.RestoreNode("B").apply(failed), square)


def test_a_change_that_changes_nothing_returns_the_same_scenario(square: Scenario) -> None:
    idle = (ch.RestoreLink("*"), ch.SetCapacity("*", 1e9), ch.ScaleTraffic(1.0), ch.ClearPath(), ch.RateLimit(1e9), ch.RestoreNode("*"))
    for change in idle:
        assert change.apply(square) is square


def test_a_change_of_links_shares_traffic_policy_and_demand_ids(square: Scenario) -> None:
    failed = ch.FailLink("A--B").apply(square)
    assert failed.traffic is square.traffic
    assert failed.policy is square.policy
    assert failed.topology.nodes is square.topology.nodes
    assert failed.demand_ids is square.demand_ids


def test_a_change_of_rates_shares_the_other_columns(square: Scenario) -> None:
    scaled = ch.ScaleTraffic(2.0).apply(square)
    assert scaled.topology is square.topology
    assert np.shares_memory(scaled.traffic.source, square.traffic.source)
    assert scaled.traffic.rate_bps.tolist() == [200.0, 600.0, 100.0, 20.0]


@pytest.mark.parametrize(
    ("change", "rates"),
    [
        (ch.ScaleTraffic(2.0, ch.Selection(ids=("A->D",))), [200, 300, 50, 10]),
        (ch.ScaleTraffic(2.0, ch.Selection(ids=("A->D*",))), [200, 600, 50, 10]),
        (ch.ScaleTraffic(0.0, ch.Selection(traffic_class=1)), [100, 300, 0, 10]),
        (ch.ScaleTraffic(3.0, ch.Selection(source="A", target="D")), [300, 900, 50, 10]),
        (ch.ScaleTraffic(3.0, ch.Selection(target="[AC]")), [100, 300, 150, 30]),
        (ch.RateLimit(60.0), [60, 60, 50, 10]),
        (ch.SetRate("A->D#2", 7.0), [100, 7, 50, 10]),
        (ch.SetRates({"A->D": 1.0, "B->C": 2.0}), [1, 300, 50, 2]),
    ],
)
def test_rates_of_selected_demands(square: Scenario, change: ch.Change, rates: list[float]) -> None:
    assert change.apply(square).traffic.rate_bps.tolist() == rates


def test_a_trace_is_replayed_faster_when_its_demand_grows_and_ends_when_it_stops(square: Scenario) -> None:
    trace = PacketTrace(np.array([0.0, 1.0]), np.array([100.0, 300.0]), 2.0)
    traced = ch.SetArrivals(trace, ch.Selection(ids=("B->C",))).apply(square)
    assert traced.traffic.rate_bps[3] == 200.0
    faster = ch.ScaleTraffic(4.0).apply(traced)
    process = faster.traffic.arrivals[faster.traffic.arrival_index[3]]
    assert isinstance(process, PacketTrace)
    assert process.rate_bps == pytest.approx(800.0)
    assert process.times_s.tolist() == [0.0, 0.25]
    silent = ch.SetRate("B->C", 0.0).apply(traced)
    assert silent.traffic.arrivals[silent.traffic.arrival_index[3]] == Poisson()


def test_a_demand_keeps_its_id_when_its_class_changes(square: Scenario) -> None:
    marked = ch.SetTrafficClass(2, ch.Selection(source="A")).apply(square)
    assert marked.traffic.traffic_class.tolist() == [2, 2, 1, 0]
    assert marked.demand_ids == square.demand_ids


def test_arrivals_and_sizes_join_the_tables_once(square: Scenario) -> None:
    bursty, fixed = OnOff(1.0, 2.0), FixedSize(800.0)
    edited = ch.Plan((ch.SetArrivals(bursty), ch.SetArrivals(bursty), ch.SetPacketSizes(fixed, ch.Selection(source="B")))).apply(square)
    assert edited.traffic.arrivals.count(bursty) == 1
    assert [row.arrivals for row in edited.traffic.rows(edited.topology)] == [bursty] * 4
    assert edited.traffic.mean_size_bits[3] == 800.0
    assert edited.traffic.mean_size_bits[0] == square.traffic.mean_size_bits[0]


def test_new_demands_come_last_and_old_ones_keep_their_names(square: Scenario) -> None:
    more = ch.AddDemands((Demand("A", "D", 1.0), Demand("C", "B", 2.0, id="video"), Demand("A", "D", 3.0))).apply(square)
    assert more.demand_ids == ("A->D", "A->D#2", "D->A/1", "B->C", "A->D#3", "video", "A->D#4")
    assert more.traffic.rate_bps.tolist() == [100, 300, 50, 10, 1, 2, 3]


def test_removing_a_demand_takes_its_path_along_and_renames_nobody(square: Scenario) -> None:
    steered = ch.SetPath("A->D*", ("A->C", "C->D")).apply(square)
    fewer = ch.RemoveDemand("A->D").apply(steered)
    assert fewer.demand_ids == ("A->D#2", "D->A/1", "B->C")
    assert set(fewer.policy.explicit_paths) == {"A->D#2"}


def test_add_link_can_bring_its_opposite_direction(square: Scenario) -> None:
    wider = ch.AddLink(Link("A->D", "A", "D", 5e9, metric=3.0, risk_groups=("bridge",)), both_directions=True).apply(square)
    back = wider.topology.link("D->A")
    assert (back.source, back.target, back.capacity_bps, back.metric, back.circuit) == ("D", "A", 5e9, 3.0, "A--D")
    assert back.risk_groups == ("bridge",)
    assert down(ch.FailLink("A->D").apply(wider)) == {"A->D", "D->A"}
    parallel = ch.AddLink(Link("A->D#2", "A", "D", 5e9), both_directions=True)
    assert [link.id for link in parallel.links()] == ["A->D#2", "D->A#2"]
    assert [link.id for link in ch.AddLink(Link("fibre 7", "A", "D", 1.0), both_directions=True).links()] == ["fibre 7", "fibre 7/reverse"]


def with_table(scenario: Scenario) -> Scenario:
    topology = scenario.topology
    table = np.full((4, 4), -1)
    for name, target in (("A->B", "B"), ("B->D", "D"), ("A->C", "C"), ("C->D", "D"), ("D->C", "A"), ("C->A", "A")):
        link = topology.link(name)
        table[topology.node_index[link.source], topology.node_index[target]] = topology.link_index[name]
    return replace(scenario, policy=RoutingPolicy(ForwardingTable(table)))


def next_links(scenario: Scenario) -> dict[tuple[str, str], str]:
    base, nodes = scenario.policy.base, [node.id for node in scenario.topology.nodes]
    assert isinstance(base, ForwardingTable)
    names = [link.id for link in scenario.topology.links]
    return {(nodes[n], nodes[t]): names[base.next_link[n, t]] for n, t in np.argwhere(base.next_link >= 0).tolist()}


def test_a_forwarding_table_follows_nodes_and_links(square: Scenario) -> None:
    fixed = with_table(square)
    before = next_links(fixed)
    grown = ch.Plan((ch.AddNode(Node("E")), ch.AddLink(Link("A->E", "A", "E", 1.0)))).apply(fixed)
    assert next_links(grown) == before
    pointed = ch.SetNextLink("A", "E", "A->E").apply(grown)
    assert next_links(pointed) == before | {("A", "E"): "A->E"}
    without = ch.RemoveLink("A--B").apply(pointed)
    assert next_links(without) == {key: link for key, link in next_links(pointed).items() if link != "A->B"}
    shrunk = ch.RemoveNode("B").apply(pointed)
    assert next_links(shrunk) == {key: link for key, link in next_links(pointed).items() if "B" not in (*key, *link)}


def test_set_next_link_makes_a_black_hole(square: Scenario) -> None:
    fixed = with_table(square)
    assert ("B", "D") not in next_links(ch.SetNextLink("B", "D").apply(fixed))
    with pytest.raises(ScenarioError, match="no forwarding table"):
        ch.SetNextLink("B", "D").apply(square)
    with pytest.raises(ScenarioError, match="leaves 'C'"):
        ch.SetNextLink("B", "D", "C->D").apply(fixed)


def test_removing_a_node_takes_its_links_and_demands(square: Scenario) -> None:
    smaller = ch.RemoveNode("D").apply(square)
    assert [node.id for node in smaller.topology.nodes] == ["A", "B", "C"]
    assert set(smaller.topology.link_index) == {"A->B", "B->A", "A->C", "C->A"}
    assert smaller.demand_ids == ("B->C",)
    assert (smaller.traffic.source.tolist(), smaller.traffic.target.tolist()) == ([1], [2])


def test_what_a_path_uses_cannot_be_removed(square: Scenario) -> None:
    steered = ch.SetPath("A->D", ("A->C", "C->D")).apply(square)
    with pytest.raises(ScenarioError, match=r"'A->C'.*to be removed"):
        ch.RemoveLink("A--C").apply(steered)
    through_b = ch.SegmentPolicy("A->D", (SegmentList((NodeSegment("B"), AdjacencySegment("B->D"))),)).apply(square)
    for change in (ch.RemoveNode("B"), ch.RemoveLink("B--D")):
        with pytest.raises(ScenarioError, match="demand 'A->D'"):
            change.apply(through_b)
    assert ch.Plan((ch.ClearPath("A->D"), ch.RemoveNode("B"))).apply(through_b).topology.n_nodes == 3


@pytest.mark.parametrize(
    ("path", "complaint"),
    [(("A->B",), "ends at 'B'"), (("B->D",), "does not start at 'A'"), ((), "ends at 'A'"), (("A->X",), "unknown link")],
)
def test_a_path_must_lead_from_source_to_target(square: Scenario, path: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        ch.SetPath("A->D", path).apply(square)


def test_paths_and_segments_are_set_and_cleared(square: Scenario) -> None:
    paths = (ExplicitPath(("A->B", "B->D"), 0.5), ExplicitPath(("A->C", "C->D"), 0.5))
    steered = ch.SetPaths("A->D", paths).apply(square)
    assert steered.policy.explicit_paths == {"A->D": paths}
    assert steered.traffic is square.traffic
    assert ch.ClearPath("A->D").apply(steered).policy.explicit_paths == {}
    with pytest.raises(UnknownNameError, match="unknown node 'X'"):
        ch.SegmentPolicy("A->D", (SegmentList((NodeSegment("X"),)),)).apply(square)


def test_scheduling_edits(square: Scenario) -> None:
    ports = Scheduling(Discipline.WFQ, (Queue(1e4, weight=3.0), Queue(2e4)))
    plan = ch.Plan(
        (
            ch.SetScheduling("*", ports),
            ch.SetBuffer("A->B", buffer_packets=7.0, queue=1),
            ch.SetQueueWeights("A->B", (1.0, 9.0)),
            ch.SetClassMap("A->B", (1, 0)),
            ch.SetDiscipline("A->B", Discipline.DRR),
        )
    )
    edited = plan.apply(square)
    assert edited.topology.link("A->B").scheduling == Scheduling(
        Discipline.DRR, (Queue(1e4, weight=1.0), Queue(2e4, 7.0, weight=9.0)), (1, 0)
    )
    assert edited.topology.link("B->A").scheduling == ports


TWO_QUEUES = Scheduling(Discipline.WFQ, (Queue(), Queue()))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (ch.FailLink("A--X"), r"unknown link 'A--X' \(did you mean A--"),
        (ch.FailLink("X*"), r"unknown link 'X\*'"),
        (ch.FailNode("Z"), "unknown node 'Z'"),
        (ch.FailRiskGroup("bride"), "did you mean bridge"),
        (ch.SetCapacity("A->B", 0.0), "capacity_bps is 0.0"),
        (ch.SetMetric("A->B", -1.0), "metric is -1.0"),
        (ch.ScaleTraffic(2.0, ch.Selection(traffic_class=7)), "traffic_class 7: none of 4 demands is selected"),
        (ch.SetRate("A->Z", 1.0), "unknown demand 'A->Z'"),
        (ch.SetTrafficClass(256), "traffic_class is not between 0 and 255"),
        (ch.AddLink(Link("A->B", "A", "B", 1.0)), "the id stands twice"),
        (ch.AddLink(Link("A->X", "A", "X", 1.0)), "unknown node 'X'"),
        (ch.AddNode(Node("A")), "the id stands twice"),
        (ch.AddDemand(Demand("A", "D", 1.0, id="B->C")), "there is already one"),
        (ch.Plan((ch.SetScheduling("*", TWO_QUEUES), ch.SetDiscipline("*", Discipline.FIFO))), "FIFO with 2 queues"),
        (ch.SetQueueWeights("A->B", (1.0, 2.0)), "2 weights for 1 queues"),
        (ch.SetBuffer("A->B", 1.0, queue=3), "there is no queue 3"),
        (ch.SetClassMap("A->B", (0, 1)), "link 'A->B'.*mapped to queue 1"),
        (ch.Plan((ch.FailLink("A--B"), ch.FailLink("nowhere"))), "^change 2: unknown link"),
    ],
)
def test_errors_say_what_and_where(square: Scenario, change: ch.Change, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        change.apply(square)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_impossible_rates_are_refused_at_once(bad: float) -> None:
    for kind in (ch.ScaleTraffic, ch.RateLimit):
        with pytest.raises(ScenarioError, match="must be finite and not negative"):
            kind(bad)
    with pytest.raises(ScenarioError, match="must be finite and not negative"):
        ch.SetRate("A->D", bad)


@pytest.mark.parametrize("shares", [(0.5, 0.4), (1.5, -0.5), (float("nan"), 1.0)])
def test_shares_and_weights_are_checked_at_once(shares: tuple[float, float]) -> None:
    with pytest.raises(ScenarioError, match="with sum 1"):
        ch.SetPaths("A->D", tuple(ExplicitPath(("A->B", "B->D"), share) for share in shares))
    for weights in ((0.0, 0.0), (-1.0, 2.0), (float("inf"), 1.0)):
        with pytest.raises(ScenarioError, match="at least one above zero"):
            ch.SegmentPolicy("A->D", tuple(SegmentList((NodeSegment("B"),), weight) for weight in weights))


def test_a_diff_reads_like_what_was_done(square: Scenario) -> None:
    done = ch.Plan((ch.SetCapacity("A->B", 2e9), ch.FailLink("C->D", whole_circuit=False), ch.ScaleTraffic(1.5)))
    assert set(ch.diff(square, done.apply(square))) == set(done)


def test_content_does_not_depend_on_order(square: Scenario) -> None:
    topology = square.topology
    turned = replace(topology, nodes=topology.nodes[::-1], links=topology.links[::-1])
    rows = [replace(row, id=name) for name, row in zip(square.demand_ids, square.traffic.rows(topology), strict=True)]
    other = Scenario(turned, Traffic.of(rows[::-1], turned))
    assert ch.same_content(square, other)
    assert len(ch.diff(square, other)) == 0
    assert ch.same_content(with_table(square), with_table(other))
    assert len(ch.diff(with_table(square), with_table(other))) == 0
    assert not ch.same_content(square, with_table(square))
    assert not ch.same_content(square, ch.SetEcmp(has_ecmp=False).apply(square))
    assert ch.SetEcmp(has_ecmp=False).apply(square).policy.base == ShortestPaths(has_ecmp=False)


def test_a_trace_that_would_last_for_ever_is_refused_in_words() -> None:
    topology = Topology((Node("a"), Node("b")), (Link("a->b", "a", "b", 1e6),))
    trace = PacketTrace(np.array([0.5]), np.array([8000.0]), 1.0)
    scenario = Scenario(topology, Traffic.of([Demand("a", "b", 8000.0, arrivals=trace)], topology))
    with pytest.raises(InputError):
        ch.ScaleTraffic(1e-310).apply(scenario)
