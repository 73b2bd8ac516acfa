"""What an answer rests on besides the networks' outputs, on tensors: as ``nettwin.predict.neural.ground``."""

import torch
from torch import Tensor

from nettwin.predict.neural.batch import Batch
from nettwin.predict.neural.differentiable.facts import Solved
from nettwin.predict.neural.ground import DemandGround, Ground, HopGround, QueueGround
from nettwin.predict.neural.tensor_arrays import TENSORS
from nettwin.queueing.differentiable.gathering import at, over


def ground_of_solved(solved: Solved, batch: Batch, reference_s: Tensor) -> Ground:
    """The columns of theory's answer; hops and paths in the order of the batch."""
    facts, physics, hops = solved.facts, batch.physics, solved.state.network.hops
    link_load = _link_load(solved)
    return Ground(
        arrays=TENSORS,
        demands=_demands(solved, batch, reference_s, at(link_load, hops.link)),
        queues=_queues(solved, link_load),
        hops=HopGround(
            batch.hop_path, batch.hop_queue, physics.hop_variance.double(), batch.path_demand, batch.path_share, physics.path_fixed
        ),
        duration_s=facts.duration_s,
        delay_cap_s=solved.senders.delay_cap_s,
    )


def _demands(solved: Solved, batch: Batch, reference_s: Tensor, hop_load: Tensor) -> DemandGround:
    senders, figures, hops = solved.senders, solved.figures, solved.state.network.hops
    return DemandGround(
        rate_bps=senders.rate_bps,
        packet_rate=senders.packet_rate,
        is_routed=figures.has_delay,
        theory_loss=figures.loss_ratio,
        theory_throughput_bps=figures.throughput_bps,
        reference_s=reference_s,
        floor=batch.physics.demand_floor.double(),
        size_variance=batch.physics.demand_size_variance.double(),
        load=TENSORS.largest(hop_load, at(hops.demand, hops.path), len(reference_s)),
        n_nodes=solved.facts.nodes_by_demand,
    )


def _queues(solved: Solved, link_load: Tensor) -> QueueGround:
    state, ports = solved.state, solved.state.network.ports
    arriving, sent = state.carried.arriving.packet_rate, state.carried.sent_packet_rate
    return QueueGround(
        is_used=sent > 0,
        arriving_packet_rate=arriving,
        sent_packet_rate=sent,
        sent_bit_rate=state.carried.sent_bit_rate,
        theory_utilization=(state.carried.sent_bit_rate / ports.queue_capacity_bps).clamp_max(1.0),
        theory_loss=torch.where(arriving > 0, (1 - over(sent, arriving)).clamp(0.0, 1.0), 0.0),
        unit_s=state.service_s,
        window_s=state.window_s,
        capacity_bps=ports.queue_capacity_bps,
        buffer_bits=ports.buffer_bits,
        room_packets=ports.buffer_packets + torch.where(ports.holds_packet_in_service, 0.0, 1.0),
        load=ports.of_link(link_load),
        offered_utilization=state.network.offered.bit_rate / ports.queue_capacity_bps,
        in_platoons=state.in_platoons,
        size_share=state.network.platoons.size_share,
        n_nodes=solved.facts.nodes_by_queue,
        link=ports.link_of_queue,
        link_capacity_bps=ports.capacity_bps,
    )


def _link_load(solved: Solved) -> Tensor:  # [link]
    ports = solved.state.network.ports
    return ports.per_link(solved.state.network.offered.bit_rate) / ports.capacity_bps
