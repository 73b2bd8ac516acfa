"""What must hold for the paths and loads of any network."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettwin.apps.sweep import sweep
from nettwin.controlplane import link_loads, route, truncated_demands
from nettwin.scenario import Link, Node, Scenario, Topology, Traffic


def random_scenario(seed: int, n_nodes: int = 12) -> Scenario:
    rng = np.random.default_rng(seed)
    ends = [(a, b) for a in range(n_nodes) for b in range(n_nodes) if a != b and rng.random() < 0.3]
    names = rng.permutation(1000)
    links = tuple(Link(f"l{names[i]}", f"n{a}", f"n{b}", 1e9, metric=float(rng.integers(1, 4))) for i, (a, b) in enumerate(ends))
    rates = rng.random((n_nodes, n_nodes)) * (rng.random((n_nodes, n_nodes)) < 0.5)
    np.fill_diagonal(rates, 0.0)
    return Scenario(Topology(tuple(Node(f"n{i}") for i in range(n_nodes)), links), Traffic.from_matrix(rates))


networks = st.builds(random_scenario, st.integers(0, 2**32))
quickly = settings(deadline=None, max_examples=60, derandomize=True)


@quickly
@given(networks)
def test_paths_are_connected_and_shares_add_up(scenario: Scenario) -> None:
    routing, topology = route(scenario), scenario.topology
    assert set(np.round(routing.routed_share, 9)) <= {0.0, 1.0}
    for demand in range(scenario.traffic.n_demands):
        for share, links in routing.paths_of(demand):
            assert share > 0
            assert topology.link_source[links[0]] == scenario.traffic.source[demand]
            assert topology.link_target[links[-1]] == scenario.traffic.target[demand]
            assert (topology.link_target[links[:-1]] == topology.link_source[links[1:]]).all()


@quickly
@given(networks)
def test_traffic_is_conserved_at_every_node(scenario: Scenario) -> None:
    load, topology, traffic = link_loads(scenario), scenario.topology, scenario.traffic
    routed = traffic.rate_bps * route(scenario).routed_share
    nodes = topology.n_nodes
    leaves = np.bincount(topology.link_source, load, nodes) + np.bincount(traffic.target, routed, nodes)
    enters = np.bincount(topology.link_target, load, nodes) + np.bincount(traffic.source, routed, nodes)
    np.testing.assert_allclose(leaves, enters, rtol=1e-12, atol=1e-12)


@quickly
@given(networks, st.integers(0, 2**32))
def test_another_order_of_nodes_and_links_permutes_the_answer(scenario: Scenario, seed: int) -> None:
    rng, topology, traffic = np.random.default_rng(seed), scenario.topology, scenario.traffic
    nodes, links = rng.permutation(topology.n_nodes), rng.permutation(topology.n_links)
    shuffled = Topology(tuple(topology.nodes[i] for i in nodes), tuple(topology.links[i] for i in links))
    place = np.argsort(nodes)
    same = replace(scenario, topology=shuffled, traffic=replace(traffic, source=place[traffic.source], target=place[traffic.target]))
    np.testing.assert_allclose(link_loads(same), link_loads(scenario)[links], rtol=1e-12)
    named = [[(round(share, 12), [q.topology.links[i].id for i in path]) for share, path in route(q).paths_of(0)] for q in (same, scenario)]
    assert named[0] == named[1]


@quickly
@given(networks, st.floats(1e-3, 1e6))
def test_loads_grow_with_the_traffic(scenario: Scenario, factor: float) -> None:
    more = replace(scenario, traffic=replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * factor))
    np.testing.assert_allclose(link_loads(more), factor * link_loads(scenario), rtol=1e-9)


@quickly
@given(networks)
def test_sampled_paths_come_close_to_exact_loads(scenario: Scenario) -> None:
    sampled = route(scenario).link_load_bps(scenario.traffic.rate_bps, scenario.topology.n_links)
    exact = link_loads(scenario)
    is_sampled = len(truncated_demands(scenario)) > 0
    np.testing.assert_allclose(sampled, exact, rtol=0.05 if is_sampled else 1e-9, atol=1e-9)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_a_sweep_is_the_same_on_any_number_of_processors(n_threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = random_scenario(1, n_nodes=20)
    expected = sweep(scenario)
    monkeypatch.setattr(numba, "get_num_threads", lambda: n_threads)
    found = sweep(scenario)
    assert np.array_equal(found.load_bps, expected.load_bps)
    assert np.array_equal(found.unreachable_bps, expected.unreachable_bps)
