"""The compiled control plane gives the loads of an independent plain one, for random networks, policies and failures."""

import json
from pathlib import Path

import numpy as np
import pytest
import topohub
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_control_plane import PlainControlPlane

from nettwin.apps.sweep import SweepResult, sweep
from nettwin.controlplane import link_loads, route, truncated_demands
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

KINDS = ("links", "nodes", "groups")


def random_topology(rng: np.random.Generator) -> Topology:
    """Few nodes, many parallel and one-way links, ties, different metrics there and back, parts cut off, parts down."""
    n_nodes = int(rng.integers(2, 9))
    metrics = [(1, 1, 2, 3), (0.1, 0.2, 0.3, 0.6), (1e-3, 7.5, 7.499, 1e4)][rng.integers(3)]
    nodes = tuple(Node(f"n{i}", is_up=bool(rng.random() > 0.05)) for i in range(n_nodes))
    links = []
    for circuit in range(int(rng.integers(0, 2 * n_nodes + 2))):
        ends = rng.choice(n_nodes, 2, replace=False)
        directions = [ends, ends[::-1]][: 1 + int(rng.random() < 0.8)]
        for direction, (a, b) in enumerate(directions):
            links.append(
                Link(
                    f"{rng.integers(100)}/{circuit}.{direction}",
                    f"n{a}",
                    f"n{b}",
                    capacity_bps=float(rng.integers(1, 5)),
                    metric=float(rng.choice(metrics)),
                    circuit=f"c{circuit}" if len(directions) == 2 or rng.random() < 0.5 else "",
                    risk_groups=tuple(f"g{g}" for g in range(3) if rng.random() < 0.2),
                    is_up=bool(rng.random() > 0.05),
                )
            )
    return Topology(nodes, tuple(links))


def random_traffic(rng: np.random.Generator, topology: Topology) -> Traffic:
    rows = []
    for i in range(int(rng.integers(0, 20))):
        a, b = rng.choice(topology.n_nodes, 2, replace=False)
        rate = float(rng.choice([0.0, 1e-3, 1.0, 1e9])) * rng.random()
        rows.append(Demand(f"n{a}", f"n{b}", rate, id=f"d{i}"))
    return Traffic.of(rows, topology)


def random_walk(rng: np.random.Generator, topology: Topology, source: str, target: str) -> tuple[str, ...] | None:
    here, links = source, []
    for _ in range(8):
        leaving = [link for link in topology.links if link.source == here]
        if not leaving:
            return None
        link = leaving[rng.integers(len(leaving))]
        links.append(link.id)
        here = link.target
        if here == target:
            return tuple(links)
    return None


def random_table(rng: np.random.Generator, topology: Topology) -> ForwardingTable:
    """Any link that leaves the node, or none: with loops and gaps."""
    table = np.full((topology.n_nodes, topology.n_nodes), -1)
    for node in range(topology.n_nodes):
        leaving = np.flatnonzero(topology.link_source == node)
        for target in range(topology.n_nodes):
            if len(leaving) and rng.random() < 0.9:
                table[node, target] = rng.choice(leaving)
    return ForwardingTable(table)


def random_segments(rng: np.random.Generator, topology: Topology) -> SegmentList:
    segments = []
    for _ in range(int(rng.integers(0, 3))):
        if topology.n_links and rng.random() < 0.5:
            segments.append(AdjacencySegment(topology.links[rng.integers(topology.n_links)].id))
        else:
            segments.append(NodeSegment(f"n{rng.integers(topology.n_nodes)}"))
    return SegmentList(tuple(segments), weight=float(rng.integers(0, 4)))


def random_policy(rng: np.random.Generator, topology: Topology, traffic: Traffic) -> RoutingPolicy:
    base = [ShortestPaths(), ShortestPaths(), ShortestPaths(has_ecmp=False), random_table(rng, topology)][rng.integers(4)]
    explicit, lists = {}, {}
    for row in traffic.rows(topology):
        walks = [walk for _ in range(3) if (walk := random_walk(rng, topology, row.source, row.target))]
        if walks and rng.random() < 0.25:
            shares = rng.dirichlet(np.ones(len(walks)))
            explicit[row.id] = tuple(ExplicitPath(walk, float(share)) for walk, share in zip(walks, shares, strict=True))
        if rng.random() < 0.25:
            lists[row.id] = tuple(random_segments(rng, topology) for _ in range(int(rng.integers(0, 4))))
    return RoutingPolicy(base, explicit, lists)


def random_scenario(seed: int, *, is_steered: bool) -> Scenario:
    rng = np.random.default_rng(seed)
    topology = random_topology(rng)
    traffic = random_traffic(rng, topology)
    policy = random_policy(rng, topology, traffic)
    return Scenario(topology, traffic, policy if is_steered else RoutingPolicy(policy.base))


def expected_loads(scenario: Scenario) -> tuple[np.ndarray, PlainControlPlane]:
    plain = PlainControlPlane(scenario)
    return np.array([plain.load[link.id] for link in scenario.topology.links]), plain


def assert_same_loads(found: np.ndarray, expected: np.ndarray, before: float = 0.0) -> None:
    """To 1e-9; what is left of a load of ``before`` after nearly all has moved away is known to its rounding only."""
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14 * before)


def assert_sweep_agrees(result: SweepResult) -> None:
    for row, failure in enumerate(result.failures):
        expected, plain = expected_loads(failure.change.apply(result.scenario))
        assert_same_loads(result.load_bps[row], expected, before=result.base_load_bps.max(initial=0.0))
        assert result.n_unreachable[row] == len(plain.unreachable), failure
        assert result.unreachable_bps[row] == pytest.approx(plain.unreachable_bps, rel=1e-9, abs=1e-3 * 1e-9)


random_networks = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@random_networks
@given(st.integers(0, 2**32), st.booleans())
def test_loads_and_reachability(seed: int, is_steered: bool) -> None:
    scenario = random_scenario(seed, is_steered=is_steered)
    expected, plain = expected_loads(scenario)
    routing = route(scenario)
    assert_same_loads(link_loads(scenario), expected)
    assert list(np.flatnonzero(routing.routed_share == 0)) == plain.unreachable
    if not len(truncated_demands(scenario)):
        assert_same_loads(routing.link_load_bps(scenario.traffic.rate_bps, scenario.topology.n_links), expected)


@random_networks
@given(st.integers(0, 2**32), st.booleans(), st.sampled_from(KINDS))
def test_every_failure(seed: int, is_steered: bool, kind: str) -> None:
    assert_sweep_agrees(sweep(random_scenario(seed, is_steered=is_steered), kind))


@pytest.mark.parametrize("name", ["sndlib/germany50", "sndlib/geant"])
@pytest.mark.parametrize("metric", ["one", "length"])
def test_every_failure_of_a_real_network(name: str, metric: str) -> None:
    assert_sweep_agrees(sweep(sndlib(name, metric)))


def sndlib(name: str, metric: str) -> Scenario:
    graph = json.loads((Path(topohub.__file__).parent / "data" / f"{name}.json").read_text())
    links = []
    for index, edge in enumerate(graph["edges"]):
        cost = 1.0 if metric == "one" else max(1.0, round(float(edge["dist"])))
        for a, b in ((edge["source"], edge["target"]), (edge["target"], edge["source"])):
            links.append(Link(f"{a}->{b}#{index}", str(a), str(b), 4e10, metric=cost, circuit=f"c{index}"))
    topology = Topology(tuple(Node(str(node["id"])) for node in graph["nodes"]), tuple(links))
    demands = graph["graph"]["demands"]
    rows = [Demand(str(a), str(b), 1e6 * rate) for a, row in demands.items() for b, rate in row.items() if a != b]
    return Scenario(topology, Traffic.of(rows, topology))
