"""Nodes from paths: a line names links only by number, so nodes are what the links on the paths have in common.

Where one link follows another, the head of the first and the tail of the second are one device (or one cross-connect of the two
switches, which stand between all routers). Classes of such ends are the nodes; no guess about the wiring is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from nettwin.errors import FormatError
from nettwin.formats.testbed.columns import Flows

TRUNK_BPS = 40e9
"""Faster links join the two switches; they stand anywhere on a path."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which nodes there are, and which of them a link joins."""

    nodes: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]  # [link] tail and head
    routers: frozenset[str]


def wire(flows: Flows, capacity_bps: Sequence[float]) -> Wiring:
    """Raises FormatError for a link that leads back to its own device."""
    n_links = len(capacity_bps)
    classes = _Classes()
    tails: dict[int, str] = {}  # link -> name of the router that owns the port, empty where no flow tells it
    for name, path in zip(flows.ids, flows.paths, strict=True):
        for before, after in pairwise(path):
            classes.join((before, "head"), (after, "tail"))
        for link, router in _router_ports(name, path, capacity_bps):
            tails[link] = tails.get(link) or router
    for link, router in tails.items():
        if router:
            classes.join((link, "tail"), (router, "router"))
    return _wiring(classes, n_links, tails)


def _router_ports(flow: str, path: Sequence[int], capacity_bps: Sequence[float]) -> list[tuple[int, str]]:
    """The ports of routers on a path, and which routers: those of flow ``2_5_0`` begin at 2 and end at 5.

    A path is switch port, router port, switch port, ... with trunks in between: every second of the slower links is a router's.
    """
    ports = [link for link in path if capacity_bps[link] < TRUNK_BPS][1::2]
    source, target = [*flow.split("_"), ""][:2]
    names = [source, *[""] * (len(ports) - 2), target] if len(ports) > 1 else [source]
    return list(zip(ports, names, strict=False))


def _wiring(classes: "_Classes", n_links: int, tails: dict[int, str]) -> Wiring:
    names: dict[object, str] = {}
    for link, router in sorted(tails.items(), key=lambda item: not item[1]):
        root = classes.root((link, "tail"))
        names.setdefault(root, f"router {router}" if router else f"router {len(names)}*")
    routers = frozenset(names.values())
    ends = []
    for link in range(n_links):
        tail, head = (classes.root((link, end)) for end in ("tail", "head"))
        if tail == head:
            raise FormatError("its ends are one device on some path", where=f"link {link}", hint="paths must be connected")
        ends.append((names.setdefault(tail, f"switch {len(names)}"), names.setdefault(head, f"switch {len(names)}")))
    return Wiring(tuple(dict.fromkeys(name for pair in ends for name in pair)), tuple(ends), routers)


class _Classes:
    """Union of ends that are one device."""

    def __init__(self) -> None:
        self._parent: dict[tuple[object, str], tuple[object, str]] = {}

    def root(self, end: tuple[object, str]) -> tuple[object, str]:
        while (parent := self._parent.get(end, end)) != end:
            self._parent[end] = self._parent.get(parent, parent)
            end = parent
        return end

    def join(self, one: tuple[object, str], other: tuple[object, str]) -> None:
        self._parent[self.root(one)] = self.root(other)
