"""Samples as the network needs them: a graph and what was measured, relative to the same references. Computed once, then kept."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nettwin.controlplane import route
from nettwin.formats import shards
from nettwin.learn.dataset import Progress
from nettwin.performance import QUANTILE_LEVELS, Performance
from nettwin.performance.error_measures import relative_standard_errors
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.predict.neural.graph import Graph, Physics, union
from nettwin.predict.neural.prior import Prior, prior_of
from nettwin.queueing.fitting import fitted
from nettwin.scenario import Scenario

Floats = npt.NDArray[np.float32]

VERSION = 8
"""Of the features: examples that were kept by other code are computed again."""
_NO_NOISE = 0.01  # relative standard error where the measurement does not tell
_FEW_PACKETS = 0.3  # where a simulated demand sent too few packets to tell


@dataclass(frozen=True, eq=False)
class Labels:
    """What was measured. Times relative to the reference delays of the graph; NaN where nothing is known."""

    delay: Floats  # [demand]
    variation: Floats  # [demand]
    ipdv: Floats  # [demand]
    quantiles: Floats  # [demand, level]
    loss: Floats  # [demand]
    noise: Floats  # [demand] relative standard error of the mean delay
    queue_delay: Floats  # [queue] mean time in the queue and on the wire, in packet times of the queue
    queue_loss: Floats  # [queue]
    queue_size: Floats  # [queue] mean packet that was served by theory / mean packet that arrived


@dataclass(frozen=True, eq=False)
class Example:
    """One sample."""

    graph: Graph
    labels: Labels


def example_of(scenario: Scenario, performance: Performance) -> Example:
    """Features from the rates that the run realised, labels from what it measured."""
    prior, measured = solved_beside(scenario, performance)
    return Example(prior.graph, _labels(prior, measured))


def solved_beside(scenario: Scenario, performance: Performance) -> tuple[Prior, Performance]:
    """Theory's answer at the rates that the run realised, and what was measured, of the same demands."""
    asked = with_realised_rates(scenario, performance)
    question = fitted(asked, route(asked))
    return prior_of(*question.case), question.measured(performance)


def examples_of(folder: Path, *, limit: int | None = None, jobs: int = 1, progress: Progress | None = None) -> list[Example]:
    """The examples of a data set, from the files beside its shards where they are."""
    paths = sorted(folder.glob(shards.PATTERN))
    if limit is not None:
        kept, total = [], 0
        for path in paths:
            if total >= limit:
                break
            kept.append(path)
            total += shards.n_rows(path)
        paths = kept
    found: list[Example] = []
    for done, part in enumerate(_run(paths, jobs), start=1):
        found += part
        if progress:
            progress(done, len(paths))
    return found[:limit]


def union_of(examples: list[Example]) -> Example:
    """Several examples as one."""
    labels = [example.labels for example in examples]
    return Example(
        union([example.graph for example in examples]),
        Labels(**{f.name: np.concatenate([getattr(part, f.name) for part in labels]) for f in fields(Labels)}),
    )


def _run(paths: list[Path], jobs: int) -> Iterator[list[Example]]:
    if jobs == 1:
        return (_of_shard(path) for path in paths)
    from joblib import Parallel, delayed

    results: Iterator[list[Example]] = Parallel(n_jobs=jobs, return_as="generator")(delayed(_of_shard)(path) for path in paths)
    return results


def _of_shard(path: Path) -> list[Example]:
    kept = path.with_suffix(f".examples-{VERSION}.npz")
    if kept.exists() and kept.stat().st_mtime >= path.stat().st_mtime:
        return _read(kept)
    examples = []
    for row in range(shards.n_rows(path)):
        imported = shards.read_row(path, row)
        if imported.performance is not None:
            examples.append(example_of(imported.scenario, imported.performance))
    _write(examples, kept)
    return examples


def _labels(prior: Prior, performance: Performance) -> Labels:
    demands, queues, reference = performance.demands, performance.queues, prior.graph.physics.reference_s
    noise = relative_standard_errors(performance)
    unit = np.maximum(prior.queue_unit_s, 1e-300)
    return Labels(
        delay=_f(demands.delay_s / reference),
        variation=_f(demands.delay_variation_s / reference),
        ipdv=_f(demands.ipdv_s / reference),
        quantiles=_f(np.stack([performance.delay_quantile_s(level) for level in QUANTILE_LEVELS], axis=1) / reference[:, None]),
        loss=_f(demands.loss_ratio),
        noise=_f(np.where(np.isfinite(noise), noise, _NO_NOISE if performance.interval is None else _FEW_PACKETS)),
        queue_delay=_f(queues.delay_s / unit),
        queue_loss=_f(queues.loss_ratio),
        queue_size=_f(prior.queue_size_ratio),
    )


def _f(values: npt.NDArray[np.float64]) -> Floats:
    return np.asarray(values, dtype=np.float32)


_COUNTED = ("n_queues", "n_links", "n_hops", "n_paths", "n_demands")
_BY_PREFIX = {"queue": "n_queues", "hop": "n_hops", "path": "n_paths", "demand": "n_demands", "reference": "n_demands"}


def _write(examples: list[Example], path: Path) -> None:
    columns = {f"count.{name}": np.array([getattr(e.graph, name) for e in examples]) for name in _COUNTED}
    for group, values in (
        ("graph", [e.graph for e in examples]),
        ("physics", [e.graph.physics for e in examples]),
        ("labels", [e.labels for e in examples]),
    ):
        for f in fields(values[0]):
            if f.name not in ("n_links", "physics"):
                columns[f"{group}.{f.name}"] = np.concatenate([getattr(v, f.name) for v in values])
    unfinished = path.with_suffix(".unfinished.npz")
    np.savez(unfinished, **columns)  # type: ignore[arg-type]
    unfinished.rename(path)


def _read(path: Path) -> list[Example]:
    with np.load(path, allow_pickle=False) as file:
        columns = {name: file[name] for name in file.files}
    counts = {name: columns[f"count.{name}"] for name in _COUNTED}
    ends = {name: np.concatenate([[0], np.cumsum(values)]) for name, values in counts.items()}

    def part(group: str, name: str, index: int) -> npt.NDArray[np.generic]:
        counted = _BY_PREFIX.get(name.split("_", maxsplit=1)[0], "n_demands")
        return np.asarray(columns[f"{group}.{name}"][ends[counted][index] : ends[counted][index + 1]])

    def one(index: int) -> Example:
        physics = Physics(**{f.name: part("physics", f.name, index) for f in fields(Physics)})  # type: ignore[arg-type]
        names = [f.name for f in fields(Graph) if f.name not in ("n_links", "physics")]
        graph = Graph(**{name: part("graph", name, index) for name in names}, n_links=int(counts["n_links"][index]), physics=physics)  # type: ignore[arg-type]
        return Example(graph, Labels(**{f.name: part("labels", f.name, index) for f in fields(Labels)}))  # type: ignore[arg-type]

    return [one(index) for index in range(len(counts["n_queues"]))]
