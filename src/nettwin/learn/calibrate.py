"""Factors that make expected errors into intervals, measured on networks that were not trained on."""

from collections.abc import Iterable, Sequence

import numpy as np

from nettwin.formats.imported import Imported
from nettwin.performance import QUANTILE_LEVELS, Performance
from nettwin.performance.error_measures import relative_standard_errors
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.predict.neural.answer import demand_load, queue_load
from nettwin.predict.neural.calibration import (
    COVERAGES,
    DEMAND_FIGURES,
    LOAD_EDGES,
    QUEUE_FIGURES,
    SIZE_EDGES,
    Calibration,
    groups,
)
from nettwin.predict.neural.ensemble import EnsembleOutputs, run
from nettwin.predict.neural.model import TwinModel
from nettwin.predict.neural.prior import Prior, prior_of
from nettwin.scenario.arrays import FloatArray, IntArray

DELAY_SCALE = 0.92
"""Intervals of mean delays are this much narrower than our own networks, half of them of the wide style, ask for: chosen on the recordings
of datanet2022 with 50 and 75 nodes, where they held 95 % instead of 90 %."""
_FEWEST_ROWS = 300
"""A group with fewer scores takes the quantiles of all sizes at its load."""
_SHAPE = (len(SIZE_EDGES) + 1, len(LOAD_EDGES) + 1, len(COVERAGES))


def calibrate(models: Sequence[TwinModel], samples: Iterable[Imported]) -> Calibration:
    """Factors from the errors on samples, measured at their realised rates; the noise of the measurement is taken into account."""
    found: dict[str, list[tuple[FloatArray, IntArray]]] = {figure: [] for figure in (*DEMAND_FIGURES, *QUEUE_FIGURES)}
    for sample in samples:
        if sample.performance is None:
            continue
        prior = prior_of(with_realised_rates(sample.scenario, sample.performance))
        outputs = run(models, prior.graph)
        by_demand = groups(prior.parts.nodes_by_demand, demand_load(prior))
        by_queue = groups(prior.parts.nodes_by_queue, queue_load(prior))
        for figure, scores in scores_of(prior, outputs, sample.performance).items():
            group = by_queue if figure in QUEUE_FIGURES else by_demand
            known = np.isfinite(scores)
            found[figure].append((scores[known], group[known]))
    factors = {figure: _factors(pairs) for figure, pairs in found.items()}
    return Calibration(factors | {"delay": factors["delay"] * DELAY_SCALE})


def scores_of(prior: Prior, outputs: EnsembleOutputs, measured: Performance) -> dict[str, FloatArray]:  # [row]
    """Error over expected error of every figure; NaN where nothing was measured."""
    demands, queues, reference = measured.demands, measured.queues, prior.graph.physics.reference_s
    noise = np.nan_to_num(relative_standard_errors(measured))
    log, own = _log_error, outputs.scales
    levels = np.stack([measured.delay_quantile_s(level) for level in QUANTILE_LEVELS], axis=1)
    quantiles = log(outputs.quantiles, levels / reference[:, None])
    n_levels = np.isfinite(quantiles).sum(axis=1)
    mean = np.where(n_levels > 0, np.nansum(quantiles, axis=1) / np.maximum(n_levels, 1), np.nan)
    waits = outputs.queue_wait + prior.queue_size_ratio
    return {
        "delay": log(outputs.delay, demands.delay_s / reference) / np.hypot(own[:, 0], noise),
        "variation": log(outputs.variation, demands.delay_variation_s / reference) / np.hypot(own[:, 1], 2 * noise),
        "quantiles": mean / np.hypot(own[:, 2], 2 * noise),
        "ipdv": log(outputs.ipdv, demands.ipdv_s / reference) / np.hypot(own[:, 3], noise),
        "loss": _root_error(outputs.loss, demands.loss_ratio) / own[:, 4],
        "queue_delay": log(waits, queues.delay_s / np.maximum(prior.queue_unit_s, 1e-300)) / outputs.queue_scales[:, 0],
        "queue_loss": _root_error(outputs.queue_loss, np.where(queues.delay_s > 0, queues.loss_ratio, np.nan)) / outputs.queue_scales[:, 1],
    }


def _log_error(predicted: FloatArray, measured: FloatArray) -> FloatArray:
    known = np.isfinite(measured) & (measured > 0)
    safe = np.where(known, measured, 1.0)
    return np.where(known, np.abs(np.log(np.maximum(predicted, 1e-9) / safe)), np.nan)


def _root_error(predicted: FloatArray, measured: FloatArray) -> FloatArray:
    return np.asarray(np.abs(np.sqrt(np.clip(predicted, 0.0, 1.0)) - np.sqrt(measured)))


def _factors(networks: list[tuple[FloatArray, IntArray]]) -> FloatArray:  # [size, load, coverage]
    """Quantiles of the scores by group, a network with n scores in a group weighing as the root of n.

    A group holds few networks, and the demands of one err together; so the quantiles are drawn half-way (in their logarithms) to those
    of all sizes at the group's load, and those of a group with too few scores are these
    (or, if those are too few as well, those of all groups).
    """
    table = np.empty(_SHAPE)
    everything = _quantiles(networks, list(range(_SHAPE[0] * _SHAPE[1])))
    for load in range(_SHAPE[1]):
        pooled = _quantiles(networks, [size * _SHAPE[1] + load for size in range(_SHAPE[0])])
        pooled = everything if pooled is None else pooled
        for size in range(_SHAPE[0]):
            own = _quantiles(networks, [size * _SHAPE[1] + load])
            both = [pooled if own is None else own, own if pooled is None else pooled]
            known = [quantiles for quantiles in both if quantiles is not None]
            table[size, load] = np.exp(np.mean(np.log(np.maximum(known, 1e-6)), axis=0)) if known else -np.log1p(-np.array(COVERAGES))
    return table


def _quantiles(networks: list[tuple[FloatArray, IntArray]], groups_: list[int]) -> FloatArray | None:
    """At all coverages; None where there are too few scores."""
    parts = [part for scores, group in networks if len(part := scores[np.isin(group, groups_)])]
    if sum(len(part) for part in parts) < _FEWEST_ROWS:
        return None
    scores = np.concatenate(parts)
    weight = np.concatenate([np.full(len(part), 1 / np.sqrt(len(part))) for part in parts])
    order = np.argsort(scores)
    reached = np.cumsum(weight[order]) / weight.sum()
    return np.asarray(scores[order][np.minimum(np.searchsorted(reached, COVERAGES), len(scores) - 1)])
