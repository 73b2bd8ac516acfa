"""What must hold for the analytic predictor on any scenario."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nettwin.controlplane import route
from nettwin.errors import NettwinError
from nettwin.performance import Performance
from nettwin.predict.check import violations_of
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import (
    INTERNET_MIX,
    CarriedOnOff,
    ConstantBitRate,
    Demand,
    Discipline,
    FixedSize,
    Link,
    ModulatedExponential,
    Node,
    OnOff,
    Poisson,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)
from nettwin.scenario.arrivals import ArrivalProcess
from strategies import scenarios

PREDICTOR = QueueingPredictor()
ARRIVALS = (Poisson(), ConstantBitRate(), OnOff(0.1, 0.2), CarriedOnOff(0.5, 0.5), ModulatedExponential(3.0, 0.1, 0.3))
RELAXED = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@st.composite
def rings(draw: st.DrawFn) -> Scenario:
    """Four nodes in a ring, both directions, with three classes: routes depend on each other in a loop."""
    names = "ABCD"
    discipline = draw(st.sampled_from(Discipline))
    queues = tuple(Queue(buffer_bits=draw(st.sampled_from([math.inf, 30_000.0, 200_000.0])), weight=w) for w in (3.0, 2.0, 1.0))
    port = Scheduling(discipline, queues[:1] if discipline is Discipline.FIFO else queues)
    pairs = [(a, b) for a in names for b in names if abs(names.index(a) - names.index(b)) in (1, 3)]
    links = [Link(f"{a}->{b}", a, b, draw(st.sampled_from([1e6, 2e6])), 0.001, scheduling=port) for a, b in pairs]
    topology = Topology(tuple(Node(name) for name in names), tuple(links))
    arrivals = st.sampled_from(ARRIVALS)
    load = draw(st.floats(0.01, 2.0))
    demands = [
        Demand(a, b, load * 1.5e5 * draw(st.integers(1, 5)), draw(st.integers(0, 2)), draw(arrivals), draw(sizes()))
        for a in names
        for b in names
        if a != b
    ]
    return Scenario(topology, Traffic.of(demands, topology))


def sizes() -> st.SearchStrategy[object]:
    return st.sampled_from([INTERNET_MIX, FixedSize(1000.0), FixedSize(8000.0)])


def same(one: np.ndarray, other: np.ndarray, rel: float = 1e-2) -> bool:
    """Equal but for the tolerance at which the fixed point is left."""
    return np.allclose(one, other, rtol=rel, atol=1e-6, equal_nan=True)


@given(scenarios())
@settings(RELAXED, max_examples=80)
def test_the_contract_holds_on_anything_that_can_be_routed(scenario: Scenario) -> None:
    try:
        routing = route(scenario)
    except NettwinError:
        assume(False)
    assert list(violations_of(scenario, PREDICTOR.predict_routed(scenario, routing))) == []


@given(rings())
@RELAXED
def test_the_contract_and_the_balances_hold_on_rings(scenario: Scenario) -> None:
    answer = PREDICTOR.predict(scenario)
    assert list(violations_of(scenario, answer)) == []
    demands, queues, links = answer.demands, answer.queues, answer.links
    delivered = demands.throughput_bps > 1e-6 * demands.offered_bps
    assert np.all(np.isfinite(demands.delay_quantiles_s[delivered]))
    by_link = np.bincount(scenario.topology.queues.link, queues.utilization)
    assert np.all(by_link <= 1.05)
    carried = queues.occupancy_bits / np.maximum(queues.occupancy_packets, 1e-300)
    rate = queues.utilization * scenario.topology.capacity_bps[scenario.topology.queues.link] / np.maximum(carried, 1e-300)
    assert same(queues.occupancy_packets, np.where(rate > 0, rate * np.nan_to_num(queues.delay_s), 0.0), 0.02)  # Little
    assert np.all(links.throughput_bps <= scenario.topology.capacity_bps * (1 + 1e-9))


@given(rings(), st.sampled_from([2.0**-10, 0.5, 4.0, 2.0**10]))  # powers of two: ties are decided by the same roundings
@RELAXED
def test_scaling_rates_and_capacities_scales_time(scenario: Scenario, factor: float) -> None:
    """All speeds times f: all times over f. On-off times and propagation are times as well."""
    links = tuple(
        replace(link, capacity_bps=link.capacity_bps * factor, propagation_delay_s=link.propagation_delay_s / factor)
        for link in scenario.topology.links
    )
    traffic = scenario.traffic
    faster = replace(traffic, rate_bps=traffic.rate_bps * factor, arrivals=tuple(_shorter(process, factor) for process in traffic.arrivals))
    one = PREDICTOR.predict(scenario)
    # the deficit round robin's quantum is in bits: it needs no scaling
    other = PREDICTOR.predict(replace(scenario, topology=replace(scenario.topology, links=links), traffic=faster))
    for name in ("delay_s", "delay_variation_s", "ipdv_s", "delay_quantiles_s"):
        assert same(getattr(one.demands, name), getattr(other.demands, name) * factor)
    assert same(one.demands.loss_ratio, other.demands.loss_ratio)
    assert same(one.queues.occupancy_packets, other.queues.occupancy_packets)


def _shorter(process: ArrivalProcess, factor: float) -> ArrivalProcess:
    times = {name: getattr(process, name) / factor for name in ("on_s", "off_s", "high_s", "low_s") if hasattr(process, name)}
    return replace(process, **times)


@given(rings(), st.randoms(use_true_random=False))
@RELAXED
def test_relabelling_permutes_the_answer(scenario: Scenario, chance: object) -> None:
    topology, rows = scenario.topology, scenario.traffic.rows(scenario.topology)
    demand_order, link_order = list(range(len(rows))), list(range(topology.n_links))
    chance.shuffle(demand_order)
    chance.shuffle(link_order)
    shuffled = Topology(topology.nodes[::-1], tuple(topology.links[i] for i in link_order))
    other = PREDICTOR.predict(Scenario(shuffled, Traffic.of([rows[i] for i in demand_order], shuffled)))
    one = PREDICTOR.predict(scenario)
    assert same(one.demands.delay_s[demand_order], other.demands.delay_s)
    assert same(one.demands.loss_ratio[demand_order], other.demands.loss_ratio)
    assert same(one.links.utilization[link_order], other.links.utilization)


def single_port(load: float, capacity_bps: float, arrivals: ArrivalProcess, discipline: Discipline) -> Performance:
    queues = tuple(Queue(buffer_packets=50, weight=w) for w in (1.0, 2.0))
    port = Scheduling(discipline, queues[:1] if discipline is Discipline.FIFO else queues, quantum_bits=2000.0)
    topology = Topology((Node("A"), Node("B")), (Link("A->B", "A", "B", capacity_bps, scheduling=port),))
    demands = [Demand("A", "B", load * 5e5, c, arrivals, FixedSize(1000.0), id=f"{c}{i}") for c in (0, 1) for i in range(3)]
    traffic = replace(Traffic.of(demands, topology), rate_bps=np.full(6, load * 1e6 / 6))
    return PREDICTOR.predict(Scenario(topology, traffic))


@given(st.floats(0.05, 1.5), st.floats(1.0, 4.0), st.sampled_from(ARRIVALS), st.sampled_from(Discipline))
@RELAXED
def test_more_capacity_never_costs_delay_or_loss(load: float, factor: float, arrivals: ArrivalProcess, discipline: Discipline) -> None:
    slow, fast = (single_port(load, capacity, arrivals, discipline) for capacity in (1e6, 1e6 * factor))
    assert np.all(fast.demands.delay_s <= slow.demands.delay_s * (1 + 0.02))
    assert np.all(fast.demands.loss_ratio <= slow.demands.loss_ratio + 2e-3)


@given(st.floats(0.05, 1.2), st.floats(1.0, 1.5), st.sampled_from(Discipline))
@RELAXED
def test_more_poisson_traffic_never_helps(load: float, factor: float, discipline: Discipline) -> None:
    little, much = (single_port(load * f, 1e6, Poisson(), discipline) for f in (1.0, factor))
    assert np.all(little.demands.loss_ratio <= much.demands.loss_ratio + 1e-6)
    weighted = [float(np.nansum(answer.queues.occupancy_packets)) for answer in (little, much)]
    assert weighted[0] <= weighted[1] * (1 + 1e-6)


def test_failures_and_detours_show() -> None:
    """A ring that loses a link: longer paths, higher loads, nothing unreachable."""
    links = [Link(f"{a}->{b}", a, b, 1e6, 0.001) for a, b in ("AB", "BC", "CA", "BA", "CB", "AC")]
    topology = Topology(tuple(Node(name) for name in "ABC"), tuple(links))
    traffic = Traffic.of([Demand(a, b, 2e5, packet_sizes=FixedSize(1000.0)) for a in "ABC" for b in "ABC" if a != b], topology)
    whole = Scenario(topology, traffic)
    broken = replace(whole, topology=replace(topology, links=(replace(links[0], is_up=False), *links[1:])))
    before, after = PREDICTOR.predict(whole).demands, PREDICTOR.predict(broken).demands
    assert after.delay_s[0] > 2 * before.delay_s[0]
    assert np.all(after.loss_ratio < 1e-6)
    assert after.delay_s[1] == pytest.approx(before.delay_s[1], rel=0.3)
