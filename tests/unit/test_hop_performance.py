"""Delays hop by hop: the value, and the analytic twin's figures."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.controlplane import route
from nettwin.errors import ScenarioError
from nettwin.generate.scenarios import ScenarioSpace, random_scenario
from nettwin.performance import HopPerformance, Performance, sum_by_demand
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import BatchPredictor, HopPredictor
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Demand, Discipline, ExponentialSize, OnOff, Queue, Scenario, Scheduling
from simulated_networks import FIXED, line, mesh, one_queue


def two_paths(**columns: object) -> HopPerformance:
    """A demand over two paths of one and two hops, three quarters of its packets on the first."""
    known = {
        "path": [0, 1, 1],
        "demand": [0, 0, 0],
        "link": [0, 1, 2],
        "queue": [0, 1, 2],
        "propagation_s": [1.0, 2.0, 3.0],
        "transmission_s": [0.1, 0.1, 0.1],
        "wait_s": [4.0, 0.0, 8.0],
        "loss_ratio": [0.0, 0.0, 0.0],
        "path_demand": [0, 0],
        "delivered_share": [0.75, 0.25],
    }
    return HopPerformance(**(known | columns))


def test_paths_count_by_the_packets_that_they_deliver() -> None:
    hops = two_paths()
    assert sum_by_demand(hops, hops.delay_s, 2).tolist() == pytest.approx([0.75 * 5.1 + 0.25 * 13.2, 0.0])


def test_columns_are_checked_and_cannot_be_written_to() -> None:
    with pytest.raises(ScenarioError, match="wait_s has shape"):
        two_paths(wait_s=[1.0, 2.0])
    with pytest.raises(ScenarioError, match="delivered_share has shape"):
        two_paths(delivered_share=[1.0])
    with pytest.raises(ValueError, match="read-only"):
        two_paths().wait_s[0] = 1.0


@pytest.mark.parametrize("seed", range(6))
def test_hops_of_the_analytic_twin_add_up(seed: int) -> None:
    scenario = random_scenario(np.random.default_rng(seed), ScenarioSpace(nodes=(4, 9), max_load=(0.5, 1.2)))
    assert_adds_up(scenario, *QueueingPredictor().predict_hops(scenario))


@pytest.mark.parametrize("discipline", list(Discipline))
def test_they_do_so_over_equal_cost_paths_with_losses(discipline: Discipline) -> None:
    scenario = mesh(discipline, Queue(buffer_packets=6), sizes=ExponentialSize(1000.0), load=1.3)
    performance, hops = QueueingPredictor().predict_hops(scenario)
    assert np.bincount(hops.path_demand).max() > 1
    assert hops.loss_ratio.max() > 0.01
    assert_adds_up(scenario, performance, hops)


def assert_adds_up(scenario: Scenario, performance: Performance, hops: HopPerformance) -> None:
    routing, n = route(scenario), scenario.traffic.n_demands
    assert hops.link.tolist() == routing.hop_link.tolist()
    assert hops.path.tolist() == routing.hop_path.tolist()
    known = np.isfinite(performance.demands.delay_s)
    assert known.any()
    np.testing.assert_allclose(sum_by_demand(hops, hops.delay_s, n)[known], performance.demands.delay_s[known], rtol=1e-6)
    arriving = np.ones(routing.n_paths)
    np.multiply.at(arriving, hops.path, 1 - hops.loss_ratio)
    lost = 1 - np.bincount(routing.path_demand, routing.path_share * arriving, n)
    sends = scenario.traffic.rate_bps > 0
    np.testing.assert_allclose(lost[sends], performance.demands.loss_ratio[sends], atol=1e-9)
    shares = np.bincount(hops.path_demand, hops.delivered_share, n)
    np.testing.assert_allclose(shares[known & sends], 1.0)


def test_the_same_performance_as_without_hops() -> None:
    scenario = mesh()
    performance, _ = QueueingPredictor().predict_hops(scenario)
    np.testing.assert_array_equal(performance.demands.delay_s, QueueingPredictor().predict(scenario).demands.delay_s)


def test_one_hop_is_the_textbooks_queue() -> None:
    """M/D/1 at load 0.5: half a packet time of waiting."""
    _, hops = QueueingPredictor().predict_hops(one_queue(0.5))
    assert hops.transmission_s.tolist() == pytest.approx([1e-3])
    assert hops.wait_s.tolist() == pytest.approx([0.5e-3], rel=0.01)


def test_where_no_packet_can_wait_nobody_waits() -> None:
    """A buffer for the packet in service alone: even demands of different burstiness wait alike, not at all."""
    demands = [Demand("0", "1", 2e5, packet_sizes=FIXED), Demand("0", "1", 3e5, arrivals=OnOff(0.1, 0.1), packet_sizes=FIXED)]
    scenario = line(1, demands, Scheduling(queues=(Queue(buffer_bits=FIXED.size_bits),)))
    performance, hops = QueueingPredictor().predict_hops(scenario)
    assert hops.wait_s.tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
    assert np.isfinite(performance.demands.delay_quantiles_s).all()


@dataclass(frozen=True)
class InBatches:
    """Answers many at once, and says how many."""

    asked: list[int]
    one: FakePredictor = FakePredictor()
    name: str = "batches"

    def predict(self, scenario: Scenario) -> Performance:
        return self.predict_many([scenario])[0]

    def predict_many(self, scenarios: list[Scenario]) -> list[Performance]:
        self.asked.append(len(scenarios))
        return [self.one.predict(scenario) for scenario in scenarios]


def test_many_questions_go_at_once_where_the_engine_can() -> None:
    busier = replace(triangle(), traffic=replace(triangle().traffic, rate_bps=triangle().traffic.rate_bps * 2))
    asked: list[int] = []
    one_by_one, at_once = (predict_all(predictor, [triangle(), busier]) for predictor in (FakePredictor(), InBatches(asked)))
    assert asked == [2]
    assert [answer.links.utilization.tolist() for answer in one_by_one] == [answer.links.utilization.tolist() for answer in at_once]


def test_who_can_what() -> None:
    assert isinstance(QueueingPredictor(), HopPredictor)
    assert not isinstance(FakePredictor(), HopPredictor | BatchPredictor)
    assert isinstance(InBatches([]), BatchPredictor)
