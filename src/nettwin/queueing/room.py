"""How many packets a buffer has room for."""

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.carrying import NO_TRAFFIC, Arrivals
from nettwin.scenario.arrays import FloatArray

MOST_PLACES = 1e6
"""An endless buffer counts as this many packets, so that an overloaded one has an answer."""
_ROUNDING = 1e-6  # packets: a buffer for exactly 30 packets holds 30


def size_variation(arriving: Arrivals) -> FloatArray:  # [queue]
    """Squared coefficient of variation of the sizes of the packets that arrive."""
    return np.asarray(variation_of(arriving.packet_rate, arriving.bit_rate, arriving.second_moment_rate))


@compiled
def variation_of(packet_rate: FloatArray, bit_rate: FloatArray, second_moment_rate: FloatArray) -> FloatArray:
    """``size_variation`` of columns."""
    used = (packet_rate > NO_TRAFFIC) & (bit_rate > 0)
    bits = np.where(used, bit_rate, 1.0)
    return np.where(used, np.maximum(second_moment_rate / bits * packet_rate / bits - 1, 0.0), 0.0)


@compiled
def places_in_bits(
    buffer_bits: FloatArray, packet_rate: FloatArray, bit_rate: FloatArray, second_moment_rate: FloatArray, unusable_space: float
) -> FloatArray:
    """Buffer over mean size, less the space that stays free because the next packet is too long.

    Equal sizes leave the remainder of the division free; the more the sizes vary, the less that lattice is felt (its first
    Fourier mode fades as exp(-2 pi**2 variation * places)) and a mean residual packet, or a little more, stays free.
    """
    used = packet_rate > NO_TRAFFIC
    mean = np.where(used, np.maximum(bit_rate / np.maximum(packet_rate, NO_TRAFFIC), 1e-6), 1.0)
    variation = variation_of(packet_rate, bit_rate, second_moment_rate)
    places = np.minimum(buffer_bits / mean, 2 * MOST_PLACES)
    lattice = np.exp(-np.minimum(2 * np.pi**2 * np.maximum(variation, 0.0) * places, 500.0))
    remainder = np.maximum(places - np.floor(places + _ROUNDING), 0.0)
    residual = unusable_space * (1 + variation) / 2
    free: FloatArray = lattice * remainder + (1 - lattice) * residual
    return places - free
