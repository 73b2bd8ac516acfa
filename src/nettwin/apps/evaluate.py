"""An engine beside recorded truth: how large are its errors, and where?"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from nettwin.controlplane import route
from nettwin.errors import InputError, NettwinError
from nettwin.formats import datanet, recorded
from nettwin.formats.imported import Imported
from nettwin.performance.error_measures import Errors, ErrorsOfOne, errors_of_many, errors_of_one
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

LOAD_BINS = ((0.0, 0.8), (0.8, 1.0), (1.0, math.inf))
"""Of the largest offered load over capacity of any link, before losses: recorded utilization never exceeds 1."""

Progress = Callable[[int, int], None]
"""Told how many simulations are done, and how many there are."""


class Sample(Protocol):
    """A scenario with its recorded performance, not yet read. It can be sent to another process."""

    @property
    def source(self) -> str:
        """What it is called."""
        ...

    def read(self) -> Imported: ...


@dataclass(frozen=True, eq=False)
class EvaluatedSample:
    """One simulation: what it is, and how far the prediction was off."""

    source: str
    n_nodes: int
    max_load: float
    """Largest offered load over capacity of any link."""
    seconds: float
    """Of the prediction alone, on the wall clock."""
    errors: ErrorsOfOne


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All simulations of a data set, predicted by one engine."""

    engine: str
    samples: tuple[EvaluatedSample, ...]

    def to_dict(self) -> dict[str, Any]:
        """The stable document that ``docs/evaluation.md`` describes: ratios, SI units, None where nothing is known."""
        whole = _errors_dict(self.samples)
        return {
            "engine": self.engine,
            **whole,
            "by_max_utilization": [
                {"from": low, "to": _number(high), **_errors_dict(group)} for low, high, group in _by_load(self.samples) if group
            ],
            "by_nodes": [{"nodes": n_nodes, **_errors_dict(group)} for n_nodes, group in _by_nodes(self.samples)],
            "seconds": sum(sample.seconds for sample in self.samples),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per simulation, in the order of the data set."""
        return [_row(sample) for sample in self.samples]


def evaluate(
    dataset: str | Path, predictor: Predictor, *, limit: int | None = None, n_jobs: int = 1, progress: Progress | None = None
) -> Evaluation:
    """Predicts the first ``limit`` simulations of a data set in ``n_jobs`` processes and compares them with what was recorded."""
    samples = list(islice(samples_of(dataset), limit))
    if not samples:
        raise InputError("no simulation with a recorded performance", where=str(dataset), hint="a datanet folder or a nettwin data set")
    results = []
    for result in _run(samples, predictor, n_jobs):
        results.append(result)
        if progress:
            progress(len(results), len(samples))
    return Evaluation(predictor.name, tuple(results))


def samples_of(dataset: str | Path) -> Iterator[Sample]:
    """The simulations of a datanet archive or folder, or of a nettwin data set; ``archive#3`` is one of them."""
    text = str(dataset)
    path, mark, index = text.rpartition("#")
    if mark and index.isdigit() and not Path(text).exists():
        return iter([datanet.Simulation(Path(path), int(index))])
    found: Iterable[Sample] = recorded.samples(Path(text)) if recorded.is_dataset(Path(text)) else datanet.simulations(text)
    return iter(found)


def evaluate_one(sample: Sample, predictor: Predictor) -> EvaluatedSample:
    """Reads, predicts and compares one simulation."""
    imported = sample.read()
    if imported.performance is None:
        raise InputError("nothing was recorded", where=sample.source, hint="evaluate needs a performance beside the scenario")
    start = perf_counter()
    try:
        answer = predictor.predict(imported.scenario)
    except NettwinError as error:
        raise error.at(sample.source) from None
    seconds = perf_counter() - start
    errors = errors_of_one(answer, imported.performance)
    return EvaluatedSample(sample.source, imported.scenario.topology.n_nodes, max_offered_load(imported.scenario), seconds, errors)


def max_offered_load(scenario: Scenario) -> float:
    """The largest offered load over capacity of any link if nothing were lost on the way."""
    topology = scenario.topology
    load_bps = route(scenario).link_load_bps(scenario.traffic.rate_bps, topology.n_links)
    return float(np.max(load_bps / topology.capacity_bps, initial=0.0))


def _run(samples: Sequence[Sample], predictor: Predictor, n_jobs: int) -> Iterator[EvaluatedSample]:
    if n_jobs == 1:
        return (evaluate_one(sample, predictor) for sample in samples)
    from joblib import Parallel, delayed

    results: Iterator[EvaluatedSample] = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(evaluate_one)(s, predictor) for s in samples
    )
    return results


def _by_load(samples: Sequence[EvaluatedSample]) -> Iterator[tuple[float, float, list[EvaluatedSample]]]:
    for low, high in LOAD_BINS:
        yield low, high, [sample for sample in samples if low <= sample.max_load < high]


def _by_nodes(samples: Sequence[EvaluatedSample]) -> Iterator[tuple[int, list[EvaluatedSample]]]:
    for n_nodes in sorted({sample.n_nodes for sample in samples}):
        yield n_nodes, [sample for sample in samples if sample.n_nodes == n_nodes]


def _errors_dict(samples: Sequence[EvaluatedSample]) -> dict[str, Any]:
    errors: Errors = errors_of_many([sample.errors for sample in samples])
    return {
        "simulations": errors.simulations,
        "demands": errors.demands,
        "delay": {name: _number(value) for name, value in asdict(errors.delay).items()},
        "loss": {"mae": _number(errors.loss_mae)},
        "utilization": {"mae": _number(errors.utilization_mae)},
    }


def _row(sample: EvaluatedSample) -> dict[str, Any]:
    errors = errors_of_many([sample.errors])
    return {
        "source": sample.source,
        "nodes": sample.n_nodes,
        "demands": errors.demands,
        "max_load": sample.max_load,
        **{f"delay_{name}": _number(value) for name, value in asdict(errors.delay).items() if name != "mape_pooled"},
        "loss_mae": _number(errors.loss_mae),
        "utilization_mae": _number(errors.utilization_mae),
        "seconds": sample.seconds,
    }


def _number(value: float) -> float | None:
    """JSON has neither NaN nor infinity."""
    return value if math.isfinite(value) else None
