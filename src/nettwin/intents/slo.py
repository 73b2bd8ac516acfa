"""Service level objectives: a metric, a statistic and a bound (RFC 9543, section 5.1)."""

from dataclasses import dataclass
from enum import StrEnum

from nettwin.intents.objectives import EVERY_DEMAND


class Metric(StrEnum):
    """What an SLO bounds."""

    ONE_WAY_DELAY = "one-way-delay"
    DELAY_VARIATION = "delay-variation"
    PACKET_LOSS = "packet-loss"
    THROUGHPUT = "throughput"
    """A lower bound on what is delivered, as a share of what is offered; all other bounds are upper bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soft:
    """A bound that may be violated at a price."""

    penalty: float = 1.0
    """Price of exceeding the bound by 100 %, per demand; the sum is minimized before the objectives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """A bound on a metric that every selected demand must keep."""

    metric: Metric
    bound: float
    """Seconds, or a ratio; in files with a unit, as ``25 ms`` or ``0.1 %``."""
    selected: str = EVERY_DEMAND
    """Name of a selector; written ``for`` in files."""
    statistic: str = "mean"
    """Of one-way delay: ``mean``, or a percentile as ``p99``; of the others ``mean`` only."""
    soft: Soft | None = None
    """None: the bound is hard."""
    name: str = ""
