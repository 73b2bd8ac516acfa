"""What is in a data set: counts by style, load, size and trouble, and how exact the labels are."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nettwin.controlplane import link_loads
from nettwin.errors import InputError
from nettwin.formats import shards
from nettwin.generate.scenario_names import ScenarioKind, kind_of
from nettwin.performance import Performance
from nettwin.performance.error_measures import mean_of_known, relative_standard_errors

FIRST_MEASURED = 90_000
"""Simulated shards count from 0, measured ones from here: there is room to extend the former."""

LOAD_EDGES = (0.0, 0.5, 0.8, 1.0, math.inf)
MEASURED = "measured"
"""The style of samples that were not drawn."""


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """How many samples there are of each kind."""

    manifest: dict[str, Any]
    n_shards: int
    kinds: tuple[ScenarioKind, ...]

    def to_dict(self) -> dict[str, Any]:
        """Manifest and counts as plain data."""
        n_measured = sum(kind.style == MEASURED for kind in self.kinds)
        return {
            "manifest": self.manifest,
            "shards": self.n_shards,
            "samples": len(self.kinds),
            "measured": n_measured,
            "by_style": self._counts("style", lambda kind: kind.style),
            "by_load": self._by_load(),
            "by_nodes": self._counts("nodes", lambda kind: kind.n_nodes),
            "by_family": self._counts("family", lambda kind: kind.family),
            "by_trouble": self._counts("trouble", lambda kind: kind.trouble),
        }

    def _counts(self, name: str, key: Callable[[ScenarioKind], Any]) -> list[dict[str, Any]]:
        counts = Counter(map(key, self.kinds))
        return [{name: value, "samples": counts[value]} for value in sorted(counts)]

    def _by_load(self) -> list[dict[str, Any]]:
        counts = [(low, high, sum(low <= kind.max_load < high for kind in self.kinds)) for low, high in pairwise(LOAD_EDGES)]
        return [{"from": low, "to": high if math.isfinite(high) else None, "samples": count} for low, high, count in counts if count]


def summarize_dataset(folder: Path) -> DatasetSummary:
    """Counts the samples of a folder. Raises InputError where there is no data set."""
    if not folder.is_dir() or not shards.is_shards(folder):
        raise InputError("no data set", where=str(folder), hint="`nettwin dataset build` makes one")
    paths = sorted(folder.glob(shards.PATTERN))
    return DatasetSummary(shards.read_manifest(folder), len(paths), tuple(kind for path in paths for kind in _kinds(path)))


def label_noise(folder: Path) -> dict[str, float]:
    """Mean over samples of the mean relative standard error of the measured mean delays, and its 90 % quantile over samples."""
    each = (_noise(shards.read_performance(sample.path, sample.row)) for sample in shards.samples(folder))
    errors = [error for error in each if math.isfinite(error)]
    if not errors:
        return {}
    return {"delay_relative_standard_error": float(np.mean(errors)), "p90_over_samples": float(np.quantile(errors, 0.9))}


def _noise(performance: Performance) -> float:
    return mean_of_known(relative_standard_errors(performance))


def _kinds(path: Path) -> Iterator[ScenarioKind]:
    """As the names tell; where they do not, the scenario is read."""
    is_simulated = shards.shard_number(path) < FIRST_MEASURED
    for row, name in enumerate(shards.names(path)):
        drawn = kind_of(name) if is_simulated else None
        yield drawn or _measured_kind(path, row)


def _measured_kind(path: Path, row: int) -> ScenarioKind:
    scenario = shards.read_row(path, row).scenario
    load = np.max(link_loads(scenario) / scenario.topology.capacity_bps, initial=0.0)
    return ScenarioKind(MEASURED, MEASURED, scenario.topology.n_nodes, float(load))
