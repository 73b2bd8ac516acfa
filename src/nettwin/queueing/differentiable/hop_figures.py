"""What each demand loses hop by hop, as tensors. See ``nettwin.queueing.hop_figures``."""

import torch
from torch import Tensor

from nettwin.queueing.carrying import LEAST_SIZE
from nettwin.queueing.differentiable.gathering import at, over
from nettwin.queueing.differentiable.values import Layout, State


def hop_losses(state: State, layout: Layout) -> Tensor:  # [hop]
    """Share of the packets that arrive at each hop on each path that it drops: what ``carry`` multiplies up, kept apart."""
    hops, loss = state.network.hops, state.loss
    at_hop = at(torch.stack([loss.flat, loss.per_bit], dim=1), layout.queue)
    mean, second = at(torch.stack([hops.mean_bits, hops.second_moment_bits2], dim=1), layout.path_order).unbind(1)
    biased = second / mean
    packets, bits = torch.ones_like(mean), torch.ones_like(mean)
    found = []
    for here, n in zip(torch.split(at_hop, list(layout.n_at)), layout.n_at, strict=True):
        flat, per_bit = here.unbind(1)
        packets, bits = packets[:n], bits[:n]
        per_size = per_bit * over(bits, packets)
        lost = (flat + per_size * mean[:n]).clamp_max(1.0)
        kept = 1 - lost
        kept_bits = 1 - (flat + per_size * biased[:n]).clamp_max(1.0)
        packets, bits = packets * kept, bits * torch.clamp(kept_bits, LEAST_SIZE * kept, kept)
        found.append(lost)
    return at(torch.cat(found), layout.hop_place) if found else torch.zeros_like(hops.hop_mean_bits)
