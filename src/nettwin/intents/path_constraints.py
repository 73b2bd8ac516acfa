"""Where the traffic of some demands may and may not go."""

from dataclasses import dataclass, field
from enum import StrEnum

from nettwin.intents.objectives import EVERY_DEMAND


class Disjointness(StrEnum):
    """What two paths may not share (RFC 8776 calls them link, node and SRLG diversity)."""

    LINK = "link"
    NODE = "node"
    RISK_GROUP = "risk-group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Avoid:
    """Things that no path may use."""

    nodes: tuple[str, ...] = ()
    """Ids or patterns."""
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
    """Waypoints; of each entry one of several nodes, written ``fw1 | fw2`` in files."""
    is_ordered: bool = False
    """Whether the waypoints must be passed in this order; written ``order: strict`` in files."""
    avoid: Avoid = field(default_factory=Avoid)
    max_hops: int | None = None
    max_stretch: float | None = None
    """Most propagation delay of a path, as a multiple of the shortest possible one between its ends."""
    disjoint: Disjointness | None = None
    """The selected demands between one pair of ends, or those of ``disjoint_from``, share none of these."""
    disjoint_from: str = ""
    """Name of a second selector: its paths must be disjoint from the selected ones between the same two ends, in either direction."""
    name: str = ""
