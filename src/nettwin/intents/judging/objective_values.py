"""The values of an intent's objectives."""

import math

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.judging.case import Case
from nettwin.intents.judging.figures import figures_of
from nettwin.intents.judging.holding import ROUNDING
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.selecting import rows
from nettwin.intents.slo import Metric
from nettwin.scenario.arrays import FloatArray


def objective_values(intent: Intent, case: Case) -> tuple[float, ...]:
    """One value per objective; NaN where no engine was asked or it makes no claim."""
    return tuple(_value(intent, objective, case) for objective in intent.objectives)


def _value(intent: Intent, objective: Objective, case: Case) -> float:
    match objective.minimize:
        case Figure.MAX_UTILIZATION:
            return float(case.utilization.max(initial=0.0))
        case Figure.CHANGES:
            return float(case.n_changes)
        case Figure.COST:
            return case.cost(intent.planning)[0]
    return _over_demands(intent, objective, case)


def _over_demands(intent: Intent, objective: Objective, case: Case) -> float:
    """Of delays, over the demands that arrive: delay is defined for delivered packets only (RFC 7679)."""
    if case.performance is None:
        return math.nan
    chosen = rows(intent, objective.over, case.scenario)
    chosen = chosen[case.sends[chosen]]
    if objective.minimize is not Figure.PACKET_LOSS:
        chosen = chosen[case.routed_share[chosen] > ROUNDING]
    if not len(chosen):
        return 0.0
    value = figures_of(case.performance, Metric(objective.minimize.value), objective.statistic).value[chosen]
    return _summary(value, case.scenario.traffic.rate_bps[chosen], objective.across)


def _summary(value: FloatArray, rate_bps: FloatArray, across: str) -> float:
    """Demands that the engine says nothing about are left out, unless that leaves none."""
    known = ~np.isnan(value)
    if not known.any():
        return math.nan
    if across == "max":
        return float(value[known].max())
    return float(np.average(value[known], weights=rate_bps[known]))
