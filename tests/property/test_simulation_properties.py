"""What holds for every network."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_scenarios import scenarios

from nettwin.controlplane import route
from nettwin.errors import PredictionError
from nettwin.predict.check import violations_of
from nettwin.scenario import (
    CarriedOnOff,
    ConstantBitRate,
    Demand,
    Discipline,
    EmpiricalSizes,
    Link,
    ModulatedExponential,
    Node,
    Observation,
    OnOff,
    PacketTrace,
    Poisson,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
    TruncatedExponentialSize,
)
from nettwin.simulation import SimulationSettings
from simulated_networks import assert_same, run

SIZES = (EmpiricalSizes((500.0, 1500.0), (0.5, 0.5)), TruncatedExponentialSize(1000.0, 200.0, 3000.0))
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@st.composite
def networks(draw: st.DrawFn, propagation: st.SearchStrategy[float] = st.floats(0.0, 0.01)) -> Scenario:
    """A random tree with extra links; each link has its own scheduler."""
    n = draw(st.integers(2, 6))
    pairs = [(draw(st.integers(0, i - 1)), i) for i in range(1, n)]
    pairs += [p for p in draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=3)) if p[0] != p[1]]
    links = []
    for number, (a, b) in enumerate(pairs):
        for source, target in ((a, b), (b, a)):
            links.append(_link(draw, f"{number}:{source}->{target}", (str(source), str(target)), draw(propagation)))
    return Scenario(Topology(tuple(Node(str(i)) for i in range(n)), tuple(links)), _traffic(draw, n))


def _link(draw: st.DrawFn, name: str, ends: tuple[str, str], propagation_s: float) -> Link:
    discipline = draw(st.sampled_from(Discipline))
    queue = draw(st.sampled_from((Queue(), Queue(buffer_packets=3), Queue(buffer_bits=4000.0, weight=3.0))))
    queues = (queue,) * (1 if discipline is Discipline.FIFO else draw(st.integers(1, 3)))
    scheduling = Scheduling(discipline, queues, quantum_bits=1500.0, buffer_holds_packet_in_service=draw(st.booleans()))
    return Link(name, *ends, draw(st.sampled_from((1e5, 2e5, 1e6))), propagation_s, scheduling=scheduling)


def _traffic(draw: st.DrawFn, n: int) -> Traffic:
    topology = Topology(tuple(Node(str(i)) for i in range(n)), ())
    processes = (Poisson(), ConstantBitRate(), OnOff(0.5, 0.5), CarriedOnOff(0.5, 0.5), ModulatedExponential(4.0, 0.5, 1.0))
    demands = []
    for number in range(draw(st.integers(1, 6))):
        source, target = draw(st.permutations(range(n)))[:2]
        process, sizes = draw(st.sampled_from(processes)), draw(st.sampled_from(SIZES))
        demands.append(Demand(str(source), str(target), draw(st.floats(1e4, 1e5)), draw(st.integers(0, 3)), process, sizes, f"d{number}"))
    return Traffic.of(demands, topology)


@given(networks(), st.data())
@FEW
def test_packets_are_conserved(scenario: Scenario, data: st.DataObject) -> None:
    """Bursts in the first second, and all the time in the world to be delivered."""
    times = st.lists(st.floats(0, 1), min_size=1, max_size=60)
    traces = tuple(_trace(data.draw(times)) for _ in range(scenario.traffic.n_demands))
    index = np.arange(len(traces))
    rates = np.array([trace.rate_bps for trace in traces])
    traffic = replace(scenario.traffic, arrivals=traces, arrival_index=index, rate_bps=rates)
    result = run(replace(scenario, traffic=traffic, observation=Observation(500.0)))
    sent = np.array([len(trace.times_s) for trace in traces])
    np.testing.assert_array_equal(result.delivered_packets + result.lost_packets, sent)
    queued = result.performance.queues.occupancy_packets * 500.0
    assert bool(np.all(queued >= 0))
    demands = result.performance.demands
    if result.lost_packets.sum() == 0:
        np.testing.assert_allclose(demands.throughput_bps, demands.offered_bps)


def _trace(times: list[float]) -> PacketTrace:
    return PacketTrace(np.sort(times), np.resize([500.0, 1500.0, 1000.0], len(times)), 1000.0)


@given(networks())
@FEW
def test_delays_are_at_least_propagation_and_transmission(scenario: Scenario) -> None:
    scenario = replace(scenario, observation=Observation(20.0))
    assert list(violations_of(scenario, run(scenario).performance)) == []


@given(networks(), st.randoms(use_true_random=False))
@FEW
def test_numbering_does_not_matter(scenario: Scenario, random: object) -> None:
    """Nodes and links in another order, on the same paths: the same figures in that order."""
    scenario = replace(scenario, observation=Observation(10.0))
    topology, routing = scenario.topology, route(scenario)
    nodes, links = list(range(topology.n_nodes)), list(range(topology.n_links))
    random.shuffle(nodes)
    random.shuffle(links)
    other = Topology(tuple(topology.nodes[i] for i in nodes), tuple(topology.links[i] for i in links))
    node_rank, link_rank = np.argsort(nodes), np.argsort(links)
    traffic = replace(scenario.traffic, source=node_rank[scenario.traffic.source], target=node_rank[scenario.traffic.target])
    from nettwin.simulation import simulate

    plain = simulate(scenario, routing, SimulationSettings(seed=1)).performance
    renumbered = replace(routing, hop_link=link_rank[routing.hop_link])
    moved = simulate(Scenario(other, traffic, observation=scenario.observation), renumbered, SimulationSettings(seed=1)).performance
    np.testing.assert_array_equal(plain.demands.delay_s, moved.demands.delay_s)
    np.testing.assert_array_equal(plain.demands.delay_quantiles_s, moved.demands.delay_quantiles_s)
    np.testing.assert_array_equal(plain.demands.loss_ratio, moved.demands.loss_ratio)
    np.testing.assert_array_equal(plain.links.utilization[links], moved.links.utilization)


@given(networks(st.just(0.0) | st.just(2.0**-7)), st.sampled_from((2.0**-10, 2.0, 2.0**20)))
@FEW
def test_scaling_rates_and_capacities_scales_time(scenario: Scenario, factor: float) -> None:
    """Exactly so, as powers of two do not round."""
    links = tuple(
        replace(link, capacity_bps=link.capacity_bps * factor, propagation_delay_s=link.propagation_delay_s / factor)
        for link in scenario.topology.links
    )
    traffic = replace(
        scenario.traffic,
        rate_bps=scenario.traffic.rate_bps * factor,
        arrivals=tuple(_scaled(process, factor) for process in scenario.traffic.arrivals),
    )
    slow = replace(scenario, observation=Observation(8.0, 1.0))
    fast = replace(
        scenario, topology=replace(scenario.topology, links=links), traffic=traffic, observation=Observation(8.0 / factor, 1 / factor)
    )
    one, two = run(slow).performance, run(fast).performance
    np.testing.assert_array_equal(one.demands.delay_s, two.demands.delay_s * factor)
    np.testing.assert_array_equal(one.demands.ipdv_s, two.demands.ipdv_s * factor)
    np.testing.assert_array_equal(one.demands.delay_quantiles_s, two.demands.delay_quantiles_s * factor)
    np.testing.assert_array_equal(one.queues.occupancy_packets, two.queues.occupancy_packets)


def _scaled(process: object, factor: float) -> object:
    names = ("on_s", "off_s", "high_s", "low_s")
    return replace(process, **{name: getattr(process, name) / factor for name in names if hasattr(process, name)})


@given(networks())
@settings(FEW, max_examples=10)
def test_same_seed_same_answer(scenario: Scenario) -> None:
    scenario = replace(scenario, observation=Observation(5.0))
    assert_same(run(scenario, seed=9), run(scenario, seed=9))


@given(networks(st.sampled_from((1e-3, 1e-2))))
@FEW
def test_both_engines_agree(scenario: Scenario) -> None:
    scenario = replace(scenario, observation=Observation(10.0, 1.0))
    assert_same(run(scenario, engine="event"), run(scenario, engine="window"), tolerance=1e-9)


@given(scenarios())
@settings(FEW, max_examples=60)
def test_any_scenario_is_answered_or_refused(scenario: Scenario) -> None:
    """Wild rates, sizes, capacities and failures."""
    try:
        performance = run(scenario, packets=2000, max_packets_in_flight=100_000).performance
    except PredictionError:
        return
    assert bool(np.all(performance.links.utilization >= 0))
    assert bool(np.all(performance.demands.loss_ratio <= 1))
    assert performance.links.utilization == pytest.approx(np.minimum(performance.links.utilization, 1.05))
