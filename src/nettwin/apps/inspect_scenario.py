"""What is odd about a scenario that is valid as such: found before an engine is asked."""

from dataclasses import dataclass

import numpy as np

from nettwin.controlplane import route
from nettwin.queueing.fitting import fitted
from nettwin.queueing.size_limits import LEAST_SHARE
from nettwin.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a planner would want to know."""

    what: str
    examples: tuple[str, ...]
    """The ids concerned."""


def findings(scenario: Scenario) -> list[Finding]:
    """Oddities, the gravest first; an empty list means that nothing was found."""
    found = (_unreachable_demands, _too_long_packets, _overloaded_links, _isolated_nodes, _idle_demands, _no_demands)
    return [finding for find in found if (finding := find(scenario)) is not None]


def _unreachable_demands(scenario: Scenario) -> Finding | None:
    return _finding("demands without a complete path", scenario.demand_ids, route(scenario).routed_share < 1 - 1e-9)


def _too_long_packets(scenario: Scenario) -> Finding | None:
    routing = route(scenario)
    is_cut = np.zeros(scenario.traffic.n_demands, dtype=np.bool_)
    is_cut[routing.hop_demand[fitted(scenario, routing).hop_fits < 1 - LEAST_SHARE]] = True
    return _finding("demands with packets longer than a buffer on their way, which always drops them", scenario.demand_ids, is_cut)


def _overloaded_links(scenario: Scenario) -> Finding | None:
    topology = scenario.topology
    load = route(scenario).link_load_bps(scenario.traffic.rate_bps, topology.n_links)
    return _finding("links offered more than their capacity", [link.id for link in topology.links], load > topology.capacity_bps)


def _isolated_nodes(scenario: Scenario) -> Finding | None:
    topology = scenario.topology
    degree = np.bincount(topology.link_source, minlength=topology.n_nodes) + np.bincount(topology.link_target, minlength=topology.n_nodes)
    return _finding("nodes without links", [node.id for node in topology.nodes], degree == 0)


def _idle_demands(scenario: Scenario) -> Finding | None:
    return _finding("demands with rate 0", scenario.demand_ids, scenario.traffic.rate_bps == 0)


def _no_demands(scenario: Scenario) -> Finding | None:
    return Finding("no demands: there is nothing to predict", ()) if scenario.traffic.n_demands == 0 else None


def _finding(what: str, ids: "tuple[str, ...] | list[str]", chosen: np.ndarray) -> Finding | None:
    examples = tuple(ids[i] for i in np.flatnonzero(chosen))
    return Finding(f"{len(examples)} {what}", examples) if examples else None
