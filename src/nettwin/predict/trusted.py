"""The default engine: the twin answers where it knows, packets are sent where it does not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nettwin.errors import MissingDependencyError
from nettwin.performance import Performance
from nettwin.predict import registry
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor
from nettwin.predict.wrappers import Fallback
from nettwin.scenario import Scenario

NO_TWIN = "the neural twin is not installed, queueing theory answered instead: pip install 'nettwin[neural]'"


@dataclass(frozen=True, slots=True)
class Trusted:
    """The neural twin; demands for which it was not trained are simulated instead, with their intervals."""

    seed: int = 0
    """Of the simulations."""
    packets: float = 4e6
    """Budget of each simulation."""
    max_untrusted_share: float = 0.5
    """If more of the demands are untrusted, the whole question is simulated."""
    progress: Callable[[float], None] | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        return "auto"

    def predict(self, scenario: Scenario) -> Performance:
        """The twin's answer, patched where it does not trust itself."""
        return self.predict_many([scenario])[0]

    def predict_many(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        """Asks the twin about all at once, and simulates what it does not know."""
        twin, doubts = self._twin()
        answers = predict_all(twin, scenarios)
        return [self._patched(scenario, answer, doubts) for scenario, answer in zip(scenarios, answers, strict=True)]

    def explainer(self) -> Predictor:
        """The twin alone, whether it trusts itself or not: packets do not tell why."""
        return self._twin()[0]

    def _twin(self) -> tuple[Predictor, tuple[str, ...]]:
        try:
            return registry.create("neural"), ()
        except MissingDependencyError:
            return registry.create("queueing"), (NO_TWIN,)

    def _patched(self, scenario: Scenario, answer: Performance, doubts: tuple[str, ...]) -> Performance:
        answer = replace(answer, doubts=(*answer.doubts, *doubts))
        if doubts or answer.is_trusted is None or bool(np.all(answer.is_trusted)):
            return answer
        simulator = registry.create("simulator", seed=self.seed, packets=self.packets, progress=self.progress)
        return Fallback((_Known(answer), simulator), self.max_untrusted_share).predict(scenario)


@dataclass(frozen=True, slots=True)
class _Known:
    """An answer that was given already, as a predictor."""

    answer: Performance

    @property
    def name(self) -> str:
        return self.answer.engine

    def predict(self, scenario: Scenario) -> Performance:
        return self.answer
