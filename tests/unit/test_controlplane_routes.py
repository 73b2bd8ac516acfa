"""Paths of small networks that one can check by eye."""

from dataclasses import replace

import numpy as np
import pytest

from nettwin.controlplane import MAX_PATHS, link_loads, n_equal_paths, route, truncated_demands
from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.scenario import (
    AdjacencySegment,
    Demand,
    ExplicitPath,
    ForwardingTable,
    Link,
    Node,
    NodeSegment,
    RoutingPolicy,
    Scenario,
    SegmentList,
    ShortestPaths,
    Topology,
    Traffic,
)

Paths = list[tuple[float, list[str]]]


def network(*links: str, down: str = "") -> Topology:
    """Links such as ``A-B`` or ``A-B:3`` (metric) in one direction, named by themselves; those in ``down`` do not work."""
    built = []
    for text in links:
        ends, _, metric = text.partition(":")
        source, target = ends.split("/")[0].split("-")
        built.append(Link(ends, source, target, 1e9, metric=float(metric or 1), is_up=ends not in down.split()))
    names = sorted({end for link in built for end in (link.source, link.target)} | {"X"})
    return Topology(tuple(Node(name) for name in names), tuple(built))


def scenario(topology: Topology, policy: RoutingPolicy | None = None, source: str = "A", target: str = "D") -> Scenario:
    return Scenario(topology, Traffic.of([Demand(source, target, 12.0, id="d")], topology), policy or RoutingPolicy())


def paths(question: Scenario, demand: int = 0) -> Paths:
    links = question.topology.links
    return [(round(share, 9), [links[index].id for index in path]) for share, path in route(question).paths_of(demand)]


DIAMOND = network("A-B", "A-C", "B-D", "C-D", "A-D:3")


def test_equal_costs_split_evenly_at_every_hop() -> None:
    topology = network("A-B", "A-C", "B-D/1", "B-D/2", "C-D")
    assert paths(scenario(topology)) == [(0.25, ["A-B", "B-D/1"]), (0.25, ["A-B", "B-D/2"]), (0.5, ["A-C", "C-D"])]


def test_parallel_links_with_different_metrics_use_the_cheaper() -> None:
    assert paths(scenario(network("A-D/1:2", "A-D/2:1", "A-D/3:1"))) == [(0.5, ["A-D/2"]), (0.5, ["A-D/3"])]


def test_metrics_with_fractions_tie_in_spite_of_rounding() -> None:
    assert 0.1 + 0.2 != 0.3
    assert len(paths(scenario(network("A-B:0.1", "B-D:0.2", "A-D:0.3")))) == 2


def test_whole_metrics_never_tie_by_tolerance() -> None:
    assert paths(scenario(network("A-B:1000000000000", "B-D:1000000000001", "A-D:2000000000002"))) == [(1.0, ["A-B", "B-D"])]


def test_without_ecmp_the_smallest_link_id_goes_alone() -> None:
    policy = RoutingPolicy(ShortestPaths(has_ecmp=False))
    assert paths(scenario(network("A-C", "C-D", "A-B", "B-D/2", "B-D/1"), policy)) == [(1.0, ["A-B", "B-D/1"])]


def test_a_failure_reroutes_and_a_cut_is_reported() -> None:
    assert paths(scenario(network("A-B", "A-C", "B-D", "C-D", "A-D:3", down="A-B"))) == [(1.0, ["A-C", "C-D"])]
    assert paths(scenario(network("A-B", "A-C", "B-D", "C-D", "A-D:3", down="B-D C-D"))) == [(1.0, ["A-D"])]
    cut = scenario(network("A-B", "B-D", down="B-D"))
    assert paths(cut) == []
    assert route(cut).routed_share.tolist() == [0.0]
    assert link_loads(cut).tolist() == [0.0, 0.0]
    assert n_equal_paths(cut).tolist() == [0.0]


def test_a_node_that_is_down_carries_nothing() -> None:
    nodes = tuple(replace(node, is_up=node.id != "B") for node in DIAMOND.nodes)
    assert paths(scenario(replace(DIAMOND, nodes=nodes))) == [(1.0, ["A-C", "C-D"])]
    assert paths(scenario(replace(DIAMOND, nodes=nodes), source="B")) == []


def table(topology: Topology, **entries: str) -> RoutingPolicy:
    """Next links by node towards D; ``A="A-B"``."""
    array = np.full((topology.n_nodes, topology.n_nodes), -1)
    for node, link in entries.items():
        array[topology.node_index[node], topology.node_index["D"]] = topology.link_index[link]
    return RoutingPolicy(ForwardingTable(array))


def test_a_table_is_followed_even_where_it_is_longer() -> None:
    assert paths(scenario(DIAMOND, table(DIAMOND, A="A-D"))) == [(1.0, ["A-D"])]


def test_a_table_does_not_react_to_failures() -> None:
    broken = network("A-B", "A-C", "B-D", "C-D", "A-D:3", down="B-D")
    assert paths(scenario(broken, table(broken, A="A-B", B="B-D", C="C-D"))) == []


def test_loops_and_gaps_of_a_table_are_black_holes() -> None:
    topology = network("A-B", "B-A", "B-D", "C-D")
    assert paths(scenario(topology, table(topology, A="A-B", B="B-A"))) == []
    assert paths(scenario(topology, table(topology, A="A-B"))) == []


def test_a_table_with_an_impossible_entry_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"forwarding table of node 'A'.*towards 'D'"):
        route(scenario(DIAMOND, table(DIAMOND, A="B-D")))
    with pytest.raises(ScenarioError, match="is link 99"):
        route(scenario(DIAMOND, RoutingPolicy(ForwardingTable(np.full((5, 5), 99)))))


def explicit(*routes: ExplicitPath) -> RoutingPolicy:
    return RoutingPolicy(explicit_paths={"d": routes})


def test_explicit_paths_are_taken_as_they_are() -> None:
    policy = explicit(ExplicitPath(("A-D",), 0.75), ExplicitPath(("A-C", "C-D"), 0.25))
    assert paths(scenario(DIAMOND, policy)) == [(0.75, ["A-D"]), (0.25, ["A-C", "C-D"])]


def test_an_explicit_path_over_a_failed_link_black_holes_its_share() -> None:
    policy = explicit(ExplicitPath(("A-D",), 0.75), ExplicitPath(("A-C", "C-D"), 0.25))
    broken = scenario(network("A-B", "A-C", "B-D", "C-D", "A-D:3", down="A-D"), policy)
    assert paths(broken) == [(0.25, ["A-C", "C-D"])]
    assert link_loads(broken).tolist() == [0.0, 3.0, 0.0, 3.0, 0.0]


@pytest.mark.parametrize("links", [(), ("A-B",), ("B-D",), ("A-B", "C-D"), ("A-D", "B-D")])
def test_an_explicit_path_must_connect_its_demand(links: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError, match=r"demand 'd'.*stops at"):
        route(scenario(DIAMOND, explicit(ExplicitPath(links))))


@pytest.mark.parametrize("shares", [(0.5,), (0.6, 0.6), (1.5, -0.5), (float("nan"),)])
def test_shares_of_explicit_paths_add_up_to_one(shares: tuple[float, ...]) -> None:
    with pytest.raises(ScenarioError, match=r"demand 'd'.*sum 1"):
        route(scenario(DIAMOND, explicit(*(ExplicitPath(("A-D",), share) for share in shares))))


def test_an_explicit_path_names_links_that_exist() -> None:
    with pytest.raises(UnknownNameError, match="A-Z"):
        route(scenario(DIAMOND, explicit(ExplicitPath(("A-Z",)))))


def segments(*lists: SegmentList) -> RoutingPolicy:
    return RoutingPolicy(segment_lists={"d": lists})


def test_a_node_segment_is_reached_over_equal_costs() -> None:
    topology = network("A-B", "B-M/1", "B-M/2", "M-D", "A-D")
    policy = segments(SegmentList((NodeSegment("M"),)))
    assert paths(scenario(topology, policy)) == [(0.5, ["A-B", "B-M/1", "M-D"]), (0.5, ["A-B", "B-M/2", "M-D"])]


def test_an_adjacency_segment_crosses_its_link() -> None:
    policy = segments(SegmentList((AdjacencySegment("A-D"),)))
    assert paths(scenario(DIAMOND, policy)) == [(1.0, ["A-D"])]


def test_a_segment_list_may_cross_a_link_twice() -> None:
    topology = network("A-B", "B-D", "D-A")
    question = scenario(topology, segments(SegmentList((NodeSegment("D"), NodeSegment("B")))))
    assert paths(question) == [(1.0, ["A-B", "B-D", "D-A", "A-B", "B-D"])]
    assert link_loads(question).tolist() == [24.0, 24.0, 12.0]


def test_weights_divide_the_traffic_among_valid_lists() -> None:
    lists = (SegmentList((NodeSegment("B"),), 3.0), SegmentList((NodeSegment("C"),), 1.0), SegmentList((AdjacencySegment("A-D"),), 4.0))
    broken = network("A-B", "A-C", "B-D", "C-D", "A-D:3", down="A-D")
    assert paths(scenario(broken, segments(*lists))) == [(0.75, ["A-B", "B-D"]), (0.25, ["A-C", "C-D"])]


@pytest.mark.parametrize(
    "invalid",
    [SegmentList(()), SegmentList((NodeSegment("B"),), 0.0), SegmentList((NodeSegment("X"),)), SegmentList((AdjacencySegment("A-D"),))],
)
def test_without_a_valid_list_traffic_follows_the_igp(invalid: SegmentList) -> None:
    broken = network("A-B", "B-D", "A-D:3", down="A-D")
    assert paths(scenario(broken, segments(invalid))) == [(1.0, ["A-B", "B-D"])]


def test_segments_that_do_not_exist_and_negative_weights_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"demand 'd': segment list.*'Z'"):
        route(scenario(DIAMOND, segments(SegmentList((NodeSegment("Z"),)))))
    with pytest.raises(ScenarioError, match="weight"):
        route(scenario(DIAMOND, segments(SegmentList((NodeSegment("B"),), -1.0))))


def test_an_explicit_path_comes_before_a_segment_list() -> None:
    policy = RoutingPolicy(explicit_paths={"d": (ExplicitPath(("A-D",)),)}, segment_lists={"d": (SegmentList((NodeSegment("B"),)),)})
    assert paths(scenario(DIAMOND, policy)) == [(1.0, ["A-D"])]


def ladder(n_steps: int, n_parallel: int = 2) -> Scenario:
    links = [Link(f"{step:02d}/{copy}", str(step), str(step + 1), 1e9) for step in range(n_steps) for copy in range(n_parallel)]
    topology = Topology(tuple(Node(str(step)) for step in range(n_steps + 1)), tuple(links))
    return Scenario(topology, Traffic.of([Demand("0", str(n_steps), 1.0)], topology))


def test_many_paths_are_sampled_evenly_and_said_so() -> None:
    few, many = ladder(6), ladder(40)
    assert route(few).n_paths == 64
    assert truncated_demands(few).tolist() == []
    assert n_equal_paths(many).tolist() == [2.0**40]
    assert truncated_demands(many).tolist() == [0]
    assert route(many).n_paths <= MAX_PATHS
    np.testing.assert_allclose(route(many).routed_share, 1.0)
    np.testing.assert_allclose(route(many).link_load_bps(many.traffic.rate_bps, many.topology.n_links), 0.5)
    np.testing.assert_allclose(link_loads(many), 0.5)


def test_tokens_that_do_not_divide_are_dealt_to_within_one() -> None:
    three = ladder(30, n_parallel=3)
    sampled = route(three).link_load_bps(three.traffic.rate_bps, three.topology.n_links)
    assert np.abs(sampled - 1 / 3).max() <= 1 / MAX_PATHS
    assert len({tuple(path) for _, path in route(three).paths_of(0)}) == route(three).n_paths


def test_a_routing_is_remembered_where_nothing_that_moves_paths_differs() -> None:
    question = scenario(DIAMOND)
    rates = replace(question.traffic, rate_bps=question.traffic.rate_bps * 2)
    assert route(question) is route(question)
    assert route(replace(question, traffic=rates)) is route(question)
    assert route(replace(question, topology=replace(question.topology))) is not route(question)
    alone = RoutingPolicy(base=ShortestPaths(has_ecmp=False))
    assert route(replace(question, policy=alone)).n_paths < route(question).n_paths
    swapped = replace(question.traffic, source=question.traffic.target, target=question.traffic.source)
    assert route(replace(question, traffic=swapped)).hop_link.tolist() != route(question).hop_link.tolist()


def test_metrics_too_far_apart_to_add_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"'A-B'.*lost in rounding"):
        route(scenario(network("A-B:1e-20", "B-D:1e6")))


def test_a_network_without_links_or_demands() -> None:
    topology = Topology((Node("A"), Node("D")), ())
    assert paths(scenario(topology)) == []
    empty = Scenario(DIAMOND, Traffic.of([], DIAMOND))
    assert route(empty).n_paths == 0
    assert link_loads(empty).tolist() == [0.0] * 5
