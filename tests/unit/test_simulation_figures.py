"""Figures of the answer, checked by hand on networks small enough for it."""

from dataclasses import replace

import numpy as np
import pytest

from nettwin.errors import PredictionError
from nettwin.scenario import ConstantBitRate, Demand, Discipline, FixedSize, Observation, PacketTrace, Queue, Scheduling
from simulated_networks import FIXED, line, observed, one_queue, run


def _burst(times: list[float], sizes: list[float], traffic_class: int = 0) -> Demand:
    trace = PacketTrace(np.array(times), np.array(sizes), 1000.0)
    return Demand("0", "1", trace.rate_bps, traffic_class, trace, FIXED, f"burst {traffic_class} {times}")


def test_a_burst_by_hand() -> None:
    """Three packets at once: 1, 2 and 3 ms; one more second later: 1 ms."""
    result = run(observed(line(1, [_burst([0.0, 0.0, 0.0, 1.0], [1000.0] * 4)]), 10.0))
    demands, queues = result.performance.demands, result.performance.queues
    assert demands.delay_s[0] == pytest.approx(7e-3 / 4)
    assert demands.delay_variation_s[0] == pytest.approx(np.std([1e-3, 2e-3, 3e-3, 1e-3]))
    assert demands.ipdv_s[0] == pytest.approx((1e-3 + 1e-3 + 2e-3) / 3)
    assert queues.utilization[0] == pytest.approx(4e-3 / 10)
    assert queues.occupancy_packets[0] == pytest.approx(7e-3 / 10)
    assert queues.occupancy_bits[0] == pytest.approx(7.0 / 10)
    assert queues.delay_s[0] == pytest.approx(7e-3 / 4)
    assert result.performance.links.throughput_bps[0] == pytest.approx(400.0)


def test_only_the_measured_part_of_a_stay_counts() -> None:
    """A packet of 2 s, sent at 0, seen from 1 s to 1.5 s."""
    demand = _burst([0.0], [2e6])
    for discipline in (Discipline.FIFO, Discipline.STRICT_PRIORITY):
        result = run(observed(line(1, [demand], Scheduling(discipline)), 0.5, 1.0))
        assert result.performance.queues.utilization[0] == pytest.approx(1.0)
        assert result.performance.queues.occupancy_packets[0] == pytest.approx(1.0)
        assert result.delivered_packets[0] == 0


def test_buffers_in_bits() -> None:
    """Room for 2,500 bits with the packet in service: the third of 1,000 does not fit, 500 would."""
    scheduling = Scheduling(queues=(Queue(buffer_bits=2500.0),))
    result = run(observed(line(1, [_burst([0.0, 0.0, 0.0, 1e-6], [1000.0, 1000.0, 1000.0, 500.0])], scheduling), 1.0))
    assert result.lost_packets[0] == 1
    assert result.performance.demands.loss_ratio[0] == pytest.approx(0.25)
    assert result.performance.queues.loss_ratio[0] == pytest.approx(0.25)
    assert result.offered_packets[0] == 4


def test_a_packet_that_arrives_when_another_leaves_finds_room() -> None:
    scheduling = Scheduling(queues=(Queue(buffer_packets=1),))
    for discipline in (Discipline.FIFO, Discipline.WFQ):
        scheduling = replace(scheduling, discipline=discipline)
        result = run(observed(line(1, [_burst([0.0, 2.0], [2e6, 1000.0])], scheduling), 5.0))
        assert result.lost_packets[0] == 0


def test_priority_goes_first_but_does_not_interrupt() -> None:
    scheduling = Scheduling(Discipline.STRICT_PRIORITY, (Queue(), Queue()))
    low, high = _burst([0.0, 1e-4], [1000.0, 1000.0], 1), _burst([2e-4], [1000.0], 0)
    result = run(observed(line(1, [low, high], scheduling), 1.0))
    assert result.performance.demands.delay_s[1] == pytest.approx(0.8e-3 + 1e-3)
    assert result.performance.demands.delay_s[0] == pytest.approx((1e-3 + 2.9e-3) / 2)


def test_deficit_round_robin_by_hand() -> None:
    """Quanta of 2,000 bits: two packets of one queue, then two of the other."""
    scheduling = Scheduling(Discipline.DRR, (Queue(), Queue()), quantum_bits=2000.0)
    demands = [_burst([0.0] * 4, [1000.0] * 4, i) for i in range(2)]
    result = run(observed(line(1, demands, scheduling), 1.0))
    assert result.performance.demands.delay_s[0] * 4 == pytest.approx((1 + 2 + 5 + 6) * 1e-3)
    assert result.performance.demands.delay_s[1] * 4 == pytest.approx((3 + 4 + 7 + 8) * 1e-3)


def test_tiny_quanta_share_as_well_as_large_ones() -> None:
    demands = [_burst([0.0] * 400, [1000.0] * 400, i) for i in range(2)]
    weights = (Queue(weight=1.0), Queue(weight=3.0))
    for quantum in (1e-3, 500.0):
        scheduling = Scheduling(Discipline.DRR, weights, quantum_bits=quantum)
        shares = run(observed(line(1, demands, scheduling), 0.2)).performance.queues.utilization
        assert shares[1] / shares[0] == pytest.approx(3.0, rel=0.05)


def test_least_served_lets_a_newcomer_catch_up() -> None:
    """What was served long ago counts: the queue that had nothing for 0.1 s is served alone until it is even. Fair queueing forgets."""
    old, new = _burst([0.0] * 400, [1000.0] * 400, 0), _burst([0.1] * 90, [1000.0] * 90, 1)
    delays = {}
    for discipline in (Discipline.LEAST_SERVED, Discipline.WFQ):
        result = run(observed(line(1, [old, new], Scheduling(discipline, (Queue(), Queue()))), 1.0))
        delays[discipline] = result.performance.demands.delay_s[1]
    assert delays[Discipline.LEAST_SERVED] == pytest.approx(1e-3 * 91 / 2, rel=0.03)
    assert delays[Discipline.WFQ] == pytest.approx(2e-3 * 91 / 2, rel=0.03)


def test_recorded_delays_are_capped() -> None:
    demand = _burst([0.0, 0.0], [1e6, 1e6])
    scenario = replace(line(1, [demand]), observation=Observation(5.0, delay_cap_s=1.5))
    demands = run(scenario).performance.demands
    assert demands.delay_s[0] == pytest.approx((1.0 + 1.5) / 2)
    assert demands.delay_quantiles_s[0, -1] <= 1.5


def test_regular_traffic_on_an_idle_link_has_no_variation() -> None:
    demands = run(observed(one_queue(0.5, FixedSize(1000.0), arrivals=ConstantBitRate()), 20.0, 1.0)).performance.demands
    assert demands.delay_variation_s[0] == pytest.approx(0.0, abs=1e-9)
    assert demands.ipdv_s[0] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(demands.delay_quantiles_s[0], 1e-3, rtol=0.006)


def test_paths_get_their_shares_and_the_rest_is_lost() -> None:
    from nettwin.scenario import Link, Node, Routing, Scenario, Topology, Traffic
    from nettwin.simulation import SimulationSettings, simulate

    links = tuple(Link(f"{i}", "A", "B", 1e6) for i in range(2))
    topology = Topology((Node("A"), Node("B")), links)
    scenario = Scenario(topology, Traffic.of([Demand("A", "B", 5e5, packet_sizes=FIXED)], topology))
    routing = Routing(1, np.array([0, 0]), np.array([0.5, 0.3]), np.array([0, 1, 2]), np.array([0, 1]))
    performance = simulate(scenario, routing, SimulationSettings(packets=100_000)).performance
    np.testing.assert_allclose(performance.links.utilization, [0.25, 0.15], rtol=0.03)
    assert performance.demands.loss_ratio[0] == pytest.approx(0.2, abs=0.01)


def test_a_down_link_on_an_explicit_path_loses_everything() -> None:
    scenario = line(2, [Demand("0", "2", 1e5, packet_sizes=FIXED), Demand("0", "1", 1e5, packet_sizes=FIXED)])
    from nettwin.controlplane import route
    from nettwin.simulation import SimulationSettings, simulate

    routing = route(scenario)
    links = (scenario.topology.links[0], replace(scenario.topology.links[1], is_up=False))
    broken = replace(scenario, topology=replace(scenario.topology, links=links))
    performance = simulate(broken, routing, SimulationSettings(packets=10_000)).performance
    assert performance.demands.loss_ratio.tolist() == [1.0, 0.0]
    assert np.isnan(performance.demands.delay_s[0])
    assert performance.links.utilization[1] == 0


def test_thin_demands_get_the_mean_of_their_queues() -> None:
    """One packet in a hundred thousand would say nothing; the packets of the others say what it would meet."""
    thin, thick = (Demand("0", "2", rate, packet_sizes=FIXED, id=f"{rate}") for rate in (4.0, 6e5))
    scenario = line(2, [thin, thick], Scheduling(queues=(Queue(buffer_packets=4),)), propagation_s=1e-3)
    result = run(scenario, packets=400_000)
    demands, interval = result.performance.demands, result.performance.interval
    assert result.delivered_packets[0] < 30
    assert demands.delay_s[0] == pytest.approx(demands.delay_s[1], rel=0.01)
    assert demands.loss_ratio[0] == pytest.approx(demands.loss_ratio[1], rel=0.05)
    assert interval is not None
    assert np.isnan(interval.lower.delay_s[0])
    assert interval.lower.delay_s[1] < demands.delay_s[1] < interval.upper.delay_s[1]


def test_what_would_take_days_is_refused_before_it_starts() -> None:
    network = line(1, [Demand("0", "1", 1e5, 0, ConstantBitRate(), FIXED)])
    with pytest.raises(PredictionError, match="packets would be sent"):
        run(observed(network, 1e15))
