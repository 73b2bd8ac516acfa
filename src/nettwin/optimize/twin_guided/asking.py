"""Batches of candidates: the twin answers, the intent judges."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge_many
from nettwin.intents.preference import is_better
from nettwin.intents.verdict import Verdict
from nettwin.optimize.budget import Clock
from nettwin.optimize.twin_guided.correction import Corrected, Correction
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
        self._predictor = self._corrected = predictor
        self._before, self._clock = before, clock

    def judged(self, scenarios: Sequence[Scenario], origins: Sequence[str]) -> list[Judged]:
        """In order."""
        start = self._clock.seconds
        verdicts = judge_many(self.intent, scenarios, self._answers, before=self._before)
        self.seconds_each = (self._clock.seconds - start) / max(len(scenarios), 1)
        return [Judged(*each) for each in zip(scenarios, verdicts, origins, strict=True)]

    def affordable(self, reserve: float) -> int:
        """How many candidates the budget pays for if a share of it is kept back."""
        budget, clock = self._clock.budget, self._clock
        by_number = math.inf if budget.evaluations is None else (1 - reserve) * budget.evaluations - clock.evaluations
        left_s = clock.seconds_left - (reserve * budget.seconds if math.isfinite(budget.seconds) else 0.0)
        by_time = math.inf if left_s == math.inf else left_s / max(self.seconds_each, 1e-6)
        return int(max(min(by_time, by_number, 1e9), 0))

    def correct(self, correction: Correction) -> None:
        """From now on answers are corrected."""
        self._corrected = Corrected(self._predictor, correction)

    def plain(self, scenario: Scenario) -> Performance:
        """What the predictor says itself, without correction."""
        self.n_asked += 1
        return self._predictor.predict(scenario)

    def hops(self, scenario: Scenario) -> tuple[Performance, HopPerformance]:
        """Where the delay arises, by the predictor itself, by the one that explains it, or by theory."""
        self.n_asked += 1
        performance, hops = _explainer(self._predictor).predict_hops(scenario)
        corrected = self._corrected
        return (corrected.correction.of(performance) if isinstance(corrected, Corrected) else performance), hops

    def _answers(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        self.n_asked += len(scenarios)
        return predict_all(self._corrected, scenarios)


def ranked(candidates: Sequence[Judged], intent: Intent) -> list[Judged]:
    """The best first; equal ones in their order."""

    def compared(first: Judged, second: Judged) -> int:
        if is_better(first.verdict, second.verdict, intent):
            return -1
        return int(is_better(second.verdict, first.verdict, intent))

    return sorted(candidates, key=cmp_to_key(compared))


def _explainer(predictor: Predictor) -> HopPredictor:
    asked = predictor.explainer() if isinstance(predictor, MixedPredictor) else predictor
    return asked if isinstance(asked, HopPredictor) else QueueingPredictor()
