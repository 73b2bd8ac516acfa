"""Which of two verdicts is better: an order, so that a search that only ever accepts better ones cannot go around in circles."""

import math
from collections.abc import Sequence

from nettwin.intents.intent import Intent
from nettwin.intents.verdict import Verdict

ROUNDING = 1e-9
"""Differences below this, relative or of sums of relative excess, are rounding."""


def is_better(first: Verdict, second: Verdict, intent: Intent) -> bool:
    """Whether the first verdict is strictly better.

    Less excess of violated hard clauses comes first, then less doubt about hard clauses, then a lower price of soft ones, then the
    objectives in order. Values of an objective with a tolerance of 1 % are sorted into classes 1 % wide, and within one class the
    objectives after it decide; if all of them leave it open, the plain values do. (Comparing pairs with a tolerance would let a
    search drift away by 1 % at every step.)
    """
    for mine, other in ((first.hard_excess, second.hard_excess), (first.hard_doubt, second.hard_doubt), (first.penalty, second.penalty)):
        if abs(mine - other) > ROUNDING * max(1.0, abs(mine), abs(other)):
            return mine < other
    tolerances = [max(objective.tolerance, ROUNDING) for objective in intent.objectives]
    for widths in (tolerances, [ROUNDING] * len(tolerances)):
        mine_rank, other_rank = (_rank(verdict.objectives, widths) for verdict in (first, second))
        if mine_rank != other_rank:
            return mine_rank < other_rank
    return False


def _rank(values: Sequence[float], tolerances: Sequence[float]) -> list[float]:
    """The class of each value, the lowest best; what is not known is worst."""
    return [_class(value, width) for value, width in zip(values, tolerances, strict=False)]


def _class(value: float, width: float) -> float:
    if math.isnan(value):
        return math.inf
    if value <= 0:
        return -math.inf
    return math.inf if math.isinf(value) else math.floor(math.log(value) / math.log1p(width) + 0.5)
