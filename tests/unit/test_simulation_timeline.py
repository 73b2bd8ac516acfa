"""Changes in mid-run."""

from dataclasses import replace

import numpy as np
import pytest

from nettwin.changes import FailLink, ScaleTraffic, SetCapacity
from nettwin.changes.timeline import TimedChange, Timeline
from nettwin.errors import PredictionError
from nettwin.performance import PerformanceSeries
from nettwin.predict.predictor import Predictor, TimelinePredictor
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import Demand, Link, Node, Observation, PacketTrace, Queue, Scenario, Topology, Traffic
from simulated_networks import FIXED, assert_same, line, mesh, observed, run

PREDICTOR = SimulatorPredictor(seed=2)


def _ask(scenario: Scenario, *events: TimedChange, window_s: float = 1.0, convergence_delay_s: float = 0.0) -> PerformanceSeries:
    return PREDICTOR.predict_timeline(Timeline(scenario, events, window_s, convergence_delay_s))


def _ring(duration_s: float = 10.0) -> Scenario:
    """A to B directly, or over C."""
    ends = [("A", "B"), ("A", "C"), ("C", "B")]
    links = tuple(Link(f"{a}->{b}", a, b, 1e6, 1e-3, metric=1.0) for a, b in ends)
    topology = Topology(tuple(Node(name) for name in "ABC"), links)
    traffic = Traffic.of([Demand("A", "B", 5e5, packet_sizes=FIXED)], topology)
    return Scenario(topology, traffic, observation=Observation(duration_s))


def test_it_is_both_kinds_of_predictor() -> None:
    assert isinstance(PREDICTOR, Predictor)
    assert isinstance(PREDICTOR, TimelinePredictor)


@pytest.mark.parametrize("n_windows", [1, 7])
def test_without_events_the_windows_add_up_to_the_plain_answer(n_windows: int) -> None:
    scenario = observed(mesh(queue=Queue(buffer_packets=8), load=1.1), 7.0, 1.0)
    plain = run(scenario, seed=2).performance
    series = _ask(scenario, window_s=7.0 / n_windows)
    assert series.window_edges_s.tolist() == pytest.approx(np.linspace(1, 8, n_windows + 1).tolist())
    for name in ("utilization", "occupancy_packets", "occupancy_bits"):
        mean = np.mean([getattr(window.queues, name) for window in series.windows], axis=0)
        np.testing.assert_allclose(mean, getattr(plain.queues, name), rtol=1e-9)
    mean = np.mean([window.demands.throughput_bps for window in series.windows], axis=0)
    np.testing.assert_allclose(mean, plain.demands.throughput_bps, rtol=1e-9)
    if n_windows == 1:
        np.testing.assert_allclose(series.windows[0].demands.delay_s, plain.demands.delay_s, rtol=1e-9)


def test_a_failed_link_loses_traffic_until_routing_has_converged() -> None:
    series = _ask(_ring(), TimedChange(3.0, FailLink("A->B")), convergence_delay_s=0.5)
    loss = [window.demands.loss_ratio[0] for window in series.windows]
    assert loss[:3] == [0.0, 0.0, 0.0]
    assert loss[3] == pytest.approx(0.5, abs=0.05)
    assert loss[4:] == [0.0] * 6
    utilization = np.array([window.links.utilization for window in series.windows])
    assert utilization[:3, 0].min() > 0.4
    assert utilization[3:, 0].max() == 0
    assert utilization[4:, 1].min() > 0.4
    assert series.windows[5].demands.delay_s[0] > series.windows[1].demands.delay_s[0] + 1e-3


def test_queued_packets_and_those_under_way_are_lost_with_their_link() -> None:
    """Ten packets at 0: at 4.5 ms four have left, of which those sent in the last 1 ms are under way, one is in service, five wait."""
    trace = PacketTrace(np.zeros(10), np.full(10, 1000.0), 100.0)
    demand = Demand("0", "1", trace.rate_bps, arrivals=trace, packet_sizes=FIXED)
    scenario = observed(line(1, [demand], propagation_s=1e-3), 1.0)
    series = _ask(scenario, TimedChange(4.5e-3, FailLink("0->1")))
    demands = series.windows[0].demands
    assert demands.throughput_bps[0] == pytest.approx(3 * 1000.0)
    assert demands.loss_ratio[0] == pytest.approx(0.7)
    assert series.windows[0].links.utilization[0] == pytest.approx(4.5e-3)
    assert series.windows[0].queues.occupancy_packets[0] == pytest.approx(sum([1, 2, 3, 4] + [4.5] * 6) * 1e-3)


def test_queues_survive_a_change_of_capacity() -> None:
    """Ten packets of 1 ms each; twice as fast from 4.5 ms on: the one in service goes on as it was."""
    trace = PacketTrace(np.zeros(10), np.full(10, 1000.0), 100.0)
    demand = Demand("0", "1", trace.rate_bps, arrivals=trace, packet_sizes=FIXED)
    series = _ask(observed(line(1, [demand]), 1.0), TimedChange(4.5e-3, SetCapacity("0->1", 2e6)))
    delays = [1, 2, 3, 4, 5, 5.5, 6, 6.5, 7, 7.5]
    assert series.windows[0].demands.delay_s[0] == pytest.approx(np.mean(delays) * 1e-3)
    assert series.windows[0].demands.loss_ratio[0] == 0


def test_a_surge_changes_the_load_at_once() -> None:
    series = _ask(_ring(), TimedChange(5.0, ScaleTraffic(1.8)))
    utilization = [window.links.utilization[0] for window in series.windows]
    assert max(utilization[:5]) < 0.6
    assert min(utilization[5:]) > 0.8
    offered = [window.demands.offered_bps[0] for window in series.windows]
    assert np.mean(offered[5:]) / np.mean(offered[:5]) == pytest.approx(1.8, rel=0.05)


def test_silence_and_return() -> None:
    events = (TimedChange(3.0, ScaleTraffic(0.0)),)
    series = _ask(_ring(6.0), *events)
    assert [bool(window.demands.offered_bps[0] > 0) for window in series.windows] == [True] * 3 + [False] * 3
    silent = _ring(6.0)
    silent = replace(silent, traffic=replace(silent.traffic, rate_bps=np.zeros(1)))
    from nettwin.changes import AddDemand

    series = _ask(silent, TimedChange(3.0, AddDemand(Demand("A", "B", 5e5, packet_sizes=FIXED, id="new"))))
    assert [bool(window.demands.offered_bps[-1] > 0) for window in series.windows] == [False] * 3 + [True] * 3


def test_the_last_window_may_be_shorter() -> None:
    series = _ask(_ring(2.5))
    assert series.window_edges_s.tolist() == [0.0, 1.0, 2.0, 2.5]
    assert series.windows[-1].links.utilization[0] == pytest.approx(0.5, abs=0.1)


def test_more_windows_than_memory_are_refused() -> None:
    scenario = _ring()
    many = Traffic.of([Demand("A", "B", 1.0, id=str(i)) for i in range(200)], scenario.topology)
    with pytest.raises(PredictionError, match="100,000 windows for 200 demands"):
        _ask(replace(scenario, traffic=many), window_s=1e-4)


def test_equal_questions_equal_answers() -> None:
    timeline = Timeline(_ring(), (TimedChange(3.0, FailLink("A->B")),))
    one, two = PREDICTOR.predict_timeline(timeline), PREDICTOR.predict_timeline(timeline)
    for a, b in zip(one.windows, two.windows, strict=True):
        np.testing.assert_array_equal(a.demands.delay_s, b.demands.delay_s)
    assert_same(run(mesh(), packets=5000), run(mesh(), packets=5000))
