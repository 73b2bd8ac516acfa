"""A policy reduced to one thing: for every share of a demand, the places it must pass, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane.explicit import explicit_itineraries
from nettwin.controlplane.forwarding import Forwarding
from nettwin.controlplane.segment_routing import segment_itineraries
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

Steered = tuple[float, tuple[int, ...]]
"""A share of a demand and its legs."""


@dataclass(frozen=True, eq=False)
class Itineraries:
    """Ragged columns. A leg that is a node index: follow the forwarding to this node. A leg ``~link``: cross this link."""

    demand: IntArray  # [itinerary] not decreasing
    source: IntArray  # [itinerary] node
    share: FloatArray  # [itinerary] of the demand
    leg_offsets: IntArray  # [itinerary + 1]
    legs: IntArray  # [leg]


def plan_itineraries(scenario: Scenario, forwarding: Forwarding) -> Itineraries:
    """The itineraries of all demands; what cannot arrive has none.

    Raises ScenarioError for an explicit path that is not connected or shares that do not add up to 1.
    """
    traffic = scenario.traffic
    steered = steered_demands(scenario)
    plain = np.isfinite(forwarding.distance[traffic.target, traffic.source])
    plain[steered] = False
    rows = [(demand, *each) for demand in steered for each in _steer(scenario, forwarding, demand)]
    return _merge(scenario, plain, rows)


def steered_demands(scenario: Scenario) -> list[int]:
    """Indices of the demands with an explicit path or segment lists, ascending."""
    policy = scenario.policy
    return sorted({scenario.index_of_demand(name) for name in (*policy.explicit_paths, *policy.segment_lists)})


def _steer(scenario: Scenario, forwarding: Forwarding, demand: int) -> list[Steered]:
    name, policy = scenario.demand_ids[demand], scenario.policy
    ends = int(scenario.traffic.source[demand]), int(scenario.traffic.target[demand])
    if name in policy.explicit_paths:
        return explicit_itineraries(name, policy.explicit_paths[name], ends, scenario.topology, forwarding.graph)
    return segment_itineraries(name, policy.segment_lists[name], ends, scenario.topology, forwarding)


def _merge(scenario: Scenario, plain: BoolArray, rows: Sequence[tuple[int, float, tuple[int, ...]]]) -> Itineraries:
    plain_demand = np.flatnonzero(plain)
    demand = np.concatenate([plain_demand, np.array([row[0] for row in rows], dtype=np.int64)])
    share = np.concatenate([np.ones(len(plain_demand)), np.array([row[1] for row in rows], dtype=np.float64)])
    n_legs = np.concatenate([np.ones(len(plain_demand), dtype=np.int64), np.array([len(row[2]) for row in rows], dtype=np.int64)])
    steered_legs = np.array([leg for row in rows for leg in row[2]], dtype=np.int64)
    legs = np.concatenate([scenario.traffic.target[plain_demand].astype(np.int64), steered_legs])
    order = np.argsort(demand, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(n_legs[order])]).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(n_legs)])[:-1][order]
    place = np.repeat(starts - offsets[:-1], n_legs[order]) + np.arange(offsets[-1])
    return Itineraries(demand[order], scenario.traffic.source[demand[order]], share[order], offsets, legs[place])
