"""A scenario: the question. Topology, traffic, routing policy, and how it is observed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from weakref import WeakKeyDictionary

import numpy as np

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.scenario.routing import ForwardingTable, RoutingPolicy
from nettwin.scenario.topology import Node, Topology
from nettwin.scenario.traffic import Traffic, default_demand_id, named_demands


@dataclass(frozen=True, slots=True)
class Observation:
    """The window of time that the answer is about."""

    duration_s: float = math.inf
    """How long is observed, after the warm-up. Infinite: the steady state."""
    warm_up_s: float = 0.0
    """What is left out at the start; the network is empty at time 0."""
    delay_cap_s: float = math.inf
    """Longer delays are recorded as this (some measuring systems saturate)."""

    def __post_init__(self) -> None:
        if not (self.duration_s > 0 and 0 <= self.warm_up_s < math.inf and self.delay_cap_s > 0):
            raise ScenarioError(f"{self}", where="observation", hint="duration and cap positive, warm-up finite and not negative")


@dataclass(frozen=True, eq=False)
class Scenario:
    """Everything a predictor needs to know. Never changed: a what-if is a new scenario that shares the rest."""

    topology: Topology
    traffic: Traffic
    policy: RoutingPolicy = RoutingPolicy()
    observation: Observation = Observation()
    name: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        ends = (self.traffic.source, self.traffic.target)
        for column in ends:
            if len(column) and not (int(column.min()) >= 0 and int(column.max()) < self.topology.n_nodes):
                row = int(np.argmax((column < 0) | (column >= self.topology.n_nodes)))
                raise ScenarioError(f"its end is node {column[row]}, there are {self.topology.n_nodes}", where=f"demand {row}")
        self._check_policy()

    def _check_policy(self) -> None:
        base = self.policy.base
        n = self.topology.n_nodes
        if isinstance(base, ForwardingTable) and base.next_link.shape != (n, n):
            raise ScenarioError(f"the table is {base.next_link.shape}", where="forwarding table", hint=f"it must be ({n}, {n})")
        for demand in (*self.policy.explicit_paths, *self.policy.segment_lists):
            self.index_of_demand(demand)

    @cached_property
    def demand_ids(self) -> tuple[str, ...]:
        """The traffic's ids, or names after the ends; repeated ones get ``#2``, ``#3``, ..."""
        return _names_of(self.traffic, self.topology.nodes).ids

    @cached_property
    def demand_index(self) -> Mapping[str, int]:
        return _names_of(self.traffic, self.topology.nodes).index

    def index_of_demand(self, demand_id: str) -> int:
        if demand_id not in self.demand_index:
            raise UnknownNameError.among("demand", demand_id, self.demand_index)
        return self.demand_index[demand_id]


@dataclass(frozen=True, slots=True)
class _Names:
    """The ids of all demands, given the names of the nodes."""

    nodes: tuple[Node, ...]
    ids: tuple[str, ...]
    index: Mapping[str, int]


# A what-if that shares its traffic and nodes with another scenario shares the ids too: they cost more than all else.
_remembered: "WeakKeyDictionary[Traffic, _Names]" = WeakKeyDictionary()


def _names_of(traffic: Traffic, nodes: tuple[Node, ...]) -> _Names:
    names = _remembered.get(traffic)
    if names is None or (names.nodes is not nodes and not traffic.ids):
        ids = traffic.ids or _named_after_ends(traffic, [node.id for node in nodes])
        names = _Names(nodes, ids, MappingProxyType({name: row for row, name in enumerate(ids)}))
        _remembered[traffic] = names
    return names


def _named_after_ends(traffic: Traffic, names: list[str]) -> tuple[str, ...]:
    columns = zip(traffic.source.tolist(), traffic.target.tolist(), traffic.traffic_class.tolist(), strict=True)
    ids = [default_demand_id(names[source], names[target], traffic_class) for source, target, traffic_class in columns]
    return tuple(ids) if len(set(ids)) == len(ids) else named_demands([("", name) for name in ids])
