"""Predictors around predictors."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np

from nettwin.errors import InputError, PredictionError
from nettwin.performance import DemandPerformance, Interval, Performance
from nettwin.predict.digest import scenario_digest
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray


class Cached:
    """Remembers the last answers of a predictor; two scenarios with equal content share one."""

    def __init__(self, predictor: Predictor, max_entries: int = 128) -> None:
        if max_entries < 1:
            raise InputError(f"max_entries is {max_entries}", where="Cached", hint="at least one answer is kept")
        self.predictor = predictor
        self.max_entries = max_entries
        self._answers: OrderedDict[str, Performance] = OrderedDict()
        self._digests: WeakKeyDictionary[Scenario, str] = WeakKeyDictionary()
        self._lock = Lock()

    @property
    def name(self) -> str:
        return self.predictor.name

    def predict(self, scenario: Scenario) -> Performance:
        key = self._key(scenario)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        answer = self.predictor.predict(scenario)  # not under the lock: other questions need not wait
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > self.max_entries:
                self._answers.popitem(last=False)
        return answer

    def _key(self, scenario: Scenario) -> str:
        with self._lock:
            known = self._digests.get(scenario)
        if known is None:
            known = scenario_digest(scenario)
            with self._lock:
                self._digests[scenario] = known
        return known


class Fallback:
    """Asks the next predictor where the first refuses (PredictionError) or does not trust itself.

    Single untrusted demands take the next predictor's figures; if more than ``max_untrusted_share`` of them are
    untrusted, the whole question goes on. 0: per question; 1: always per demand. The last predictor's answer stands.
    """

    def __init__(self, predictors: Sequence[Predictor], max_untrusted_share: float = 0.5) -> None:
        if not predictors:
            raise InputError("no predictors", where="Fallback", hint="give at least one")
        if not 0 <= max_untrusted_share <= 1:
            raise InputError(f"max_untrusted_share is {max_untrusted_share}", where="Fallback", hint="a share between 0 and 1")
        self.predictors = tuple(predictors)
        self.max_untrusted_share = max_untrusted_share

    @property
    def name(self) -> str:
        return " else ".join(predictor.name for predictor in self.predictors)

    def predict(self, scenario: Scenario) -> Performance:
        return self._ask(0, scenario)

    def _ask(self, position: int, scenario: Scenario) -> Performance:
        predictor, is_last = self.predictors[position], position + 1 == len(self.predictors)
        if is_last:
            return predictor.predict(scenario)
        try:
            answer = predictor.predict(scenario)
        except PredictionError:
            return self._ask(position + 1, scenario)
        untrusted = _untrusted(answer)
        if not untrusted.any():
            return answer
        other = self._ask(position + 1, scenario)
        return other if untrusted.mean() > self.max_untrusted_share else _patched(answer, other, untrusted)


def _untrusted(answer: Performance) -> BoolArray:
    if answer.is_trusted is None:
        return np.zeros(len(answer.demands.delay_s), dtype=np.bool_)
    return np.logical_not(answer.is_trusted)


def _patched(answer: Performance, other: Performance, rows: BoolArray) -> Performance:
    trusted = np.where(rows, True if other.is_trusted is None else other.is_trusted, True)
    levels = answer.quantile_levels
    return replace(
        answer,
        demands=_patched_columns(answer.demands, _at_levels(other.demands, other, levels), rows),
        interval=_patched_interval(answer, other, rows),
        is_trusted=trusted.astype(np.bool_),
        doubts=tuple(dict.fromkeys((*answer.doubts, *other.doubts))),
        engine=f"{answer.engine} else {other.engine}",
    )


def _patched_columns(first: DemandPerformance, second: DemandPerformance, rows: BoolArray) -> DemandPerformance:
    def choose(one: FloatArray, two: FloatArray) -> FloatArray:
        return np.where(rows.reshape(-1, *[1] * (one.ndim - 1)), two, one)

    return _by_column(lambda name: choose(getattr(first, name), getattr(second, name)))


def _at_levels(columns: DemandPerformance, owner: Performance, levels: tuple[float, ...]) -> DemandPerformance:
    """The columns with the quantiles at other levels; NaN where the owner does not have one."""
    view = replace(owner, demands=columns)
    quantiles = [view.delay_quantile_s(level) for level in levels]
    return replace(columns, delay_quantiles_s=np.stack(quantiles, axis=1) if quantiles else np.empty((len(columns.delay_s), 0)))


def _patched_interval(answer: Performance, other: Performance, rows: BoolArray) -> Interval | None:
    if answer.interval is None:
        return None
    levels, unknown = answer.quantile_levels, DemandPerformance.unknown(len(rows), len(answer.quantile_levels))
    lower = upper = unknown  # bounds at another coverage would mean something else
    if other.interval is not None and other.interval.coverage == answer.interval.coverage:
        lower, upper = (_at_levels(bound, other, levels) for bound in (other.interval.lower, other.interval.upper))
    return Interval(
        coverage=answer.interval.coverage,
        lower=_patched_columns(answer.interval.lower, lower, rows),
        upper=_patched_columns(answer.interval.upper, upper, rows),
    )


def _by_column(choose: Callable[[str], FloatArray]) -> DemandPerformance:
    return DemandPerformance(**{field.name: choose(field.name) for field in fields(DemandPerformance)})
