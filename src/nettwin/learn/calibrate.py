"""Exponents and factors that make attributes into intervals, measured on networks that were not trained on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nettwin.errors import InputError
from nettwin.formats.imported import Imported
from nettwin.learn.expected_errors import fitted_exponents
from nettwin.learn.measured_errors import FigureErrors, errors_of, scores
from nettwin.predict.neural.calibration import (
    COVERAGES,
    DEMAND_FIGURES,
    LINK_FIGURES,
    LOAD_EDGES,
    QUEUE_FIGURES,
    SIZE_EDGES,
    Calibration,
    expected_error,
)
from nettwin.predict.neural.library import Library, write_library
from nettwin.predict.neural.model import TwinModel
from nettwin.scenario.arrays import FloatArray, IntArray

_FEWEST_ROWS = 300
"""A group with fewer scores takes the quantiles of all sizes at its load."""
_FOLDS = 5
_MOST_ROWS = 2000  # of a figure in one network
_N_SIZES, _N_LOADS = len(SIZE_EDGES) + 1, len(LOAD_EDGES) + 1

Progress = Callable[[int, int], None]
"""Told how many data sets are done, and how many there are."""
Scored = tuple[FloatArray, IntArray]
"""[row, coverage] scores of a network, [row] their groups."""


@dataclass(frozen=True, eq=False)
class CalibrationSet:
    """Samples that trained nothing."""

    name: str
    samples: Iterable[Imported]
    made_with: Mapping[str, Any] = field(default_factory=dict)
    """What its manifest says."""


def calibrate(models: Sequence[TwinModel], samples: Iterable[Imported]) -> Calibration:
    """From the errors on samples, measured at their realised rates; the noise of the measurement is taken into account."""
    return calibrated(_networks(models, samples))


def recalibrated(
    library: Library, output: Path, sets: Sequence[CalibrationSet], *, version: str | None = None, progress: Progress | None = None
) -> Library:
    """A twin with the same weights and intervals measured on these sets, in a folder that may be its own. Raises InputError."""
    networks, about = [], []
    for done, one in enumerate(sets, start=1):
        found = _networks(library.models, one.samples)
        about.append({"name": one.name, "networks": len(found), "args": one.made_with})
        networks += found
        if progress:
            progress(done, len(sets))
    if not networks:
        raise InputError(
            "no sample with a measured performance", where=", ".join(one.name for one in sets), hint="a data set of `nettwin dataset build`"
        )
    kept = {key: value for key, value in library.manifest.items() if key not in ("members", "calibration", "format", "calibrated_on")}
    members = [library.path / str(member["file"]) for member in library.manifest["members"]]
    changed: dict[str, Any] = {"version": version or library.version, "calibrated_on": about}
    return write_library(output, members, calibrated(networks), kept | changed)


def _networks(models: Sequence[TwinModel], samples: Iterable[Imported]) -> list[dict[str, FigureErrors]]:
    return [
        {figure: errors.at_most(_MOST_ROWS) for figure, errors in errors_of(models, sample.scenario, sample.performance).items()}
        for sample in samples
        if sample.performance is not None
    ]


def calibrated(networks: Sequence[Mapping[str, FigureErrors]]) -> Calibration:
    """From the errors of each network by figure."""
    exponents, factors = {}, {}
    for figure in (*DEMAND_FIGURES, *QUEUE_FIGURES, *LINK_FIGURES):
        own = [errors[figure] for errors in networks]
        exponents[figure] = fitted_exponents(figure, own)
        factors[figure] = _factors(_scored(figure, own))
    return Calibration(factors, exponents)


def _scored(figure: str, networks: list[FigureErrors]) -> list[Scored]:
    """Each network scored with the exponents that fit the others, a fifth of the networks at a time."""
    found = []
    for fold in range(min(_FOLDS, len(networks))):
        exponents = fitted_exponents(figure, [one for number, one in enumerate(networks) if number % _FOLDS != fold])
        for errors in networks[fold::_FOLDS]:
            expected = expected_error(exponents, list(errors.attributes.T))
            found.append((scores(errors, expected), errors.group))
    return found


def _factors(networks: list[Scored]) -> FloatArray:  # [size, load, coverage]
    """Quantiles of the scores by group, a network with n scores in a group weighing as the root of n.

    A group holds few networks, and the demands of one err together; so the quantiles are drawn half-way (in their logarithms) to those
    of all sizes at the group's load, and those of a group with too few scores are these
    (or, if those are too few as well, those of all groups).
    """
    laplace = -np.log1p(-np.array(COVERAGES))
    everything = _quantiles(networks, range(_N_SIZES * _N_LOADS))
    table = np.empty((_N_SIZES, _N_LOADS, len(COVERAGES)))
    for load in range(_N_LOADS):
        pooled = _quantiles(networks, range(load, _N_SIZES * _N_LOADS, _N_LOADS))
        pooled = everything if pooled is None else pooled
        for size in range(_N_SIZES):
            own = _quantiles(networks, [size * _N_LOADS + load])
            known = [
                quantiles for quantiles in (pooled if own is None else own, own if pooled is None else pooled) if quantiles is not None
            ]
            table[size, load] = np.exp(np.mean(np.log(np.maximum(known, 1e-6)), axis=0)) if known else laplace
    return np.maximum.accumulate(table, axis=-1)


def _quantiles(networks: list[Scored], groups: Sequence[int]) -> FloatArray | None:
    """At all coverages; None where there are too few scores."""
    parts = [part for score, group in networks if len(part := score[np.isin(group, groups)])]
    if sum(len(part) for part in parts) < _FEWEST_ROWS:
        return None
    found = np.concatenate(parts)
    weight = np.concatenate([np.full(len(part), 1 / np.sqrt(len(part))) for part in parts])
    return np.array([_quantile(found[:, column], weight, coverage) for column, coverage in enumerate(COVERAGES)])


def _quantile(values: FloatArray, weight: FloatArray, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][min(int(np.searchsorted(reached, share)), len(values) - 1)])
