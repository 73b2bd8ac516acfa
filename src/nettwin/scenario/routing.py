"""Routing policy (what the operator configured) and routing (the paths that packets take)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.scenario.arrays import FloatArray, IntArray, frozen


@dataclass(frozen=True, slots=True)
class ShortestPaths:
    """OSPF / IS-IS on the links' metrics."""

    has_ecmp: bool = True
    """Split evenly over equal-cost next links at every hop. False: the next link with the smallest id goes alone."""


@dataclass(frozen=True, eq=False)
class ForwardingTable:
    """Destination-based output ports, fixed: no reaction to failures."""

    next_link: IntArray  # [node, target] link index, -1 where there is none

    def __post_init__(self) -> None:
        object.__setattr__(self, "next_link", frozen(np.array(self.next_link, dtype=np.int32)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ForwardingTable) and np.array_equal(self.next_link, other.next_link)

    def __hash__(self) -> int:
        return hash((self.next_link.shape, self.next_link.tobytes()))


@dataclass(frozen=True, slots=True)
class ExplicitPath:
    """Link ids in order, and the share of the demand that takes them."""

    links: tuple[str, ...]
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class NodeSegment:
    """Follow the IGP to this node (RFC 8402)."""

    node: str


@dataclass(frozen=True, slots=True)
class AdjacencySegment:
    """Follow the IGP to the link's source, then cross this link (RFC 8402)."""

    link: str


Segment = NodeSegment | AdjacencySegment


@dataclass(frozen=True, slots=True)
class SegmentList:
    """Segments in order, and their weight among the lists of one demand (RFC 9256). The target itself need not be named."""

    segments: tuple[Segment, ...]
    weight: float = 1.0


def _no_entries() -> Mapping[str, tuple[()]]:
    return MappingProxyType({})


@dataclass(frozen=True)
class RoutingPolicy:
    """What decides the paths: one base for all demands, and exceptions by demand id. An explicit path comes before a segment list."""

    base: ShortestPaths | ForwardingTable = ShortestPaths()
    explicit_paths: Mapping[str, tuple[ExplicitPath, ...]] = field(default_factory=_no_entries)
    segment_lists: Mapping[str, tuple[SegmentList, ...]] = field(default_factory=_no_entries)


@dataclass(frozen=True, eq=False)
class Routing:
    """The paths of all demands, ragged: demand -> its paths -> their links. A demand without a path is unreachable.

    The shares of a demand's paths add up to 1, or to less where a part of it is black-holed.
    """

    n_demands: int
    path_demand: IntArray  # [path] not decreasing
    path_share: FloatArray  # [path] share of the demand's packets
    hop_offsets: IntArray  # [path + 1]
    hop_link: IntArray  # [hop]

    def __post_init__(self) -> None:
        for name, dtype in (("path_demand", np.int32), ("path_share", np.float64), ("hop_offsets", np.int64), ("hop_link", np.int32)):
            object.__setattr__(self, name, frozen(np.array(getattr(self, name), dtype=dtype)))
        if len(self.hop_offsets) != self.n_paths + 1 or self.hop_offsets[-1] != len(self.hop_link):
            raise ScenarioError("offsets do not fit the hops", where="routing", hint="hop_offsets has one entry more than there are paths")

    @property
    def n_paths(self) -> int:
        return len(self.path_demand)

    @cached_property
    def path_offsets(self) -> IntArray:  # [demand + 1]: paths of demand i are path_offsets[i]:path_offsets[i + 1]
        return frozen(np.searchsorted(self.path_demand, np.arange(self.n_demands + 1)).astype(np.int64))

    @cached_property
    def hop_path(self) -> IntArray:  # [hop]
        return frozen(np.repeat(np.arange(self.n_paths, dtype=np.int32), np.diff(self.hop_offsets)))

    @cached_property
    def hop_demand(self) -> IntArray:  # [hop]
        return frozen(self.path_demand[self.hop_path])

    @cached_property
    def routed_share(self) -> FloatArray:  # [demand], 0 where unreachable
        return frozen(np.bincount(self.path_demand, weights=self.path_share, minlength=self.n_demands).astype(np.float64))

    def link_load_bps(self, rate_bps: FloatArray, n_links: int) -> FloatArray:  # [link]
        """Offered load of each link when nothing is lost on the way; ``rate_bps`` per demand."""
        per_path = rate_bps[self.path_demand] * self.path_share
        return np.bincount(self.hop_link, weights=per_path[self.hop_path], minlength=n_links).astype(np.float64)

    def paths_of(self, demand: int) -> list[tuple[float, IntArray]]:
        """Share and link indices of each path of one demand."""
        first, last = self.path_offsets[demand], self.path_offsets[demand + 1]
        return [(float(self.path_share[p]), self.hop_link[self.hop_offsets[p] : self.hop_offsets[p + 1]]) for p in range(first, last)]
