"""An engine beside recorded truth: how large are its errors, and where?"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from nettwin.apps.evaluation_document import errors_part, flat_row
from nettwin.apps.evaluation_samples import Rates, Sample, read_recorded, samples_of, told
from nettwin.controlplane import route
from nettwin.errors import InputError, NettwinError
from nettwin.performance.pooled_errors import errors_of_many
from nettwin.performance.prediction_errors import ErrorsOfOne, errors_of_one
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

__all__ = ["EvaluatedSample", "Evaluation", "LoadGroup", "Rates", "Sample", "evaluate", "evaluate_one", "max_offered_load", "samples_of"]

LOAD_BINS = ((0.0, 0.8), (0.8, 1.0), (1.0, math.inf))
"""Of the largest offered load over capacity of any link, before losses: recorded utilization never exceeds 1."""

Progress = Callable[[int, int], None]
"""Told how many simulations are done, and how many there are."""


@dataclass(frozen=True, eq=False)
class EvaluatedSample:
    """One simulation: what it is, and how far the prediction was off."""

    source: str
    n_nodes: int
    max_load: float
    """Largest offered load over capacity of any link, at nominal rates."""
    seconds: float
    """Of the prediction alone, on the wall clock."""
    errors: ErrorsOfOne


@dataclass(frozen=True, eq=False)
class LoadGroup:
    """The simulations whose largest load lies in a range."""

    low: float
    high: float
    samples: tuple[EvaluatedSample, ...]

    @property
    def name(self) -> str:
        return f"load {self.low:g} to {self.high:g}" if math.isfinite(self.high) else f"load {self.low:g} and more"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All simulations of a data set, predicted by one engine."""

    engine: str
    samples: tuple[EvaluatedSample, ...]
    rates: Rates = Rates.NOMINAL
    """What the engine was told."""

    def by_load(self) -> list[LoadGroup]:
        """The groups that are not empty."""
        groups = (LoadGroup(low, high, tuple(s for s in self.samples if low <= s.max_load < high)) for low, high in LOAD_BINS)
        return [group for group in groups if group.samples]

    def by_nodes(self) -> list[tuple[int, list[EvaluatedSample]]]:
        """The simulations by their number of nodes."""
        numbers = sorted({sample.n_nodes for sample in self.samples})
        return [(n_nodes, [sample for sample in self.samples if sample.n_nodes == n_nodes]) for n_nodes in numbers]

    def to_dict(self) -> dict[str, Any]:
        """The stable document that ``docs/evaluation.md`` describes: ratios, SI units, None where nothing is known."""
        return {
            "engine": self.engine,
            "rates": self.rates.value,
            **_errors(self.samples),
            "by_max_utilization": [{"from": g.low, "to": _finite(g.high), **_errors(g.samples)} for g in self.by_load()],
            "by_nodes": [{"nodes": n_nodes, **_errors(group)} for n_nodes, group in self.by_nodes()],
            "seconds": sum(sample.seconds for sample in self.samples),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per simulation, in the order of the data set."""
        return [_row(sample) for sample in self.samples]


def evaluate(
    dataset: str | Path,
    predictor: Predictor,
    *,
    limit: int | None = None,
    rates: Rates | str = Rates.NOMINAL,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Predicts the first ``limit`` simulations of a data set in ``n_jobs`` processes and compares them with what was recorded."""
    rates, samples = Rates(rates), list(islice(samples_of(dataset), limit))
    if not samples:
        raise InputError("no simulation with a recorded performance", where=str(dataset), hint="a datanet folder or a nettwin data set")
    results = []
    for result in _run(samples, predictor, rates, n_jobs):
        results.append(result)
        if progress:
            progress(len(results), len(samples))
    return Evaluation(predictor.name, tuple(results), rates)


def evaluate_one(sample: Sample, predictor: Predictor, rates: Rates = Rates.NOMINAL) -> EvaluatedSample:
    """Reads, predicts and compares one simulation."""
    scenario, performance = read_recorded(sample)
    question = told(scenario, performance, rates)
    start = perf_counter()
    try:
        answer = predictor.predict(question)
    except NettwinError as error:
        raise error.at(sample.source) from None
    seconds = perf_counter() - start
    errors = errors_of_one(answer, performance)
    return EvaluatedSample(sample.source, scenario.topology.n_nodes, max_offered_load(scenario), seconds, errors)


def max_offered_load(scenario: Scenario) -> float:
    """The largest offered load over capacity of any link if nothing were lost on the way."""
    topology = scenario.topology
    load_bps = route(scenario).link_load_bps(scenario.traffic.rate_bps, topology.n_links)
    return float(np.max(load_bps / topology.capacity_bps, initial=0.0))


def _run(samples: Sequence[Sample], predictor: Predictor, rates: Rates, n_jobs: int) -> Iterator[EvaluatedSample]:
    if n_jobs == 1:
        return (evaluate_one(sample, predictor, rates) for sample in samples)
    from joblib import Parallel, delayed

    results: Iterator[EvaluatedSample] = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(evaluate_one)(s, predictor, rates) for s in samples
    )
    return results


def _errors(samples: Sequence[EvaluatedSample]) -> dict[str, Any]:
    return errors_part(errors_of_many([sample.errors for sample in samples]))


def _row(sample: EvaluatedSample) -> dict[str, Any]:
    figures = flat_row(errors_of_many([sample.errors]))
    about = {"source": sample.source, "nodes": sample.n_nodes, "demands": figures.pop("demands"), "max_load": sample.max_load}
    return {**about, **figures, "seconds": sample.seconds}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
