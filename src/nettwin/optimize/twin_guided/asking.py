"""Batches of candidates: the twin answers, the intent judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge_many
from nettwin.intents.preference import is_better
from nettwin.intents.verdict import Verdict
from nettwin.optimize.budget import Clock
from nettwin.performance import HopPerformance, Performance
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import HopPredictor, MixedPredictor, Predictor
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Scenario


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """A candidate and what the predictor and the intent say of it."""

    scenario: Scenario
    verdict: Verdict
    origin: str = ""


class Jury:
    """Asks a predictor about candidates in batches, judges them, and counts."""

    def __init__(self, predictor: Predictor, intent: Intent, before: Scenario, clock: Clock) -> None:
        self.intent = intent
        self.n_asked = 0
        self.seconds_each = 0.0
        """Of the last batch."""
        self._predictor = predictor
        self._before, self._clock = before, clock

    def judged(self, scenarios: Sequence[Scenario], origins: Sequence[str]) -> list[Judged]:
        """In order."""
        start = self._clock.seconds
        verdicts = judge_many(self.intent, scenarios, self._answers, before=self._before)
        self.seconds_each = (self._clock.seconds - start) / max(len(scenarios), 1)
        return [Judged(*each) for each in zip(scenarios, verdicts, origins, strict=True)]

    def affordable(self, reserve_s: float) -> int:
        """How many candidates the rest of the budget pays for."""
        clock = self._clock
        by_time = (clock.seconds_left - reserve_s) / self.seconds_each if self.seconds_each > 0 else 1e9
        return int(max(min(by_time, clock.evaluations_left, 1e9), 0))

    def hops(self, scenario: Scenario) -> tuple[Performance, HopPerformance]:
        """Where the delay arises, by the predictor itself, by the one that explains it, or by theory."""
        self.n_asked += 1
        return _explainer(self._predictor).predict_hops(scenario)

    def _answers(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        self.n_asked += len(scenarios)
        return predict_all(self._predictor, scenarios)


def ranked(candidates: Sequence[Judged], intent: Intent) -> list[Judged]:
    """The best first; equal ones in their order."""
    return sorted(candidates, key=cmp_to_key(lambda a, b: _compared(a.verdict, b.verdict, intent)))


def _compared(first: Verdict, second: Verdict, intent: Intent) -> int:
    if is_better(first, second, intent):
        return -1
    return int(is_better(second, first, intent))


def _explainer(predictor: Predictor) -> HopPredictor:
    asked = predictor.explainer() if isinstance(predictor, MixedPredictor) else predictor
    return asked if isinstance(asked, HopPredictor) else QueueingPredictor()
