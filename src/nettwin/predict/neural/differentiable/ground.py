"""What an answer rests on besides the networks' outputs, on tensors: as ``nettwin.predict.neural.ground``."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nettwin.predict.neural.batch import Batch
from nettwin.predict.neural.differentiable.facts import Solved
from nettwin.predict.neural.ground import DemandGround, Ground, HopGround, link_load, queue_ground
from nettwin.predict.neural.tensor_arrays import TENSORS
from nettwin.queueing.differentiable.gathering import at, over
from nettwin.queueing.differentiable.values import State


def ground_of_solved(solved: Solved, batch: Batch, reference_s: Tensor) -> Ground:
    """The columns of theory's answer; hops and paths in the order of the batch."""
    facts, physics = solved.facts, batch.physics
    return Ground(
        arrays=TENSORS,
        demands=_demands(solved, batch, reference_s),
        queues=queue_ground(_queues(solved.state), solved.state, facts.nodes_by_queue, TENSORS),
        hops=HopGround(
            batch.hop_path, batch.hop_queue, physics.hop_variance.double(), batch.path_demand, batch.path_share, physics.path_fixed
        ),
        duration_s=facts.duration_s,
        delay_cap_s=solved.senders.delay_cap_s,
    )


def _demands(solved: Solved, batch: Batch, reference_s: Tensor) -> DemandGround:
    senders, figures, hops = solved.senders, solved.figures, solved.state.network.hops
    hop_load = at(link_load(solved.state), hops.link)
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


@dataclass(frozen=True, eq=False)
class _Queues:
    """Theory's answer for queues, as far as it is read here."""

    utilization: Tensor
    loss_ratio: Tensor


def _queues(state: State) -> _Queues:
    arriving, sent = state.carried.arriving.packet_rate, state.carried.sent_packet_rate
    return _Queues(
        utilization=(state.carried.sent_bit_rate / state.network.ports.queue_capacity_bps).clamp_max(1.0),
        loss_ratio=torch.where(arriving > 0, (1 - over(sent, arriving)).clamp(0.0, 1.0), 0.0),
    )
