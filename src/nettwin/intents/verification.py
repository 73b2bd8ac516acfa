"""How a plan is proven before it reaches the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nettwin.errors import ScenarioError
from nettwin.intents.slo import Metric

USUAL_TOLERANCE = 0.15
"""Of metrics that an intent does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """By which engine, and how far its answer may be from the prediction."""

    engine: str = "simulator"
    tolerance: Mapping[Metric, float] = field(default_factory=lambda: MappingProxyType({}))
    """Per metric, relative: 0.15 is 15 %; 0.15 where a metric is not named."""

    def __post_init__(self) -> None:
        for metric, share in self.tolerance.items():
            if not share > 0:
                raise ScenarioError(f"the tolerance of {metric} is {share}", where="verify", hint="a positive share, as 15 %")

    def tolerance_of(self, metric: Metric) -> float:
        """Relative, of one metric."""
        return self.tolerance.get(metric, USUAL_TOLERANCE)
