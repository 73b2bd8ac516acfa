"""The parts of the network model: streams, precedence, turns, room, carrying, quantiles."""

import numpy as np
import pytest
from scipy.stats import gamma

from nettwin.controlplane import route
from nettwin.predict.queueing import QueueingPredictor
from nettwin.queueing.carrying import QueueLoss, carry
from nettwin.queueing.demand_hops import demand_hops
from nettwin.queueing.precedence import PortLoads, by_service, fair_claims, strict_priority
from nettwin.queueing.quantiles import WaitMoments, delay_quantiles
from nettwin.queueing.round_robin import visit_waits
from nettwin.queueing.size_atoms import size_atoms
from nettwin.queueing.streams import collision_ratio
from nettwin.scenario import (
    INTERNET_MIX,
    ConstantBitRate,
    Demand,
    Discipline,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    Link,
    Node,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
    TruncatedExponentialSize,
)


def loads(offered: list[float], weight: list[float], visit_s: float = 0.0) -> PortLoads:
    row = np.array(offered)
    ones = np.ones_like(row)
    return PortLoads(row, row, np.array(weight, dtype=np.float64), ones, visit_s * ones)


def line(demands: list[Demand], capacities: list[float], port: Scheduling = Scheduling()) -> Scenario:
    names = [chr(65 + i) for i in range(len(capacities) + 1)]
    links = [Link(f"{a}->{b}", a, b, c, scheduling=port) for a, b, c in zip(names, names[1:], capacities, strict=False)]
    topology = Topology(tuple(Node(name) for name in names), tuple(links))
    return Scenario(topology, Traffic.of(demands, topology))


def test_equal_packets_of_one_wire_never_collide_on_an_equal_wire() -> None:
    assert collision_ratio(np.array([1.0]), np.array([1e-6]))[0] == pytest.approx(0.0, abs=2e-3)


def test_a_fast_wire_into_a_slow_one_spares_nothing() -> None:
    assert collision_ratio(np.array([1e-6]), np.array([0.1]))[0] == pytest.approx(1.0, abs=1e-3)


def test_collisions_of_equal_packets_fall_with_the_square_of_the_slowdown() -> None:
    slowdown = np.array([0.25, 0.5, 0.75])
    assert collision_ratio(slowdown, np.full(3, 1e-6)) == pytest.approx(1 - slowdown**2, abs=1e-3)


def test_a_second_hop_of_equal_packets_adds_next_to_no_wait() -> None:
    """The tree theorem: all waiting of a tandem is at its first queue."""
    demand = Demand("A", "C", 0.5e6, packet_sizes=FixedSize(1000.0))
    answer = QueueingPredictor().predict(line([demand], [1e6, 1e6]))
    first, second = answer.queues.delay_s - 1e-3
    assert first == pytest.approx(0.5e-3, rel=1e-3)
    assert second < 0.1 * first


def test_strict_priority_is_lower_triangular() -> None:
    assert strict_priority(3).tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0]]


def test_less_service_per_weight_goes_first_and_ties_share() -> None:
    first = by_service(loads([0.3, 0.2, 0.1], [3.0, 1.0, 1.0]), 0.02)
    assert first[1, 0] == 1  # 0.1 per weight before 0.2
    assert first[0, 1] == 0
    assert first[0, 2] == pytest.approx(0.5)
    assert np.allclose(first + first.T + np.eye(3), 1)


def test_fair_claims_leave_a_backlogged_queue_the_share_of_its_weight() -> None:
    """One queue is saturated: the other, while backlogged, gets what its weight grants."""
    port = loads([0.2, 0.8], [1.0, 3.0])
    claims = fair_claims(port, by_service(port, 0.02), np.ones((2, 2)) - by_service(port, 0.02))
    assert claims[0] == pytest.approx(0.75)
    assert claims[1] == 0


def test_long_visits_are_polling_and_conserve_work() -> None:
    offered = np.array([0.1, 0.4])
    work = offered / 2  # fixed sizes
    port = loads(offered.tolist(), [1.0, 1.0], visit_s=1e6)
    strict = np.array([0.25 / 0.9, 0.25 / (0.9 * 0.5)])
    waits = visit_waits(port, strict, work)
    assert offered @ waits == pytest.approx(0.5 * 0.25 / 0.5)  # Kleinrock: load * FIFO wait
    assert waits[0] == pytest.approx(waits[1] * 0.9 / 0.6, rel=0.02)  # Everitt: in the proportion 1 - utilization


def test_short_visits_are_strict_precedence() -> None:
    port = loads([0.1, 0.4], [1.0, 1.0], visit_s=0.0)
    strict = np.array([0.25 / 0.9, 0.25 / (0.9 * 0.5)])
    assert visit_waits(port, strict, np.array([0.05, 0.2])) == pytest.approx(strict)


def test_carrying_multiplies_losses_and_shrinks_sizes() -> None:
    demand = Demand("A", "C", 1e5, packet_sizes=EmpiricalSizes((500.0, 1500.0), (0.5, 0.5)))
    scenario = line([demand], [1e6, 1e6])
    hops = demand_hops(scenario, route(scenario))
    flat = carry(hops, QueueLoss(np.array([0.5, 0.2]), np.zeros(2)))
    assert flat.delivered[0] == pytest.approx(0.4)
    assert flat.arriving.packet_rate == pytest.approx([100.0, 50.0])
    assert flat.sent_bit_rate == pytest.approx([5e4, 4e4])
    long_lost = carry(hops, QueueLoss(np.zeros(2), np.array([0.2e-3, 0.0])))
    # 0.1 of the short and 0.3 of the long packets
    assert long_lost.delivered[0] == pytest.approx(0.8)
    assert long_lost.delivered_bits[0] == pytest.approx((0.9 * 500 + 0.7 * 1500) / 2000)


def test_a_link_that_is_down_or_a_tiny_buffer_passes_nothing() -> None:
    demand = Demand("A", "C", 1e5, packet_sizes=FixedSize(1000.0))
    answer = QueueingPredictor().predict(line([demand], [1e6, 1e6], Scheduling(queues=(Queue(buffer_bits=999.0),))))
    assert answer.demands.loss_ratio[0] == 1
    assert np.isnan(answer.demands.delay_s[0])
    assert answer.demands.throughput_bps[0] == 0


@pytest.mark.parametrize("sizes", [FixedSize(800.0), ExponentialSize(800.0), TruncatedExponentialSize(500.0, 64.0, 1500.0), INTERNET_MIX])
def test_atoms_keep_the_mean_size(sizes: object) -> None:
    bits, weights = size_atoms((sizes,))
    assert weights.sum() == pytest.approx(1.0)
    assert (bits * weights).sum() == pytest.approx(sizes.mean_bits)
    assert np.all(np.diff(bits[0]) >= 0)


def test_a_mix_of_many_sizes_is_condensed() -> None:
    many = EmpiricalSizes(tuple(float(64 + i) for i in range(1000)), tuple(np.full(1000, 1e-3)))
    bits, weights = size_atoms((many,))
    assert bits.shape == (1, 8)
    assert (bits * weights).sum() == pytest.approx(many.mean_bits)


def test_quantiles_without_wait_are_the_atoms() -> None:
    none = WaitMoments(np.zeros(1), np.zeros(1), np.ones(1))
    found = delay_quantiles((0.1, 0.4, 0.9), none, np.array([[1.0, 2.0, 5.0]]), np.array([[0.3, 0.5, 0.2]]))[0]
    assert found == pytest.approx([1.0, 2.0, 5.0], rel=1e-3)


def test_quantiles_of_an_exponential_wait_with_an_atom() -> None:
    """The sojourn of an M/M/1 queue seen as wait: 0 with probability 0.4, else exponential of mean 2."""
    waits = WaitMoments(np.array([1.2]), np.array([0.6 * 8 - 1.44]), np.array([0.4]))
    found = delay_quantiles((0.2, 0.5, 0.9, 0.99), waits, np.array([[10.0]]), np.array([[1.0]]))[0]
    expected = [10.0, *(10 - 2 * np.log((1 - q) / 0.6) for q in (0.5, 0.9, 0.99))]
    assert found == pytest.approx(expected, rel=1e-3)


def test_quantiles_of_a_gamma_wait_as_scipy_has_them() -> None:
    shape, scale = 3.0, 0.5
    waits = WaitMoments(np.array([shape * scale]), np.array([shape * scale**2]), np.zeros(1))
    levels = (0.1, 0.5, 0.95, 0.999)
    found = delay_quantiles(levels, waits, np.zeros((1, 1)), np.ones((1, 1)))[0]
    assert found == pytest.approx(gamma.ppf(levels, shape, scale=scale), rel=0.01)


def test_a_constant_stream_alone_waits_nowhere_near_poisson() -> None:
    smooth = line([Demand("A", "B", 0.8e6, arrivals=ConstantBitRate(), packet_sizes=FixedSize(1000.0))], [1e6])
    random = line([Demand("A", "B", 0.8e6, packet_sizes=FixedSize(1000.0))], [1e6])
    predictor = QueueingPredictor()
    wait = [predictor.predict(scenario).demands.delay_s[0] - 1e-3 for scenario in (smooth, random)]
    assert wait[0] < 0.25 * wait[1]


@pytest.mark.parametrize("discipline", [Discipline.WFQ, Discipline.DRR, Discipline.LEAST_SERVED])
def test_saturated_queues_share_by_weight(discipline: Discipline) -> None:
    queues = tuple(Queue(buffer_packets=30, weight=weight) for weight in (3.0, 1.0))
    demands = [Demand("A", "B", 1.5e6, c, packet_sizes=FixedSize(1000.0)) for c in range(2)]
    answer = QueueingPredictor().predict(line(demands, [1e6], Scheduling(discipline, queues, quantum_bits=1000.0)))
    assert answer.queues.utilization == pytest.approx([0.75, 0.25], abs=0.04)
