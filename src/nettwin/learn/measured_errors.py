"""How far a twin is off on a simulated or measured network, figure by figure, with what the expected error depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.learn.examples import solved_beside
from nettwin.performance import QUANTILE_LEVELS, Performance
from nettwin.performance.error_measures import relative_standard_errors
from nettwin.predict.neural.answer import Beliefs, demand_columns, performance_of
from nettwin.predict.neural.attributes import link_attributes, queue_attributes
from nettwin.predict.neural.calibration import (
    COVERAGES,
    NOISE,
    NOISE_TAKEN_OUT,
    QUANTILES,
    Calibration,
    attributes_of,
    deviations,
    groups,
)
from nettwin.predict.neural.ensemble import EnsembleOutputs, run
from nettwin.predict.neural.ground import Ground, ground_of
from nettwin.predict.neural.model import TwinModel
from nettwin.predict.neural.sampling import sampling_error
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray, IntArray

LEAST_LOSS = 1e-4
"""Losses are scored where they are, or were expected to be, larger; utilizations where more than a hundredth of this is lost."""
RESOLUTION = 1e-3
"""A loss or a utilization over a finite time is not told more exactly than this; 90 % of chance."""

Errors = tuple[FloatArray, FloatArray]
"""[row] error (of the logarithm; of a loss: of its square root; NaN: unknown) and the standard error of the measurement in it."""


@dataclass(frozen=True, eq=False)
class FigureErrors:
    """The rows of one figure in one network that were measured."""

    error: FloatArray  # [row]
    noise: FloatArray  # [row]
    attributes: FloatArray  # [row, attribute]
    group: IntArray  # [row]

    def at_most(self, rows: int) -> "FigureErrors":
        """Evenly spread ones of the rows."""
        step = max(-(-len(self.error) // rows), 1)
        return FigureErrors(self.error[::step], self.noise[::step], self.attributes[::step], self.group[::step])


def errors_of(models: Sequence[TwinModel], scenario: Scenario, measured: Performance) -> dict[str, FigureErrors]:
    """All figures of a network, asked about at its realised rates."""
    prior, measured = solved_beside(scenario, measured)
    outputs, ground = run(models, prior.graph), ground_of(prior)
    answer = performance_of(prior, outputs, Beliefs(Calibration.none()))
    return {**_of_demands(ground, outputs, (answer, measured)), **_of_queues_and_links(ground, outputs, (answer, measured))}


def _of_demands(ground: Ground, outputs: EnsembleOutputs, both: tuple[Performance, Performance]) -> dict[str, FigureErrors]:
    (ours, true), columns = (one.demands for one in both), demand_columns(ground, outputs)
    noise = relative_standard_errors(both[1])
    noise = np.sqrt(NOISE_TAKEN_OUT) * np.where(np.isfinite(noise), noise, sampling_error(ground))
    pairs = {"delay": (ours.delay_s, true.delay_s), "variation": (ours.delay_variation_s, true.delay_variation_s)}
    pairs["ipdv"] = (ours.ipdv_s, true.ipdv_s)
    for name, level in zip(QUANTILES, QUANTILE_LEVELS, strict=True):
        pairs[name] = (both[0].delay_quantile_s(level), both[1].delay_quantile_s(level))
    errors = {name: (_of_logarithm(*pair), NOISE[name] * noise) for name, pair in pairs.items()}
    errors["loss"] = _of_loss(ours.loss_ratio, true.loss_ratio, np.sqrt(NOISE_TAKEN_OUT) * _loss_noise(both[1]))
    group = groups(ground.demands.n_nodes, ground.demands.load)
    return {name: _known(name, found, columns[name], group) for name, found in errors.items()}


def _of_queues_and_links(ground: Ground, outputs: EnsembleOutputs, both: tuple[Performance, Performance]) -> dict[str, FigureErrors]:
    (ours, true), (link, true_link) = (one.queues for one in both), (one.links for one in both)
    attributes = queue_attributes(ground, outputs, ours.utilization)
    of_links = link_attributes(ground, attributes, link.utilization)
    group = groups(ground.queues.n_nodes, ground.queues.load)
    of_link = np.zeros(len(link.utilization), dtype=np.int64)
    of_link[ground.queues.link] = group
    none = np.zeros(len(group))
    used = np.where(true.delay_s > 0, true.loss_ratio, np.nan)
    of_queues = {
        "queue_delay": (_of_logarithm(ours.delay_s, true.delay_s), none),
        "queue_occupancy": (_of_logarithm(ours.occupancy_packets, true.occupancy_packets), none),
        "queue_loss": _of_loss(ours.loss_ratio, used, none),
        "queue_utilization": _of_utilization(ours.utilization, true.utilization, attributes["lost"]),
    }
    by_link = {
        "link_loss": _of_loss(link.loss_ratio, true_link.loss_ratio, np.zeros(len(of_link))),
        "link_utilization": _of_utilization(link.utilization, true_link.utilization, of_links["lost"]),
    }
    found = {name: _known(name, errors, attributes, group) for name, errors in of_queues.items()}
    return found | {name: _known(name, errors, of_links, of_link) for name, errors in by_link.items()}


def _known(figure: str, errors: Errors, columns: Mapping[str, FloatArray], group: IntArray) -> FigureErrors:
    attributes = np.stack([columns[name] for name in attributes_of(figure)], axis=1)
    known = np.isfinite(errors[0]) & np.isfinite(attributes).all(axis=1)
    return FigureErrors(errors[0][known], errors[1][known], attributes[known], group[known])


def _of_logarithm(predicted: FloatArray, measured: FloatArray) -> FloatArray:
    known = np.isfinite(measured) & (measured > 0) & np.isfinite(predicted) & (predicted > 0)
    ratio = np.where(known, predicted, 1.0) / np.where(known, measured, 1.0)
    return np.where(known, np.abs(np.log(ratio)), np.nan)


def _of_loss(predicted: FloatArray, measured: FloatArray, noise: FloatArray) -> Errors:
    one, two = np.sqrt(np.clip(predicted, 0.0, 1.0)), np.sqrt(np.clip(measured, 0.0, 1.0))
    error = np.where(np.fmax(one, two) ** 2 > LEAST_LOSS, np.abs(one - two), np.nan)
    resolution = RESOLUTION / deviations(0.9) / np.maximum(np.nan_to_num(one + two), np.sqrt(LEAST_LOSS))
    return error, np.hypot(noise, resolution)


def _of_utilization(predicted: FloatArray, measured: FloatArray, lost: FloatArray) -> Errors:
    """Known but for chance where nothing is lost."""
    error = np.where(lost > np.log(1.01 * LEAST_LOSS), _of_logarithm(predicted, measured), np.nan)
    return error, RESOLUTION / deviations(0.9) / np.maximum(predicted, RESOLUTION)


def _loss_noise(measured: Performance) -> FloatArray:  # [demand]
    """Standard error of the square root of a loss."""
    loss = np.nan_to_num(measured.demands.loss_ratio)
    if measured.interval is None:
        return np.zeros(len(loss))
    half = (measured.interval.upper.loss_ratio - measured.interval.lower.loss_ratio) / 2
    return np.asarray(np.nan_to_num(half) / deviations(measured.interval.coverage) / np.maximum(2 * np.sqrt(loss), np.sqrt(LEAST_LOSS)))


def scores(errors: FigureErrors, expected: FloatArray) -> FloatArray:  # [row, coverage]
    """How many expected errors an interval of each coverage had to reach; the noise of the measurement adds to them as variances do."""
    chance = np.outer(errors.noise, [deviations(coverage) for coverage in COVERAGES])
    return np.asarray(np.sqrt(np.maximum(errors.error[:, None] ** 2 - chance**2, 0.0)) / expected[:, None])
