"""The paths that the packets of every demand take."""

from weakref import WeakKeyDictionary

import numpy as np

from nettwin.controlplane.forwarding import Forwarding, forwarding_of
from nettwin.controlplane.itineraries import Itineraries, plan_itineraries
from nettwin.scenario import Routing, Scenario
from nettwin.scenario.arrays import FloatArray, IntArray, frozen

MAX_PATHS = 64
"""Most paths that are spelled out for a demand (for each of its segment lists); ``link_loads`` knows no such limit."""

_remembered: "WeakKeyDictionary[Scenario, tuple[Routing, FloatArray]]" = WeakKeyDictionary()


def route(scenario: Scenario) -> Routing:
    """What the routers make of the policy in the network's present state. Remembered as long as the scenario lives.

    A demand that nothing leads to its target has no path. Where traffic spreads over more than ``MAX_PATHS`` equal-cost paths,
    as many tokens are dealt evenly at every node and their paths kept: see ``truncated_demands``.
    Raises ScenarioError or UnknownNameError for a policy that does not fit the topology.
    """
    return _routed(scenario)[0]


def n_equal_paths(scenario: Scenario) -> FloatArray:  # [demand]
    """How many different paths the traffic of each demand takes, 0 where unreachable; a float, for it grows exponentially."""
    return _routed(scenario)[1]


def truncated_demands(scenario: Scenario) -> IntArray:
    """Indices of the demands whose routing holds a sample of their paths because they have too many."""
    return np.flatnonzero(n_equal_paths(scenario) > np.bincount(route(scenario).path_demand, minlength=scenario.traffic.n_demands))


def _routed(scenario: Scenario) -> tuple[Routing, FloatArray]:
    if scenario not in _remembered:
        forwarding = forwarding_of(scenario)
        _remembered[scenario] = _spell_out(scenario.traffic.n_demands, plan_itineraries(scenario, forwarding), forwarding)
    return _remembered[scenario]


def _spell_out(n_demands: int, itineraries: Itineraries, forwarding: Forwarding) -> tuple[Routing, FloatArray]:
    from nettwin.controlplane.kernels import columns_of
    from nettwin.controlplane.walking import Map, Trips, count_trip_paths, walk

    way = Map(columns_of(forwarding.graph), forwarding.is_next, forwarding.n_paths)
    trips = Trips(itineraries.source, itineraries.share, itineraries.leg_offsets, itineraries.legs)
    counts = count_trip_paths(way, trips)
    owner, share, hop_offsets, hop_link = walk(way, trips, counts, MAX_PATHS)
    n_paths = np.bincount(itineraries.demand, weights=counts, minlength=n_demands)
    routing = Routing(n_demands, itineraries.demand[owner], share, hop_offsets, hop_link)
    return routing, frozen(n_paths.astype(np.float64))
