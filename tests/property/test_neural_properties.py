"""What must hold for the neural twin on any scenario, whatever its weights are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nettwin.errors import NettwinError
from nettwin.predict.check import violations_of
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import ConstantBitRate, Poisson, Scenario
from small_twins import drawn, twin
from strategies import scenarios

RELAXED = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
seeds = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def random_twin(tmp_path_factory: pytest.TempPathFactory) -> NeuralPredictor:
    return twin(tmp_path_factory.mktemp("random") / "twin", size=2.0)


@pytest.fixture(scope="module")
def zero_twin(tmp_path_factory: pytest.TempPathFactory) -> NeuralPredictor:
    return twin(tmp_path_factory.mktemp("zero") / "twin", size=0.0, members=1)


@RELAXED
@given(seed=seeds)
def test_bounds_hold_whatever_the_weights_are(random_twin: NeuralPredictor, seed: int) -> None:
    scenario = drawn(seed, nodes=(3, 7))
    assert list(violations_of(scenario, random_twin.predict(scenario))) == []


@RELAXED
@given(scenario=scenarios())
def test_any_valid_scenario_is_answered(random_twin: NeuralPredictor, scenario: Scenario) -> None:
    try:
        theory = QueueingPredictor().predict(scenario)
    except (NettwinError, RuntimeWarning):
        return  # beyond what the theory can compute with
    answer = random_twin.predict(scenario)
    assert np.array_equal(np.isnan(answer.demands.delay_s), np.isnan(theory.demands.delay_s)) or (answer.demands.loss_ratio > 0.999).any()
    assert not np.isinf(answer.demands.delay_s).any()


@RELAXED
@given(seed=seeds)
def test_without_training_it_is_the_theory(zero_twin: NeuralPredictor, seed: int) -> None:
    scenario = drawn(seed, nodes=(3, 7), max_load=(0.1, 0.9))
    answer, theory = zero_twin.predict(scenario), QueueingPredictor().predict(scenario)
    known = np.isfinite(theory.demands.delay_s) & (theory.demands.loss_ratio < 0.5)
    error = np.abs(answer.demands.delay_s / theory.demands.delay_s - 1)[known]
    assert np.mean(error, where=np.ones(len(error), bool)) < 0.02 if len(error) else True  # it stops after fewer rounds


@RELAXED
@given(seed=seeds, factor=st.sampled_from((1e-3, 1e3, 1e6)))
def test_speed_changes_nothing_but_the_times(random_twin: NeuralPredictor, seed: int, factor: float) -> None:
    scenario = drawn(seed, nodes=(3, 6), trouble_share=0.0)
    scenario = replace(scenario, traffic=replace(scenario.traffic, arrivals=tuple(map(_timeless, scenario.traffic.arrivals))))
    slow, fast = random_twin.predict(scenario), random_twin.predict(_faster(scenario, factor))
    for name in ("delay_s", "delay_variation_s", "ipdv_s", "delay_quantiles_s"):
        one, two = getattr(slow.demands, name), getattr(fast.demands, name)
        np.testing.assert_allclose(two * factor, one, rtol=2e-3, atol=0)
    np.testing.assert_allclose(fast.demands.loss_ratio, slow.demands.loss_ratio, atol=2e-4)
    np.testing.assert_allclose(fast.links.utilization, slow.links.utilization, atol=2e-4)


@RELAXED
@given(seed=seeds)
def test_the_order_of_the_demands_does_not_matter(random_twin: NeuralPredictor, seed: int) -> None:
    scenario = drawn(seed, nodes=(3, 6), trouble_share=0.0)
    order = np.random.default_rng(seed).permutation(scenario.traffic.n_demands)
    columns = ("source", "target", "rate_bps", "traffic_class", "arrival_index", "packet_size_index")
    shuffled = replace(scenario.traffic, ids=(), **{name: getattr(scenario.traffic, name)[order] for name in columns})
    one, two = random_twin.predict(scenario), random_twin.predict(replace(scenario, traffic=shuffled))
    np.testing.assert_allclose(two.demands.delay_s, one.demands.delay_s[order], rtol=1e-3)


@RELAXED
@given(seed=seeds, company=st.lists(seeds, min_size=1, max_size=4))
def test_an_answer_does_not_depend_on_what_else_is_asked(random_twin: NeuralPredictor, seed: int, company: list[int]) -> None:
    asked = [drawn(one, nodes=(3, 6)) for one in (*company, seed)]
    alone, together = random_twin.predict(asked[-1]), random_twin.predict_many(asked)[-1]
    for name in ("delay_s", "delay_variation_s", "loss_ratio", "delay_quantiles_s"):
        np.testing.assert_allclose(getattr(together.demands, name), getattr(alone.demands, name), rtol=1e-3, atol=1e-6)
    assert alone.interval is not None
    assert together.interval is not None
    np.testing.assert_allclose(together.interval.upper.delay_s, alone.interval.upper.delay_s, rtol=1e-3)
    np.testing.assert_allclose(together.queues.occupancy_packets, alone.queues.occupancy_packets, rtol=1e-3, atol=1e-6)


@RELAXED
@given(seed=seeds)
def test_hops_add_up(random_twin: NeuralPredictor, seed: int) -> None:
    scenario = drawn(seed, nodes=(3, 7))
    answer, hops = random_twin.predict_hops(scenario)
    total = np.bincount(hops.demand, hops.weight * hops.delay_s, scenario.traffic.n_demands)
    known = np.isfinite(answer.demands.delay_s) & (answer.demands.loss_ratio < 0.9)
    np.testing.assert_allclose(total[known], answer.demands.delay_s[known], rtol=0.01)


def _timeless(process: object) -> object:
    """Processes without a time of their own."""
    return process if isinstance(process, Poisson | ConstantBitRate) else Poisson()


def _faster(scenario: Scenario, factor: float) -> Scenario:
    links = tuple(
        replace(link, capacity_bps=link.capacity_bps * factor, propagation_delay_s=link.propagation_delay_s / factor)
        for link in scenario.topology.links
    )
    traffic = replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * factor)
    return replace(scenario, topology=replace(scenario.topology, links=links), traffic=traffic)
