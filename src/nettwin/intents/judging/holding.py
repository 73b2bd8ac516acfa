"""Demands held against a service level objective, one by one."""

from dataclasses import dataclass

import numpy as np

from nettwin.intents.judging.case import Case
from nettwin.intents.judging.figures import Figures, figures_of, no_figures
from nettwin.intents.slo import Metric, Slo
from nettwin.intents.verdict import Status
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

CUT_OFF = 1e3
"""Relative excess of a demand of which nothing arrives, and the most that any demand counts."""
NO_CLAIM = 1.0
"""Relative doubt about a demand of which the engine says nothing."""
UNTRUSTED = 0.1
"""Least relative doubt about a demand that is outside what the engine knows."""
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Held:
    """How far each demand is from the bound; relative to the bound, 0 where it is kept."""

    rows: IntArray  # [row] indices of demands
    figures: Figures  # [row]
    excess: FloatArray  # [row] of the predicted value
    doubt: FloatArray  # [row] of the far end of the interval
    is_cut_off: BoolArray  # [row] nothing of it arrives
    is_violated: BoolArray  # [row] for sure
    is_kept: BoolArray  # [row] for sure

    @property
    def is_undetermined(self) -> BoolArray:  # [row]
        return ~(self.is_violated | self.is_kept)

    @property
    def status(self) -> Status:
        """Of all together: one that violates the bound is enough."""
        if self.is_violated.any():
            return Status.VIOLATED
        return Status.SATISFIED if self.is_kept.all() else Status.UNDETERMINED


def hold(slo: Slo, rows: IntArray, case: Case) -> Held:
    """The demands that send anything, held against the bound."""
    rows = rows[case.sends[rows]]
    answer = case.performance
    every = figures_of(answer, slo.metric, slo.statistic) if answer is not None else no_figures(case.scenario.traffic.n_demands)
    figures, is_cut_off = every.of(rows), _cut_off(rows, case)
    is_floor = slo.metric is Metric.THROUGHPUT
    best, worst = (figures.upper, figures.lower) if is_floor else (figures.lower, figures.upper)
    beyond = [np.clip(_beyond(slo, end), None, CUT_OFF) for end in (best, figures.value, worst)]
    is_violated = beyond[0] > ROUNDING  # comparisons with NaN are false; a warning needs no trust, a promise does
    is_kept = (beyond[2] <= ROUNDING) & figures.is_trusted & ~is_cut_off
    doubt = np.where(np.isnan(beyond[2]), NO_CLAIM, np.maximum(beyond[2], np.where(figures.is_trusted, 0.0, UNTRUSTED)))
    return Held(
        rows=rows,
        figures=figures,
        excess=np.where(is_cut_off, CUT_OFF, np.nan_to_num(np.maximum(beyond[1], 0.0))),
        doubt=np.where(is_cut_off, CUT_OFF, doubt),
        is_cut_off=is_cut_off,
        is_violated=is_violated | is_cut_off,
        is_kept=is_kept,
    )


def _beyond(slo: Slo, value: FloatArray) -> FloatArray:
    """Relative distance beyond the bound, negative where it is kept."""
    distance = slo.bound - value if slo.metric is Metric.THROUGHPUT else value - slo.bound
    return np.asarray(distance / slo.bound)


def _cut_off(rows: IntArray, case: Case) -> BoolArray:  # [row]
    """Demands without any way, or of which every packet is lost: whatever the metric, its bound is not kept."""
    cut = case.routed_share[rows] < ROUNDING
    if case.performance is not None:
        cut |= case.performance.demands.loss_ratio[rows] >= 1.0 - ROUNDING
    return cut
