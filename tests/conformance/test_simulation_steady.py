"""Shortened links must not change the steady state: against the same simulation with its whole propagation delays."""

from dataclasses import replace

import numpy as np
import pytest

from nettwin.controlplane import route
from nettwin.scenario import Discipline, FixedSize, Link, Node, Queue, Scenario, Scheduling, Topology, Traffic
from nettwin.simulation.settings import SimulationSettings
from nettwin.simulation.simulate import simulate

PROPAGATION_S = {"AB": 0.002, "BC": 0.011, "CD": 0.0, "DA": 0.005, "AC": 0.007}


@pytest.fixture
def ring_with_a_chord() -> Scenario:
    scheduling = Scheduling(Discipline.DRR, (Queue(buffer_packets=30, weight=2), Queue(buffer_packets=30)))
    links = tuple(
        Link(f"{a}->{b}", a, b, 1e8, PROPAGATION_S[pair], scheduling=scheduling) for pair in PROPAGATION_S for a, b in (pair, pair[::-1])
    )
    nodes = tuple(Node(name) for name in "ABCD")
    rates = np.full((4, 4), 1.8e7) * ~np.eye(4, dtype=bool)
    traffic = Traffic.from_matrix(rates, packet_sizes=FixedSize(8000.0))
    traffic = replace(traffic, traffic_class=np.arange(traffic.n_demands) % 2)
    return Scenario(Topology(nodes, links), traffic)


def test_short_links_give_the_same_delays_and_losses(ring_with_a_chord: Scenario) -> None:
    routing = route(ring_with_a_chord)
    settings = SimulationSettings(seed=5, packets=600_000)
    short = simulate(ring_with_a_chord, routing, settings)
    full = simulate(ring_with_a_chord, routing, replace(settings, keeps_propagation=True))
    assert not np.array_equal(short.performance.demands.delay_s, full.performance.demands.delay_s), "the option does nothing"
    np.testing.assert_allclose(short.performance.demands.delay_s, full.performance.demands.delay_s, rtol=0.01)
    np.testing.assert_allclose(short.performance.demands.delay_quantiles_s, full.performance.demands.delay_quantiles_s, rtol=0.03)
    np.testing.assert_allclose(short.performance.links.utilization, full.performance.links.utilization, rtol=0.02)
    np.testing.assert_allclose(short.performance.queues.delay_s, full.performance.queues.delay_s, rtol=0.05)


def test_every_packet_takes_the_whole_propagation_delay(ring_with_a_chord: Scenario) -> None:
    routing = route(ring_with_a_chord)
    answer = simulate(ring_with_a_chord, routing, SimulationSettings(seed=5, packets=50_000)).performance
    for demand in range(routing.n_demands):
        quickest = min(ring_with_a_chord.topology.propagation_delay_s[links].sum() for _, links in routing.paths_of(demand))
        assert answer.demands.delay_quantiles_s[demand, 0] >= quickest
