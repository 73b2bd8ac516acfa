"""From queues to paths, as tensors: what a packet of each path waits, in mean and in spread. See ``nettwin.queueing.delays``."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from nettwin.queueing.delays import _FRESH_VARIED, _LEAST_RATE, _LEAST_WAIT_RATIO, _MOST_LONGER, _MOST_VARIED, _NO_ROOM
from nettwin.queueing.differentiable.gathering import at, over, root, sums
from nettwin.queueing.differentiable.long_ways import lines
from nettwin.queueing.differentiable.paces import along, shifted
from nettwin.queueing.differentiable.values import State
from nettwin.queueing.long_ways import _LONE, JOINING, LONG
from nettwin.queueing.port_model import LEAST_FREE


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
    hops, queue, long = state.network.hops, state.network.hops.queue, _on_long_ways(state)
    wait = hop_waits(state, long)
    own = state.queues.wait_variance_s2 * (1 - state.in_platoons) ** 2
    mean_s, own_s2, window_s = at(torch.stack([state.queues.wait_s, own, state.window_s], dim=1), queue).unbind(1)
    few = own_s2 * over(wait, mean_s).clamp_max(_MOST_LONGER) ** 2
    variance = few if long is None else few + long.weight * (long.variance_s2 - few)
    variance = variance + _lasting(state, long)
    gap_s = 1 / hops.hop_packet_rate.clamp_min(_LEAST_RATE)
    return HopDelays(wait, variance, variance * -torch.expm1(-gap_s / window_s))


def size_s_per_bit(state: State) -> Tensor:  # [hop]
    """How much longer a packet takes per bit that it has more."""
    network, ways = state.network, state.network.long_ways
    inverse = 1 / network.ports.queue_capacity_bps
    few = (1 - network.platoons.size_share) * inverse
    if ways is None:
        return at(few, network.hops.queue)
    few, inverse, long = at(torch.stack([few, inverse, ways.queues.select(1, LONG)], dim=1), network.hops.queue).unbind(1)
    return few + long * ((1 - ways.paces.size_share) * inverse - few)


class _LongWaits(NamedTuple):
    """On long ways. [hop]"""

    weight: Tensor
    ratio: Tensor  # to the mean of the queue
    variance_s2: Tensor  # of waits that do not last
    deviation_s: Tensor  # of those that do
    lasting: Tensor  # part of these that goes on from the hop before


def _on_long_ways(state: State) -> _LongWaits | None:
    """None where no way is long enough."""
    network, view, ways = state.network, state.view, state.network.long_ways
    if ways is None:
        return None
    long, fresh, many = lines(ways, view)
    endless_s = view.work_s / (view.share * torch.maximum(view.share - view.utilization, LEAST_FREE * view.share))
    # the wait at the port alone, from that of all, which is linear in it
    rest = endless_s - (1 - long) * network.platoons.wait_s - long * many[0]
    alone = (rest / (1 - long + long * many[1]).clamp_min(1e-9)).clamp_min(0.0)
    varied = over(state.queues.wait_variance_s2, state.queues.wait_s**2).clamp_max(_MOST_VARIED)
    bounded = over(state.queues.wait_s, endless_s).clamp_max(1.0)
    joining = ways.queues.select(1, JOINING)
    waits = [fresh[0] + fresh[1] * alone, alone * joining, alone * _LONE * (1 - joining), many[0] + many[1] * alone]
    columns = [long, *waits, varied, bounded]
    long, fresh_s, join_s, lone_s, mean_s, varied, bounded = torch.stack(columns).index_select(1, network.hops.queue).unbind()
    paces = ways.paces
    lone_s = (1 - paces.free) * (join_s + lone_s * paces.single)
    seldom = lone_s * (fresh_s * (1 + varied) - lone_s).clamp_min(0.0)
    variance = torch.where(paces.free > 0, fresh_s**2 * varied.clamp_max(_FRESH_VARIED), seldom) * bounded**2
    ratio = over(paces.wait + fresh_s * paces.free + lone_s, mean_s)
    return _LongWaits(long, ratio, variance, paces.spread * bounded, 1 - long * (1 - ways.ways.lasting))


def _lasting(state: State, long: _LongWaits | None) -> Tensor:  # [hop]
    """Variance of the waits in platoons, which are alike from hop to hop: with the covariances with all hops before."""
    hops, structure = state.network.hops, state.network.structure
    few = torch.minimum(state.network.platoons.spread_s, state.queues.wait_s)
    deviation, kept = at(few, hops.queue), (hops.previous_link >= 0).to(few)
    if long is not None:
        deviation = root((1 - long.weight) * deviation**2 + long.weight * long.deviation_s**2)
        kept = kept * long.lasting
    longest = len(hops.path) if structure is None else len(structure.layout.n_at)
    before = along(kept, kept * shifted(deviation, 1), longest)
    return deviation**2 + 2 * deviation * before


def hop_waits(state: State, long: _LongWaits | None) -> Tensor:  # [hop]
    """The queue's mean wait, longer for demands that are burstier than the rest: their packets meet their own."""
    network, hops, queue = state.network, state.network.hops, state.network.hops.queue
    loss, queues = state.queues.loss_ratio, state.queues
    s_per_bit = 1 / network.ports.queue_capacity_bps
    columns = torch.stack([state.window_s, s_per_bit, queues.wait_s, network.calibration.own_burst * (1 - loss), state.service_s], dim=1)
    window_s, s_per_bit, wait, weight, service_s = at(columns, queue).unbind(1)
    wait = wait if long is None else wait * (1 + long.weight * (long.ratio - 1))
    own = at(hops.share, hops.path) * network.sources.excess(window_s) * hops.hop_mean_bits * s_per_bit / 2
    rate = hops.hop_packet_rate
    total, packets = sums(torch.stack([rate * own, rate]), queue, network.ports.n_queues).unbind(0)
    change = weight * (own - at(over(total, packets), queue))
    return torch.where(wait > _NO_ROOM * service_s, torch.maximum(wait + change, _LEAST_WAIT_RATIO * wait), wait)
