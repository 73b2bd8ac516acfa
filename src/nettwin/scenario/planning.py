"""What could be installed on a link and what it costs: where network planning starts from."""

import math
from dataclasses import dataclass

from nettwin.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class CapacityModule:
    """A piece of capacity on sale for one link; any number of them may be installed."""

    capacity_bps: float
    cost: float = 0.0

    def __post_init__(self) -> None:
        if not self.capacity_bps > 0:
            raise ScenarioError(f"capacity_bps is {self.capacity_bps}", where="capacity module", hint="it must be above zero")
        _check_cost("capacity module", "cost", self.cost)


@dataclass(frozen=True, slots=True)
class LinkPlanning:
    """Costs of a circuit: both its directions carry the same value, and it is paid once (SNDlib, Orlowski et al. 2010)."""

    modules: tuple[CapacityModule, ...] = ()
    installed_capacity_bps: float | None = None
    """What is there before planning. None: all of the link's capacity; 0: the link does not exist yet."""
    installed_cost: float = 0.0
    """Paid for what is there, if the link is used."""
    setup_cost: float = 0.0
    """Paid once if the link is used, whatever its capacity."""
    routing_cost_per_bps: float = 0.0
    """Paid per bit/s that it carries."""

    def __post_init__(self) -> None:
        for name in ("installed_cost", "setup_cost", "routing_cost_per_bps"):
            _check_cost("link planning", name, getattr(self, name))
        if self.installed_capacity_bps is not None:
            _check_cost("link planning", "installed_capacity_bps", self.installed_capacity_bps)


def _check_cost(where: str, name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ScenarioError(f"{name} is {value}", where=where, hint="it must be finite and not negative")
