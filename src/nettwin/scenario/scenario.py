"""A scenario: the question. Topology, traffic, routing policy, and how it is observed."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.scenario.routing import ForwardingTable, RoutingPolicy
from nettwin.scenario.topology import Topology
from nettwin.scenario.traffic import Traffic, default_demand_id


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
            raise ScenarioError(
                f"{self}", where="observation", hint="duration and cap positive, warm-up finite and not negative"
            )


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
        if self.traffic.ids:
            return self.traffic.ids
        names = [node.id for node in self.topology.nodes]
        columns = zip(self.traffic.source.tolist(), self.traffic.target.tolist(), self.traffic.traffic_class.tolist(), strict=True)
        return _distinct([default_demand_id(names[s], names[t], c) for s, t, c in columns])

    @cached_property
    def demand_index(self) -> Mapping[str, int]:
        return MappingProxyType({name: index for index, name in enumerate(self.demand_ids)})

    def index_of_demand(self, demand_id: str) -> int:
        if demand_id not in self.demand_index:
            raise UnknownNameError.among("demand", demand_id, self.demand_index)
        return self.demand_index[demand_id]


def _distinct(names: list[str]) -> tuple[str, ...]:
    if len(set(names)) == len(names):
        return tuple(names)
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(result)
