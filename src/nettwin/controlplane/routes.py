"""The paths that the packets of every demand take."""

from weakref import WeakKeyDictionary

import numpy as np

from nettwin.controlplane.by_topology import ByTopology
from nettwin.controlplane.forwarding import Forwarding, forwarding_of
from nettwin.controlplane.itineraries import Itineraries, plan_itineraries
from nettwin.scenario import Routing, RoutingPolicy, Scenario, Traffic
from nettwin.scenario.arrays import FloatArray, IntArray, frozen

MAX_PATHS = 64
"""Most paths that are spelled out for a demand (for each of its segment lists); ``link_loads`` knows no such limit."""

Routed = tuple[Routing, FloatArray]

_remembered: "WeakKeyDictionary[Scenario, Routed]" = WeakKeyDictionary()
_latest: "ByTopology[tuple[RoutingPolicy, Traffic, Routed]]" = ByTopology()


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


def _routed(scenario: Scenario) -> Routed:
    if scenario not in _remembered:
        _remembered[scenario] = _of_the_same_ends(scenario) or _routed_afresh(scenario)
    return _remembered[scenario]


def _of_the_same_ends(scenario: Scenario) -> Routed | None:
    """What another scenario with this topology, policy and these sources and targets was routed like: rates move no path."""
    known = _latest.get(scenario.topology)
    if known is None or known[0] != scenario.policy:
        return None
    has_same_ends = all(np.array_equal(getattr(known[1], end), getattr(scenario.traffic, end)) for end in ("source", "target"))
    return known[2] if has_same_ends else None


def _routed_afresh(scenario: Scenario) -> Routed:
    forwarding = forwarding_of(scenario)
    routed = _spell_out(scenario.traffic.n_demands, plan_itineraries(scenario, forwarding), forwarding)
    if not (scenario.policy.explicit_paths or scenario.policy.segment_lists):  # these name demands
        _latest.put(scenario.topology, (scenario.policy, scenario.traffic, routed))
    return routed


def _spell_out(n_demands: int, itineraries: Itineraries, forwarding: Forwarding) -> tuple[Routing, FloatArray]:
    from nettwin.controlplane.kernels import columns_of
    from nettwin.controlplane.walking import Map, Trips, count_trip_paths, next_links, walk

    graph = columns_of(forwarding.graph)
    offsets, links = next_links(graph, forwarding.is_next)
    way = Map(graph, offsets, links, forwarding.n_paths)
    trips = Trips(itineraries.source, itineraries.share, itineraries.leg_offsets, itineraries.legs)
    counts = count_trip_paths(way, trips)
    owner, share, hop_offsets, hop_link = walk(way, trips, counts, MAX_PATHS)
    n_paths = np.bincount(itineraries.demand, weights=counts, minlength=n_demands)
    routing = Routing(n_demands, itineraries.demand[owner], share, hop_offsets, hop_link)
    return routing, frozen(n_paths.astype(np.float64))
