"""From a flow over any paths to weighted segment lists, as far as these can follow it."""

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.intent import Intent
from nettwin.optimize.lp.flow_network import FlowNetwork
from nettwin.optimize.lp.generation import NO_KEY, Generated, Start, Ways
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.allowed_routes import detour_along
from nettwin.optimize.steering.crossings import crossings
from nettwin.optimize.steering.detours import Detour, steering_of
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario

Steering = dict[int, tuple[tuple[Detour, float], ...]]
_PRESENT = 0
"""The key of the way that a commodity takes now."""


def present_flow(network: FlowNetwork, scenario: Scenario) -> Start:
    """Every commodity as it flows now, ECMP splits and policies included, as one way."""
    n = len(network.rate_bps)
    counted = np.flatnonzero(network.commodity >= 0)
    rate = scenario.traffic.rate_bps[counted]
    crossed = csr_array(crossings(scenario))[counted][:, network.link]
    gather = csr_array((rate, (network.commodity[counted], np.arange(len(counted)))), shape=(n, len(counted)))
    usage = csc_array(diags_array(1.0 / network.capacity_bps) @ (gather @ crossed).T)
    return Start.at(Ways(np.arange(n), np.full((n, 1), _PRESENT, dtype=np.int32), usage, np.zeros(n)))


def segment_lists_of(flow: Generated, network: FlowNetwork, scenario: Scenario, intent: Intent, least_share: float) -> tuple[Steering, int]:
    """The steering along the flow's paths, and how many of them it had to leave out.

    What is left out, and what stays on the present way, keeps to the present detours of its demand.
    """
    vectors = SegmentVectors.of(forwarding_of(scenario))
    admissible = Admissible.of(scenario, intent, vectors)
    steering: Steering = dict(steering_of(scenario))
    pinned = {scenario.index_of_demand(name) for name in scenario.policy.explicit_paths}
    n_missing = 0
    ways, share = flow.shares.ways, flow.shares.share
    moved = np.unique(ways.demand[np.all(ways.key == NO_KEY, axis=1) & (share >= least_share)])
    demands = _members(network, moved)
    for commodity in moved:
        index = np.flatnonzero((ways.demand == commodity) & (share >= least_share))
        paths = [(int(way), _route(network, ways, int(way), int(network.origin[commodity]))) for way in index]
        for row in demands[int(commodity)]:
            allowed = [
                (detour, float(share[way]))
                for way, route in paths
                if route and admissible.allows(row, detour := detour_along(vectors, scenario.topology, route))
            ]
            n_missing += sum(bool(route) for _, route in paths) - len(allowed)
            if row not in pinned:
                steering[row] = _mixed(allowed, steering.get(row, (((), 1.0),)), intent.limits.max_splits)
    return steering, n_missing


def _members(network: FlowNetwork, commodities: np.ndarray) -> dict[int, list[int]]:
    rows = np.flatnonzero(np.isin(network.commodity, commodities))
    members: dict[int, list[int]] = {int(commodity): [] for commodity in commodities}
    for row in rows:
        members[int(network.commodity[row])].append(int(row))
    return members


def _route(network: FlowNetwork, ways: Ways, way: int, origin: int) -> tuple[int, ...]:
    """The links of a path in order; empty for the present way."""
    if ways.key[way, 0] == _PRESENT:
        return ()
    arcs = ways.usage.indices[ways.usage.indptr[way] : ways.usage.indptr[way + 1]]
    leaving = {int(network.source[arc]): int(arc) for arc in arcs}
    route, here = [], origin
    while here in leaving:
        arc = leaving.pop(here)
        route.append(int(network.link[arc]))
        here = int(network.target[arc])
    return tuple(route)


def _mixed(paths: list[tuple[Detour, float]], now: tuple[tuple[Detour, float], ...], max_splits: int) -> tuple[tuple[Detour, float], ...]:
    """The heaviest lists: those along paths, and the present ones with what is left."""
    rest = max(1.0 - sum(weight for _, weight in paths), 0.0)
    weights: dict[Detour, float] = {}
    for detour, weight in [*paths, *((detour, rest * weight) for detour, weight in now)]:
        weights[detour] = weights.get(detour, 0.0) + weight
    heaviest = sorted(((weight, detour) for detour, weight in weights.items() if weight > 0), reverse=True)[:max_splits]
    total = sum(weight for weight, _ in heaviest)
    return tuple((detour, weight / total) for weight, detour in heaviest)
