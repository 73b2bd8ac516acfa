"""What is to be as small as possible."""

import re
from dataclasses import dataclass
from enum import StrEnum

from nettwin.errors import ScenarioError
from nettwin.performance import QUANTILE_LEVELS

EVERY_DEMAND = "*"
"""The selector that every intent knows."""
MEAN = "mean"
STATISTICS = (MEAN, *(f"p{100 * level:g}" for level in QUANTILE_LEVELS))
"""``mean``, or a percentile of the delays, as ``p99``."""


class Figure(StrEnum):
    """A figure of the network that an objective minimizes. Names of metrics as in RFC 9543 and the IPPM registry."""

    MAX_UTILIZATION = "max-utilization"
    ONE_WAY_DELAY = "one-way-delay"
    DELAY_VARIATION = "delay-variation"
    PACKET_LOSS = "packet-loss"
    COST = "cost"
    CHANGES = "changes"
    """How many changes the plan has."""


PER_DEMAND = (Figure.ONE_WAY_DELAY, Figure.DELAY_VARIATION, Figure.PACKET_LOSS)
"""Figures that demands have; the others are the network's or the plan's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One of the figures to minimize, the first of an intent first (lexicographic)."""

    minimize: Figure
    statistic: str = MEAN
    """Of each demand's delays: ``mean``, or a percentile as ``p99``."""
    across: str = MEAN
    """Over the demands: ``mean`` (weighted by rate) or ``max``."""
    over: str = EVERY_DEMAND
    """Name of a selector."""
    tolerance: float = 0.0
    """How much of itself this figure may give up for the objectives after it: 0.01 is 1 %."""

    def __post_init__(self) -> None:
        where = f"objective {self.minimize}"
        check_statistic(self.statistic, where, is_delay=self.minimize is Figure.ONE_WAY_DELAY)
        if self.across not in (MEAN, "max"):
            raise ScenarioError(f"across is {self.across!r}", where=where, hint="mean (weighted by rate) or max")
        if not 0 <= self.tolerance < 1:
            raise ScenarioError(f"tolerance is {self.tolerance}", where=where, hint="a share from 0 to less than 1, as 1 %")
        if self.minimize not in PER_DEMAND and self.over != EVERY_DEMAND:
            raise ScenarioError(
                "it has no figures per demand", where=where, hint=f"only {', '.join(PER_DEMAND)} can be taken over some demands"
            )


def level_of(statistic: str) -> float | None:
    """The quantile level of a percentile, 0.99 for ``p99``; None for the mean."""
    found = re.fullmatch(r"p(\d{1,2}(?:\.\d{1,3})?)", statistic)
    return next((level for level in QUANTILE_LEVELS if found and abs(level - float(found[1]) / 100) < 1e-9), None)


def check_statistic(statistic: str, where: str, *, is_delay: bool) -> None:
    """Raises ScenarioError for a statistic that no engine predicts."""
    if statistic == MEAN or (is_delay and level_of(statistic) is not None):
        return
    known = f"one of {', '.join(STATISTICS)}" if is_delay else "mean: percentiles are known of one-way delay only"
    raise ScenarioError(f"statistic is {statistic!r}", where=where, hint=known)
