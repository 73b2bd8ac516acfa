"""A scenario and the changes that happen to it in time."""

import math
from dataclasses import dataclass

from nettwin.changes.change import Change
from nettwin.errors import ScenarioError
from nettwin.scenario import Routing, Scenario


@dataclass(frozen=True, slots=True)
class TimedChange:
    """A change and when it happens, in seconds after the start of the observation's time axis."""

    time_s: float
    change: Change


@dataclass(frozen=True, eq=False)
class Timeline:
    """A scenario plus changes at times; its answer is a performance per window. The scenario's observation must be finite."""

    scenario: Scenario
    events: tuple[TimedChange, ...] = ()
    window_s: float = 1.0
    convergence_delay_s: float = 0.0
    """Between a change and the moment when all routers forward by it; until then packets follow the old paths."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.scenario.observation.duration_s):
            raise ScenarioError("the observation never ends", where="timeline", hint="give scenario.observation a finite duration_s")
        if not (0 < self.window_s < math.inf and 0 <= self.convergence_delay_s < math.inf):
            raise ScenarioError("window or convergence delay out of range", where="timeline", hint="window_s > 0, convergence_delay_s >= 0")


@dataclass(frozen=True, eq=False)
class Phase:
    """A stretch of a timeline in which nothing changes. All phases of a timeline share the order of nodes, links and demands."""

    start_s: float
    scenario: Scenario
    routing: Routing
