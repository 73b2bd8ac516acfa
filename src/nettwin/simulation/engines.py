"""Which engine runs a simulation."""

from typing import Protocol

from nettwin.simulation.horizon import events_per_s
from nettwin.simulation.layout import Stage
from nettwin.simulation.records import State
from nettwin.simulation.settings import Engine, SimulationSettings


class Run(Protocol):
    """A simulation in progress."""

    state: State

    def advance(self, until: float) -> None:
        """Let everything happen that happens before ``until``."""
        ...


def chosen_engine(stage: Stage, settings: SimulationSettings) -> Engine:
    """The engine that the settings name, or the faster one for this scenario."""
    return Engine.EVENT


def start(engine: Engine, state: State, settings: SimulationSettings, stage: Stage) -> Run:
    """A run from time 0."""
    from nettwin.simulation.event_run import EventRun

    return EventRun(state, settings, events_per_s(stage))
