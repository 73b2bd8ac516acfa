"""A network as SNDlib's files have it: their words, their units."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SndNode:
    """A row of NODES."""

    id: str
    position: tuple[float, float] | None
    place: str


@dataclass(frozen=True, slots=True)
class SndLink:
    """A row of LINKS. Capacities and modules are in the unit of the demands."""

    id: str
    source: str
    target: str
    installed_capacity: float = 0.0
    installed_cost: float = 0.0
    routing_cost: float = 0.0
    setup_cost: float = 0.0
    modules: tuple[tuple[float, float], ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class SndDemand:
    """A row of DEMANDS: it needs ``routing_unit * value`` of capacity."""

    id: str
    source: str
    target: str
    value: float
    routing_unit: float = 1.0
    place: str = ""


@dataclass(frozen=True, slots=True)
class SndNetwork:
    """A network file. ``meta``: its META section, and ``coordinatesType`` where an XML file gives it."""

    nodes: tuple[SndNode, ...]
    links: tuple[SndLink, ...]
    demands: tuple[SndDemand, ...]
    meta: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
