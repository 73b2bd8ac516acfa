"""Distributions of packet sizes in bits."""

import math
from dataclasses import dataclass
from itertools import pairwise

from nettwin.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class FixedSize:
    """Every packet has the same size."""

    size_bits: float

    def __post_init__(self) -> None:
        _check_positive("size_bits", self.size_bits)

    @property
    def mean_bits(self) -> float:
        return self.size_bits

    @property
    def second_moment_bits2(self) -> float:
        return self.size_bits**2

    @property
    def smallest_bits(self) -> float:
        return self.size_bits


@dataclass(frozen=True, slots=True)
class ExponentialSize:
    """Exponential sizes: the M/M/1 of the textbooks."""

    mean_bits: float

    def __post_init__(self) -> None:
        _check_positive("mean_bits", self.mean_bits)

    @property
    def second_moment_bits2(self) -> float:
        return 2 * self.mean_bits**2

    @property
    def smallest_bits(self) -> float:
        return 0.0


@dataclass(frozen=True, slots=True)
class TruncatedExponentialSize:
    """An exponential of mean ``scale_bits`` conditioned on lying in [min_bits, max_bits]."""

    scale_bits: float
    min_bits: float
    max_bits: float

    def __post_init__(self) -> None:
        _check_positive("scale_bits", self.scale_bits)
        if not 0 <= self.min_bits < self.max_bits < math.inf:
            raise ScenarioError(f"bounds [{self.min_bits}, {self.max_bits}]", where="packet sizes", hint="0 <= min_bits < max_bits")

    @property
    def mean_bits(self) -> float:
        return self.min_bits + self._mean_excess()

    @property
    def second_moment_bits2(self) -> float:
        width, scale = self.max_bits - self.min_bits, self.scale_bits
        tail = math.exp(-width / scale)
        excess = self._mean_excess()
        squared = 2 * scale * excess - width**2 * tail / -math.expm1(-width / scale)
        return self.min_bits**2 + 2 * self.min_bits * excess + squared

    @property
    def smallest_bits(self) -> float:
        return self.min_bits

    def _mean_excess(self) -> float:
        width = self.max_bits - self.min_bits
        return self.scale_bits - width / math.expm1(width / self.scale_bits) if width / self.scale_bits < 700 else self.scale_bits


@dataclass(frozen=True, slots=True)
class EmpiricalSizes:
    """A finite mix of sizes with their probabilities."""

    sizes_bits: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.sizes_bits or len(self.sizes_bits) != len(self.probabilities):
            raise ScenarioError(
                f"{len(self.sizes_bits)} sizes with {len(self.probabilities)} probabilities", where="packet sizes", hint="give one each"
            )
        for size in self.sizes_bits:
            _check_positive("size_bits", size)
        if any(b <= a for a, b in pairwise(self.sizes_bits)):
            raise ScenarioError(f"sizes {self.sizes_bits} do not ascend", where="packet sizes", hint="sort them, each once")
        if min(self.probabilities) < 0 or not math.isclose(sum(self.probabilities), 1.0, abs_tol=1e-6):
            raise ScenarioError(f"probabilities {self.probabilities}", where="packet sizes", hint="not negative, with sum 1")

    @property
    def mean_bits(self) -> float:
        return sum(p * s for s, p in zip(self.sizes_bits, self.probabilities, strict=True)) / sum(self.probabilities)

    @property
    def second_moment_bits2(self) -> float:
        return sum(p * s * s for s, p in zip(self.sizes_bits, self.probabilities, strict=True)) / sum(self.probabilities)

    @property
    def smallest_bits(self) -> float:
        return self.sizes_bits[0]


PacketSizes = FixedSize | ExponentialSize | TruncatedExponentialSize | EmpiricalSizes


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ScenarioError(f"{name} is {value}", where="packet sizes", hint="it must be positive and finite")


INTERNET_MIX = EmpiricalSizes((320.0, 4608.0, 12000.0), (7 / 12, 4 / 12, 1 / 12))
"""Simple IMIX, RFC 6985 section 2: 40, 576 and 1500 bytes in the proportion 7:4:1."""
