"""How many packets a buffer has room for."""

import numpy as np

from nettwin.queueing.calibration import Calibration
from nettwin.queueing.carrying import NO_TRAFFIC, Arrivals
from nettwin.queueing.ports import Ports
from nettwin.scenario.arrays import FloatArray

_MOST_PLACES = 1e6
"""An endless buffer counts as this many packets, so that an overloaded one has an answer."""
_ROUNDING = 1e-6  # packets: a buffer for exactly 30 packets holds 30


def waiting_places(ports: Ports, arriving: Arrivals, share: FloatArray, calibration: Calibration) -> FloatArray:  # [queue]
    """Places for waiting packets of mean size: the packet in service takes one while it is this queue's, where it counts."""
    in_service = np.where(ports.holds_packet_in_service, share, 0.0)
    places = np.minimum(ports.buffer_packets, _places_in_bits(ports, arriving, calibration)) - in_service
    return np.asarray(np.clip(places, 0.0, _MOST_PLACES))


def _places_in_bits(ports: Ports, arriving: Arrivals, calibration: Calibration) -> FloatArray:
    """Buffer over mean size, less the space that stays free because the next packet is too long.

    Equal sizes leave the remainder of the division free; the more the sizes vary, the less that lattice is felt (its first
    Fourier mode fades as exp(-2 pi**2 variation * places)) and a mean residual packet, or a little more, stays free.
    """
    used = arriving.packet_rate > NO_TRAFFIC
    mean = np.where(used, np.maximum(arriving.bit_rate / np.maximum(arriving.packet_rate, NO_TRAFFIC), 1e-6), 1.0)
    variation = size_variation(arriving)
    places = np.minimum(ports.buffer_bits / mean, 2 * _MOST_PLACES)
    lattice = np.exp(-np.minimum(2 * np.pi**2 * np.maximum(variation, 0.0) * places, 500.0))
    remainder = np.maximum(places - np.floor(places + _ROUNDING), 0.0)
    residual = calibration.unusable_space * (1 + variation) / 2
    return np.asarray(places - lattice * remainder - (1 - lattice) * residual)


def size_variation(arriving: Arrivals) -> FloatArray:  # [queue]
    """Squared coefficient of variation of the sizes of the packets that arrive."""
    used = (arriving.packet_rate > NO_TRAFFIC) & (arriving.bit_rate > 0)
    bits = np.where(used, arriving.bit_rate, 1.0)
    return np.where(used, np.maximum(arriving.second_moment_rate / bits * arriving.packet_rate / bits - 1, 0.0), 0.0)
