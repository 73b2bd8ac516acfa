"""How a simulation is run, as opposed to what it is about."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from nettwin.errors import ScenarioError

Progress = Callable[[float], None]
"""Called now and then with the finished share of the work, 0 to 1."""


class Engine(StrEnum):
    """Two ways to the same sample paths."""

    AUTO = "auto"
    """Windows where the propagation delays leave room for several packets per port and window, else events."""
    EVENT = "event"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """How a simulation is run. Equal settings and scenario give an equal answer, on one core or many."""

    seed: int = 0
    packets: float = 4e6
    """Budget of packets for a question about the steady state, and for a requested precision."""
    precision: float | None = None
    """Wanted relative half-width of the network-wide mean delay's confidence interval. None: spend the budget once."""
    is_strict: bool = False
    """Whether a missed precision is an error (NotConvergedError) rather than a mark on the result."""
    coverage: float = 0.95
    replications: int | None = None
    """Independent runs that are merged. None: two for a steady state, one for a finite observation."""
    workers: int = 1
    """Replications that run at the same time."""
    engine: Engine | str = Engine.AUTO
    resample_sizes_per_hop: bool = False
    """Kleinrock's independence assumption: a packet gets a new size at every hop. For comparison with theory only."""
    keeps_propagation: bool = False
    """Steady state: whether packets spend the whole propagation delay on their way (see ``steady.py``); the answer is the same."""
    max_packets_in_flight: int = 20_000_000
    progress: Progress | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        _check(self.engine in list(Engine), f"engine is {self.engine!r}", f"one of {', '.join(Engine)}")
        _check(1 <= self.packets < math.inf, f"packets is {self.packets}", "a positive budget")
        _check(self.precision is None or 0 < self.precision < 1, f"precision is {self.precision}", "a share, as 0.01")
        _check(0 < self.coverage < 1, f"coverage is {self.coverage}", "a probability, as 0.95")
        _check(self.replications is None or self.replications >= 1, f"replications is {self.replications}", "at least 1")
        _check(self.workers >= 1, f"workers is {self.workers}", "at least 1")
        _check(self.max_packets_in_flight >= 1000, f"max_packets_in_flight is {self.max_packets_in_flight}", "at least 1000")


def _check(condition: bool, what: str, hint: str) -> None:
    if not condition:
        raise ScenarioError(what, where="simulation settings", hint=hint)
