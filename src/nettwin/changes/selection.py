"""How a change names what it is about: an id, or a pattern of ids such as ``Paris->*``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase

import numpy as np

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.scenario import Scenario, Topology
from nettwin.scenario.arrays import IntArray

PATTERN_SIGNS = "*?["


def nodes_named(topology: Topology, pattern: str) -> list[int]:
    """Indices of the nodes with this id or pattern. Raises UnknownNameError."""
    return _named("node", pattern, topology.node_index)


def links_named(topology: Topology, pattern: str, *, whole_circuit: bool = False) -> list[int]:
    """Indices of the links with this id or pattern, of links or circuits; with the other directions of their circuits, if wanted.

    A circuit ``A--B`` is found as ``B--A`` too: nobody remembers which end a file names first.
    """
    if pattern in topology.link_index:
        found = {topology.link_index[pattern]}
    elif circuit := next((name for name in (pattern, _turned(pattern)) if name in topology.circuits), None):
        found = set(topology.circuits[circuit])
    else:
        found = _links_like(topology, pattern)
    if whole_circuit:
        links = topology.links
        found = {member for index in found for member in topology.circuits[links[index].circuit or links[index].id]}
    return sorted(found)


def demands_named(scenario: Scenario, pattern: str) -> list[int]:
    """Indices of the demands with this id or pattern. Raises UnknownNameError."""
    return _named("demand", pattern, scenario.demand_index)


@dataclass(frozen=True, slots=True)
class Selection:
    """Some demands: those that meet every condition. Without conditions, all of them."""

    ids: tuple[str, ...] = ()
    """Ids or patterns; empty: any."""
    source: str = "*"
    target: str = "*"
    traffic_class: int | None = None

    def __str__(self) -> str:
        named = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return ", ".join(f"{name} {value}" for name, value in named.items()) or "every demand"

    def rows(self, scenario: Scenario) -> IntArray:
        """Indices of the selected demands, ascending. Raises UnknownNameError for a name, ScenarioError where none is left."""
        chosen = np.ones(scenario.traffic.n_demands, dtype=np.bool_)
        if self.ids:
            chosen[:] = False
            for pattern in self.ids:
                chosen[demands_named(scenario, pattern)] = True
        for pattern, column in ((self.source, scenario.traffic.source), (self.target, scenario.traffic.target)):
            if pattern != "*":
                chosen &= np.isin(column, nodes_named(scenario.topology, pattern))
        if self.traffic_class is not None:
            chosen &= scenario.traffic.traffic_class == self.traffic_class
        if not chosen.any():
            raise ScenarioError(f"none of {scenario.traffic.n_demands} demands is selected", where=str(self), hint="widen the selection")
        return np.flatnonzero(chosen)


EVERY_DEMAND = Selection()


def _turned(name: str) -> str:
    """``A--B`` as ``B--A``."""
    first, _, second = name.partition("--")
    return f"{second}--{first}"


def _links_like(topology: Topology, pattern: str) -> set[int]:
    names = [*topology.link_index, *topology.circuits]
    found = _like(names, pattern)
    if not found:
        raise UnknownNameError.among("link", pattern, dict.fromkeys(names))
    return {member for name in found for member in _members(topology, name)}


def _members(topology: Topology, name: str) -> tuple[int, ...]:
    return (topology.link_index[name],) if name in topology.link_index else topology.circuits[name]


def _named(kind: str, pattern: str, index: Mapping[str, int]) -> list[int]:
    if pattern in index:
        return [index[pattern]]
    found = [index[name] for name in _like(index, pattern)]
    if not found:
        raise UnknownNameError.among(kind, pattern, index)
    return found


def _like(names: Iterable[str], pattern: str) -> list[str]:
    if not any(sign in pattern for sign in PATTERN_SIGNS):
        return []
    return [name for name in names if fnmatchcase(name, pattern)]
