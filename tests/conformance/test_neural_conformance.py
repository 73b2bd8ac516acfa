"""The twin that comes with nettwin keeps the contract, and is as good as its card says: on other people's data and on fresh simulations."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nettwin.apps.evaluate import evaluate
from nettwin.controlplane import route
from nettwin.generate.scenarios import ScenarioSpace, random_scenario
from nettwin.performance import Performance
from nettwin.performance.error_measures import mean_absolute_percentage_error
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.predict.check import check_predictor
from nettwin.predict.neural import NeuralPredictor
from nettwin.predict.queueing import QueueingPredictor
from nettwin.predict.registry import create
from nettwin.predict.trusted import Trusted
from nettwin.scenario import Scenario
from nettwin.simulation import SimulationSettings, simulate

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HAS_DATA = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")


def test_it_keeps_the_contract_of_predictors() -> None:
    check_predictor(NeuralPredictor())


def test_the_default_engine_keeps_the_contract_too() -> None:
    check_predictor(Trusted(packets=5e4))


def test_both_are_found_by_name() -> None:
    assert create("neural") == NeuralPredictor()
    assert create("auto") == Trusted()


@HAS_DATA
@pytest.mark.parametrize(("folder", "limit", "most"), [("datanet2022/50", 3, 0.03), ("datanet2020", 6, 0.03), ("datanet2021", 3, 0.02)])
def test_it_is_close_to_recorded_simulations(folder: str, limit: int, most: float) -> None:
    errors = evaluate(str(DATA / folder), NeuralPredictor(), limit=limit).to_dict()
    assert errors["delay"]["mape"] < most
    assert errors["delay"]["answered"] == 1.0
    assert 0.75 < errors["delay"]["coverage_90"] <= 1.0
    assert errors["loss"]["mae"] < 0.005


def test_it_corrects_the_theory_where_that_is_weakest() -> None:
    """Fair queueing and round robin, on networks that were never seen, beside packets."""
    ours, theory = [], []
    for seed in range(4):
        scenario = random_scenario(np.random.default_rng([77, seed]), ScenarioSpace(nodes=(8, 12), max_load=(0.7, 0.9), trouble_share=0.0))
        measured = simulate(scenario, route(scenario), SimulationSettings(seed=seed, packets=4e5)).performance
        question = with_realised_rates(scenario, measured)
        ours.append(_error(NeuralPredictor().predict(question), measured))
        theory.append(_error(QueueingPredictor().predict(question), measured))
    assert np.mean(ours) < np.mean(theory)


def _error(answer: Performance, measured: Performance) -> float:
    return mean_absolute_percentage_error(answer.demands.delay_s, measured.demands.delay_s)


def _strange(scenario: Scenario) -> Scenario:
    """Packets of 1 kbit beside packets of a second each: nothing like it was trained on."""
    from nettwin.scenario import EmpiricalSizes, FixedSize

    rare = EmpiricalSizes((100.0, 1e6), (1 - 1e-4, 1e-4))
    sizes = (rare, FixedSize(1.0))
    index = np.arange(scenario.traffic.n_demands) % 2
    return replace(scenario, traffic=replace(scenario.traffic, packet_sizes=sizes, packet_size_index=index))


def test_it_does_not_trust_itself_far_outside_of_its_training() -> None:
    usual = random_scenario(np.random.default_rng(5), ScenarioSpace(nodes=(8, 8), max_load=(0.7, 0.7), trouble_share=0.0))
    trusted, strange = NeuralPredictor().predict(usual).is_trusted, NeuralPredictor().predict(_strange(usual)).is_trusted
    assert trusted is not None
    assert strange is not None
    assert trusted.mean() > 0.9
    assert strange.mean() < 0.5


def test_what_it_does_not_trust_is_simulated() -> None:
    usual = random_scenario(np.random.default_rng(5), ScenarioSpace(nodes=(5, 5), max_load=(0.7, 0.7), trouble_share=0.0))
    assert Trusted(packets=2e4).predict(usual).engine in ("neural", "neural else simulator")
    assert "simulator" in Trusted(packets=2e4).predict(_strange(usual)).engine
