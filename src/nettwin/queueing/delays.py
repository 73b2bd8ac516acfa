"""From queues to paths: what a packet of each path waits, in mean and in spread."""

from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.fixed_point import NetworkState
from nettwin.queueing.long_ways import LONG, fresh_line, lone_wait, mean_line
from nettwin.queueing.paces import Paces
from nettwin.queueing.port_model import LEAST_FREE
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_LEAST_RATE = 1e-15  # packets/s
_NO_ROOM = 1e-9  # of a packet time: a queue whose packets wait less has no room for them to wait
_MOST_LONGER = 1e3  # times the wait of its queue's packets: beyond that, a queue that is next to idle
_MOST_VARIED, _FRESH_VARIED = 10.0, 1.5  # squared coefficients of variation: of all waits, of those of fresh packets
_LEAST_WAIT_RATIO = 0.2  # a smooth demand still waits this share of what its queue's packets wait


@dataclass(frozen=True, eq=False)
class PathDelays:
    """Over delivered packets. [path]"""

    propagation_s: FloatArray
    transmission_s_per_bit: FloatArray
    size_s_per_bit: FloatArray  # what of it a longer packet does take longer: less where all wait for the longest
    wait_s: FloatArray
    wait_variance_s2: FloatArray
    wait_change_s2: FloatArray  # half the mean squared change of the wait from one packet of the demand to the next
    no_wait: FloatArray  # probability that a packet waits nowhere
    longest_wait_s: FloatArray  # with all buffers on the path full; infinite where that has no bound


def path_delays(scenario: Scenario, state: NetworkState) -> PathDelays:
    """Sums over the hops of each path, which are taken to be independent."""
    hops, queue = state.network.hops, state.network.hops.queue
    waits = hop_delays(state)
    return PathDelays(
        propagation_s=hops.sum_over_path(scenario.topology.propagation_delay_s[hops.link]),
        transmission_s_per_bit=hops.sum_over_path(1 / state.network.ports.capacity_bps[hops.link]),
        size_s_per_bit=hops.sum_over_path(size_s_per_bit(state)),
        wait_s=hops.sum_over_path(waits.wait_s),
        wait_variance_s2=hops.sum_over_path(waits.variance_s2),
        wait_change_s2=hops.sum_over_path(waits.change_s2),
        no_wait=np.exp(hops.sum_over_path(np.log(np.clip(state.queues.no_wait, 1e-12, 1.0))[queue])),
        longest_wait_s=hops.sum_over_path(state.longest_wait_s[queue]),
    )


@dataclass(frozen=True, eq=False)
class HopDelays:
    """Over delivered packets. [hop]"""

    wait_s: FloatArray
    variance_s2: FloatArray
    change_s2: FloatArray  # half the mean squared change of the wait from one packet of the demand to the next


_remembered: "WeakKeyDictionary[NetworkState, HopDelays]" = WeakKeyDictionary()


def hop_delays(state: NetworkState) -> HopDelays:
    """What a packet of each demand waits at each hop of its paths, remembered as long as the state lives."""
    if state not in _remembered:
        _remembered[state] = _hop_delays(state)
    return _remembered[state]


def _hop_delays(state: NetworkState) -> HopDelays:
    hops, queue, paces = state.network.hops, state.network.hops.queue, state.network.long_ways.paces
    waits = None if paces is None else _on_long_ways(state, paces)
    wait = _hop_waits(state, waits)
    longer = np.minimum(wait / np.maximum(state.queues.wait_s[queue], 1e-300), _MOST_LONGER)
    own = state.queues.wait_variance_s2 * (1 - state.in_platoons) ** 2
    variance = own[queue] * longer**2
    if waits is not None:
        long = _weight(state)
        variance = np.where(long > 0, (1 - long) * variance + long * _variance_on_long_ways(state, waits), variance)
    variance = variance + _lasting(state)
    gap_s = 1 / np.maximum(hops.hop_packet_rate, _LEAST_RATE)
    return HopDelays(wait, variance, variance * -np.expm1(-gap_s / state.window_s[queue]))


def size_s_per_bit(state: NetworkState) -> FloatArray:  # [hop]
    """How much longer a packet takes per bit that it has more."""
    network, hops, paces = state.network, state.network.hops, state.network.long_ways.paces
    share = network.platoons.size_share[hops.queue]
    if paces is not None:
        long = _weight(state)
        share = (1 - long) * share + long * paces.size_share
    return np.asarray((1 - share) / network.ports.capacity_bps[hops.link])


def _weight(state: NetworkState) -> FloatArray:  # [hop]
    """How far what holds on long ways holds at each hop."""
    return np.asarray(state.network.long_ways.queues[state.network.hops.queue, LONG])


def _variance_on_long_ways(state: NetworkState, waits: "_LongWaits") -> FloatArray:  # [hop]
    """Of waits that do not last: of fresh packets, and of those that meet what joins, seldom and for long."""
    queue, bounded = state.network.hops.queue, _bounded(state)[state.network.hops.queue]
    varied = np.minimum(state.queues.wait_variance_s2 / np.maximum(state.queues.wait_s, 1e-150) ** 2, _MOST_VARIED)[queue]
    joining = waits.lone_s * np.maximum(waits.fresh_s * (1 + varied) - waits.lone_s, 0.0)
    return np.asarray(np.where(waits.is_fresh, waits.fresh_s**2 * np.minimum(varied, _FRESH_VARIED), joining) * bounded**2)


class _LongWaits(NamedTuple):
    """On long ways, with endless buffers. [hop]"""

    is_fresh: BoolArray  # as all packets are at their first hop
    fresh_s: FloatArray
    lone_s: FloatArray
    wait_s: FloatArray
    ratio: FloatArray  # to the mean of the queue


def _on_long_ways(state: NetworkState, paces: Paces) -> _LongWaits:
    network, hops, view, figures = state.network, state.network.hops, state.view, state.network.long_ways.queues.T
    fresh = fresh_line(figures, view.share, view.utilization)
    many, long = mean_line(figures, fresh), figures[LONG]
    # the wait at the port alone, from that of all, which is linear in it
    rest = _endless_wait_s(state) - (1 - long) * network.platoons.wait_s - long * many[0]
    alone = np.maximum(rest / np.maximum(1 - long + long * many[1], 1e-9), 0.0)
    fresh_s = (fresh[0] + fresh[1] * alone)[hops.queue]
    lone_s = np.where(paces.free > 0, 0.0, lone_wait(figures[:, hops.queue], paces.single, alone[hops.queue]))
    wait_s = paces.wait + fresh_s * paces.free + lone_s
    return _LongWaits(paces.free > 0, fresh_s, lone_s, wait_s, wait_s / np.maximum(many[0] + many[1] * alone, 1e-300)[hops.queue])


def _bounded(state: NetworkState) -> FloatArray:  # [queue]
    """How much shorter waits are for the buffer."""
    return np.minimum(state.queues.wait_s / np.maximum(_endless_wait_s(state), 1e-300), 1.0)


def _endless_wait_s(state: NetworkState) -> FloatArray:  # [queue]
    """Mean wait without a limit of the buffer."""
    view = state.view
    return np.asarray(view.work_s / (view.share * np.maximum(view.share - view.utilization, LEAST_FREE * view.share)))


def _lasting(state: NetworkState) -> FloatArray:  # [hop]
    """Variance of the waits in platoons, which are alike from hop to hop: with the covariances with all hops before.

    On long ways they are the less alike, the more packets have left and joined in between.
    """
    hops, found = state.network.hops, state.network.long_ways
    deviation, lasting = np.minimum(state.network.platoons.spread_s, state.queues.wait_s)[hops.queue], np.ones(len(hops.queue))
    if found.paces is not None:
        long, many = _weight(state), found.paces.spread * _bounded(state)[hops.queue]
        deviation = np.where(long > 0, np.sqrt((1 - long) * deviation**2 + long * many**2), deviation)
        lasting = 1 - long * (1 - found.ways.lasting)
    before = _carried_on(hops.offsets, deviation, lasting)
    return np.asarray(deviation**2 + 2 * deviation * before)


@compiled
def _carried_on(offsets: IntArray, deviation: FloatArray, lasting: FloatArray) -> FloatArray:  # [hop]
    """Sum of the deviations of all hops before, as far as they last."""
    before = np.zeros(len(deviation))
    for path in range(len(offsets) - 1):
        for hop in range(offsets[path] + 1, offsets[path + 1]):
            before[hop] = lasting[hop] * (before[hop - 1] + deviation[hop - 1])
    return before


def _hop_waits(state: NetworkState, waits: _LongWaits | None) -> FloatArray:  # [hop]
    """The queue's mean wait, longer for demands that are burstier than the rest: their packets meet their own.

    How many they meet follows from the demand's IDC - 1 over the time scale of the queue.
    """
    network, hops, queue = state.network, state.network.hops, state.network.hops.queue
    excess = hops.share[hops.path] * network.sources.excess(state.window_s[queue])
    own = excess * hops.hop_mean_bits / network.ports.capacity_bps[hops.link] / 2
    rate, n = hops.hop_packet_rate, network.ports.n_queues
    mean = np.bincount(queue, rate * own, n) / np.maximum(np.bincount(queue, rate, n), 1e-300)
    change = network.calibration.own_burst * (own - mean[queue]) * (1 - state.queues.loss_ratio[queue])
    wait = state.queues.wait_s[queue]
    if waits is not None:
        long = _weight(state)
        wait = wait * np.where(long > 0, 1 + long * (waits.ratio - 1), 1.0)
    has_room = wait > _NO_ROOM * state.service_s[queue]
    return np.asarray(np.where(has_room, np.maximum(wait + change, _LEAST_WAIT_RATIO * wait), wait))
