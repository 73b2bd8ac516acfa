"""When a simulation starts to measure and when it ends."""

import math
from dataclasses import dataclass

import numpy as np

from nettwin.errors import PredictionError
from nettwin.scenario import Observation, PacketTrace, Scenario
from nettwin.scenario.arrays import FloatArray
from nettwin.simulation.layout import Stage
from nettwin.simulation.settings import SimulationSettings

_WARM_UP_SHARE = 0.1
_STEADY_REPLICATIONS = 2
_PRECISION_ROUNDS = 16
"""With a wanted precision the budget is spent in this many replications at most."""

MOST_PACKETS = 1e11
"""Hours of work: more of them is a slip of the pen, not a question."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The measured stretch of each replication, and how many there are."""

    measure_from_s: float
    measure_until_s: float
    n_replications: int
    is_steady: bool

    @property
    def measured_s(self) -> float:
        return self.measure_until_s - self.measure_from_s


def packet_rate(scenario: Scenario) -> FloatArray:  # [demand]
    """Packets per second that each source sends, in the mean."""
    traffic = scenario.traffic
    rate = traffic.packet_rate.copy()
    for index, arrivals in enumerate(traffic.arrivals):
        if isinstance(arrivals, PacketTrace):
            rate[(traffic.arrival_index == index) & (rate > 0)] = len(arrivals.times_s) / arrivals.period_s
    return rate


def packets_per_s(scenario: Scenario) -> float:
    """All packets that the sources send, in the mean."""
    return float(packet_rate(scenario).sum())


def events_per_s(stage: Stage) -> float:
    """Packets sent and hops taken, in the mean, if nothing is lost."""
    hops = np.bincount(stage.routing.path_demand, stage.routing.path_share * np.diff(stage.routing.hop_offsets), stage.routing.n_demands)
    return float((packet_rate(stage.scenario) * (1.0 + hops)).sum())


def horizon_of(stage: Stage, settings: SimulationSettings) -> Horizon:
    """As the observation says; for the steady state, as long as the budget of packets lasts."""
    observation = stage.scenario.observation
    if math.isfinite(observation.duration_s):
        return _finite(observation, stage, settings)
    n = settings.replications or (_PRECISION_ROUNDS if settings.precision else _STEADY_REPLICATIONS)
    rate = packets_per_s(stage.scenario)
    duration = settings.packets / n / rate if rate > 0 else 1.0
    warm_up = observation.warm_up_s or _WARM_UP_SHARE * duration + _longest_path_s(stage)
    return Horizon(warm_up, warm_up + duration, n, is_steady=True)


def check_feasible(stage: Stage, seconds: float) -> None:
    """Raises PredictionError where so many packets would be sent that no one would see the end."""
    packets = packets_per_s(stage.scenario) * seconds
    if not packets <= MOST_PACKETS:
        hint = "observe a shorter time, scale rates and capacities down together, or ask the analytic twin"
        raise PredictionError(f"{packets:.2g} packets would be sent in {seconds:g} s", where="simulation", hint=hint)


def _finite(observation: Observation, stage: Stage, settings: SimulationSettings) -> Horizon:
    n = settings.replications or 1
    end = observation.warm_up_s + observation.duration_s
    check_feasible(stage, end)
    if settings.precision and not settings.replications:
        n = int(np.clip(settings.packets / max(packets_per_s(stage.scenario) * end, 1.0), 2, _PRECISION_ROUNDS))
    return Horizon(observation.warm_up_s, end, n, is_steady=False)


def _longest_path_s(stage: Stage) -> float:
    """Propagation along the longest path: before that, the far ends of the network have seen no traffic."""
    routing = stage.routing
    propagation = stage.scenario.topology.propagation_delay_s[routing.hop_link]
    return float(np.bincount(routing.hop_path, propagation, routing.n_paths).max(initial=0.0))
