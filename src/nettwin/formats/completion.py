"""From a draft to a scenario: lengths, metrics, capacities and traffic that a file lacks, each reported as generated.

Everything is a function of the draft, the assumptions and their seed.
"""

import math
from dataclasses import replace

import numpy as np

from nettwin.controlplane import link_loads
from nettwin.errors import LimitError, NettwinError
from nettwin.formats.assumptions import Assumptions, MetricRule
from nettwin.formats.circuits import Circuit, directions, links_of
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.draft import Draft, Plane
from nettwin.formats.magnitudes import check_magnitudes
from nettwin.generate.capacities import dimension
from nettwin.generate.geography import fibre_delay_of_length_s, great_circle_m
from nettwin.generate.gravity import capacity_weights, degree_weights, gravity_matrix
from nettwin.scenario import CapacityModule, Link, Node, Scenario, Topology, Traffic
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

LINE_RATES_BPS = (2.048e6, 34.368e6, 155.52e6, 622.08e6, 1e9, 2.5e9, 10e9, 40e9, 100e9, 400e9)
"""E1, E3, STM-1, STM-4, and Ethernet: what missing capacities are chosen from."""

MAX_NODES = 5_000


def complete(draft: Draft, assumptions: Assumptions, log: CoverageLog) -> Scenario:
    """The scenario. Raises ScenarioError or UnknownNameError where the draft contradicts itself."""
    try:
        return _complete(draft, assumptions, log)
    except NettwinError as error:
        raise error.at(draft.where) from error


def _complete(draft: Draft, assumptions: Assumptions, log: CoverageLog) -> Scenario:
    _check_size(draft)
    check_magnitudes(draft)
    circuits = _with_metrics(_with_lengths(draft, log), assumptions, log)
    topology = Topology(draft.nodes, links_of(circuits, assumptions.scheduling), metadata=dict(draft.metadata))
    is_missing = np.array([circuit.capacity_bps is None for circuit in circuits for _ in directions(circuit)], dtype=np.bool_)
    traffic = _traffic(draft, topology, is_missing, assumptions, log)
    topology = _with_capacities(Scenario(topology, traffic), is_missing, assumptions, log)
    log.modelled("buffer", note=f"generated: {assumptions.buffer_packets:g} packets, FIFO, on every port", count=topology.n_links)
    return Scenario(topology, traffic, name=draft.name)


def _check_size(draft: Draft) -> None:
    """Loads under shortest paths, which what is missing is made from, take memory for each pair of nodes."""
    is_silent = draft.demands is None or any(circuit.capacity_bps is None for circuit in draft.circuits)
    if is_silent and len(draft.nodes) > MAX_NODES:
        raise LimitError(
            f"{len(draft.nodes)} nodes, and capacities or traffic are missing; they are made for up to {MAX_NODES}",
            hint="leave parts out, or write capacities and demands into a file of another format",
        )


def _with_lengths(draft: Draft, log: CoverageLog) -> list[Circuit]:
    nodes = {node.id: node for node in draft.nodes}
    result = []
    for circuit in draft.circuits:
        length = circuit.length_m
        if length is None and circuit.source in nodes and circuit.target in nodes:
            length = _distance_m(nodes[circuit.source], nodes[circuit.target], draft.plane)
        if length is not None and circuit.propagation_delay_s is None:
            source = "of its length" if circuit.length_m is not None else f"generated: straight between {draft.plane} positions"
            log.modelled("propagation delay", note=f"{source}, fibre at 2e8 m/s")
        result.append(_with_length(circuit, length, log))
    return result


def _with_length(circuit: Circuit, length_m: float | None, log: CoverageLog) -> Circuit:
    if circuit.propagation_delay_s is not None:
        return replace(circuit, length_m=length_m)
    if length_m is None:
        log.modelled("propagation delay", note="generated: 0, no lengths are known")
        return replace(circuit, propagation_delay_s=0.0)
    return replace(circuit, length_m=length_m, propagation_delay_s=fibre_delay_of_length_s(length_m))


def _distance_m(source: Node, target: Node, plane: Plane) -> float | None:
    if source.position is None or target.position is None or plane is Plane.UNKNOWN:
        return None
    if plane is Plane.GEOGRAPHICAL:
        return great_circle_m(source.position, target.position)
    return 1e3 * math.dist(source.position, target.position)


def _with_metrics(circuits: list[Circuit], assumptions: Assumptions, log: CoverageLog) -> list[Circuit]:
    n_missing = sum(circuit.metric is None for circuit in circuits)
    by_distance = assumptions.metric is MetricRule.DISTANCE and all(c.length_m is not None for c in circuits if c.metric is None)
    rule = "its length in kilometres, at least 1" if by_distance else "1 everywhere"
    log.modelled("metric", note=f"generated: {rule}", count=n_missing)
    return [circuit if circuit.metric is not None else replace(circuit, metric=_metric(circuit, by_distance)) for circuit in circuits]


def _metric(circuit: Circuit, by_distance: bool) -> float:
    return max(1.0, float(round((circuit.length_m or 0.0) / 1e3))) if by_distance else 1.0


def _traffic(draft: Draft, topology: Topology, is_missing: BoolArray, assumptions: Assumptions, log: CoverageLog) -> Traffic:
    if draft.demands is None:
        return _gravity(draft, topology, is_missing, assumptions, log)
    traffic = Traffic.of(draft.demands, topology)
    total = float(traffic.rate_bps.sum())
    if assumptions.total_bps is None or total == 0:
        return traffic
    log.modelled("demand rates", note=f"generated: scaled to {assumptions.total_bps:g} bit/s in all", count=traffic.n_demands)
    return replace(traffic, rate_bps=traffic.rate_bps * (assumptions.total_bps / total))


def _gravity(draft: Draft, topology: Topology, is_missing: BoolArray, assumptions: Assumptions, log: CoverageLog) -> Traffic:
    weights = degree_weights(topology) if is_missing.any() else capacity_weights(topology)
    weights = weights * np.random.default_rng(assumptions.seed).lognormal(sigma=0.5, size=topology.n_nodes)
    chosen = _talkers(draft, topology, weights, assumptions.max_demands)
    if len(chosen) < 2:
        log.ignored("traffic", note="no two nodes are connected; the scenario has no demands")
        return Traffic.of((), topology)
    total = assumptions.total_bps or assumptions.node_bps * topology.n_nodes
    rates = gravity_matrix(weights[chosen], total)
    traffic = _between(chosen, rates)
    if assumptions.total_bps is None:
        traffic = _fitted(traffic, topology, ~is_missing, assumptions.max_utilization)
    note = (
        f"generated: gravity between {len(chosen)} of {topology.n_nodes} nodes, seed {assumptions.seed}, {traffic.rate_bps.sum():.4g} bit/s"
    )
    log.modelled("demand", note=note, count=traffic.n_demands)
    return traffic


def _talkers(draft: Draft, topology: Topology, weights: FloatArray, max_demands: int) -> IntArray:
    """The heaviest nodes that are not quiet, of the largest connected part, in their order."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    shape = (topology.n_nodes, topology.n_nodes)
    links = coo_array((np.ones(topology.n_links), (topology.link_source, topology.link_target)), shape=shape)
    _, part = connected_components(links, connection="strong")
    may_talk = part == np.argmax(np.bincount(part))
    may_talk &= np.array([node.id not in draft.quiet_nodes for node in topology.nodes])
    n_most = int((1 + math.sqrt(1 + 4 * max_demands)) / 2)
    heaviest = np.argsort(np.where(may_talk, -weights, np.inf), kind="stable")[: min(n_most, int(may_talk.sum()))]
    return np.sort(heaviest)


def _between(chosen: IntArray, rates: FloatArray) -> Traffic:
    matrix = Traffic.from_matrix(rates)
    return replace(matrix, source=chosen[matrix.source], target=chosen[matrix.target])


def _fitted(traffic: Traffic, topology: Topology, is_known: BoolArray, max_utilization: float) -> Traffic:
    """Scaled such that the busiest link whose capacity is known carries ``max_utilization`` of it."""
    if not is_known.any():
        return traffic
    utilization = float((link_loads(Scenario(topology, traffic)) / topology.capacity_bps)[is_known].max())
    return traffic if utilization == 0 else replace(traffic, rate_bps=traffic.rate_bps * (max_utilization / utilization))


def _with_capacities(scenario: Scenario, is_missing: BoolArray, assumptions: Assumptions, log: CoverageLog) -> Topology:
    if not is_missing.any():
        return scenario.topology
    most = assumptions.max_utilization
    usual = dimension(scenario.topology, scenario.traffic, max_utilization=most, modules_bps=LINE_RATES_BPS)
    needed = _needed_bps(scenario, most) if any(link.planning.modules for link in usual.links) else {}
    links = []
    for before, link, is_open in zip(scenario.topology.links, usual.links, is_missing.tolist(), strict=True):
        if not is_open:
            links.append(before)
        elif link.planning.modules:
            log.modelled("capacity", note=f"generated: cheapest of its modules for at most {most:g} utilization under shortest paths")
            links.append(replace(link, capacity_bps=_cheapest(link, needed[link.circuit or link.id])))
        else:
            log.modelled("capacity", note=f"generated: smallest line rate for at most {most:g} utilization under shortest paths")
            links.append(link)
    return replace(scenario.topology, links=tuple(links))


def _needed_bps(scenario: Scenario, max_utilization: float) -> dict[str, float]:
    load_bps = link_loads(scenario)
    return {name: float(load_bps[list(members)].max()) / max_utilization for name, members in scenario.topology.circuits.items()}


def _cheapest(link: Link, needed_bps: float) -> float:
    """As many of one module as it takes; which one is decided by cost, then by capacity."""

    def offer(module: CapacityModule) -> tuple[float, float]:
        capacity = module.capacity_bps if math.isfinite(module.capacity_bps) else max(needed_bps, 1.0)
        count = max(1, math.ceil(needed_bps / capacity))
        return count * module.cost, count * capacity

    return min(offer(module) for module in link.planning.modules)[1]
