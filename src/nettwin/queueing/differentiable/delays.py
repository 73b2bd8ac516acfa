"""From queues to paths, as tensors: what a packet of each path waits, in mean and in spread. See ``nettwin.queueing.delays``."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nettwin.queueing.delays import _LEAST_RATE, _LEAST_WAIT_RATIO, _MOST_LONGER, _NO_ROOM
from nettwin.queueing.differentiable.gathering import at, over, sums
from nettwin.queueing.differentiable.values import State


@dataclass(frozen=True, eq=False)
class PathDelays:
    """Over delivered packets. [path]"""

    propagation_s: Tensor
    transmission_s_per_bit: Tensor
    size_s_per_bit: Tensor  # what of it a longer packet does take longer
    wait_s: Tensor
    wait_variance_s2: Tensor
    wait_change_s2: Tensor  # half the mean squared change of the wait from one packet of the demand to the next
    no_wait: Tensor  # probability that a packet waits nowhere
    longest_wait_s: Tensor  # with all buffers on the path full; infinite where that has no bound


@dataclass(frozen=True, eq=False)
class HopDelays:
    """Over delivered packets. [hop]"""

    wait_s: Tensor
    variance_s2: Tensor
    change_s2: Tensor  # half the mean squared change of the wait from one packet of the demand to the next


def path_delays(propagation_s: Tensor, state: State, waits: HopDelays) -> PathDelays:
    """Sums over the hops of each path, which are taken to be independent; ``propagation_s`` is per link."""
    hops, inverse = state.network.hops, 1 / state.network.ports.capacity_bps
    queues = torch.stack([torch.log(state.queues.no_wait.clamp(1e-12, 1.0)), state.longest_wait_s], dim=1)
    log_no_wait, longest_s = at(queues, hops.queue).unbind(1)
    distance_s, s_per_bit = at(torch.stack([propagation_s, inverse], dim=1), hops.link).unbind(1)
    columns = (distance_s, s_per_bit, size_s_per_bit(state), waits.wait_s, waits.variance_s2, waits.change_s2, log_no_wait, longest_s)
    found = PathDelays(*hops.sum_over_path(torch.stack(columns)).unbind(0))
    return replace(found, no_wait=torch.exp(found.no_wait))


def hop_delays(state: State) -> HopDelays:
    """What a packet of each demand waits at each hop of its paths."""
    hops, queue = state.network.hops, state.network.hops.queue
    wait = hop_waits(state)
    own = state.queues.wait_variance_s2 * (1 - state.in_platoons) ** 2
    mean_s, own_s2, window_s = at(torch.stack([state.queues.wait_s, own, state.window_s], dim=1), queue).unbind(1)
    longer = over(wait, mean_s).clamp_max(_MOST_LONGER)
    variance = own_s2 * longer**2 + _lasting(state)
    gap_s = 1 / hops.hop_packet_rate.clamp_min(_LEAST_RATE)
    return HopDelays(wait, variance, variance * -torch.expm1(-gap_s / window_s))


def size_s_per_bit(state: State) -> Tensor:  # [hop]
    """How much longer a packet takes per bit that it has more."""
    network, hops = state.network, state.network.hops
    return at((1 - network.platoons.size_share) / network.ports.queue_capacity_bps, hops.queue)


def _lasting(state: State) -> Tensor:  # [hop]
    """Variance of the waits in platoons, which are alike from hop to hop: with the covariances with all hops before."""
    hops = state.network.hops
    per_queue = torch.minimum(state.network.platoons.spread_s, state.queues.wait_s)
    deviation = at(per_queue, hops.queue)
    until = torch.cat([deviation.new_zeros(1), torch.cumsum(deviation, 0)])
    before = until[:-1] - at(at(until, hops.offsets[:-1]), hops.path)
    return deviation**2 + 2 * deviation * before


def hop_waits(state: State) -> Tensor:  # [hop]
    """The queue's mean wait, longer for demands that are burstier than the rest: their packets meet their own."""
    network, hops, queue = state.network, state.network.hops, state.network.hops.queue
    loss, queues = state.queues.loss_ratio, state.queues
    s_per_bit = 1 / network.ports.queue_capacity_bps
    columns = torch.stack([state.window_s, s_per_bit, queues.wait_s, network.calibration.own_burst * (1 - loss), state.service_s], dim=1)
    window_s, s_per_bit, wait, weight, service_s = at(columns, queue).unbind(1)
    own = at(hops.share, hops.path) * network.sources.excess(window_s) * hops.hop_mean_bits * s_per_bit / 2
    rate = hops.hop_packet_rate
    total, packets = sums(torch.stack([rate * own, rate]), queue, network.ports.n_queues).unbind(0)
    change = weight * (own - at(over(total, packets), queue))
    return torch.where(wait > _NO_ROOM * service_s, torch.maximum(wait + change, _LEAST_WAIT_RATIO * wait), wait)
