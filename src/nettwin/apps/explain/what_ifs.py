"""The whole twin, asked what single changes do; equal changes are asked once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from nettwin.changes import Change
from nettwin.performance import Performance
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray

_ROWS_AT_ONCE = 2_000_000
"""Demands times scenarios in one batch: what is answered must fit in memory."""
_CLEARLY_SLOWER = 1.05
_CLEARLY_MORE_LOSS = 0.005


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a change leads to, for all demands."""

    delay_s: FloatArray  # [demand]
    loss_ratio: FloatArray  # [demand]
    delay_upper_s: FloatArray | None  # [demand] of the interval, where the engine has one

    @classmethod
    def of(cls, performance: Performance) -> "Outcome":
        interval = performance.interval
        upper = interval.upper.delay_s if interval is not None else None
        return cls(performance.demands.delay_s, performance.demands.loss_ratio, upper)

    def harmed(self, before: "Outcome") -> BoolArray:  # [demand]
        """Demands that become clearly slower, lose clearly more, or are cut off."""
        is_slower = self.delay_s > _CLEARLY_SLOWER * before.delay_s
        return np.asarray(is_slower | (self.loss_ratio > before.loss_ratio + _CLEARLY_MORE_LOSS))


@dataclass(frozen=True, eq=False)
class WhatIfs:
    """Asks in batches and remembers."""

    scenario: Scenario
    predictor: Predictor
    before: Outcome
    _known: dict[Change, Outcome] = field(default_factory=dict)

    def ask(self, changes: Iterable[Change]) -> None:
        """Make sure that these are answered: in as few batches as memory allows."""
        new = [change for change in dict.fromkeys(changes) if change not in self._known]
        size = max(1, _ROWS_AT_ONCE // max(self.scenario.traffic.n_demands, 1))
        for start in range(0, len(new), size):
            batch = new[start : start + size]
            answers = predict_all(self.predictor, [change.apply(self.scenario) for change in batch])
            self._known.update({change: Outcome.of(answer) for change, answer in zip(batch, answers, strict=True)})

    def after(self, change: Change) -> Outcome:
        self.ask([change])
        return self._known[change]
