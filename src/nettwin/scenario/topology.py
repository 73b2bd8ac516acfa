"""Nodes and directed links. A link owns the output port in front of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray, frozen
from nettwin.scenario.planning import LinkPlanning
from nettwin.scenario.scheduling import Scheduling


@dataclass(frozen=True, slots=True)
class Node:
    """A device that forwards packets."""

    id: str
    label: str = ""
    position: tuple[float, float] | None = None
    """Longitude and latitude in degrees, or any plane coordinates."""
    tags: tuple[str, ...] = ()
    is_up: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """One direction between two nodes, with the output port at its source (RFC 8345: directed, own id)."""

    id: str
    source: str
    target: str
    capacity_bps: float
    propagation_delay_s: float = 0.0
    metric: float = 1.0
    scheduling: Scheduling = Scheduling()
    circuit: str = ""
    """The cable this direction runs in; two directions of one cable share it and fail together. Empty: on its own."""
    risk_groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_up: bool = True
    planning: LinkPlanning = LinkPlanning()
    """What its circuit could be upgraded with, and the costs."""

    def __post_init__(self) -> None:
        _check(self.source != self.target, self.id, f"source and target are both {self.source!r}", "a link joins two nodes")
        _check(0 < self.capacity_bps < math.inf, self.id, f"capacity_bps is {self.capacity_bps}", "it must be positive and finite")
        _check(
            0 <= self.propagation_delay_s < math.inf,
            self.id,
            f"propagation_delay_s is {self.propagation_delay_s}",
            "it must not be negative",
        )
        _check(0 < self.metric < math.inf, self.id, f"metric is {self.metric}", "IGP metrics are positive and finite")


@dataclass(frozen=True, slots=True)
class QueueColumns:
    """All queues of a topology, numbered link by link."""

    link: IntArray  # [queue]
    weight: FloatArray  # [queue]
    buffer_bits: FloatArray  # [queue]
    buffer_packets: FloatArray  # [queue]
    offsets: IntArray  # [link + 1]: queues of link i are offsets[i]:offsets[i + 1]


@dataclass(frozen=True)
class Topology:
    """Nodes and links in a fixed order; a failed one stays in place with ``is_up=False``, so indices are stable."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        _check(bool(self.nodes), "topology", "no nodes", "a network has at least one node")
        _check_unique("node", [node.id for node in self.nodes])
        _check_unique("link", [link.id for link in self.links])
        known = self.node_index
        for link in self.links:
            for end in (link.source, link.target):
                if end not in known:
                    raise UnknownNameError.among("node", end, known, where=f"link {link.id!r}")

    @property
    def n_nodes(self) -> int:
        return len(self.nodes)

    @property
    def n_links(self) -> int:
        return len(self.links)

    @cached_property
    def node_index(self) -> Mapping[str, int]:
        return MappingProxyType({node.id: index for index, node in enumerate(self.nodes)})

    @cached_property
    def link_index(self) -> Mapping[str, int]:
        return MappingProxyType({link.id: index for index, link in enumerate(self.links)})

    def node(self, node_id: str) -> Node:
        return self.nodes[self.index_of_node(node_id)]

    def link(self, link_id: str) -> Link:
        return self.links[self.index_of_link(link_id)]

    def index_of_node(self, node_id: str) -> int:
        if node_id not in self.node_index:
            raise UnknownNameError.among("node", node_id, self.node_index)
        return self.node_index[node_id]

    def index_of_link(self, link_id: str) -> int:
        if link_id not in self.link_index:
            raise UnknownNameError.among("link", link_id, self.link_index)
        return self.link_index[link_id]

    @cached_property
    def link_source(self) -> IntArray:  # [link]
        return frozen(np.array([self.node_index[link.source] for link in self.links], dtype=np.int32))

    @cached_property
    def link_target(self) -> IntArray:  # [link]
        return frozen(np.array([self.node_index[link.target] for link in self.links], dtype=np.int32))

    @cached_property
    def capacity_bps(self) -> FloatArray:  # [link]
        return frozen(np.array([link.capacity_bps for link in self.links], dtype=np.float64))

    @cached_property
    def propagation_delay_s(self) -> FloatArray:  # [link]
        return frozen(np.array([link.propagation_delay_s for link in self.links], dtype=np.float64))

    @cached_property
    def metric(self) -> FloatArray:  # [link]
        return frozen(np.array([link.metric for link in self.links], dtype=np.float64))

    @cached_property
    def node_is_up(self) -> BoolArray:  # [node]
        return frozen(np.array([node.is_up for node in self.nodes], dtype=np.bool_))

    @cached_property
    def link_is_up(self) -> BoolArray:  # [link]
        """Whether a link can carry packets: it is up and so are both its ends."""
        own = np.array([link.is_up for link in self.links], dtype=np.bool_)
        return frozen(own & self.node_is_up[self.link_source] & self.node_is_up[self.link_target])

    @cached_property
    def queues(self) -> QueueColumns:
        per_link = [link.scheduling.queues for link in self.links]
        counts = np.array([len(queues) for queues in per_link], dtype=np.int64)
        every = [queue for queues in per_link for queue in queues]
        return QueueColumns(
            link=frozen(np.repeat(np.arange(self.n_links, dtype=np.int32), counts)),
            weight=frozen(np.array([queue.weight for queue in every], dtype=np.float64)),
            buffer_bits=frozen(np.array([queue.buffer_bits for queue in every], dtype=np.float64)),
            buffer_packets=frozen(np.array([queue.buffer_packets for queue in every], dtype=np.float64)),
            offsets=frozen(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)),
        )

    @property
    def n_queues(self) -> int:
        return len(self.queues.link)

    def queue_by_class(self, n_classes: int) -> IntArray:  # [link, class]
        """Global queue index that serves each class on each link."""
        first = self.queues.offsets[:-1]
        rows = [[link.scheduling.queue_of_class(c) for c in range(n_classes)] for link in self.links]
        local = np.array(rows, dtype=np.int64).reshape(self.n_links, n_classes)
        return (local + first[:, None]).astype(np.int32)

    @cached_property
    def circuits(self) -> Mapping[str, tuple[int, ...]]:
        """Link indices of each circuit; a link without one is its own circuit, under its own id."""
        members: dict[str, list[int]] = {}
        for index, link in enumerate(self.links):
            members.setdefault(link.circuit or link.id, []).append(index)
        return MappingProxyType({name: tuple(links) for name, links in members.items()})

    @cached_property
    def risk_groups(self) -> Mapping[str, tuple[int, ...]]:
        """Link indices of each shared-risk group."""
        members: dict[str, list[int]] = {}
        for index, link in enumerate(self.links):
            for group in link.risk_groups:
                members.setdefault(group, []).append(index)
        return MappingProxyType({name: tuple(links) for name, links in members.items()})


def _check(condition: bool, where: str, what: str, hint: str) -> None:
    if not condition:
        raise ScenarioError(what, where=where, hint=hint)


def _check_unique(kind: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        _check(bool(name), kind, "an empty id", f"every {kind} needs an id")
        _check(name not in seen, f"{kind} {name!r}", "the id stands twice", f"{kind} ids are unique")
        seen.add(name)
