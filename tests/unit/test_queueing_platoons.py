"""Packets keep their sizes on their way: platoons behind long packets, and the spacing that slow wires leave."""

import numpy as np
import pytest

from nettwin.controlplane import route
from nettwin.predict.queueing import QueueingPredictor
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.queueing.network import Network, network_of
from nettwin.scenario import Demand, ExponentialSize, FixedSize, Link, Node, PacketSizes, Scenario, Topology, Traffic

BITS = 1000.0


def line(capacities: list[float], pairs: list[tuple[int, int]], load: float, sizes: PacketSizes) -> Scenario:
    """Nodes in a row; demands of equal rate, so that the busiest link of 1 Mbit/s carries ``load``."""
    nodes = [f"n{i:02d}" for i in range(len(capacities) + 1)]
    links = tuple(Link(f"{a}->{b}", a, b, c) for a, b, c in zip(nodes, nodes[1:], capacities, strict=False))
    most = max(sum(a <= hop < b for a, b in pairs) for hop in range(len(capacities)))
    topology = Topology(tuple(Node(node) for node in nodes), links)
    demands = [Demand(nodes[a], nodes[b], load * 1e6 / most, packet_sizes=sizes) for a, b in pairs]
    return Scenario(topology, Traffic.of(demands, topology))


def network(scenario: Scenario) -> Network:
    return network_of(scenario, route(scenario))


def test_equal_packets_make_no_platoons() -> None:
    found = network(line([1e6] * 5, [(0, 5), (1, 4), (2, 5)], 0.6, FixedSize(BITS))).platoons
    assert found.wait_s == pytest.approx(np.zeros(5))
    assert found.size_share == pytest.approx(np.zeros(5))
    assert found.spread_s == pytest.approx(np.zeros(5))


def test_platoons_grow_along_a_common_way() -> None:
    found = network(line([1e6] * 6, [(0, 6)], 0.6, ExponentialSize(BITS))).platoons
    assert found.wait_s[0] == 0
    assert found.wait_s[1] == pytest.approx(0.0)  # one hop in common is what a port alone accounts for
    assert (np.diff(found.wait_s[1:]) > 0).all()
    assert (np.diff(found.size_share) > 0).all()


def test_demands_that_meet_once_make_no_platoons() -> None:
    """A demand per hop: no two packets have come over the same wire."""
    found = network(line([1e6] * 4, [(i, i + 1) for i in range(4)], 0.6, ExponentialSize(BITS))).platoons
    assert found.wait_s == pytest.approx(np.zeros(4))


def test_packets_that_passed_a_slow_wire_stay_apart_on_fast_ones() -> None:
    found = network(line([1e6, 4e6, 2e6], [(0, 3)], 0.6, FixedSize(BITS)))
    assert found.platoons.spacing_bps == pytest.approx([1e6, 1e6, 1e6])
    assert found.into_links.spared == pytest.approx([1.0, 1.0], abs=0.01)  # nothing can collide at 4 and 2 Mbit/s any more


def test_delays_on_a_long_way_agree_with_packets() -> None:
    """Sixteen hops, exponential sizes: port by port alone (Kleinrock's assumption) the waits are a third too short."""
    n = 16
    pairs = [(a, b) for a in range(n) for b in range(a + 4, n + 1, 3)]
    scenario = line([1e6] * n, pairs, 0.6, ExponentialSize(BITS))
    theory = QueueingPredictor().predict(scenario)
    packets = SimulatorPredictor(packets=6e4).predict(scenario)
    length = np.array([b - a for a, b in pairs])
    ratio = theory.demands.delay_s / packets.demands.delay_s
    assert ratio.mean() == pytest.approx(1.0, abs=0.1)
    spread = theory.demands.delay_variation_s / packets.demands.delay_variation_s
    assert spread[length >= 4].mean() == pytest.approx(1.0, abs=0.2)
