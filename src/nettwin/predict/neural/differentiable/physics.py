"""The theory's figures relative to a delay of each demand, on tensors: as ``nettwin.predict.neural.features.physics_of``."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nettwin.predict.neural.batch import TensorPhysics
from nettwin.predict.neural.differentiable.facts import Solved
from nettwin.predict.neural.differentiable.features import _ENDLESS_BITS, logit
from nettwin.predict.neural.features import _CLOSED, _FLOAT32, _MOST_DELAY
from nettwin.queueing.differentiable.gathering import at, over, sums
from nettwin.queueing.differentiable.hop_figures import hop_losses

_MOST_ROOM, _MOST_PACKETS = 1e6, 1e9


@dataclass(frozen=True, eq=False)
class Relative:
    """Theory's figures for the network, and in float64 what turns them back into seconds."""

    physics: TensorPhysics  # hops and paths in the order of the batch
    reference_s: Tensor  # [demand]


def physics_of(solved: Solved) -> Relative:
    """All of it; hops and paths are sorted here."""
    facts, senders, state, paths, figures = solved.facts, solved.senders, solved.state, solved.paths, solved.figures
    hops, layout, n = state.network.hops, facts.layout, len(senders.rate_bps)
    delivered = state.carried.delivered
    shrunk = torch.where(delivered > 0, over(state.carried.delivered_bits, delivered), 1.0)
    fixed = paths.propagation_s + paths.transmission_s_per_bit * hops.mean_bits * shrunk
    smallest_s = paths.propagation_s + paths.transmission_s_per_bit * at(facts.smallest_bits, hops.demand)
    total, delay, s_per_bit = sums(
        hops.share * torch.stack([torch.ones_like(fixed), fixed + paths.wait_s, paths.size_s_per_bit]), hops.demand, n
    ).unbind(0)
    mean = over(delay, total)
    reference = torch.where(mean > 0, mean, 1.0)
    least = torch.full_like(reference, torch.inf).scatter_reduce(0, hops.demand, smallest_s, "amin")
    floor = torch.where(torch.isfinite(least), least, 0.0) / reference
    ref_path = at(reference, hops.demand)
    quantiles = torch.where(figures.has_delay[:, None], figures.delay_quantiles_s, 0.0) / reference[:, None]
    hop = at(_hop_columns(solved, at(ref_path, hops.path)), layout.hop_order).unbind(1)
    return Relative(
        TensorPhysics(
            path_fixed=at(_f(fixed / ref_path), layout.path_order),
            hop_wait=hop[0],
            hop_variance=hop[1],
            hop_unit=hop[2],
            hop_loss_logit=hop[3],
            hop_room=hop[4],
            demand_size_variance=_f(senders.size_variance_bits2 * s_per_bit**2 / reference**2),
            demand_ipdv=_f(torch.where(figures.has_delay, figures.ipdv_s, 0.0) / reference),
            demand_floor=_f(floor),
            demand_quantiles=_f(torch.maximum(quantiles, floor[:, None])),
            demand_packet_rate=_f(senders.packet_rate),
        ),
        reference,
    )


def _hop_columns(solved: Solved, reference_s: Tensor) -> Tensor:  # [hop, 5]
    """Wait, variance, packet time, log odds of a loss and room of every hop, in the order of the routing."""
    state, network, waits = solved.state, solved.state.network, solved.waits
    queues = torch.stack([state.service_s, _room_s(solved), network.is_closed * 1.0], dim=1)
    service_s, room_s, is_closed = at(queues, network.hops.queue).unbind(1)
    odds = torch.where(is_closed > 0, _CLOSED, logit(hop_losses(state, solved.facts.layout)))
    columns = (
        _at_most(waits.wait_s / reference_s, _MOST_DELAY),
        _at_most(waits.variance_s2 / reference_s**2, _MOST_DELAY**2),
        service_s / reference_s,
        odds,
        _at_most(room_s / reference_s, _MOST_ROOM),
    )
    return _f(torch.stack(columns, dim=1))


def _room_s(solved: Solved) -> Tensor:  # [queue]
    """The mean wait at which the buffer would be full all the time (Little's law on the packets that get through)."""
    ports, carried = solved.state.network.ports, solved.state.carried
    sent = carried.sent_packet_rate.clamp_min(1e-12)
    size = (carried.sent_bit_rate / sent).clamp_min(1e-9)
    waiting = ports.buffer_packets.clamp_max(_ENDLESS_BITS) + torch.where(ports.holds_packet_in_service, 0.0, 1.0)
    packets = torch.minimum(waiting, ports.buffer_bits.clamp_max(_ENDLESS_BITS) / size + 1)
    return packets.clamp_max(_MOST_PACKETS) / sent


def _at_most(values: Tensor, most: float) -> Tensor:
    return torch.nan_to_num(values, nan=most).clamp_max(most)


def _f(values: Tensor) -> Tensor:
    return torch.nan_to_num(values.clamp(-_FLOAT32, _FLOAT32)).float()
