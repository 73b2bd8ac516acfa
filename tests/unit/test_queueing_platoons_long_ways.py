"""Long ways that many share: waits grow with the hops in common, and last."""

import numpy as np
import pytest

from nettwin.controlplane import route
from nettwin.performance import Performance
from nettwin.predict.neural import NeuralPredictor
from nettwin.predict.queueing import QueueingPredictor
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.queueing.long_ways import FREE, LONG
from nettwin.queueing.network import Network, network_of
from nettwin.queueing.size_atoms import fine_atoms_of
from nettwin.scenario import Demand, ExponentialSize, FixedSize, Link, Node, PacketSizes, Scenario, Topology, Traffic

BITS = 1000.0


def ring(n: int, hops: list[int], sizes: PacketSizes, load: float) -> Scenario:
    """One way round; from every node a demand over each number of hops, all links loaded alike."""
    nodes = [f"n{i:03d}" for i in range(n)]
    topology = Topology(tuple(Node(node) for node in nodes), tuple(Link(f"l{i:03d}", nodes[i], nodes[(i + 1) % n], 1e6) for i in range(n)))
    rate = load * 1e6 / sum(hops)
    demands = [Demand(nodes[i], nodes[(i + far) % n], rate, packet_sizes=sizes) for i in range(n) for far in hops]
    return Scenario(topology, Traffic.of(demands, topology))


def network(scenario: Scenario) -> Network:
    return network_of(scenario, route(scenario))


@pytest.fixture(scope="module")
def both() -> tuple[Performance, Performance]:
    scenario = ring(60, [1, 10, 20, 30], ExponentialSize(BITS), 0.6)
    return QueueingPredictor().predict(scenario), SimulatorPredictor(packets=1.2e5).predict(scenario)


def test_means_on_a_long_ring_agree_with_packets(both: tuple[Performance, Performance]) -> None:
    theory, packets = both
    ratio = (theory.demands.delay_s / packets.demands.delay_s).reshape(60, 4).mean(axis=0)
    assert ratio == pytest.approx(np.ones(4), abs=0.08)


def test_deviations_on_a_long_ring_agree_with_packets(both: tuple[Performance, Performance]) -> None:
    """Port by port they would be half as large."""
    theory, packets = both
    ratio = (theory.demands.delay_variation_s / packets.demands.delay_variation_s).reshape(60, 4).mean(axis=0)
    assert ratio[1:] == pytest.approx(np.ones(3), abs=0.12)


def test_short_ways_and_equal_sizes_are_left_to_single_ports() -> None:
    assert (network(ring(12, [1, 3, 5], ExponentialSize(BITS), 0.6)).long_ways.queues[:, LONG] == 0).all()
    assert (network(ring(60, [10, 20, 30], FixedSize(BITS), 0.6)).long_ways.queues[:, LONG] == 0).all()
    assert (network(ring(60, [10, 20, 30], ExponentialSize(BITS), 0.6)).long_ways.queues[:, LONG] == 1).all()


def test_waits_behind_longer_packets_grow_along_the_way() -> None:
    found = network(ring(60, [30], ExponentialSize(BITS), 0.6))
    waits = found.long_ways.paces.wait.reshape(60, 30)
    assert (waits[:, 0] == 0).all()
    assert (np.diff(waits, axis=1) > 0).all()
    assert found.long_ways.queues[:, FREE] == pytest.approx(np.full(60, 1 / 30))  # fresh ones: those at their first hop


def test_a_long_fixed_size_waits_for_nobody_but_short_ones_wait_for_it() -> None:
    scenario = ring(40, [20], FixedSize(BITS), 0.3)
    topology = scenario.topology
    more = [Demand(f"n{i:03d}", f"n{(i + 20) % 40:03d}", 1e4, packet_sizes=FixedSize(8 * BITS)) for i in range(40)]
    less = [Demand(f"n{i:03d}", f"n{(i + 20) % 40:03d}", 1e4, packet_sizes=FixedSize(BITS)) for i in range(40)]
    found = network(Scenario(topology, Traffic.of(less + more, topology)))
    waits = found.long_ways.paces.wait.reshape(80, 20)
    assert (waits[40:] == 0).all()
    assert (waits[:40, -1] > 4 * BITS / 1e6).all()


def test_fine_atoms_keep_the_mean_and_the_tail() -> None:
    scenario = ring(4, [1], ExponentialSize(BITS), 0.5)
    atoms = fine_atoms_of(scenario.traffic)
    assert (atoms.weights * atoms.bits).sum(axis=1) == pytest.approx([BITS])
    assert (atoms.weights * atoms.bits**2).sum(axis=1) == pytest.approx([2 * BITS**2], rel=0.03)
    assert atoms.bits.max() > 8 * BITS


def test_the_neural_twin_does_not_trust_itself_on_ways_longer_than_any_that_it_learned_from() -> None:
    for scenario, expected in (
        (ring(12, [1, 3, 5], ExponentialSize(BITS), 0.6), True),
        (ring(60, [10, 20, 30], ExponentialSize(BITS), 0.6), False),
    ):
        trusted = NeuralPredictor().predict(scenario).is_trusted
        assert trusted is not None
        assert (trusted == expected).all()
