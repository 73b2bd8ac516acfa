"""How a plan is proven before it reaches the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nettwin.intents.slo import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """By which engine, and how far its answer may be from the prediction."""

    engine: str = "simulator"
    tolerance: Mapping[Metric, float] = field(default_factory=lambda: MappingProxyType({}))
    """Per metric, relative: 0.15 is 15 %; 0.15 where a metric is not named."""
