"""From a flow over any paths to weighted segment lists, as far as these can follow it."""

from collections.abc import Iterable

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
    paths = _paths(flow, network, scenario, vectors, least_share)
    n_missing = 0
    for commodity, rows in _members(network, paths).items():
        for row in rows:
            allowed = [each for each in paths[commodity] if _is_allowed(admissible, row, each[0])]
            n_missing += len(paths[commodity]) - len(allowed)
            if row not in pinned and allowed:
                steering[row] = _mixed(allowed, steering.get(row, (((), 1.0),)), intent.limits.max_splits)
    return steering, n_missing


def _is_allowed(admissible: Admissible, row: int, detour: Detour) -> bool:
    if admissible.is_constrained(row):
        return admissible.allows(row, detour)
    return len(detour) <= admissible.max_segments


def _paths(
    flow: Generated, network: FlowNetwork, scenario: Scenario, vectors: SegmentVectors, least_share: float
) -> dict[int, list[tuple[Detour, float]]]:
    """For each commodity that leaves its present way: the detours along its paths, and their shares."""
    ways, share = flow.shares.ways, flow.shares.share
    paths: dict[int, list[tuple[Detour, float]]] = {}
    for way in np.flatnonzero((ways.key[:, 0] == NO_KEY) & (share >= least_share)):
        commodity = int(ways.demand[way])
        route = _route(network, ways, int(way), int(network.origin[commodity]))
        paths.setdefault(commodity, []).append((detour_along(vectors, scenario.topology, route), float(share[way])))
    return paths


def _members(network: FlowNetwork, commodities: Iterable[int]) -> dict[int, list[int]]:
    members: dict[int, list[int]] = {commodity: [] for commodity in commodities}
    for row in np.flatnonzero(np.isin(network.commodity, np.array(list(members), dtype=np.int64))):
        members[int(network.commodity[row])].append(int(row))
    return members


def _route(network: FlowNetwork, ways: Ways, way: int, origin: int) -> tuple[int, ...]:
    """The links of a path in order."""
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
