"""Service level objectives: a metric, a statistic and a bound (RFC 9543, section 5.1)."""

import math
from dataclasses import dataclass
from enum import StrEnum

from nettwin.errors import ScenarioError
from nettwin.intents.objectives import EVERY_DEMAND, MEAN, check_statistic


class Metric(StrEnum):
    """What an SLO bounds."""

    ONE_WAY_DELAY = "one-way-delay"
    """From the first bit sent to the last received, over delivered packets (RFC 7679)."""
    DELAY_VARIATION = "delay-variation"
    """Standard deviation of the one-way delay."""
    PACKET_LOSS = "packet-loss"
    """Share of the packets that do not arrive (RFC 7680)."""
    THROUGHPUT = "throughput"
    """A lower bound on what is delivered, as a share of what is offered; all other bounds are upper bounds."""


TIMES = (Metric.ONE_WAY_DELAY, Metric.DELAY_VARIATION)
"""Metrics in seconds; the others are shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soft:
    """A bound that may be violated at a price."""

    penalty: float = 1.0
    """Price of exceeding the bound by 100 %, per demand; the sum is minimized before the objectives."""

    def __post_init__(self) -> None:
        if not 0 < self.penalty < math.inf:
            raise ScenarioError(f"penalty is {self.penalty}", where="soft bound", hint="a positive price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """A bound on a metric that every selected demand must keep."""

    metric: Metric
    bound: float
    """Seconds, or a ratio; in files with a unit, as ``25 ms`` or ``0.1 %``."""
    selected: str = EVERY_DEMAND
    """Name of a selector; written ``for`` in files."""
    statistic: str = MEAN
    """Of one-way delay: ``mean``, or a percentile as ``p99``; of the others ``mean`` only."""
    soft: Soft | None = None
    """None: the bound is hard."""
    name: str = ""

    def __post_init__(self) -> None:
        where = f"SLO {self.name or self.metric}"
        check_statistic(self.statistic, where, is_delay=self.metric is Metric.ONE_WAY_DELAY)
        if not 0 < self.bound < math.inf:
            raise ScenarioError(f"bound is {self.bound}", where=where, hint="a positive time or share")
        if self.metric not in TIMES and self.bound > 1:
            raise ScenarioError(f"bound is {self.bound}", where=where, hint=f"{self.metric} is a share, at most 100 %")
