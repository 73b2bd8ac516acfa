"""What an answer rests on besides the networks' outputs: the columns of theory and scenario that its formulas read."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nettwin.predict.neural.arrays import NUMPY, Arrays, Column
from nettwin.predict.neural.prior import Prior
from nettwin.queueing.long_ways import COMMON


@dataclass(frozen=True, eq=False)
class DemandGround:
    """[demand]"""

    rate_bps: Column
    packet_rate: Column
    is_routed: Column  # theory knows a delay
    theory_loss: Column
    theory_throughput_bps: Column
    reference_s: Column
    floor: Column  # of the delay, relative to the reference
    size_variance: Column  # relative to the square of the reference
    load: Column  # largest offered load of a port on its paths
    n_nodes: Column  # of its network


@dataclass(frozen=True, eq=False)
class QueueGround:
    """[queue], but for the last."""

    is_used: Column
    arriving_packet_rate: Column
    sent_packet_rate: Column
    sent_bit_rate: Column
    theory_utilization: Column
    theory_loss: Column
    unit_s: Column  # mean packet time of what arrives
    window_s: Column
    capacity_bps: Column
    buffer_bits: Column
    room_packets: Column
    load: Column  # offered, of its port
    offered_utilization: Column  # its own part of it
    in_platoons: Column  # share of its work behind longer packets from earlier hops
    size_share: Column  # how far these undo a packet's own size
    common_hops: Column  # that a packet has had in common with another one of its queue
    n_nodes: Column
    link: Column
    link_capacity_bps: Column  # [link]


@dataclass(frozen=True, eq=False)
class HopGround:
    """[hop], but for what begins with path."""

    path: Column
    queue: Column
    variance: Column  # of the wait by theory, relative to the square of the reference
    path_demand: Column
    path_share: Column
    path_fixed: Column  # propagation and transmission, relative to the reference


@dataclass(frozen=True, eq=False)
class Ground:
    """One network or several side by side."""

    arrays: Arrays
    demands: DemandGround
    queues: QueueGround
    hops: HopGround
    duration_s: float
    delay_cap_s: float

    @property
    def n_demands(self) -> int:
        return len(self.demands.rate_bps)

    def per_link(self, per_queue: Column) -> Column:
        """Sums over the queues of each port."""
        return self.arrays.sums(per_queue, self.queues.link, len(self.queues.link_capacity_bps))

    def per_path(self, per_hop: Column) -> Column:
        return self.arrays.sums(per_hop, self.hops.path, len(self.hops.path_demand))

    def per_demand(self, per_path: Column) -> Column:
        return self.arrays.sums(per_path, self.hops.path_demand, self.n_demands)

    def demand_of_hop(self, per_hop: Column) -> Column:
        """Sums over all hops of each demand."""
        return self.per_demand(self.per_path(per_hop))


def ground_of(prior: Prior) -> Ground:
    """The columns of theory's answer on the processor."""
    physics, hops, observation = prior.graph.physics, prior.state.network.hops, prior.scenario.observation
    return Ground(
        arrays=NUMPY,
        demands=_demands(prior),
        queues=queue_ground(prior.answer.queues, prior.state, prior.parts.nodes_by_queue, NUMPY),
        hops=HopGround(hops.path, hops.queue, physics.hop_variance, hops.demand, prior.graph.path_share, physics.path_fixed),
        duration_s=observation.duration_s,
        delay_cap_s=observation.delay_cap_s,
    )


def _demands(prior: Prior) -> DemandGround:
    theory, physics, traffic, hops = prior.answer.demands, prior.graph.physics, prior.scenario.traffic, prior.state.network.hops
    return DemandGround(
        rate_bps=traffic.rate_bps,
        packet_rate=traffic.packet_rate,
        is_routed=np.isfinite(theory.delay_s),
        theory_loss=theory.loss_ratio,
        theory_throughput_bps=theory.throughput_bps,
        reference_s=physics.reference_s,
        floor=physics.demand_floor,
        size_variance=physics.demand_size_variance,
        load=NUMPY.largest(link_load(prior.state)[hops.link], hops.demand[hops.path], traffic.n_demands),
        n_nodes=prior.parts.nodes_by_demand,
    )


def queue_ground(theory: Any, state: Any, nodes_by_queue: Column, xp: Arrays) -> QueueGround:
    """From theory's utilization, loss and waits of queues and its state, of arrays or tensors."""
    carried, ports = state.carried, state.network.ports
    return QueueGround(
        is_used=xp.is_finite(state.queues.wait_s) & (carried.sent_packet_rate > 0),
        arriving_packet_rate=carried.arriving.packet_rate,
        sent_packet_rate=carried.sent_packet_rate,
        sent_bit_rate=carried.sent_bit_rate,
        theory_utilization=theory.utilization,
        theory_loss=theory.loss_ratio,
        unit_s=state.service_s,
        window_s=state.window_s,
        capacity_bps=ports.queue_capacity_bps,
        buffer_bits=ports.buffer_bits,
        room_packets=ports.buffer_packets + xp.where(ports.holds_packet_in_service, 0.0, 1.0),
        load=link_load(state)[ports.link_of_queue],
        offered_utilization=state.network.offered.bit_rate / ports.queue_capacity_bps,
        in_platoons=state.in_platoons,
        size_share=state.network.platoons.size_share,
        common_hops=_common_hops(state),
        n_nodes=nodes_by_queue,
        link=ports.link_of_queue,
        link_capacity_bps=ports.capacity_bps,
    )


def _common_hops(state: Any) -> Column:  # [queue]
    ways = state.network.long_ways
    return 0.0 * state.service_s if ways is None else ways.queues[:, COMMON]  # none: no way has more than a few hops


def link_load(state: Any) -> Column:  # [link]
    """Offered load over capacity, from theory's state of arrays or tensors."""
    ports = state.network.ports
    return ports.per_link(state.network.offered.bit_rate) / ports.capacity_bps
