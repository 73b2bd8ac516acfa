"""A network as topology collections have it: without some of what a scenario needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from nettwin.formats.circuits import Circuit
from nettwin.scenario import Demand, Node


class Plane(StrEnum):
    """What the positions of nodes are."""

    GEOGRAPHICAL = "geographical"
    """Degrees of longitude and latitude."""
    KILOMETERS = "kilometers"
    """A plane where one unit is, or is taken for, one kilometre."""
    UNKNOWN = "unknown"
    """A drawing: no lengths follow from it."""

    @classmethod
    def of(cls, positions: list[tuple[float, float]]) -> "Plane":
        """Degrees if all could be; else a plane in kilometres."""
        are_degrees = all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in positions)
        return cls.GEOGRAPHICAL if are_degrees else cls.KILOMETERS


@dataclass(frozen=True)
class Draft:
    """Nodes, circuits and, where the file has them, demands."""

    nodes: tuple[Node, ...]
    circuits: tuple[Circuit, ...]
    demands: tuple[Demand, ...] | None = None
    """None: demands are made."""
    plane: Plane = Plane.UNKNOWN
    quiet_nodes: frozenset[str] = frozenset()
    """Nodes that neither send nor receive when demands are made, as waypoints of a sea cable."""
    where: str = ""
    """The file, for errors."""
    name: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
