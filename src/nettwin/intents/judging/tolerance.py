"""Whether the network, or an engine that stands for it, does what was predicted (intent compliance, RFC 9315)."""

import numpy as np

from nettwin.intents.judging.culprits import MOST_NAMED
from nettwin.intents.judging.figures import figures_of
from nettwin.intents.judging.slo_words import NAMES, shown
from nettwin.intents.slo import Metric
from nettwin.intents.verdict import ClauseVerdict, Status
from nettwin.intents.verification import Verification
from nettwin.performance import Performance
from nettwin.performance.quantities import percent
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

_COMPARED = (Metric.ONE_WAY_DELAY, Metric.DELAY_VARIATION, Metric.PACKET_LOSS)
LEAST_LOSS = 1e-3
"""Differences of packet loss are taken relative to this at least: below it a measurement counts a few packets only."""


def within_tolerance(
    verification: Verification, scenario: Scenario, predicted: Performance, measured: Performance
) -> tuple[ClauseVerdict, ...]:
    """One verdict for each metric: delay, delay variation and loss.

    What is held against the tolerance is the mean absolute difference over the demands, weighted by rate, relative to the mean that
    was measured. Demands of which one side says nothing are left out; undetermined where none is left.
    """
    return tuple(_verdict(metric, verification.tolerance_of(metric), scenario, predicted, measured) for metric in _COMPARED)


def _verdict(metric: Metric, tolerance: float, scenario: Scenario, predicted: Performance, measured: Performance) -> ClauseVerdict:
    expected, found = (figures_of(answer, metric).value for answer in (predicted, measured))
    rate_bps = np.where(np.isnan(expected) | np.isnan(found), 0.0, scenario.traffic.rate_bps)
    asked = f"measured {NAMES[metric]} must be within {percent(tolerance)} of the prediction"
    if not rate_bps.any():
        return ClauseVerdict(clause=f"verify.{metric}", status=Status.UNDETERMINED, doubt=1.0, words=f"{asked}: nothing was measured")
    off = np.nan_to_num(np.abs(expected - found)) * rate_bps
    means = [float(np.nan_to_num(figure) @ rate_bps / rate_bps.sum()) for figure in (expected, found)]
    error = float(off.sum() / rate_bps.sum()) / _scale(metric, means[1])
    excess = max(error / tolerance - 1.0, 0.0)
    text = shown(metric)
    outcome = f"it is {percent(error)} off, {text(means[0])} predicted and {text(means[1])} measured in the mean"
    worst = _worst(off) if excess else []
    return ClauseVerdict(
        clause=f"verify.{metric}",
        status=Status.VIOLATED if excess else Status.SATISFIED,
        excess=excess,
        doubt=excess,
        words=f"{asked}: {outcome}" + (f", most of all {scenario.demand_ids[worst[0]]}" if worst else ""),
        demands=tuple(scenario.demand_ids[row] for row in worst),
    )


def _scale(metric: Metric, mean: float) -> float:
    return max(mean, LEAST_LOSS if metric is Metric.PACKET_LOSS else 1e-12)


def _worst(off: FloatArray) -> list[int]:
    return [int(row) for row in np.argsort(-off, kind="stable")[:MOST_NAMED] if off[row] > 0]
