"""Virtual clock (L. Zhang, SIGCOMM 1990) beside the two schedulers that it lies between."""

import numpy as np
import pytest

from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import (
    Demand,
    Discipline,
    FixedSize,
    Link,
    Node,
    Observation,
    PacketTrace,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)

PACKET_S = 1e-3  # 1000 bits at 1 Mbit/s
PERIOD_S = 10.0


def burst(traffic_class, *starts_and_counts):
    """So many packets at once at each of these times."""
    times = np.concatenate([np.full(count, start) for start, count in starts_and_counts])
    trace = PacketTrace(times, np.full(len(times), 1000.0), PERIOD_S)
    return Demand("A", "B", trace.rate_bps, traffic_class, trace, FixedSize(1000.0))


def mean_delays(discipline, *demands, weights=(1.0, 1.0)):
    port = Scheduling(discipline, tuple(Queue(weight=weight) for weight in weights))
    topology = Topology((Node("A"), Node("B")), (Link("A->B", "A", "B", 1e6, scheduling=port),))
    scenario = Scenario(topology, Traffic.of(demands, topology), observation=Observation(duration_s=PERIOD_S * 0.99))
    return SimulatorPredictor().predict(scenario).demands.delay_s


@pytest.mark.parametrize("discipline", [Discipline.VIRTUAL_CLOCK, Discipline.LEAST_SERVED, Discipline.WFQ])
def test_two_equal_bursts_take_turns(discipline):
    first, second = mean_delays(discipline, burst(0, (0.0, 100)), burst(1, (0.0, 100)))
    assert first == pytest.approx(100 * PACKET_S, rel=0.02)
    assert second == pytest.approx(101 * PACKET_S, rel=0.02)


def test_who_is_taking_more_than_its_share_pays_at_once():
    """Queue 0 sends alone for 0.1 s; then fair queueing takes turns, and virtual clock lets the newcomer catch up."""
    demands = burst(0, (0.0, 400)), burst(1, (0.1, 50))
    assert mean_delays(Discipline.VIRTUAL_CLOCK, *demands)[1] == pytest.approx(PACKET_S * 51 / 2, rel=0.05)
    assert mean_delays(Discipline.LEAST_SERVED, *demands)[1] == pytest.approx(PACKET_S * 51 / 2, rel=0.05)
    assert mean_delays(Discipline.WFQ, *demands)[1] == pytest.approx(2 * PACKET_S * 51 / 2, rel=0.05)


def test_what_was_taken_long_ago_is_forgiven():
    """A burst of 100 moves the clock of a half share on to 0.2 s. At 5 s nobody remembers it, but for least served."""
    demands = burst(0, (0.0, 100), (5.0, 50)), burst(1, (5.0, 50))
    assert mean_delays(Discipline.VIRTUAL_CLOCK, *demands)[1] == pytest.approx(PACKET_S * 51, rel=0.03)
    assert mean_delays(Discipline.LEAST_SERVED, *demands)[1] == pytest.approx(PACKET_S * 51 / 2, rel=0.05)


def test_weights_are_shares_of_their_sum():
    one = mean_delays(Discipline.VIRTUAL_CLOCK, burst(0, (0.0, 300)), burst(1, (0.0, 100)), weights=(3.0, 1.0))
    percent = mean_delays(Discipline.VIRTUAL_CLOCK, burst(0, (0.0, 300)), burst(1, (0.0, 100)), weights=(75.0, 25.0))
    np.testing.assert_allclose(one, percent)
    np.testing.assert_allclose(one, [200 * PACKET_S, 202 * PACKET_S], rtol=0.02)
