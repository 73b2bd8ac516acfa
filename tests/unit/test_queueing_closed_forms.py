"""The textbook formulas, and the model where it must equal them."""

import numpy as np
import pytest

from nettwin.predict.queueing import QueueingPredictor
from nettwin.queueing.closed_forms import (
    allen_cunneen_wait_s,
    cobham_waits_s,
    kingman_wait_s,
    mg1_wait_s,
    mm1k_loss_ratio,
    mm1k_mean_packets,
)
from nettwin.queueing.finite_queue import Packets, ServerView, geometric_mean, geometric_sum, geometric_variance, solve
from nettwin.scenario import (
    Demand,
    Discipline,
    ExponentialSize,
    FixedSize,
    Link,
    Node,
    PacketSizes,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)

CAPACITY_BPS = 1e6
SIZE_BITS = 1000.0


def port(loads: list[float], sizes: PacketSizes, scheduling: Scheduling) -> Scenario:
    """One link from A to B with one Poisson demand per class."""
    topology = Topology((Node("A"), Node("B")), (Link("A->B", "A", "B", CAPACITY_BPS, scheduling=scheduling),))
    demands = [Demand("A", "B", load * CAPACITY_BPS, c, packet_sizes=sizes) for c, load in enumerate(loads)]
    return Scenario(topology, Traffic.of(demands, topology))


def test_mm1k_by_its_birth_and_death_chain() -> None:
    for load in (0.3, 0.9, 1.0, 1.7):
        weights = load ** np.arange(6)
        chain = weights / weights.sum()
        assert mm1k_loss_ratio(load, 5) == pytest.approx(chain[-1])
        assert mm1k_mean_packets(load, 5) == pytest.approx(chain @ np.arange(6))


def test_waits_of_single_servers_agree_where_they_coincide() -> None:
    exponential = mg1_wait_s(0.8, 1.0, 2.0)
    assert exponential == pytest.approx(4.0)
    assert mg1_wait_s(0.8, 1.0, 1.0) == pytest.approx(exponential / 2)
    assert kingman_wait_s(0.8, 1.0, 1.0, 1.0) == pytest.approx(exponential)
    assert allen_cunneen_wait_s(0.8, 1.0, 1.0) == pytest.approx(exponential)
    assert cobham_waits_s([0.8], [1.0], [2.0]) == [pytest.approx(exponential)]


def test_allen_cunneen_with_two_servers_is_erlang_c() -> None:
    # M/M/2 with load 0.75: P(wait) = 2 * 0.75**2 / (1 + 0.75) = 0.642857
    assert allen_cunneen_wait_s(0.75, 1.0, 1.0, n_servers=2) == pytest.approx(2 * 0.75**2 / 1.75 / (2 * 0.25))


def test_priorities_conserve_the_work() -> None:
    rates, services, seconds = [0.2, 0.3, 0.1], [1.0, 0.5, 2.0], [2.0, 0.25, 5.0]
    loads = np.array(rates) * services
    fifo = sum(rate * second for rate, second in zip(rates, seconds, strict=True)) / 2 / (1 - loads.sum())
    assert loads @ cobham_waits_s(rates, services, seconds) == pytest.approx(loads.sum() * fifo)


@pytest.mark.parametrize("load", [0.2, 0.7, 0.999, 1.3, 3.0])
@pytest.mark.parametrize("places", [1, 2, 7, 60])
def test_a_finite_queue_of_exponential_packets_is_mm1k(load: float, places: int) -> None:
    one = np.ones(1)
    state = solve(ServerView(load * one, one, load * one, one), Packets(load * one, one, one), (places - 1) * one)
    loss = mm1k_loss_ratio(load, places)
    sojourn = mm1k_mean_packets(load, places) / (load * (1 - loss))
    assert state.loss_ratio[0] == pytest.approx(loss, rel=1e-6)
    assert state.wait_s[0] + 1 == pytest.approx(sojourn, rel=1e-6)


@pytest.mark.parametrize("load", [0.3, 0.8, 1.2])
def test_spread_of_the_wait_in_mm1k(load: float) -> None:
    one, places = np.ones(1), 9
    state = solve(ServerView(load * one, one, load * one, one), Packets(load * one, one, one), (places - 1) * one)
    found = load ** np.arange(places)
    found /= found.sum()
    n = np.arange(places)
    second = found @ (n**2 + n)  # n exponential services: variance n, mean n
    assert state.no_wait[0] == pytest.approx(found[0], rel=1e-6)
    assert state.wait_variance_s2[0] == pytest.approx(second - (found @ n) ** 2, rel=1e-6)


@pytest.mark.parametrize("decay", [-2.0, -1e-3, 0.0001, 0.5])
@pytest.mark.parametrize("states", [1, 2, 40])
def test_truncated_geometric_moments_by_summation(decay: float, states: int) -> None:
    n = np.arange(states)
    weights = np.exp(decay * n)
    mean = weights @ n / weights.sum()
    arguments = np.array([decay]), np.array([float(states)])
    assert geometric_sum(*arguments)[0] == pytest.approx(weights.sum())
    assert geometric_mean(*arguments)[0] == pytest.approx(mean, abs=1e-6)
    assert geometric_variance(*arguments)[0] == pytest.approx(weights @ (n - mean) ** 2 / weights.sum(), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("sizes", "second"), [(ExponentialSize(SIZE_BITS), 2.0), (FixedSize(SIZE_BITS), 1.0)])
@pytest.mark.parametrize("load", [0.1, 0.6, 0.95])
def test_a_large_fifo_buffer_is_pollaczek_khinchine(sizes: PacketSizes, second: float, load: float) -> None:
    service_s = SIZE_BITS / CAPACITY_BPS
    answer = QueueingPredictor().predict(port([load], sizes, Scheduling()))
    wait = mg1_wait_s(load / service_s, service_s, second * service_s**2)
    assert answer.demands.delay_s[0] == pytest.approx(wait + service_s, rel=1e-6)
    assert answer.queues.occupancy_packets[0] == pytest.approx(load / service_s * (wait + service_s), rel=1e-6)
    assert answer.demands.loss_ratio[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("load", [0.5, 1.0, 2.0])
def test_a_small_buffer_in_packets_is_mm1k(load: float) -> None:
    answer = QueueingPredictor().predict(port([load], ExponentialSize(SIZE_BITS), Scheduling(queues=(Queue(buffer_packets=8),))))
    loss = mm1k_loss_ratio(load, 8)
    delay = mm1k_mean_packets(load, 8) / (load * (1 - loss)) * SIZE_BITS / CAPACITY_BPS
    assert answer.demands.loss_ratio[0] == pytest.approx(loss, rel=1e-3)
    assert answer.demands.delay_s[0] == pytest.approx(delay, rel=1e-3)
    assert answer.links.utilization[0] == pytest.approx(load * (1 - loss), rel=1e-3)


def test_a_buffer_that_does_not_count_the_packet_in_service_holds_one_more() -> None:
    queue = (Queue(buffer_packets=8),)
    answer = QueueingPredictor().predict(
        port([0.9], ExponentialSize(SIZE_BITS), Scheduling(queues=queue, buffer_holds_packet_in_service=False))
    )
    assert answer.demands.loss_ratio[0] == pytest.approx(mm1k_loss_ratio(0.9, 9), rel=1e-3)


@pytest.mark.parametrize("loads", [[0.2, 0.3, 0.3], [0.05, 0.05, 0.8], [0.6, 0.2, 0.05]])
def test_strict_priority_is_cobham(loads: list[float]) -> None:
    service_s = SIZE_BITS / CAPACITY_BPS
    scheduling = Scheduling(Discipline.STRICT_PRIORITY, tuple(Queue() for _ in loads))
    answer = QueueingPredictor().predict(port(loads, ExponentialSize(SIZE_BITS), scheduling))
    waits = cobham_waits_s([load / service_s for load in loads], [service_s] * 3, [2 * service_s**2] * 3)
    assert answer.demands.delay_s - service_s == pytest.approx(waits, rel=1e-5)


def test_overload_loses_what_exceeds_the_capacity() -> None:
    answer = QueueingPredictor().predict(port([2.5], FixedSize(SIZE_BITS), Scheduling(queues=(Queue(buffer_packets=50),))))
    assert answer.demands.loss_ratio[0] == pytest.approx(1 - 1 / 2.5, rel=1e-3)
    assert answer.links.utilization[0] == pytest.approx(1.0, rel=1e-3)
    assert answer.demands.delay_s[0] == pytest.approx(50 * SIZE_BITS / CAPACITY_BPS, rel=0.03)
    assert not answer.is_trusted[0]


def test_long_packets_are_lost_more_often_where_bits_fill_the_buffer() -> None:
    topology = Topology(
        (Node("A"), Node("B")), (Link("A->B", "A", "B", CAPACITY_BPS, scheduling=Scheduling(queues=(Queue(buffer_bits=16_000),))),)
    )
    demands = [Demand("A", "B", 0.7e6, packet_sizes=FixedSize(size), id=str(size)) for size in (500.0, 1500.0)]
    answer = QueueingPredictor().predict(Scenario(topology, Traffic.of(demands, topology)))
    short, long = answer.demands.loss_ratio
    assert long == pytest.approx(3 * short, rel=0.05)  # by size, but for a small part
    lost_bits = (answer.demands.offered_bps - answer.demands.throughput_bps).sum()
    assert lost_bits == pytest.approx(1.4e6 - CAPACITY_BPS, rel=0.02)
