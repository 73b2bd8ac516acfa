"""What may be bought: the planning part of an intent."""

import math
from dataclasses import dataclass

from nettwin.changes import ScaleTraffic
from nettwin.changes.selection import EVERY_DEMAND
from nettwin.errors import ScenarioError
from nettwin.scenario import CapacityModule, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How traffic grows until the network must still do."""

    per_year: float = 0.0
    """0.3 is 30 % a year, compounded."""
    years: float = 0.0

    def __post_init__(self) -> None:
        if not (-1 < self.per_year < math.inf and 0 <= self.years <= 100):
            raise ScenarioError(f"{self.per_year} a year for {self.years} years", where="planning horizon", hint="as 30 % a year, 3 years")

    @property
    def factor(self) -> float:
        return float((1.0 + self.per_year) ** self.years)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """Upgrades on sale, and what they may cost."""

    modules: tuple[CapacityModule, ...] = ()
    """For links that name none of their own."""
    budget: float | None = None
    """Most that the whole plan may cost."""
    growth: Growth = Growth()

    def __post_init__(self) -> None:
        if self.budget is not None and not 0 <= self.budget < math.inf:
            raise ScenarioError(f"budget is {self.budget}", where="planning", hint="0 or more, in the unit of the costs")


def grown(planning: Planning | None, scenario: Scenario) -> Scenario:
    """The scenario at the end of the planning horizon: the same network with more traffic. An intent is judged on this one."""
    if planning is None or planning.growth.factor == 1.0:
        return scenario
    return ScaleTraffic(planning.growth.factor, EVERY_DEMAND).apply(scenario)
