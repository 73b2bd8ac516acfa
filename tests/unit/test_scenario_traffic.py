import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from nettwin.errors import InputError, ScenarioError, UnknownNameError
from nettwin.scenario import (
    Demand,
    ExplicitPath,
    FixedSize,
    Link,
    Node,
    OnOff,
    Poisson,
    Routing,
    RoutingPolicy,
    Scenario,
    Topology,
    Traffic,
)


@pytest.fixture
def line() -> Topology:
    return Topology(tuple(map(Node, "ABC")), (Link("A->B", "A", "B", 1e6), Link("B->C", "B", "C", 2e6)))


def test_rows_and_columns_say_the_same(line: Topology) -> None:
    rows = [
        Demand("A", "C", 5.0, 1, OnOff(1.0, 2.0)),
        Demand("A", "B", 7.0, packet_sizes=FixedSize(100.0)),
        Demand("A", "C", 9.0, 1, OnOff(1.0, 2.0)),
    ]
    traffic = Traffic.of(rows, line)
    assert traffic.rows(line) == rows
    assert traffic.arrivals == (OnOff(1.0, 2.0), Poisson())
    assert traffic.n_classes == 2
    assert traffic.packet_rate[1] == pytest.approx(0.07)


def test_a_matrix_has_a_demand_for_each_positive_entry(line: Topology) -> None:
    traffic = Traffic.from_matrix(np.array([[0, 1, 2], [0, 0, 3], [0, 0, 0]]), traffic_class=2)
    assert [(row.source, row.target, row.rate_bps, row.traffic_class) for row in traffic.rows(line)] == [
        ("A", "B", 1.0, 2),
        ("A", "C", 2.0, 2),
        ("B", "C", 3.0, 2),
    ]


def test_default_names_are_after_the_ends_and_distinct(line: Topology) -> None:
    rows = [Demand("A", "B", 1.0), Demand("A", "B", 2.0), Demand("A", "B", 3.0, 1), Demand("A", "B", 4.0)]
    assert Scenario(line, Traffic.of(rows, line)).demand_ids == ("A->B", "A->B#2", "A->B/1", "A->B#3")
    named = [*rows, Demand("B", "C", 1.0, id="A->B")]
    assert Traffic.of(named, line).ids == ("A->B#2", "A->B#3", "A->B/1", "A->B#4", "A->B")


def test_scenarios_that_share_traffic_share_names(line: Topology) -> None:
    scenario = Scenario(line, Traffic.of([Demand("A", "B", 1.0)], line))
    assert replace(scenario, policy=RoutingPolicy()).demand_ids is scenario.demand_ids
    renamed = replace(line, nodes=(Node("X"), Node("B"), Node("C")), links=line.links[1:])
    assert Scenario(renamed, scenario.traffic).demand_ids == ("X->B",)
    assert scenario.demand_ids == ("A->B",)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rate_bps": np.array([-1.0])}, "demand 0: rate_bps is negative"),
        ({"rate_bps": np.array([np.nan])}, "not finite"),
        ({"target": np.array([0])}, "same node"),
        ({"traffic_class": np.array([-1])}, "traffic_class is not between 0 and 255"),
        ({"traffic_class": np.array([65536])}, "traffic_class is not between 0 and 255"),
        ({"arrival_index": np.array([1])}, "arrival_index points outside"),
        ({"rate_bps": np.array([1.0, 2.0])}, "differ in length"),
        ({"ids": ("a", "b")}, "not one per demand"),
    ],
)
def test_traffic_checks_itself(line: Topology, change: dict[str, object], complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        replace(Traffic.of([Demand("A", "B", 1.0)], line), **change)


def test_rows_that_do_not_fit_are_refused(line: Topology) -> None:
    with pytest.raises(UnknownNameError, match="demand 1: unknown node 'Bee'"):
        Traffic.of([Demand("A", "B", 1.0), Demand("A", "Bee", 1.0)], line)
    with pytest.raises(ScenarioError, match="traffic_class"):
        Traffic.of([Demand("A", "B", 1.0, 10**30)], line)


def test_a_scenario_checks_that_its_parts_fit(line: Topology) -> None:
    traffic = Traffic.of([Demand("A", "C", 1.0)], line)
    with pytest.raises(ScenarioError, match="there are 2"):
        Scenario(Topology(line.nodes[:2], line.links[:1]), traffic)
    with pytest.raises(InputError, match="unknown demand 'A->D'"):
        Scenario(line, traffic, RoutingPolicy(explicit_paths={"A->D": (ExplicitPath(("A->B",)),)}))


def test_columns_cannot_be_written_and_are_not_the_callers(line: Topology) -> None:
    rates = np.array([1.0])
    traffic = replace(Traffic.of([Demand("A", "B", 1.0)], line), rate_bps=rates)
    rates[0] = 5.0
    assert traffic.rate_bps[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        traffic.rate_bps[0] = 5.0
    assert replace(traffic, arrivals=(OnOff(1.0, 1.0),)).source is traffic.source


def full_mesh(n_nodes: int) -> Scenario:
    nodes = tuple(Node(f"n{i}") for i in range(n_nodes))
    links = tuple(Link(f"n{i}->n{(i + 1) % n_nodes}", f"n{i}", f"n{(i + 1) % n_nodes}", 1e9) for i in range(n_nodes))
    return Scenario(Topology(nodes, links), Traffic.from_matrix(1.0 - np.eye(n_nodes)))


def test_a_large_network_is_columns_not_objects() -> None:
    full_mesh(3)
    tracemalloc.start()
    scenario = full_mesh(300)
    n_blocks = sum(stat.count for stat in tracemalloc.take_snapshot().statistics("filename"))
    tracemalloc.stop()
    assert scenario.traffic.n_demands == 89_700
    assert n_blocks < 20_000, "memory blocks grow with nodes and links, not with demands"
    assert scenario.demand_ids[scenario.index_of_demand("n7->n299")] == "n7->n299"


def test_a_ragged_routing_counts_shares_and_loads() -> None:
    routing = Routing(
        n_demands=3,
        path_demand=np.array([0, 0, 2]),
        path_share=np.array([0.25, 0.75, 0.5]),
        hop_offsets=np.array([0, 1, 3, 4]),
        hop_link=np.array([0, 1, 2, 0]),
    )
    assert routing.routed_share.tolist() == [1.0, 0.0, 0.5]
    assert routing.path_offsets.tolist() == [0, 2, 2, 3]
    assert routing.hop_demand.tolist() == [0, 0, 0, 2]
    assert routing.link_load_bps(np.array([100.0, 50.0, 10.0]), 4).tolist() == [30.0, 75.0, 75.0, 0.0]
    assert [(share, links.tolist()) for share, links in routing.paths_of(0)] == [(0.25, [0]), (0.75, [1, 2])]
    with pytest.raises(ScenarioError, match="offsets do not fit"):
        replace(routing, hop_offsets=np.array([0, 1, 3]))
