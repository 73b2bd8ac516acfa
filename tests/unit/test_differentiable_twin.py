"""The twin on tensors from end to end: the answers of NeuralPredictor, and their derivatives."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from nettwin.changes import Change, ScaleTraffic, Selection, SetBuffer, SetCapacity, SetQueueWeights
from nettwin.controlplane import route
from nettwin.errors import InputError
from nettwin.performance import Performance
from nettwin.predict.neural.answer import Figures
from nettwin.predict.neural.differentiable import twin as differentiable
from nettwin.predict.neural.differentiable.twin import DifferentiableTwin
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.queueing.differentiable.values import Inputs
from nettwin.queueing.fitting import fitted
from nettwin.scenario import (
    ArrivalProcess,
    Demand,
    Discipline,
    ExponentialSize,
    Link,
    Node,
    PacketTrace,
    Poisson,
    Queue,
    Routing,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)
from small_twins import drawn, twin

SHARES = (0.5, 0.3, 0.2, 0.15)
TIMES = ("delay_s", "delay_variation_s", "ipdv_s", "delay_quantiles_s")


def line(scheduling: Scheduling, load: float = 0.75, arrivals: ArrivalProcess = Poisson(), shares: tuple[float, ...] = SHARES) -> Scenario:
    """Three nodes in a row, two classes, all towards the last one."""
    nodes = tuple(Node(name) for name in "abc")
    links = (Link("ab", "a", "b", 1e6, 1e-4, scheduling=scheduling), Link("bc", "b", "c", 1.2e6, 2e-4, scheduling=scheduling))
    topology = Topology(nodes, links)
    rows = [("one", "a", "c", 0), ("two", "a", "c", 1), ("three", "b", "c", 0), ("four", "a", "b", 1)]
    demands = [
        Demand(source, target, share * load * 1e6, traffic_class, arrivals, ExponentialSize(8000.0), name)
        for share, (name, source, target, traffic_class) in zip(shares, rows, strict=True)
    ]
    return Scenario(topology, Traffic.of(demands, topology))


def fifo() -> Scheduling:
    return Scheduling(Discipline.FIFO, (Queue(buffer_packets=32),))


def told(scenario: Scenario) -> tuple[Scenario, Routing]:
    """The packets that fit, of which the tensors are."""
    return fitted(scenario, route(scenario)).case


def assert_same(figures: Figures, answer: Performance, rows: slice = slice(None)) -> None:
    for name in (*TIMES, "throughput_bps"):
        expected = getattr(answer.demands, name)
        np.testing.assert_allclose(figures.demands[name][rows], expected, rtol=3e-4 if "quantiles" in name else 1e-4, err_msg=name)
    np.testing.assert_allclose(figures.demands["loss_ratio"][rows], answer.demands.loss_ratio, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("seed", [3, 5, 12, 13, 24, 30])
def test_its_figures_are_those_of_the_predictor(seed: int) -> None:
    answer = NeuralPredictor().predict_routed(*told(drawn(seed)))
    with torch.no_grad():
        figures = DifferentiableTwin.of(drawn(seed)).figures()
    assert_same(figures, answer)
    np.testing.assert_allclose(figures.queues["delay_s"], answer.queues.delay_s, rtol=1e-4)
    np.testing.assert_allclose(figures.links["utilization"], answer.links.utilization, rtol=1e-4)
    assert answer.interval is not None
    np.testing.assert_allclose(figures.upper["delay_s"], answer.interval.upper.delay_s, rtol=3e-4)
    assert answer.is_trusted is not None
    assert np.array_equal(figures.is_trusted, answer.is_trusted)


def test_its_weights_can_be_others(tmp_path: Path) -> None:
    predictor = twin(tmp_path / "twin", members=2)
    with torch.no_grad():
        assert_same(DifferentiableTwin.of(drawn(5), weights=predictor.weights).figures(), predictor.predict(drawn(5)))


def test_several_networks_side_by_side() -> None:
    scenarios = [drawn(13), drawn(12)]
    with torch.no_grad():
        figures = DifferentiableTwin.of_many([(scenario, route(scenario)) for scenario in scenarios]).figures()
    n = told(scenarios[0])[0].traffic.n_demands
    for rows, scenario in zip((slice(0, n), slice(n, None)), scenarios, strict=True):
        assert_same(figures, NeuralPredictor().predict_routed(*told(scenario)), rows)


def test_recorded_packets() -> None:
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0, 10.0, 400))
    trace = PacketTrace(times_s=times, sizes_bits=np.full(400, 8000.0), period_s=10.0)
    share = trace.rate_bps / 1e6
    scenario = line(fifo(), load=1.0, arrivals=trace, shares=(share, share, share, 0.0))
    with torch.no_grad():
        figures = DifferentiableTwin.of(scenario).figures()
    np.testing.assert_allclose(figures.demands["delay_s"], NeuralPredictor().predict(scenario).demands.delay_s, rtol=2e-2)


def test_a_network_that_nothing_passes() -> None:
    scenario = line(fifo())
    topology = replace(scenario.topology, links=tuple(replace(link, is_up=False) for link in scenario.topology.links))
    scenario = replace(scenario, topology=topology)
    assert (NeuralPredictor().predict(scenario).demands.loss_ratio == 1).all()
    ours = DifferentiableTwin.of(scenario)
    with torch.no_grad():
        assert (ours.figures().demands["loss_ratio"] == 1).all()
    assert all((slope == 0).all() for slope in ours.gradient("loss_ratio", 0).values())


def central(scenario: Scenario, changes: Sequence[Change], step: float, demand: int, figure: str) -> float:
    """Slope of a figure by the logarithm of a factor, from the predictor."""
    up, down = (getattr(NeuralPredictor().predict(one.apply(scenario)).demands, figure)[demand] for one in changes)
    return float((up - down) / (2 * np.log1p(step)))


@pytest.mark.parametrize("figure", ["delay_s", "delay_variation_s", "loss_ratio"])
def test_slopes_are_those_of_small_changes_of_the_predictor(figure: str) -> None:
    scenario, step = line(fifo()), 0.01
    slopes = DifferentiableTwin.of(scenario).gradient(figure, 0)
    factors = (1 + step, 1 / (1 + step))
    size = abs(float(slopes["capacity_bps"][0]) * 1e6)
    for row, link in enumerate(scenario.topology.links):
        changes: list[Change] = [SetCapacity(link.id, link.capacity_bps * factor) for factor in factors]
        expected = central(scenario, changes, step, 0, figure)
        assert float(slopes["capacity_bps"][row]) * link.capacity_bps == pytest.approx(expected, rel=0.03, abs=0.01 * size)
    for row, name in enumerate(scenario.demand_ids):
        changes = [ScaleTraffic(factor, Selection(ids=(name,))) for factor in factors]
        expected = central(scenario, changes, step, 0, figure)
        assert float(slopes["rate_bps"][row] * scenario.traffic.rate_bps[row]) == pytest.approx(expected, rel=0.03, abs=0.01 * size)


def test_slopes_by_weights_and_buffers() -> None:
    queues = (Queue(buffer_packets=20, weight=0.4), Queue(buffer_packets=20, weight=0.6))
    scenario, step = line(Scheduling(Discipline.DRR, queues, queue_by_class=(0, 1), quantum_bits=12000.0), load=1.1), 0.05
    slopes = DifferentiableTwin.of(scenario).gradient("delay_s", 0)
    weights = [SetQueueWeights("ab", (0.4 * factor, 0.6)) for factor in (1 + step, 1 / (1 + step))]
    expected = central(scenario, weights, step, 0, "delay_s")
    assert float(slopes["weight"][0, 0]) * 0.4 == pytest.approx(expected, rel=0.1)
    places: list[Change] = [SetBuffer("ab", None, packets, 0) for packets in (21, 19)]
    up, down = (NeuralPredictor().predict(change.apply(scenario)).demands.delay_s[0] for change in places)
    assert float(slopes["buffer_packets"][0]) == pytest.approx((up - down) / 2, rel=0.1)


@pytest.mark.parametrize("seed", [1, 3, 15, 21, 30])
def test_a_network_twice_as_fast_takes_half_the_time(seed: int) -> None:
    """Euler's theorem: the twin knows no unit of time. Poisson arrivals have no other times than these."""
    scenario = drawn(seed)
    ours = DifferentiableTwin.of(scenario)
    with torch.no_grad():
        delays = ours.figures().demands["delay_s"].nan_to_num(0.0)
    slopes = ours.gradient("delay_s", torch.ones_like(delays), ("capacity_bps", "rate_bps", "propagation_delay_s"))
    parts = {name: float((slope * getattr(ours.inputs, name)).sum()) for name, slope in slopes.items()}
    size = sum(abs(part) for part in parts.values())
    faster = parts["capacity_bps"] + parts["rate_bps"] - parts["propagation_delay_s"]
    assert faster == pytest.approx(-float(delays.sum()), abs=1e-4 * size)


@pytest.mark.parametrize("seed", [3, 5, 10, 13, 28, 30, 31])
def test_all_slopes_are_finite(seed: int) -> None:
    ours = DifferentiableTwin.of(drawn(seed))
    every = torch.ones(ours.structure.n_demands)
    figures = (*TIMES, "loss_ratio", "throughput_bps")
    found = ours.gradients([(figure, every) for figure in figures], tuple(f.name for f in fields(Inputs)))
    for figure, gradient in zip(figures, found, strict=True):
        for name, slope in gradient.by.items():
            assert torch.isfinite(slope).all(), (figure, name)
    assert any((slope != 0).any() for slope in found[0].by.values())


def test_many_slopes_at_once_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = DifferentiableTwin.of(drawn(13))
    wanted = [("delay_s", 0), ("loss_ratio", 0), ("delay_s", 3)]
    together = ours.gradients(wanted)
    monkeypatch.setattr(differentiable, "_HOPS_AT_ONCE", 1)
    for one, alone in zip(together, ours.gradients(wanted), strict=True):
        for name, slope in one.by.items():
            np.testing.assert_allclose(slope, alone.by[name], rtol=1e-6, atol=1e-12 * float(slope.abs().max() + 1), err_msg=name)


class NothingWaits(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Raises where an operation reads a value, or makes a shape of one: a GPU could not replay it."""

    FORBIDDEN = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "bincount", "repeat_interleave", "equal")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.__name__.partition(".")[0]
        is_by_mask = name == "index" and any(index is not None and index.dtype == torch.bool for index in args[1])
        assert name.strip("_0123456789") not in self.FORBIDDEN and name not in self.FORBIDDEN and not is_by_mask, name
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("seed", [15, 24])
def test_nothing_waits_for_values(seed: int) -> None:
    ours = DifferentiableTwin.of(drawn(seed))
    with torch.no_grad():
        ours.figures()  # tables are put on the device when first used
        with NothingWaits():  # type: ignore[no-untyped-call]
            ours.figures()


def test_waiting_is_noticed() -> None:
    for wait in (lambda x: x.sum().item(), lambda x: x[x > 0], lambda x: bool(x[0] > 0)):
        with pytest.raises(AssertionError), NothingWaits():  # type: ignore[no-untyped-call]
            wait(torch.ones(3))


def test_what_it_cannot_be_asked_by() -> None:
    with pytest.raises(InputError, match="colour"):
        DifferentiableTwin.of(line(fifo())).gradient("delay_s", 0, ("colour",))
