"""What a demand hangs on in the whole network: slopes of an engine with derivatives, and what they add to an explanation."""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from nettwin.apps.explain import DemandExplanation, explain
from nettwin.errors import PredictionError
from nettwin.performance import HopPerformance, Performance
from nettwin.predict.elasticities import Elasticities, Slopes
from nettwin.predict.neural.differentiable import elasticities as differentiable
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.predict.predictor import GradientPredictor
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Demand, Discipline, Link, Node, Poisson, Queue, Scenario, Scheduling, Topology, Traffic


def chain() -> Scenario:
    """Two classes over two ports; crossing traffic comes from a port before, which drops some of it."""
    nodes = tuple(Node(name) for name in "abcd")
    queues = (Queue(buffer_packets=20, weight=0.5), Queue(buffer_packets=20, weight=0.5))
    scheduling = Scheduling(Discipline.DRR, queues, queue_by_class=(0, 1))
    ends = (("a", "b", 1e6), ("b", "c", 1e6), ("d", "b", 6e5))
    links = [Link(source + target, source, target, capacity, 1e-3, scheduling=scheduling) for source, target, capacity in ends]
    topology = Topology(nodes, tuple(links))
    rows = [("mine", "b", "c", 3e5, 0), ("crossing", "d", "c", 7e5, 0), ("beside", "a", "c", 2e5, 1), ("elsewhere", "a", "b", 1e5, 1)]
    demands = [Demand(source, target, rate, number, Poisson(), id=name) for name, source, target, rate, number in rows]
    return Scenario(topology, Traffic.of(demands, topology))


@dataclass(frozen=True)
class Sloping:
    """Queueing theory, with slopes as told."""

    delay_by_capacity: tuple[float, ...] = (0.0, 0.0, 0.0)
    delay_by_rate: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    loss_by_buffer: tuple[float, ...] = (0.0,) * 6
    asked: list[tuple[int, ...]] = field(default_factory=list, compare=False)
    name: str = "sloping"

    def predict(self, scenario: Scenario) -> Performance:
        return QueueingPredictor().predict(scenario)

    def predict_hops(self, scenario: Scenario) -> tuple[Performance, HopPerformance]:
        return QueueingPredictor().predict_hops(scenario)

    def elasticities(self, scenario: Scenario, demands: list[int]) -> list[Elasticities]:
        self.asked.append(tuple(demands))
        nothing = (np.zeros(3), np.zeros(4), np.zeros(6), np.zeros(6))
        delay = Slopes(np.array(self.delay_by_capacity), np.array(self.delay_by_rate), nothing[2], nothing[3])
        loss = Slopes(nothing[0], nothing[1], np.array(self.loss_by_buffer), nothing[3])
        return [Elasticities(delay, loss) for _ in demands]


@dataclass(frozen=True)
class TooLarge(Sloping):
    def elasticities(self, scenario: Scenario, demands: list[int]) -> list[Elasticities]:
        raise PredictionError("too many hops", where="slopes")


def mine(engine: Sloping | NeuralPredictor | QueueingPredictor, scenario: Scenario | None = None) -> DemandExplanation:
    return explain(scenario or chain(), engine, ["mine"]).demands[0]


def turned(each: DemandExplanation) -> set[tuple[str, str]]:
    return {(row.knob, row.about) for row in each.sensitivities}


def test_what_matters_elsewhere_is_asked_of_the_twin() -> None:
    assert ("capacity", "db") not in turned(mine(Sloping()))
    engine = Sloping(delay_by_capacity=(0.0, -2.0, 0.5), delay_by_rate=(0.0, 0.0, 0.0, 0.3), loss_by_buffer=(0, 0, 0, 0, 0.02, 0))
    each = mine(engine)
    assert {("capacity", "db"), ("traffic", "elsewhere"), ("buffer", "db[0]")} <= turned(each)
    assert engine.asked == [(0,)]
    row = next(row for row in each.sensitivities if (row.knob, row.about) == ("capacity", "db"))
    assert row.slope == 0.5
    assert row.delay_s_change != 0  # of the twin itself


def test_slopes_that_would_change_nothing_worth_telling_are_not_asked() -> None:
    each = mine(Sloping(delay_by_capacity=(0.0, -2.0, 0.05)))
    assert ("capacity", "db") not in turned(each)
    assert [(row.about, row.is_on_way) for row in each.slopes] == [("bc", True), ("db", False)]


def test_a_class_has_the_slopes_of_its_demands() -> None:
    each = mine(Sloping(delay_by_rate=(0.25, 0.5, 0.125, 0.0)))
    rows = {row.about: row.slope for row in each.sensitivities if row.knob == "class traffic"}
    assert rows["class 0"] == pytest.approx(0.75)


def test_the_steepest_come_first() -> None:
    each = mine(Sloping(delay_by_capacity=(0.02, -2.0, 0.5), delay_by_rate=(0.25, 0.75, 0.005, 0.0)))
    assert [row.about for row in each.slopes] == ["bc", "crossing", "db", "mine", "ab"]


def test_engines_without_derivatives_and_networks_too_large_for_them() -> None:
    plain = mine(QueueingPredictor())
    for each in (plain, mine(TooLarge())):
        assert each.slopes == ()
        assert all(math.isnan(row.slope) for row in each.sensitivities)
        assert [row.change for row in each.sensitivities] == [row.change for row in plain.sensitivities]


def test_the_twin_tells_slopes_near_its_own_finite_changes() -> None:
    each = mine(NeuralPredictor(), chain())
    sized = [row for row in each.sensitivities if row.knob in ("capacity", "traffic") and abs(row.elasticity) > 0.05]
    assert len(sized) >= 3
    for row in sized:
        assert row.slope == pytest.approx(row.elasticity, rel=0.5, abs=0.05)
    frame = explain(chain(), NeuralPredictor(), ["mine"]).slopes
    assert list(frame.index.unique()) == ["mine"]
    assert frame["about"].iloc[0] == "bc"


def test_slopes_of_the_twin_are_per_percent() -> None:
    scenario, predictor = chain(), NeuralPredictor()
    assert isinstance(predictor, GradientPredictor)
    first, second = predictor.elasticities(scenario, [0, 2])
    assert (first.delay.capacity.shape, first.delay.rate.shape) == ((3,), (4,))
    assert (first.loss.buffer.shape, first.loss.weight.shape) == ((6,), (6,))
    assert first.delay.capacity[1] < 0 < first.delay.rate[1]
    assert first.loss.buffer[2] < 0  # more room in its own queue loses less
    assert second.delay.weight[3] < 0 < second.delay.weight[2]  # its own queue is the second of the port
    assert np.abs(second.delay.rate[3]) < np.abs(second.delay.rate[2])


def test_what_does_not_fit_in_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differentiable, "MOST_HOPS", 3)
    with pytest.raises(PredictionError, match="hops"):
        NeuralPredictor().elasticities(chain(), [0])
