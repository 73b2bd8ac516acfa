"""A scenario and the changes that happen to it in time."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from nettwin.changes.alignment import aligned
from nettwin.changes.change import Change
from nettwin.changes.plan import Plan
from nettwin.changes.serialization import change_from_dict, change_to_dict
from nettwin.controlplane import route
from nettwin.errors import FormatError, NettwinError, ScenarioError, UnknownNameError
from nettwin.scenario import Routing, Scenario
from nettwin.scenario.plain import from_plain

MOST_WINDOWS = 100_000
"""A performance per window has to fit into memory, and be looked at."""


@dataclass(frozen=True, slots=True)
class TimedChange:
    """A change and when it happens, in seconds on the axis where the network is empty at 0 (the warm-up comes first)."""

    time_s: float
    change: Change


@dataclass(frozen=True, eq=False)
class Timeline:
    """A scenario plus changes at times; its answer is a performance per window. The scenario's observation must be finite.

    Events are kept in the order of their times, those of one time in the order given.
    """

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
        n_windows = self.scenario.observation.duration_s / self.window_s
        if n_windows > MOST_WINDOWS:
            hint = f"at most {MOST_WINDOWS:,}: take longer windows or a shorter observation"
            raise ScenarioError(f"{n_windows:,.0f} windows of {self.window_s} s", where="timeline", hint=hint)
        for event in self.events:
            if not 0 <= event.time_s < self.end_s:
                raise ScenarioError(f"an event at {event.time_s} s", where="timeline", hint=f"the time axis is 0 to {self.end_s} s")
        object.__setattr__(self, "events", tuple(sorted(self.events, key=lambda event: event.time_s)))

    @property
    def end_s(self) -> float:
        """When the observation ends: after its warm-up and its duration."""
        return self.scenario.observation.warm_up_s + self.scenario.observation.duration_s


@dataclass(frozen=True, eq=False)
class Phase:
    """A stretch of a timeline in which nothing changes, up to the start of the next or the end.

    All phases of a timeline share the order of nodes, links and demands: what is not there yet, or no more, is a node or link
    that is down or a demand of rate 0. The queues of a link may differ where its scheduler changes.
    """

    start_s: float
    scenario: Scenario
    routing: Routing


def phases(timeline: Timeline) -> list[Phase]:
    """The stretches between the events, and between each event and the convergence of routing after it.

    What an event does to links, ports and sources holds at once; its effect on paths, after the convergence delay.
    """
    times, states = _states(timeline)
    states = aligned(states)
    converged = [time + timeline.convergence_delay_s for time in times]
    starts = sorted({0.0, *times, *(time for time in converged if time < timeline.end_s)})
    return [Phase(start, states[bisect_right(times, start)], route(states[bisect_right(converged, start)])) for start in starts]


def timeline_to_dict(timeline: Timeline) -> dict[str, Any]:
    """Plain data of a timeline, without its scenario."""
    return {
        "events": [{"time_s": event.time_s, "change": change_to_dict(event.change)} for event in timeline.events],
        "window_s": timeline.window_s,
        "convergence_delay_s": timeline.convergence_delay_s,
    }


def timeline_from_dict(plain: Any, scenario: Scenario, where: str = "timeline") -> Timeline:
    """The timeline of a scenario that plain data describes. Raises InputError with the place that does not fit."""
    known = ("events", "window_s", "convergence_delay_s")
    _check_fields(plain, known, where)
    events = plain.get("events", ())
    if not isinstance(events, list | tuple):
        raise FormatError("not a list", where=f"{where}.events", hint="give a list of {time_s: ..., change: ...}")
    numbers = {name: from_plain(float, plain[name], f"{where}.{name}") for name in known[1:] if name in plain}
    return Timeline(scenario, tuple(_event(event, f"{where}.events[{i}]") for i, event in enumerate(events)), **numbers)


def _states(timeline: Timeline) -> tuple[list[float], list[Scenario]]:
    """When something happens, and the scenario before the first and after each of these times."""
    times, states = [], [timeline.scenario]
    for time, events in groupby(timeline.events, key=lambda event: event.time_s):
        times.append(time)
        try:
            states.append(Plan(tuple(event.change for event in events)).apply(states[-1]))
        except NettwinError as error:
            raise error.at(f"event at {time} s") from None
    return times, states


def _event(plain: Any, where: str) -> TimedChange:
    _check_fields(plain, ("time_s", "change"), where)
    for name in ("time_s", "change"):
        if name not in plain:
            raise FormatError(f"{name} is missing", where=where, hint="an event is {time_s: ..., change: ...}")
    return TimedChange(from_plain(float, plain["time_s"], f"{where}.time_s"), change_from_dict(plain["change"], f"{where}.change"))


def _check_fields(plain: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(plain, Mapping):
        raise FormatError("not a mapping", where=where, hint=f"its fields are {', '.join(known)}")
    for name in plain:
        if name not in known:
            raise UnknownNameError.among("field", str(name), known, where=where)
