"""Where the traffic of some demands may and may not go."""

from dataclasses import dataclass, field
from enum import StrEnum

from nettwin.errors import ScenarioError
from nettwin.intents.objectives import EVERY_DEMAND


class Disjointness(StrEnum):
    """What two paths may not share (RFC 8776 calls them link, node and SRLG diversity)."""

    LINK = "link"
    """No circuit, in either direction."""
    NODE = "node"
    """No circuit, and no node but their ends."""
    RISK_GROUP = "risk-group"
    """No circuit, and no shared-risk group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Avoid:
    """Things that no path may use."""

    nodes: tuple[str, ...] = ()
    """Ids or patterns. A demand may start and end at such a node, but not pass it."""
    links: tuple[str, ...] = ()
    """Ids or patterns of links or circuits."""
    tags: tuple[str, ...] = ()
    """Of links or nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathConstraint:
    """What every path of the selected demands must keep to."""

    selected: str = EVERY_DEMAND
    """Name of a selector; written ``for`` in files."""
    via: tuple[tuple[str, ...], ...] = ()
    """Waypoints; of each entry one of several nodes, written ``fw1 | fw2`` in files. The ends of a path are on it."""
    is_ordered: bool = False
    """Whether the waypoints must be passed in this order; written ``order: strict`` in files."""
    avoid: Avoid = field(default_factory=Avoid)
    max_hops: int | None = None
    """Most links of a path."""
    max_stretch: float | None = None
    """Most propagation delay of a path, as a multiple of the shortest possible one between its ends."""
    disjoint: Disjointness | None = None
    """The selected demands from one node to another, or those of ``disjoint_from``, share none of these."""
    disjoint_from: str = ""
    """Name of a second selector: its paths must be disjoint from the selected ones between the same two ends, in either direction."""
    name: str = ""

    def __post_init__(self) -> None:
        where = f"path constraint for {self.selected!r}"
        if self.max_hops is not None and self.max_hops < 1:
            raise ScenarioError(f"max_hops is {self.max_hops}", where=where, hint="a path has one hop or more")
        if self.max_stretch is not None and not self.max_stretch >= 1:
            raise ScenarioError(
                f"max_stretch is {self.max_stretch}", where=where, hint="1 is the shortest possible path, 1.5 half as much again"
            )
        if not all(self.via):
            raise ScenarioError("a waypoint without any node", where=where, hint="name a node, or several of which one is enough")
        if self.disjoint_from and self.disjoint is None:
            raise ScenarioError(
                f"disjoint_from is {self.disjoint_from!r}", where=where, hint="say too what must not be shared: link, node ..."
            )
        if not self.asks_for_something:
            raise ScenarioError("it asks for nothing", where=where, hint="give via, avoid, max_hops, max_stretch or disjoint")

    @property
    def limits_each_path(self) -> bool:
        """Whether anything is asked of every path alone."""
        return bool(self.via) or self.avoid != Avoid() or self.max_hops is not None or self.max_stretch is not None

    @property
    def asks_for_something(self) -> bool:
        """Whether anything is asked at all."""
        return self.limits_each_path or self.disjoint is not None
