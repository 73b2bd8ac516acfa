from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from nettwin import changes as ch
from nettwin.controlplane import link_loads, route
from nettwin.errors import ScenarioError
from nettwin.generate import failures, misconfigurations, surges
from nettwin.generate.capacities import MODULES_BPS, dimension
from nettwin.generate.geography import fibre_delay_of_length_s, fibre_delay_s, great_circle_m
from nettwin.generate.gravity import degree_weights, gravity_demands
from nettwin.generate.scheduling import random_scheduling, with_random_scheduling
from nettwin.generate.topologies import FAMILIES, barabasi_albert, erdos_renyi, fat_tree, gabriel, grid, ring, waxman
from nettwin.generate.traffic import (
    bimodal_demands,
    hot_spot_demands,
    scaled_to_utilization,
    uniform_demands,
    with_arrival_mix,
    with_class_mix,
    with_size_mix,
)
from nettwin.scenario import Discipline, FixedSize, ForwardingTable, OnOff, Poisson, Scenario, Topology, Traffic


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def scenario() -> Scenario:
    topology = with_random_scheduling(gabriel(12, rng(3)), rng(4), disciplines=(Discipline.WFQ,))
    return Scenario(topology, with_class_mix(gravity_demands(topology, 1e10), (1, 1, 1), rng(5)))


def degrees(topology: Topology) -> np.ndarray:
    return degree_weights(topology)


def test_geography() -> None:
    paris, new_york = (2.3522, 48.8566), (-74.006, 40.7128)
    assert great_circle_m(paris, new_york) == pytest.approx(5_837e3, rel=1e-3)
    assert great_circle_m(paris, paris) == 0.0
    assert great_circle_m((0.0, 0.0), (180.0, 0.0)) == pytest.approx(np.pi * 6_371_008.8)
    assert fibre_delay_s(paris, new_york) == pytest.approx(0.0292, rel=1e-2)
    assert fibre_delay_of_length_s(1000e3) == 0.005


@pytest.mark.parametrize("n_nodes", [3, 4, 7, 30])
@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_families_are_connected_symmetric_and_reproducible(family: Callable[[int, np.random.Generator], Topology], n_nodes: int) -> None:
    topology = family(n_nodes, rng(1))
    assert topology == family(n_nodes, rng(1))
    assert topology.n_nodes == n_nodes
    assert all(len(members) == 2 for members in topology.circuits.values())
    assert {(link.source, link.target) for link in topology.links} == {(link.target, link.source) for link in topology.links}
    assert all(0 < link.propagation_delay_s < 0.03 for link in topology.links)
    everywhere = Scenario(topology, gravity_demands(topology, 1e9))
    assert everywhere.traffic.n_demands == n_nodes * (n_nodes - 1)
    assert route(everywhere).routed_share == pytest.approx(np.ones(everywhere.traffic.n_demands))


def test_random_families_differ_by_seed_and_have_their_character() -> None:
    for family in (erdos_renyi, barabasi_albert, waxman, gabriel):
        assert family(20, rng(1)) != family(20, rng(2))
    assert degrees(erdos_renyi(200, rng())).mean() == pytest.approx(3.5, abs=0.5)
    assert degrees(waxman(200, rng())).mean() == pytest.approx(3.5, abs=0.5)
    assert degrees(barabasi_albert(200, rng())).max() > 3 * degrees(erdos_renyi(200, rng())).max() / 2
    near, far = (waxman(100, rng(), reach=reach).propagation_delay_s.mean() for reach in (0.05, 5.0))
    assert near < far / 2


def test_a_gabriel_graph_joins_exactly_the_pairs_with_an_empty_circle_between_them() -> None:
    topology = gabriel(15, rng(2))
    places = np.array([node.position for node in topology.nodes])
    joined = {(topology.node_index[link.source], topology.node_index[link.target]) for link in topology.links}
    for a in range(15):
        for b in range(a + 1, 15):
            center, radius = (places[a] + places[b]) / 2, np.linalg.norm(places[a] - places[b]) / 2
            others = [np.linalg.norm(places[c] - center) for c in range(15) if c not in (a, b)]
            assert ((a, b) in joined) == (min(others) >= radius)


def test_regular_families() -> None:
    assert set(degrees(ring(9)).tolist()) == {2.0}
    assert (grid(9).n_links, grid(7).n_links) == (2 * 12, 2 * 8)
    tree = fat_tree(4)
    assert (tree.n_nodes, tree.n_links) == (20, 2 * 32)
    by_layer = {
        layer: {degrees(tree)[i] for i, node in enumerate(tree.nodes) if node.tags == (layer,)} for layer in ("core", "aggregation", "edge")
    }
    assert by_layer == {"core": {4.0}, "aggregation": {4.0}, "edge": {2.0}}
    for build in (lambda: ring(2), lambda: fat_tree(3), lambda: gabriel(1, rng())):
        with pytest.raises(ScenarioError):
            build()


def test_gravity_follows_the_weights() -> None:
    topology = ring(4)
    traffic = gravity_demands(topology, 100.0, weights=[1, 2, 3, 0])
    rates = {(row.source, row.target): row.rate_bps for row in traffic.rows(topology)}
    assert sum(rates.values()) == pytest.approx(100.0)
    assert rates["n0", "n2"] == pytest.approx(rates["n2", "n0"]) == pytest.approx(rates["n0", "n1"] * 1.5)
    assert not any("n3" in ends for ends in rates)


def test_gravity_is_reproducible_and_noise_is_by_rng() -> None:
    topology = gabriel(8, rng())
    plain, noisy, other = gravity_demands(topology, 1e9), gravity_demands(topology, 1e9, rng(1)), gravity_demands(topology, 1e9, rng(2))
    assert np.array_equal(noisy.rate_bps, gravity_demands(topology, 1e9, rng(1)).rate_bps)
    assert not np.array_equal(noisy.rate_bps, other.rate_bps)
    assert plain.rate_bps.sum() == pytest.approx(noisy.rate_bps.sum())


@pytest.mark.parametrize("weights", [[1, 1], [1, -1, 1, 1], [0, 0, 0, 1], [np.nan, 1, 1, 1]])
def test_gravity_refuses_impossible_weights(weights: list[float]) -> None:
    with pytest.raises(ScenarioError):
        gravity_demands(ring(4), 1e9, weights=weights)


@pytest.mark.parametrize("weights", [[1, 1e-320, 0, 0], [1e308, 1e-300, 1e-300, 0]])
def test_gravity_refuses_one_node_with_all_the_weight(weights: list[float]) -> None:
    with pytest.raises(ScenarioError, match="one node has all the weight"):
        gravity_demands(ring(4), 1e9, rng(), weights=weights)


def test_gravity_bears_weights_at_the_end_of_the_scale() -> None:
    largest = gravity_demands(ring(4), 1e9, rng(), weights=[1e308] * 4)
    assert np.allclose(largest.rate_bps, gravity_demands(ring(4), 1e9, rng(), weights=[1] * 4).rate_bps)


@pytest.mark.parametrize("max_utilization", [0.4, 0.9])
def test_dimensioning_keeps_links_below_the_target_with_the_smallest_module(max_utilization: float) -> None:
    topology = gabriel(15, rng(1))
    traffic = gravity_demands(topology, 2e12)
    sized = dimension(topology, traffic, max_utilization=max_utilization)
    utilization = link_loads(Scenario(sized, traffic)) / sized.capacity_bps
    assert utilization.max() <= max_utilization
    for members in sized.circuits.values():
        capacity = sized.capacity_bps[members[0]]
        assert {sized.capacity_bps[i] for i in members} == {capacity}
        smaller = max((m for m in MODULES_BPS if m < capacity), default=0.0) if capacity <= MODULES_BPS[-1] else capacity - MODULES_BPS[-1]
        if smaller:
            assert utilization[list(members)].max() * capacity / smaller > max_utilization
    assert sized == dimension(topology, traffic, max_utilization=max_utilization)


def test_dimensioning_takes_several_of_the_largest_module() -> None:
    topology = ring(3)
    sized = dimension(topology, gravity_demands(topology, 6e9), max_utilization=0.5, modules_bps=(1e8, 3e8))
    assert sized.capacity_bps.tolist() == pytest.approx([2.1e9] * 6)
    with pytest.raises(ScenarioError):
        dimension(topology, gravity_demands(topology, 6e9), modules_bps=())


@pytest.mark.parametrize("make", [uniform_demands, hot_spot_demands, bimodal_demands])
def test_matrices_have_their_total_and_their_seed(make: Callable[..., Traffic]) -> None:
    topology = ring(10)
    traffic = make(topology, 5e9, rng(1))
    assert traffic.rate_bps.sum() == pytest.approx(5e9)
    assert np.array_equal(traffic.rate_bps, make(topology, 5e9, rng(1)).rate_bps)
    assert not np.array_equal(traffic.rate_bps, make(topology, 5e9, rng(2)).rate_bps)


def test_matrices_have_their_character() -> None:
    topology = ring(30)
    spread = [make(topology, 5e9, rng(1)).rate_bps for make in (uniform_demands, bimodal_demands)]
    assert spread[0].max() / spread[0].mean() < 2 < spread[1].max() / spread[1].mean()
    hot = hot_spot_demands(topology, 5e9, rng(1), n_spots=2)
    received = np.bincount(hot.target, weights=hot.rate_bps)
    assert np.sum(received > 3 * np.median(received)) == 2


def test_scaling_to_a_utilization(scenario: Scenario) -> None:
    scaled = scaled_to_utilization(scenario, 0.7)
    assert (link_loads(scaled) / scaled.topology.capacity_bps).max() == pytest.approx(0.7)
    with pytest.raises(ScenarioError, match="no link carries anything"):
        scaled_to_utilization(ch.ScaleTraffic(0.0).apply(scenario), 0.7)


def test_mixes(scenario: Scenario) -> None:
    traffic = with_class_mix(scenario.traffic, (1, 0, 3), rng())
    assert set(traffic.traffic_class.tolist()) == {0, 2}
    assert np.mean(traffic.traffic_class == 2) == pytest.approx(0.75, abs=0.12)
    mixed = with_size_mix(with_arrival_mix(traffic, (Poisson(), OnOff(1.0, 1.0)), rng()), (FixedSize(1.0), FixedSize(2.0)), rng(1))
    assert {row.arrivals for row in mixed.rows(scenario.topology)} == {Poisson(), OnOff(1.0, 1.0)}
    assert set(mixed.mean_size_bits.tolist()) == {1.0, 2.0}
    with pytest.raises(ScenarioError, match="shares"):
        with_class_mix(traffic, (0, 0), rng())


def test_random_ports_are_valid_and_reproducible() -> None:
    ports = [random_scheduling(rng(seed)) for seed in range(60)]
    assert {port.discipline for port in ports} == {Discipline.FIFO, Discipline.STRICT_PRIORITY, Discipline.WFQ, Discipline.DRR}
    assert all(sum(queue.weight for queue in port.queues) == pytest.approx(1.0) for port in ports)
    assert all(len(port.queues) == (1 if port.discipline is Discipline.FIFO else 3) for port in ports)
    assert ports[7] == random_scheduling(rng(7))


def test_failures_are_single_and_complete(scenario: Scenario) -> None:
    topology = scenario.topology
    assert len(failures.circuit_failures(topology)) == topology.n_links / 2
    for change in failures.circuit_failures(topology):
        assert sum(not link.is_up for link in change.apply(scenario).topology.links) == 2
    assert [change.node for change in failures.node_failures(topology)] == [node.id for node in topology.nodes]
    assert failures.risk_group_failures(topology) == []
    several = failures.random_failures(topology, rng(), 3).apply(scenario)
    assert sum(not link.is_up for link in several.topology.links) == 6
    with pytest.raises(ScenarioError, match="1000 failures"):
        failures.random_failures(topology, rng(), 1000)


@pytest.mark.parametrize("mistake", misconfigurations.MISTAKES.values(), ids=misconfigurations.MISTAKES)
def test_mistakes_change_something_and_can_be_written(
    scenario: Scenario, mistake: Callable[[Scenario, np.random.Generator], ch.Change]
) -> None:
    for seed in range(5):
        change = mistake(scenario, rng(seed))
        assert change == mistake(scenario, rng(seed))
        assert not ch.same_content(change.apply(scenario), scenario)
        assert ch.change_from_dict(ch.change_to_dict(change)) == change


def test_a_black_hole_swallows_one_target_at_one_node(scenario: Scenario) -> None:
    change = misconfigurations.black_hole(scenario, rng(1))
    assert isinstance(change, ch.Plan)
    *_, hole = change
    assert isinstance(hole, ch.SetNextLink)
    routed = route(change.apply(scenario)).routed_share
    lost = [name for name, share in zip(scenario.demand_ids, routed, strict=True) if share < 0.5]
    assert f"{hole.node}->{hole.target}" in lost
    assert all(name.split("/")[0].endswith(f"->{hole.target}") for name in lost)
    again = misconfigurations.black_hole(change.changes[0].apply(scenario), rng(1))
    assert isinstance(again, ch.SetNextLink)


def test_mistakes_that_do_not_fit_are_refused() -> None:
    simple = Scenario(ring(3), gravity_demands(ring(3), 1.0))
    for mistake in (misconfigurations.wrong_class_map, misconfigurations.wrong_weights):
        with pytest.raises(ScenarioError, match="there is no port"):
            mistake(simple, rng())
    alone = replace(simple, topology=Topology(simple.topology.nodes, ()))
    with pytest.raises(ScenarioError):
        misconfigurations.black_hole(alone, rng())


def test_surges(scenario: Scenario) -> None:
    attack = surges.volumetric_attack(scenario, rng(1), 1e9, n_sources=4)
    attacked = attack.apply(scenario)
    assert len({demand.target for demand in attack.demands}) == 1
    assert len({demand.source for demand in attack.demands}) == 4
    assert attacked.traffic.rate_bps.sum() - scenario.traffic.rate_bps.sum() == pytest.approx(1e9)
    assert attacked.demand_ids[: scenario.traffic.n_demands] == scenario.demand_ids
    crowd = surges.flash_crowd(scenario, rng(1), factor=5.0)
    grown = crowd.apply(scenario).traffic.rate_bps / scenario.traffic.rate_bps
    source = scenario.topology.node_index[crowd.demands.source]
    assert set(grown[scenario.traffic.source == source].tolist()) == {5.0}
    assert set(grown[scenario.traffic.source != source].tolist()) == {1.0}


def test_a_black_hole_keeps_the_forwarding_of_the_others(scenario: Scenario) -> None:
    change = misconfigurations.black_hole(scenario, rng(1))
    assert isinstance(change, ch.Plan)
    fixed = change.changes[0].apply(scenario)
    assert isinstance(fixed.policy.base, ForwardingTable)
    assert route(fixed).routed_share == pytest.approx(np.ones(scenario.traffic.n_demands))
