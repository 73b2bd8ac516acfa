"""A response surface: how waits and losses of all queues follow the loads, drawn to what the twin says of the network as it is."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.limits import Limits
from nettwin.optimize.steering.detours import Detour, steering_of
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.optimize.twin_guided import kernels
from nettwin.optimize.twin_guided.importance import Importance
from nettwin.optimize.twin_guided.kernels import DIRECT, FIFO, FIXED, SHARED, STRICT, Flows, Model, Pairs, Ports
from nettwin.performance import HopPerformance
from nettwin.scenario import Discipline, Scenario, Topology
from nettwin.scenario.arrays import FloatArray, IntArray

MOST_ROOM = 400.0
"""Packets: beyond that a buffer is as good as endless, and its formula out of the range of numbers."""
FACTORS = (0.05, 20.0)
"""What the twin says over what the formula says is kept in this range: near empty queues quotients mean nothing."""
_KINDS = {Discipline.FIFO: FIFO, Discipline.STRICT_PRIORITY: STRICT}


@dataclass(frozen=True, eq=False)
class Surface:
    """Everything that a descent needs to know of a scenario."""

    model: Model
    way: IntArray  # [demand] node, DIRECT or FIXED

    def shaken(self, rng: np.random.Generator, sigma: float) -> "Surface":
        """The same with factors that differ by chance: a descent on it goes another way."""
        ports = self.model.ports
        noise = rng.lognormal(sigma=sigma, size=len(ports.wait_factor))
        return replace(self, model=self.model._replace(ports=ports._replace(wait_factor=ports.wait_factor * noise)))


def surface_of(scenario: Scenario, hops: HopPerformance, importance: Importance, limits: Limits) -> Surface:
    """The surface near a scenario whose performance is known hop by hop."""
    flows = _flows(scenario, importance)
    way = ways_of(scenario)
    pairs = _pairs(scenario, hops, way)
    most = np.inf if limits.max_utilization is None else float(limits.max_utilization)
    load = np.bincount(hops.queue, hops.weight * scenario.traffic.rate_bps[hops.demand], scenario.topology.n_queues)
    ports = _ports(scenario, hops, most, importance.utilization)
    return Surface(Model(_calibrated(ports, hops, load.astype(np.float64)), flows, pairs), way)


def ways_of(scenario: Scenario) -> IntArray:  # [demand]
    """Of each demand the node that it makes a detour over, ``DIRECT``, or ``FIXED`` where it is less simple."""
    way = np.full(scenario.traffic.n_demands, DIRECT, dtype=np.int64)
    for row, detours in steering_of(scenario).items():
        way[row] = _way(detours)
    for name in scenario.policy.explicit_paths:
        way[scenario.index_of_demand(name)] = FIXED
    return way


def _way(detours: tuple[tuple[Detour, float], ...]) -> int:
    if len(detours) != 1 or len(detours[0][0]) > 1:
        return FIXED
    detour = detours[0][0]
    return (detour[0] if detour[0] >= 0 else FIXED) if detour else DIRECT


def _ports(scenario: Scenario, hops: HopPerformance, most_utilization: float, utilization_weight: float) -> Ports:
    topology, queues = scenario.topology, scenario.topology.queues
    total = np.bincount(queues.link, queues.weight, topology.n_links)
    bits = scenario.traffic.mean_size_bits
    packets = np.maximum(hops.weight * scenario.traffic.packet_rate[hops.demand], 1e-12)
    n_packets = np.bincount(hops.queue, packets, topology.n_queues)
    mean = float(bits.mean()) if len(bits) else 8000.0
    size = np.where(
        n_packets > 0, np.bincount(hops.queue, packets * bits[hops.demand], topology.n_queues) / np.maximum(n_packets, 1e-12), mean
    )
    return Ports(
        capacity_bps=np.array(topology.capacity_bps),
        fixed_s=topology.propagation_delay_s + mean / topology.capacity_bps,
        first_queue=np.array(queues.offsets, dtype=np.int64),
        kind=np.array([_KINDS.get(link.scheduling.discipline, SHARED) for link in topology.links], dtype=np.int64),
        share=queues.weight / total[queues.link],
        room=_room(topology, size),
        packet_bits=size,
        wait_factor=np.ones(topology.n_queues),
        loss_factor=np.ones(topology.n_queues),
        most_utilization=most_utilization,
        utilization_weight=utilization_weight,
    )


def _room(topology: Topology, packet_bits: FloatArray) -> FloatArray:  # [queue]
    queues = topology.queues
    packets = np.minimum(np.minimum(queues.buffer_packets, queues.buffer_bits / packet_bits), MOST_ROOM)
    return np.asarray(np.maximum(packets, 1.0))


def _calibrated(ports: Ports, hops: HopPerformance, load_bps: FloatArray) -> Ports:
    """Factors by which formulas and twin differ, queue by queue; where nothing flows, the median."""
    n_queues = len(ports.share)
    weight = np.maximum(hops.weight, 1e-12)
    total = np.bincount(hops.queue, weight, n_queues)
    wait, loss = kernels.figures_of_queues(ports, load_bps)
    said = [np.bincount(hops.queue, weight * np.nan_to_num(each), n_queues) for each in (hops.wait_s, hops.loss_ratio)]
    factors = [_factor(mean / np.maximum(total, 1e-12), formula, total > 0) for mean, formula in zip(said, (wait, loss), strict=True)]
    return ports._replace(wait_factor=factors[0], loss_factor=factors[1])


def _factor(said: FloatArray, formula: FloatArray, is_used: np.ndarray) -> FloatArray:  # [queue]
    is_known = is_used & (formula > 1e-9)
    factor = np.clip(said / np.maximum(formula, 1e-12), *FACTORS)
    usual = float(np.median(factor[is_known])) if bool(is_known.any()) else 1.0
    return np.where(is_known, factor, usual)


def _flows(scenario: Scenario, importance: Importance) -> Flows:
    traffic = scenario.traffic
    n_classes = max(traffic.n_classes, 1)
    return Flows(
        source=traffic.source.astype(np.int64),
        target=traffic.target.astype(np.int64),
        rate_bps=np.array(traffic.rate_bps),
        queue=scenario.topology.queue_by_class(n_classes).astype(np.int64),
        traffic_class=traffic.traffic_class.astype(np.int64),
        wait_weight=importance.wait,
        fixed_weight=importance.fixed,
        loss_weight=importance.loss,
    )


def _pairs(scenario: Scenario, hops: HopPerformance, way: IntArray) -> Pairs:
    vectors = SegmentVectors.of(forwarding_of(scenario))
    is_fixed = way[hops.demand] == FIXED
    demand, link, share = hops.demand[is_fixed], hops.link[is_fixed], hops.weight[is_fixed]
    offsets = np.searchsorted(demand, np.arange(len(way) + 1))
    return Pairs(
        n_nodes=vectors.n_nodes,
        offsets=np.array(vectors.offsets, dtype=np.int64),
        link=np.array(vectors.link, dtype=np.int64),
        fraction=np.array(vectors.fraction),
        fixed_offsets=offsets.astype(np.int64),
        fixed_link=link.astype(np.int64),
        fixed_fraction=share.astype(np.float64),
    )
