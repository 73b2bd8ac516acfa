"""What each demand experiences, as tensors: its paths mixed by the packets that they deliver. See ``nettwin.queueing.demand_figures``."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from nettwin.performance import QUANTILE_LEVELS
from nettwin.queueing.demand_figures import _NOTHING
from nettwin.queueing.differentiable.delays import PathDelays
from nettwin.queueing.differentiable.gathering import at, over, root, sums
from nettwin.queueing.differentiable.quantiles import WaitMoments, delay_quantiles
from nettwin.queueing.differentiable.values import State

_TIE = 1e-12


@dataclass(frozen=True, eq=False)
class Senders:
    """What the demands send, and how far it has to go."""

    rate_bps: Tensor  # [demand]
    packet_rate: Tensor  # [demand] as declared; of a trace as if it had the declared sizes
    mean_bits: Tensor  # [demand]
    second_moment_bits2: Tensor  # [demand]
    propagation_s: Tensor  # [link]
    delay_cap_s: float = math.inf

    @property
    def size_variance_bits2(self) -> Tensor:  # [demand]
        return (self.second_moment_bits2 - self.mean_bits**2).clamp_min(0)


@dataclass(frozen=True, eq=False)
class DemandFigures:
    """As ``nettwin.performance.DemandPerformance``, but without NaN: ``has_delay`` says where delays mean something. [demand]"""

    has_delay: Tensor
    delay_s: Tensor
    delay_variation_s: Tensor
    ipdv_s: Tensor
    delay_quantiles_s: Tensor  # [demand, level]
    loss_ratio: Tensor
    throughput_bps: Tensor


@dataclass(frozen=True, eq=False)
class _Mixed:
    """Paths of a demand as one: the longer ones add their detour to the wait. [demand]"""

    routed: Tensor  # share of the packets that have a path
    delivered: Tensor  # share of the packets
    delivered_bits: Tensor
    base_s: Tensor  # propagation of the shortest path
    s_per_bit: Tensor
    size_s_per_bit: Tensor  # what of it is due to the packet's own size
    wait_s: Tensor
    wait_variance_s2: Tensor
    wait_change_s2: Tensor
    no_wait: Tensor
    longest_s: Tensor  # detour and full buffers

    @property
    def size_ratio(self) -> Tensor:  # mean size delivered / mean size sent
        return over(self.delivered_bits, self.delivered)


def demand_figures(senders: Senders, state: State, paths: PathDelays) -> DemandFigures:
    """Delay, its spread and quantiles, loss and throughput of every demand; ``paths`` are the state's ``path_delays``."""
    mixed = _mix(senders, state, paths)
    rate, cap = senders.rate_bps, senders.delay_cap_s
    size_variance = senders.size_variance_bits2 * mixed.size_s_per_bit**2
    delay = mixed.base_s + mixed.s_per_bit * senders.mean_bits * mixed.size_ratio + mixed.wait_s
    # for a wait that is 0 with probability p and exponential otherwise, the mean absolute difference of two is sqrt(1 - p**2) deviations
    ipdv = root(4 / math.pi * size_variance + (1 - mixed.no_wait**2) * mixed.wait_change_s2)
    return DemandFigures(
        has_delay=(mixed.delivered > _NOTHING) & (rate > 0),
        delay_s=delay.clamp_max(cap),
        delay_variation_s=root(size_variance + mixed.wait_variance_s2),
        ipdv_s=ipdv,
        delay_quantiles_s=_quantiles(senders, state, mixed).clamp_max(cap),
        loss_ratio=torch.where((rate > 0) | (mixed.routed <= 0), (1 - mixed.delivered).clamp(0.0, 1.0), 0.0),
        throughput_bps=rate * mixed.delivered_bits.clamp_max(1.0),
    )


def _mix(senders: Senders, state: State, paths: PathDelays) -> _Mixed:
    hops, left, n = state.network.hops, state.carried, len(senders.rate_bps)
    demand, share = hops.demand, hops.share
    columns = torch.stack([share, share * left.delivered, share * left.delivered_bits])
    routed, delivered, delivered_bits = sums(columns, demand, n).unbind(0)
    weight = over(share * left.delivered, at(delivered, demand))
    base = paths.propagation_s.new_full((n,), math.inf).scatter_reduce(0, demand, paths.propagation_s, "amin")
    base = torch.where(torch.isfinite(base), base, 0.0)
    base_s = at(base, demand)
    detour = paths.propagation_s - base_s
    wait = paths.wait_s + detour
    longest = torch.zeros_like(base).scatter_reduce(0, demand, paths.longest_wait_s + detour, "amax")
    no_wait = paths.no_wait * (detour <= _TIE * base_s)  # sums of the same delays in another order
    columns = torch.stack([paths.transmission_s_per_bit, paths.size_s_per_bit, wait, no_wait, paths.wait_variance_s2, paths.wait_change_s2])
    s_per_bit, size_s_per_bit, mean_s, mean_no_wait, variance, change = sums(weight * columns, demand, n).unbind(0)
    between = sums(weight * (wait - at(mean_s, demand)) ** 2, demand, n)
    return _Mixed(
        routed=routed,
        delivered=delivered,
        delivered_bits=delivered_bits,
        base_s=base,
        s_per_bit=s_per_bit,
        size_s_per_bit=size_s_per_bit,
        wait_s=mean_s,
        wait_variance_s2=variance + between,
        wait_change_s2=change + between,
        no_wait=mean_no_wait,
        longest_s=longest,
    )


def _quantiles(senders: Senders, state: State, mixed: _Mixed) -> Tensor:  # [demand, level]
    sizes = state.network.atoms
    common_s = mixed.base_s + (mixed.s_per_bit - mixed.size_s_per_bit) * senders.mean_bits
    atoms = common_s[:, None] + mixed.size_s_per_bit[:, None] * at(sizes.bits, sizes.row)
    moments = WaitMoments(mixed.wait_s, mixed.wait_variance_s2, mixed.no_wait.clamp(0.0, 1.0))
    found = delay_quantiles(QUANTILE_LEVELS, moments, atoms, at(sizes.weights, sizes.row))
    return torch.minimum(found, (atoms[:, -1] + mixed.longest_s)[:, None])
