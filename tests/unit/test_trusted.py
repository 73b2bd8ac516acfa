"""The default engine: the twin where it knows, packets where it does not, theory where the twin is not installed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from nettwin.errors import MissingDependencyError
from nettwin.performance import Performance
from nettwin.predict import registry
from nettwin.predict.queueing import QueueingPredictor
from nettwin.predict.trusted import NO_TWIN, Trusted
from nettwin.scenario import Scenario
from small_twins import drawn


@dataclass(frozen=True)
class Engine:
    """Theory under another name, which trusts a share of the demands."""

    name: str
    trusted_share: float = 1.0
    factor: float = 1.0

    def predict(self, scenario: Scenario) -> Performance:
        return self.predict_many([scenario])[0]

    def predict_many(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        return [self._one(scenario) for scenario in scenarios]

    def _one(self, scenario: Scenario) -> Performance:
        answer = QueueingPredictor().predict(scenario)
        n = scenario.traffic.n_demands
        trusted = np.arange(n) < round(self.trusted_share * n)
        demands = replace(answer.demands, delay_s=answer.demands.delay_s * self.factor)
        return replace(answer, demands=demands, is_trusted=trusted, engine=self.name)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Engine]:
    engines = {"neural": Engine("neural"), "simulator": Engine("simulator", factor=2.0), "queueing": Engine("queueing", factor=3.0)}
    monkeypatch.setattr(registry, "create", lambda name, **_options: engines[name])
    return engines


def test_the_twin_answers_where_it_trusts_itself(asked: dict[str, Engine]) -> None:
    assert Trusted().predict(drawn(1)).engine == "neural"


def test_single_strange_demands_are_simulated(asked: dict[str, Engine]) -> None:
    asked["neural"] = Engine("neural", trusted_share=0.8)
    scenario = drawn(1, trouble_share=0.0)
    answer, theory = Trusted().predict(scenario), QueueingPredictor().predict(scenario)
    trusted = asked["neural"].predict(scenario).is_trusted
    assert trusted is not None
    ratio = answer.demands.delay_s / theory.demands.delay_s
    np.testing.assert_allclose(ratio[trusted], 1.0)
    np.testing.assert_allclose(ratio[~trusted], 2.0)
    assert answer.engine == "neural else simulator"


def test_a_strange_network_is_simulated_as_a_whole(asked: dict[str, Engine]) -> None:
    asked["neural"] = Engine("neural", trusted_share=0.2)
    assert Trusted().predict(drawn(1)).engine == "simulator"


def test_many_are_asked_at_once(asked: dict[str, Engine]) -> None:
    scenarios = [drawn(seed) for seed in range(3)]
    for one, two in zip(Trusted().predict_many(scenarios), map(Trusted().predict, scenarios), strict=True):
        np.testing.assert_array_equal(one.demands.delay_s, two.demands.delay_s)


def test_without_the_twin_theory_answers_and_says_so(asked: dict[str, Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    def create(name: str, **_options: object) -> Engine:
        if name == "neural":
            raise MissingDependencyError("needs torch", where="engine 'neural'")
        return asked[name]

    monkeypatch.setattr(registry, "create", create)
    answer = Trusted().predict(drawn(1))
    assert answer.engine == "queueing"
    assert NO_TWIN in answer.doubts
