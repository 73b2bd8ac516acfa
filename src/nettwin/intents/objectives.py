"""What is to be as small as possible."""

from dataclasses import dataclass
from enum import StrEnum

EVERY_DEMAND = "*"
"""The selector that every intent knows."""


class Figure(StrEnum):
    """A figure of the network that an objective minimizes. Names of metrics as in RFC 9543 and the IPPM registry."""

    MAX_UTILIZATION = "max-utilization"
    ONE_WAY_DELAY = "one-way-delay"
    DELAY_VARIATION = "delay-variation"
    PACKET_LOSS = "packet-loss"
    COST = "cost"
    CHANGES = "changes"
    """How many changes the plan has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One of the figures to minimize, the first of an intent first (lexicographic)."""

    minimize: Figure
    statistic: str = "mean"
    """Of each demand's delays: ``mean``, or a percentile as ``p99``."""
    across: str = "mean"
    """Over the demands: ``mean`` (weighted by rate) or ``max``."""
    over: str = EVERY_DEMAND
    """Name of a selector."""
    tolerance: float = 0.0
    """How much of itself this figure may give up for the objectives after it: 0.01 is 1 %."""
