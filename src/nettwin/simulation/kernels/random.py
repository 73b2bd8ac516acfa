"""Random numbers: one stream per demand, so that what-ifs share them."""

import math

import numpy as np

from nettwin.simulation.kernels.compiled import inner
from nettwin.simulation.records import Record

_TO_UNIT = 2.0**-53
_TAIL = 7.69711747013104972
_AREA = 0.0039496598225815571993


def _ziggurat() -> np.ndarray:
    """Right edges of 256 layers of equal area under exp(-x) (Marsaglia & Tsang, J. Stat. Software 5(8), 2000)."""
    edges = np.zeros(257)
    edges[0], edges[1] = _AREA * math.exp(_TAIL), _TAIL
    for layer in range(2, 256):
        edges[layer] = -math.log(math.exp(-edges[layer - 1]) + _AREA / edges[layer - 1])
    return edges


_EDGE = _ziggurat()
_HEIGHT = np.exp(-_EDGE)


@inner
def mixed(word: np.uint64) -> np.uint64:
    """A bijection that scatters every bit over all others (finalizer of SplitMix64, Steele et al., OOPSLA 2014)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@inner
def draw(source: Record) -> np.uint64:
    """Next 64 bits of a source's stream (xoroshiro128++, Blackman & Vigna, ACM TOMS 47(4), 2021)."""
    a = source.state0
    b = source.state1
    total = a + b
    result = ((total << np.uint64(17)) | (total >> np.uint64(47))) + a
    b ^= a
    source.state0 = ((a << np.uint64(49)) | (a >> np.uint64(15))) ^ b ^ (b << np.uint64(21))
    source.state1 = (b << np.uint64(28)) | (b >> np.uint64(36))
    return result


@inner
def as_unit(word: np.uint64) -> float:
    """The upper 53 bits as a number in [0, 1)."""
    return (word >> np.uint64(11)) * _TO_UNIT


@inner
def uniform(source: Record) -> float:
    """In [0, 1)."""
    return as_unit(draw(source))


@inner
def exponential(source: Record) -> float:
    """Of mean 1, by the ziggurat: one draw and no logarithm in 99 of 100 cases."""
    shift = 0.0
    while True:
        word = draw(source)
        layer = np.int64(word & np.uint64(255))
        x = as_unit(word) * _EDGE[layer]
        if x < _EDGE[layer + 1]:
            return shift + x
        if layer == 0:
            shift += _TAIL  # the tail beyond the last layer is again exponential
        elif _HEIGHT[layer] + uniform(source) * (_HEIGHT[layer + 1] - _HEIGHT[layer]) < math.exp(-x):
            return shift + x


@inner
def normal(source: Record) -> float:
    """Of mean 0 and variance 1 (Box & Muller, 1958)."""
    radius = math.sqrt(2.0 * exponential(source))
    return radius * math.cos(2.0 * math.pi * uniform(source))
