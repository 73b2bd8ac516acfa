"""What holds for any network: loads of detours add up, steering goes there and back, and no answer is below its bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettwin.changes import Plan
from nettwin.controlplane import link_loads
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.limits import Limits
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.local_search import search
from nettwin.optimize.local_search.metrics import search_metrics
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.optimize.steering.problem import problem_of
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

QUICK = settings(max_examples=25, deadline=None)
limits = st.builds(Limits, max_splits=st.integers(1, 4), max_segments=st.integers(1, 3), max_changes=st.none() | st.integers(0, 4))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A ring of 4 to 7 nodes with chords, parallel links, equal metrics, links that are down, several demands between the same ends."""
    n = draw(st.integers(4, 7))
    ends = [(index, (index + 1) % n) for index in range(n)]
    ends += draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda each: each[0] != each[1]), max_size=5))
    links = []
    for number, (a, b) in enumerate(ends):
        for source, target in ((a, b), (b, a)):
            capacity, metric = draw(st.sampled_from([1e6, 2e6, 5e6])), float(draw(st.integers(1, 3)))
            is_up = number < n or draw(st.booleans())
            links.append(Link(f"{number}:{source}>{target}", str(source), str(target), capacity, 1e-3, metric=metric, is_up=is_up))
    topology = Topology(tuple(Node(str(index)) for index in range(n)), tuple(links))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(1, 9)).filter(lambda each: each[0] != each[1])
    demands = [Demand(str(a), str(b), rate * 1e5) for a, b, rate in draw(st.lists(pairs, min_size=1, max_size=12))]
    return Scenario(topology, Traffic.of(demands, topology))


def utilization(scenario: Scenario) -> float:
    return float((link_loads(scenario) / scenario.topology.capacity_bps).max())


@QUICK
@given(scenarios())
def test_vectors_carry_a_unit_from_source_to_target(scenario: Scenario) -> None:
    topology, vectors = scenario.topology, SegmentVectors.of(forwarding_of(scenario))
    for source in range(topology.n_nodes):
        for target in range(topology.n_nodes):
            link, fraction = vectors.between(source, target)
            net = np.bincount(topology.link_source[link], fraction, topology.n_nodes) - np.bincount(
                topology.link_target[link], fraction, topology.n_nodes
            )
            wanted = np.zeros(topology.n_nodes)
            wanted[source] += 1
            wanted[target] -= 1
            assert net == pytest.approx(wanted)


@QUICK
@given(scenarios(), limits, st.integers(0, 3))
def test_what_is_found_is_what_the_control_plane_loads(scenario: Scenario, limit: Limits, seed: int) -> None:
    problem = problem_of(scenario)
    found = search(problem, {}, limit, Clock(Budget(evaluations=3_000, seed=seed)))
    steered = Plan(changes_to(scenario, found.steering)).apply(scenario)
    assert link_loads(steered) == pytest.approx(found.load_bps, rel=1e-9, abs=1.0)
    assert utilization(steered) == pytest.approx(found.max_utilization, rel=1e-9)
    assert found.max_utilization <= utilization(scenario) * (1 + 1e-4)
    assert found.bound <= found.max_utilization
    assert all(len(sharing) <= limit.max_splits for sharing in found.steering.values())
    assert all(len(detour) <= limit.max_segments for sharing in found.steering.values() for detour, _ in sharing)
    assert limit.max_changes is None or len(found.steering) <= limit.max_changes
    assert all(sum(weight for _, weight in sharing) == pytest.approx(1.0) for sharing in found.steering.values())


@QUICK
@given(scenarios(), st.integers(0, 3))
def test_no_random_steering_is_below_the_bound(scenario: Scenario, seed: int) -> None:
    found = search(problem_of(scenario), {}, Limits(), Clock(Budget(evaluations=3_000)))
    if not found.is_complete:
        return
    rng = np.random.default_rng(seed)
    for _ in range(20):
        steering = {}
        for row in range(scenario.traffic.n_demands):
            detours = [tuple(rng.integers(0, scenario.topology.n_nodes, rng.integers(0, 4)).tolist()) for _ in range(3)]
            steering[row] = tuple(zip(detours, rng.dirichlet(np.ones(3)).tolist(), strict=True))
        assert utilization(Plan(changes_to(scenario, steering)).apply(scenario)) >= found.bound * (1 - 1e-6)


@QUICK
@given(scenarios())
def test_steering_goes_into_a_scenario_and_back(scenario: Scenario) -> None:
    found = search(problem_of(scenario), {}, Limits(), Clock(Budget(evaluations=500)))
    steered = Plan(changes_to(scenario, found.steering)).apply(scenario)
    there = steering_of(steered)
    assert there.keys() == found.steering.keys()
    again = search(problem_of(steered), there, Limits(max_changes=0), Clock(Budget(evaluations=500)))
    assert again.steering.keys() == there.keys()
    assert not changes_to(steered, there)


@QUICK
@given(scenarios(), st.none() | st.integers(0, 3), st.integers(0, 3))
def test_metrics_load_links_as_the_control_plane_does(scenario: Scenario, most: int | None, seed: int) -> None:
    found = search_metrics(scenario, Clock(Budget(evaluations=1_000, seed=seed)), 1.0, 0.0, most)
    links = tuple(
        Link(link.id, link.source, link.target, link.capacity_bps, link.propagation_delay_s, metric=float(metric), is_up=link.is_up)
        for link, metric in zip(scenario.topology.links, found.metric, strict=True)
    )
    after = Scenario(Topology(scenario.topology.nodes, links), scenario.traffic)
    assert utilization(after) == pytest.approx(found.max_utilization, rel=1e-9)
    assert found.max_utilization <= utilization(scenario) * (1 + 1e-9)
    assert most is None or np.sum(found.metric != scenario.topology.metric) <= most
