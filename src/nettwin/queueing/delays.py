"""From queues to paths: what a packet of each path waits, in mean and in spread."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from nettwin.queueing.fixed_point import NetworkState
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

_LEAST_RATE = 1e-15  # packets/s
_NO_ROOM = 1e-9  # of a packet time: a queue whose packets wait less has no room for them to wait
_MOST_LONGER = 1e3  # times the wait of its queue's packets: beyond that, a queue that is next to idle
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
    hops, queue = state.network.hops, state.network.hops.queue
    wait = hop_waits(state)
    longer = np.minimum(wait / np.maximum(state.queues.wait_s[queue], 1e-300), _MOST_LONGER)
    own = state.queues.wait_variance_s2 * (1 - state.in_platoons) ** 2
    variance = own[queue] * longer**2 + _lasting(state)
    gap_s = 1 / np.maximum(hops.hop_packet_rate, _LEAST_RATE)
    return HopDelays(wait, variance, variance * -np.expm1(-gap_s / state.window_s[queue]))


def size_s_per_bit(state: NetworkState) -> FloatArray:  # [hop]
    """How much longer a packet takes per bit that it has more."""
    network, hops = state.network, state.network.hops
    return np.asarray((1 - network.platoons.size_share)[hops.queue] / network.ports.capacity_bps[hops.link])


def _lasting(state: NetworkState) -> FloatArray:  # [hop]
    """Variance of the waits in platoons, which are alike from hop to hop: with the covariances with all hops before."""
    hops = state.network.hops
    deviation = np.minimum(state.network.platoons.spread_s, state.queues.wait_s)[hops.queue]
    until = np.append(0.0, np.cumsum(deviation))
    before = until[:-1] - until[hops.offsets[:-1]][hops.path]
    return np.asarray(deviation**2 + 2 * deviation * before)


def hop_waits(state: NetworkState) -> FloatArray:  # [hop]
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
    has_room = wait > _NO_ROOM * state.service_s[queue]
    return np.asarray(np.where(has_room, np.maximum(wait + change, _LEAST_WAIT_RATIO * wait), wait))
