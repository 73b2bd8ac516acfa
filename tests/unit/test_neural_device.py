"""The twin on a device from end to end: tensors all the way give the answers of the numpy path, on the CPU too."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from nettwin.controlplane import route
from nettwin.errors import InputError
from nettwin.generate.scenarios import random_scenario
from nettwin.performance import Performance
from nettwin.predict.neural.answer import Beliefs
from nettwin.predict.neural.device import DeviceTwin, Prepared
from nettwin.predict.neural.library import load_library
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.predict.neural.same_structure import has_same_structure
from nettwin.queueing.side_by_side import SideBySide, side_by_side
from nettwin.scenario import Observation, Scenario

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
ALIKE = 1e-3  # the tensors' quantiles are finer than those of the processor, which stop at 1e-4


def drawn(seed: int) -> Scenario:
    return random_scenario(np.random.default_rng(seed))


def parts_of(*scenarios: Scenario) -> SideBySide:
    return side_by_side([(scenario, route(scenario)) for scenario in scenarios])


def on_device(device: str = "cpu") -> DeviceTwin:
    library = load_library()
    return DeviceTwin(library.models, Beliefs(library.calibration), device)


def columns(value: object, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    for f in fields(value):  # type: ignore[arg-type]
        inner = getattr(value, f.name)
        if is_dataclass(inner):
            yield from columns(inner, f"{prefix}{f.name}.")
        elif isinstance(inner, np.ndarray):
            yield prefix + f.name, inner


def check_equal(found: Performance, expected: Performance) -> None:
    for (name, one), (_, other) in zip(columns(found), columns(expected), strict=True):
        if one.dtype == np.bool_:
            assert (one == other).all(), name
        elif "loss" in name:
            np.testing.assert_allclose(one, other, rtol=5e-3, atol=2e-5, err_msg=name)
        else:
            scale = np.nanmax(np.abs(other), initial=1e-30)
            np.testing.assert_allclose(one / scale, other / scale, rtol=ALIKE, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("seed", range(8))
def test_tensors_give_the_answer_of_arrays(seed: int) -> None:
    scenario = drawn(seed)
    check_equal(on_device().answer(parts_of(scenario)), NeuralPredictor().predict(scenario))


def test_an_observed_time_and_a_cap_count_on_a_device_as_well() -> None:
    scenario = replace(drawn(3), observation=Observation(duration_s=50.0, delay_cap_s=0.05))
    found, endless = on_device().answer(parts_of(scenario)), on_device().answer(parts_of(drawn(3)))
    check_equal(found, NeuralPredictor().predict(scenario))
    assert found.interval is not None
    assert endless.interval is not None
    assert np.nanmax(found.demands.delay_s) <= 0.05
    known = np.isfinite(found.demands.delay_s) & (endless.demands.delay_s < 0.01)
    assert (found.interval.upper.delay_s >= endless.interval.upper.delay_s * 0.999)[known].all()


def test_several_side_by_side_are_answered_as_alone() -> None:
    scenarios = [replace(drawn(seed), observation=Observation()) for seed in (1, 2, 4)]
    parts = parts_of(*scenarios)
    whole, alone = on_device().answer(parts), [NeuralPredictor().predict(scenario) for scenario in scenarios]
    for name in ("delay_s", "loss_ratio", "throughput_bps"):
        expected = np.concatenate([getattr(answer.demands, name) for answer in alone])
        np.testing.assert_allclose(getattr(whole.demands, name), expected, rtol=1e-3, atol=1e-6)
    assert whole.is_trusted is not None
    assert whole.is_trusted.tolist() == [trusted for answer in alone for trusted in np.asarray(answer.is_trusted)]


def test_numbers_do_not_make_a_structure() -> None:
    scenario = drawn(1)
    traffic = replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * 1.1)
    faster = replace(scenario.topology, links=tuple(replace(link, capacity_bps=2 * link.capacity_bps) for link in scenario.topology.links))
    first = scenario.topology.links[0]
    broken = replace(scenario.topology, links=(replace(first, is_up=not first.is_up), *scenario.topology.links[1:]))
    base = parts_of(scenario)
    assert has_same_structure(base, parts_of(replace(scenario, traffic=traffic)))
    assert has_same_structure(base, parts_of(replace(scenario, topology=faster)))
    assert not has_same_structure(base, parts_of(replace(scenario, topology=broken)))
    assert not has_same_structure(base, parts_of(replace(scenario, observation=Observation(duration_s=1.0))))
    assert not has_same_structure(base, parts_of(drawn(2)))


def test_a_structure_that_is_known_is_answered_with_the_new_numbers() -> None:
    twin, scenario = on_device(), drawn(6)
    twin.answer(parts_of(scenario))
    links = tuple(replace(link, capacity_bps=1.5 * link.capacity_bps) for link in scenario.topology.links)
    rates = replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * 0.8)
    other = replace(scenario, topology=replace(scenario.topology, links=links), traffic=rates)
    assert twin.known(parts_of(other)) is not None
    check_equal(twin.answer(parts_of(other)), NeuralPredictor().predict(other))


def without_values(value: Any) -> Any:
    """The same with tensors that have a shape and nothing else."""
    if isinstance(value, torch.Tensor):
        return value.to("meta")
    if isinstance(value, tuple):
        return tuple(without_values(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: without_values(getattr(value, f.name)) for f in fields(value)})
    return value


def test_nothing_waits_for_a_device() -> None:
    """On tensors without values, whatever asks for a value or forgets its device fails: so it could be recorded."""
    twin, parts = on_device(), parts_of(drawn(1))
    prepared = twin.prepared(parts)
    inputs = without_values(twin.inputs(prepared, parts))
    empty = Prepared(parts, without_values(prepared.structure), without_values(prepared.facts))
    with torch.no_grad():
        row = twin.row(empty, inputs)
        assert row.device.type == "meta"
        assert row.shape == twin.row(prepared, twin.inputs(prepared, parts)).shape


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="device is 'abacus'"):
        NeuralPredictor(device="abacus")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="device 'cuda' cannot be used"):
            NeuralPredictor(device="cuda")


@needs_cuda
@pytest.mark.parametrize("seed", range(4))
def test_a_gpu_answers_as_the_processor_first_recorded_and_replayed(seed: int) -> None:
    scenario, predictor = drawn(seed), NeuralPredictor(device="cuda")
    for factor in (1.0, 0.9, 0.7):
        asked = replace(scenario, traffic=replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * factor))
        check_equal(predictor.predict(asked), NeuralPredictor().predict(asked))


@needs_cuda
def test_a_gpu_says_where_the_delay_arises() -> None:
    scenario = drawn(2)
    _, hops = NeuralPredictor(device="cuda").predict_hops(scenario)
    _, expected = NeuralPredictor().predict_hops(scenario)
    np.testing.assert_allclose(hops.wait_s, expected.wait_s, rtol=1e-3, atol=1e-9)
