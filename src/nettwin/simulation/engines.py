"""Which engine runs a simulation."""

import logging
from typing import Protocol

import numpy as np

from nettwin.errors import PredictionError
from nettwin.simulation.horizon import events_per_s
from nettwin.simulation.layout import Stage
from nettwin.simulation.records import State
from nettwin.simulation.settings import Engine, SimulationSettings
from nettwin.simulation.tables import smallest_bits

_WORTHWHILE = 2.0
"""Packets per port and window from which on the window engine is the faster one: 4 for FIFO, 1 for the other schedulers."""
_log = logging.getLogger(__name__)


class Run(Protocol):
    """A simulation in progress."""

    state: State

    def advance(self, until: float) -> None:
        """Let everything happen that happens before ``until``."""
        ...


def lookahead_s(stage: Stage) -> float:
    """For how long no port can influence another: propagation and transmission of the smallest packet, on the quickest used link."""
    topology, routing = stage.scenario.topology, stage.routing
    if len(routing.hop_link) == 0:
        return 0.0
    transmission = smallest_bits(stage.scenario.traffic)[routing.hop_demand] / topology.capacity_bps[routing.hop_link]
    return float((topology.propagation_delay_s[routing.hop_link] + transmission).min())


def chosen_engine(stage: Stage, settings: SimulationSettings) -> Engine:
    """The engine that the settings name, or the faster one for this scenario. Raises PredictionError."""
    lookahead = lookahead_s(stage)
    if settings.engine == Engine.WINDOW and lookahead <= 0:
        hint = "use the event engine: it needs neither propagation delays nor a smallest packet size"
        raise PredictionError("the window engine has no lookahead", where="simulation", hint=hint)
    if settings.engine != Engine.AUTO:
        return Engine(settings.engine)
    n_ports = len(np.unique(stage.routing.hop_link))
    is_worthwhile = n_ports > 0 and events_per_s(stage) * lookahead / n_ports >= _WORTHWHILE
    return Engine.WINDOW if is_worthwhile else Engine.EVENT


def start(engine: Engine, state: State, settings: SimulationSettings, stage: Stage) -> Run:
    """A run from time 0. The first one on a machine compiles the kernels, for half a minute or so."""
    if engine is Engine.WINDOW:
        from nettwin.simulation.window_run import WindowRun

        return WindowRun(state, settings, stage, lookahead_s(stage))
    from nettwin.simulation.event_run import EventRun

    return EventRun(state, settings, events_per_s(stage))
