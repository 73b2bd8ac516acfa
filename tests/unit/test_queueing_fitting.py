"""Packets longer than a buffer: what theory is told of them, and what becomes of its answer."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettwin.apps.inspect_scenario import findings
from nettwin.controlplane import route
from nettwin.performance import Performance
from nettwin.predict.neural import NeuralPredictor
from nettwin.predict.queueing import QueueingPredictor
from nettwin.queueing.carrying import QueueLoss, carry
from nettwin.queueing.demand_hops import demand_hops
from nettwin.queueing.fitting import fitted
from nettwin.queueing.size_limits import between
from nettwin.scenario import (
    INTERNET_MIX,
    Demand,
    Discipline,
    EmpiricalSizes,
    ExplicitPath,
    ExponentialSize,
    FixedSize,
    Link,
    Node,
    PacketSizes,
    Queue,
    RoutingPolicy,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
    TruncatedExponentialSize,
)
from nettwin.simulation import SimulationSettings, simulate

LONG = 1 / 12  # of the packets of an internet mix have 12,000 bits


def row(buffers_bits: Sequence[float], sizes: Sequence[PacketSizes] = (INTERNET_MIX,), load: float = 0.5) -> Scenario:
    """Nodes in a row, a buffer per link, demands from end to end."""
    nodes = tuple(Node(f"n{i}") for i in range(len(buffers_bits) + 1))
    links = tuple(
        Link(f"l{i}", f"n{i}", f"n{i + 1}", 1e6, 1e-3, scheduling=Scheduling(Discipline.FIFO, (Queue(buffer_bits=bits),)))
        for i, bits in enumerate(buffers_bits)
    )
    topology = Topology(nodes, links)
    demands = [
        Demand("n0", nodes[-1].id, load * 1e6 / len(sizes), 0, packet_sizes=size, id=f"d{number}") for number, size in enumerate(sizes)
    ]
    return Scenario(topology, Traffic.of(demands, topology))


def predicted(scenario: Scenario) -> Performance:
    return QueueingPredictor().predict(scenario)


def simulated(scenario: Scenario) -> Performance:
    return simulate(scenario, route(scenario), SimulationSettings(seed=3, packets=400_000)).performance


def test_a_scenario_whose_packets_fit_is_told_as_it_is() -> None:
    scenario = row((12_000.0, 64_000.0))
    question = fitted(scenario, route(scenario))
    assert question.is_same
    assert question.scenario is scenario
    answer = predicted(scenario)
    assert question.answered(answer) is answer
    assert question.measured(answer) is answer


def test_long_packets_are_lost_at_the_first_buffer_that_is_shorter() -> None:
    scenario = row((64_000.0, 9_000.0, 10_000.0))
    question = fitted(scenario, route(scenario))
    assert question.share[0] == pytest.approx(1 - LONG)
    rates = question.routing.link_load_bps(question.scenario.traffic.rate_bps, 3)
    long_bps = scenario.traffic.packet_rate[0] * LONG * 12_000
    assert rates[0] == pytest.approx(scenario.traffic.rate_bps[0])  # the first link carries them
    assert rates[1:] == pytest.approx(scenario.traffic.rate_bps[0] - long_bps)
    answer = predicted(scenario)
    assert answer.queues.loss_ratio[1] >= LONG
    assert answer.queues.loss_ratio[[0, 2]].max() < 0.02


@pytest.mark.parametrize("buffers", [(11_000.0,), (40_000.0, 11_000.0)])
def test_figures_are_those_of_packets(buffers: tuple[float, ...]) -> None:
    scenario = row(buffers, load=0.25)
    ours, true = predicted(scenario), simulated(scenario)
    assert true.demands.loss_ratio[0] > LONG
    assert ours.demands.loss_ratio == pytest.approx(true.demands.loss_ratio, abs=0.02)
    assert ours.links.utilization == pytest.approx(true.links.utilization, abs=0.02)
    assert ours.demands.throughput_bps == pytest.approx(true.demands.throughput_bps, rel=0.05)
    assert ours.queues.loss_ratio == pytest.approx(true.queues.loss_ratio, abs=0.02)
    assert ours.demands.delay_s == pytest.approx(true.demands.delay_s, rel=0.1)


def test_the_delay_is_that_of_what_is_delivered() -> None:
    """An exponential cut at three means: those that arrive are shorter and more alike."""
    scenario = row((12_000.0,), (ExponentialSize(4000.0),), load=0.02)
    ours, true = predicted(scenario), simulated(scenario)
    assert ours.demands.loss_ratio == pytest.approx(true.demands.loss_ratio, abs=0.01)
    assert ours.demands.delay_s == pytest.approx(true.demands.delay_s, rel=0.02)
    assert ours.demands.delay_variation_s == pytest.approx(true.demands.delay_variation_s, rel=0.04)


def test_a_demand_of_too_long_packets_has_no_delay_and_loads_the_links_before() -> None:
    scenario = row((64_000.0, 9_000.0), (FixedSize(10_000.0), FixedSize(1000.0)))
    answer, true = predicted(scenario), simulated(scenario)
    assert answer.demands.loss_ratio[0] == true.demands.loss_ratio[0] == 1.0
    assert np.isnan(answer.demands.delay_s[0])
    assert np.isnan(answer.demands.delay_quantiles_s[0]).all()
    assert answer.demands.throughput_bps[0] == 0
    assert answer.demands.delay_s[1] == pytest.approx(true.demands.delay_s[1], rel=0.05)
    assert answer.links.utilization == pytest.approx(true.links.utilization, abs=0.01)


def test_paths_with_other_buffers_are_told_apart() -> None:
    """Half of the packets take a path on which the long ones do not fit."""
    nodes = tuple(Node(name) for name in "abcd")

    def link(name: str, bits: float) -> Link:
        return Link(name, name[0], name[1], 1e6, 1e-3, scheduling=Scheduling(Discipline.FIFO, (Queue(buffer_bits=bits),)))

    topology = Topology(nodes, (link("ab", 64_000.0), link("bd", 9_000.0), link("ac", 64_000.0), link("cd", 64_000.0)))
    paths = (ExplicitPath(("ab", "bd"), 0.5), ExplicitPath(("ac", "cd"), 0.5))
    traffic = Traffic.of([Demand("a", "d", 6e5, 0, packet_sizes=INTERNET_MIX, id="x")], topology)
    scenario = Scenario(topology, traffic, RoutingPolicy(explicit_paths={"x": paths}))
    ours, true = predicted(scenario), simulated(scenario)
    assert true.demands.loss_ratio[0] == pytest.approx(LONG / 2, abs=0.01)
    assert ours.demands.loss_ratio == pytest.approx(true.demands.loss_ratio, abs=0.01)
    assert ours.demands.delay_s == pytest.approx(true.demands.delay_s, rel=0.1)
    assert ours.demands.delay_variation_s == pytest.approx(true.demands.delay_variation_s, rel=0.1)
    assert ours.links.utilization == pytest.approx(true.links.utilization, abs=0.02)
    _, hops = QueueingPredictor().predict_hops(scenario)
    assert hops.path.tolist() == [0, 0, 1, 1]
    assert hops.loss_ratio[1] >= LONG
    assert hops.loss_ratio[[0, 2, 3]].max() < 0.01
    assert hops.delivered_share == pytest.approx([11 / 23, 12 / 23], abs=0.01)
    assert hops.delivered_share @ np.bincount(hops.path, hops.delay_s) == pytest.approx(ours.demands.delay_s[0], rel=1e-6)


def test_losses_of_hops_make_those_of_demands() -> None:
    scenario = row((20_000.0, 9_000.0, 4_000.0), (INTERNET_MIX, FixedSize(2000.0)))
    for engine in (QueueingPredictor(), NeuralPredictor()):
        answer, hops = engine.predict_hops(scenario)
        kept = [np.prod(1 - hops.loss_ratio[hops.demand == demand]) for demand in range(2)]
        assert 1 - np.array(kept) == pytest.approx(answer.demands.loss_ratio, abs=1e-3)


def test_the_neural_twin_and_its_intervals_know_them() -> None:
    scenario = row((9_000.0, 9_000.0))
    ours, true = NeuralPredictor().predict(scenario), simulated(scenario)
    assert ours.interval is not None
    lower, upper = ours.interval.lower.loss_ratio[0], ours.interval.upper.loss_ratio[0]
    assert LONG <= lower <= ours.demands.loss_ratio[0] <= upper
    assert ours.demands.loss_ratio[0] == pytest.approx(true.demands.loss_ratio[0], abs=0.02)
    assert ours.interval.lower_queues is not None
    assert ours.interval.lower_queues.loss_ratio[0] >= LONG
    assert len(ours.is_trusted if ours.is_trusted is not None else ()) == 1


def test_many_questions_are_answered_as_single_ones() -> None:
    scenarios = [row((64_000.0, 9_000.0)), row((64_000.0, 64_000.0)), row((3_000.0, 64_000.0), (INTERNET_MIX, FixedSize(1000.0)))]
    for alone, together in zip(map(NeuralPredictor().predict, scenarios), NeuralPredictor().predict_many(scenarios), strict=True):
        assert together.demands.delay_s == pytest.approx(alone.demands.delay_s, rel=1e-5)
        assert together.demands.loss_ratio == pytest.approx(alone.demands.loss_ratio, abs=1e-6)
        assert together.queues.loss_ratio == pytest.approx(alone.queues.loss_ratio, abs=1e-6)


def test_what_was_measured_is_told_to_the_training_as_theory_says_it() -> None:
    scenario = row((64_000.0, 9_000.0))
    question, true = fitted(scenario, route(scenario)), simulated(scenario)
    told = question.measured(true)
    assert len(told.demands.delay_s) == question.scenario.traffic.n_demands == 2
    assert np.isnan(told.demands.delay_s[1])
    assert told.demands.delay_s[0] == true.demands.delay_s[0]
    assert 1 - question.share[0] * (1 - told.demands.loss_ratio[0]) == pytest.approx(true.demands.loss_ratio[0])
    assert told.queues.loss_ratio[1] < 0.02 < true.queues.loss_ratio[1]


def test_slopes_are_those_of_the_whole_demand() -> None:
    """More traffic by 2 % is more of its short and of its long packets."""
    scenario, step = row((64_000.0, 9_000.0), load=0.8), 0.01

    def answer(factor: float) -> Performance:
        rates = scenario.traffic.rate_bps * factor
        return NeuralPredictor().predict(replace(scenario, traffic=replace(scenario.traffic, rate_bps=rates)))

    slopes = NeuralPredictor().elasticities(scenario, [0])[0].delay
    less, more = answer(1 - step).demands.delay_s[0], answer(1 + step).demands.delay_s[0]
    assert slopes.rate.shape == (1,)
    assert slopes.rate[0] == pytest.approx(np.log(more / less) / (2 * step), rel=0.1)


def test_an_inspection_tells_of_them() -> None:
    odd = findings(row((64_000.0, 9_000.0), (FixedSize(10_000.0), FixedSize(1000.0))))
    assert [finding.examples for finding in odd if "longer than a buffer" in finding.what] == [("d0",)]
    assert not findings(row((64_000.0, 9_000.0), (FixedSize(9_000.0),)))


SIZES = st.sampled_from(
    [
        FixedSize(1000.0),
        EmpiricalSizes((500.0, 1000.0, 4000.0), (0.5, 0.25, 0.25)),
        ExponentialSize(1500.0),
        TruncatedExponentialSize(2000.0, 300.0, 9000.0),
    ]
)


@given(SIZES, st.floats(1.0, 12_000.0))
def test_sizes_below_and_above_a_limit_make_the_whole(sizes: PacketSizes, limit: float) -> None:
    parts = [between(sizes, 0.0, limit), between(sizes, limit, np.inf)]
    assert sum(share for share, _ in parts) == pytest.approx(1.0, abs=1e-9)
    mean = sum(share * part.mean_bits for share, part in parts if part is not None)
    second = sum(share * part.second_moment_bits2 for share, part in parts if part is not None)
    assert mean == pytest.approx(sizes.mean_bits, rel=1e-6)
    assert second == pytest.approx(sizes.second_moment_bits2, rel=1e-6)


def test_nothing_explodes_where_packets_of_one_size_are_all_lost() -> None:
    """Rounding once left bits without packets, whose squares no buffer could hold."""
    scenario = row((8_000.0, 8_000.0), (FixedSize(1537.3),))
    hops = demand_hops(scenario, route(scenario))
    for per_bit in np.nextafter(1 / 1537.3, 1) * np.linspace(0.999999999999, 1.000000000001, 101):
        arriving = carry(hops, QueueLoss(np.zeros(2), np.array([per_bit, 0.0]))).arriving
        assert arriving.second_moment_rate[1] <= arriving.second_moment_rate[0]
