"""One queue with a finite buffer in front of a server that others leave to it for a share of the time.

The number waiting is a truncated geometric distribution with an atom at "no wait". Its ratio is chosen so that without a limit
the mean is that of Pollaczek-Khinchine, Kingman or Cobham; in overload it is rho**(1/v), as in the two-moment M/G/1/K of
Kimura (1996) and MacGregor Smith (2004). Loss follows from the tail by the balance of flow: Tijms, "Stochastic Models", 1994, 4.6.
Exact for M/M/1/K.
"""

from dataclasses import dataclass

import numpy as np

from nettwin.compiled import compiled
from nettwin.scenario.arrays import FloatArray

_TINY = 1e-12
_FAR_FROM_ONE = 1e-6  # a load closer to 1 than this is moved away: the formulas have removable singularities there
_LARGEST_EXPONENT = 500.0
_LEAST_DECAY = 1e-9  # very bursty and overloaded: all numbers waiting are about as likely
_LEAST_SERVICE_VARIATION = 0.6  # between a uniform residual service (1/3) and an exponential one (1); fitted as the calibration


@dataclass(frozen=True, eq=False)
class ServerView:
    """What a queue sees of its port. All arrays have one shape."""

    utilization: FloatArray  # offered bits of the queue / capacity
    share: FloatArray  # of the server's time that others leave to this queue
    work_s: FloatArray  # mean residual work R: without a buffer limit the wait is R / (share * (share - utilization))
    idle_ratio: FloatArray  # P(server idle) / P(server would be idle if it served this queue's share alone); FIFO: 1


@dataclass(frozen=True, eq=False)
class Packets:
    """What comes to a queue."""

    rate: FloatArray  # packets/s
    service_s: FloatArray  # mean packet time at full rate
    size_variation: FloatArray  # squared coefficient of variation of their sizes


@dataclass(frozen=True, eq=False)
class QueueState:
    """Steady state of queues, waiting packets only (the one in service is counted apart)."""

    loss_ratio: FloatArray  # of the work; of the packets too unless long ones find less room
    wait_s: FloatArray  # mean over accepted packets
    wait_variance_s2: FloatArray
    no_wait: FloatArray  # probability that an accepted packet does not wait


def solve(view: ServerView, packets: Packets, places: FloatArray) -> QueueState:
    """The state of queues with ``places`` waiting places (real, may be infinite)."""
    columns = (view.utilization, view.share, view.work_s, view.idle_ratio, packets.rate, packets.service_s, packets.size_variation, places)
    found = solve_compiled(np.stack([np.ravel(column) for column in np.broadcast_arrays(*columns)]))
    return QueueState(*found.reshape(4, *np.shape(places)))


@compiled
def _away_from_zero(decay: FloatArray, load: FloatArray) -> FloatArray:
    return np.where(np.abs(decay) < _LEAST_DECAY, np.where(load < 1, -_LEAST_DECAY, _LEAST_DECAY), decay)


@compiled
def _away_from_one(load: FloatArray) -> FloatArray:
    close = np.abs(load - 1) < _FAR_FROM_ONE
    return np.maximum(np.where(close, 1 - _FAR_FROM_ONE, load), _TINY)


@compiled
def _unit_mean(z: FloatArray) -> FloatArray:
    """Mean of a density proportional to exp(z * u) on [0, 1]."""
    small = np.abs(z) < 1e-2
    safe = np.where(small, 1.0, z)
    return np.where(small, 0.5 + z / 12, -1 / np.expm1(-np.clip(safe, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)) - 1 / safe)


@compiled
def _unit_variance(z: FloatArray) -> FloatArray:
    """Variance of a density proportional to exp(z * u) on [0, 1]."""
    small = np.abs(z) < 1e-1
    safe = np.where(small, 1.0, np.abs(z))
    exact = 1 / safe**2 - 0.25 / np.sinh(np.minimum(safe, _LARGEST_EXPONENT) / 2) ** 2
    return np.where(small, 1 / 12 - z**2 / 240, exact)


@compiled
def geometric_sum(decay: FloatArray, states: FloatArray) -> FloatArray:
    """Sum of exp(decay * n) over n = 0 .. states - 1, for real ``states``."""
    return np.expm1(np.minimum(decay * states, _LARGEST_EXPONENT)) / np.expm1(decay)


@compiled
def geometric_mean(decay: FloatArray, states: FloatArray) -> FloatArray:
    """Mean of n on 0 .. states - 1 with weights exp(decay * n): the floor of a truncated exponential."""
    result: FloatArray = np.maximum(states * _unit_mean(decay * states) - _unit_mean(decay), 0.0)
    return result


@compiled
def geometric_variance(decay: FloatArray, states: FloatArray) -> FloatArray:
    """Variance of n on 0 .. states - 1 with weights exp(decay * n)."""
    result: FloatArray = np.maximum(states**2 * _unit_variance(decay * states) - _unit_variance(decay), 0.0)
    return result


@compiled
def log_ratio(load: FloatArray, variability: FloatArray, busy: FloatArray) -> FloatArray:
    """ln of the ratio of the number waiting: from the mean without a limit below load 1, from the diffusion limit above."""
    below = np.minimum(load, 1 - _FAR_FROM_ONE)
    mean = variability * below**2 / (1 - below) / busy
    return np.where(load < 1, -np.log1p(1 / np.maximum(mean, 1e-30)), np.log(load) / variability)


@compiled
def _loss(load: FloatArray, busy: FloatArray, decay: FloatArray, states: FloatArray) -> FloatArray:
    tail = busy * np.exp(np.clip(decay * states, -_LARGEST_EXPONENT, _LARGEST_EXPONENT))
    return np.clip((1 - load) / load * tail / (1 - tail), 0.0, 1.0)


@compiled
def _waiting_packets(busy: FloatArray, decay: FloatArray, states: FloatArray, idle_weight: FloatArray) -> FloatArray:
    busy_weight = busy * geometric_sum(decay, states)
    result: FloatArray = busy_weight / (busy_weight + idle_weight) * geometric_mean(decay, states)
    return result


@compiled
def _accepted(
    busy: FloatArray, decay: FloatArray, states: FloatArray, idle_weight: FloatArray, service_variation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Probability of no wait and squared coefficient of variation of the wait, over packets that found a place.

    A packet that finds n others waits for n + 1 services, the one in progress included. Exact for exponential services.
    """
    open_states = np.maximum(states - 1, 1e-3)
    busy_weight = busy * geometric_sum(decay, open_states)
    waits = busy_weight / (busy_weight + idle_weight)
    ahead = geometric_mean(decay, open_states) + 1
    second = geometric_variance(decay, open_states) + ahead**2 + ahead * service_variation
    return 1 - waits, second / (waits * ahead**2) - 1


@compiled
def solve_compiled(columns: FloatArray) -> FloatArray:
    """``solve`` of columns [8, queue]: those of ``ServerView``, of ``Packets``, and places; [4, queue] as ``QueueState``."""
    utilization, share, work_s, idle_ratio, rate, service_s, size_variation, places = columns
    load = _away_from_one(utilization / np.maximum(share, _TINY))
    variability = np.maximum(work_s / np.maximum(utilization * service_s, _TINY**2), 1e-3)
    busy = np.maximum(1 - idle_ratio * (1 - load), _TINY)
    decay = _away_from_zero(log_ratio(load, variability, busy), load)
    states = np.maximum(np.minimum(places, 1e6) + 1, 1e-3)
    loss = _loss(load, busy, decay, states)
    idle_weight = idle_ratio * (1 - load) / -np.expm1(decay)
    waiting = _waiting_packets(busy, decay, states, idle_weight)
    full_s = states * service_s / share  # a full buffer, drained at this queue's share
    wait = np.minimum(waiting / np.maximum(rate * (1 - loss), _TINY), full_s)
    services = np.minimum(np.maximum(size_variation, _LEAST_SERVICE_VARIATION) + 1 - share, 1.0)
    no_wait, variation = _accepted(busy, decay, states, idle_weight, services)
    return np.stack((loss, wait, variation * wait**2, no_wait))
