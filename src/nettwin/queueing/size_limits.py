"""Packet sizes between limits."""

import math
from functools import singledispatch
from typing import Any

import numpy as np

from nettwin.scenario import EmpiricalSizes, ExponentialSize, FixedSize, PacketSizes, PacketTrace, Traffic, TruncatedExponentialSize
from nettwin.scenario.arrays import FloatArray, IntArray

LEAST_SHARE = 1e-5
"""Of a demand's packets: fewer that are longer than a buffer are neglected."""
_EXPONENTIAL_REACH = 30.0  # mean sizes: an exponential above a limit is cut there
_ROUNDING = 1e-9  # a packet of exactly the limit is not above it


class LimitedSizes:
    """A table of packet sizes that grows by those between limits."""

    def __init__(self, table: tuple[PacketSizes, ...]) -> None:
        self.table = list(table)
        self._known: dict[tuple[int, float, float], tuple[float, int]] = {}

    def shares(self, row: IntArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Share of the packets above ``low`` and up to ``high`` bits."""
        return np.asarray(self._each(row, low, high)[0])

    def rows(self, row: IntArray, low: FloatArray, high: FloatArray) -> IntArray:
        """Rows of the table with those sizes only; the row itself where there are none or all."""
        return np.asarray(self._each(row, low, high)[1], dtype=np.int64)

    def mean_bits(self, row: IntArray) -> FloatArray:
        """Of rows of the table."""
        return np.array([sizes.mean_bits for sizes in self.table])[row]

    def _each(self, row: IntArray, low: FloatArray, high: FloatArray) -> FloatArray:  # [2, ...]
        keys, inverse = np.unique(np.stack([row.astype(np.float64), low, high], axis=1), axis=0, return_inverse=True)
        found = np.array([self._one((int(key[0]), float(key[1]), float(key[2]))) for key in keys], dtype=np.float64)
        return np.asarray(found.reshape(-1, 2)[inverse.ravel()].T)

    def _one(self, key: tuple[int, float, float]) -> tuple[float, int]:
        if key not in self._known:
            row, low, high = key
            share, sizes = between(self.table[row], low, high)
            is_new = sizes is not None and sizes != self.table[row]
            self._known[key] = (share, len(self.table) if is_new else row)
            if sizes is not None and is_new:
                self.table.append(sizes)
        return self._known[key]


def longest_bits(traffic: Traffic) -> FloatArray:  # [demand]
    """The longest packets of which there are enough to matter; 0 for traces, which are not cut."""
    by_row = np.array([_reach(sizes) for sizes in traffic.packet_sizes])
    is_trace = np.array([isinstance(process, PacketTrace) for process in traffic.arrivals])
    return np.where(is_trace[traffic.arrival_index], 0.0, by_row[traffic.packet_size_index])


@singledispatch
def between(sizes: Any, low: float, high: float) -> tuple[float, PacketSizes | None]:
    """Share of the packets above ``low`` and up to ``high`` bits, and their sizes; None where there are none."""
    raise TypeError(f"no sizes between limits for {type(sizes).__name__}")


@between.register
def _(sizes: FixedSize, low: float, high: float) -> tuple[float, PacketSizes | None]:
    is_inside = _is_above(sizes.size_bits, low) and not _is_above(sizes.size_bits, high)
    return (1.0, sizes) if is_inside else (0.0, None)


@between.register
def _(sizes: EmpiricalSizes, low: float, high: float) -> tuple[float, PacketSizes | None]:
    pairs = [(size, p) for size, p in zip(sizes.sizes_bits, sizes.probabilities, strict=True) if p > 0]
    kept = [(size, p) for size, p in pairs if _is_above(size, low) and not _is_above(size, high)]
    if not kept or len(kept) == len(pairs):
        return (1.0, sizes) if kept else (0.0, None)
    total = sum(p for _, p in kept)
    return total / sum(sizes.probabilities), EmpiricalSizes(tuple(size for size, _ in kept), tuple(p / total for _, p in kept))


@between.register
def _(sizes: ExponentialSize, low: float, high: float) -> tuple[float, PacketSizes | None]:
    scale = sizes.mean_bits
    if low <= 0 and high >= scale * _EXPONENTIAL_REACH:
        return 1.0, sizes
    share = math.exp(-low / scale) - math.exp(-high / scale)
    cut = min(high, low + scale * _EXPONENTIAL_REACH)
    return (share, TruncatedExponentialSize(scale, low, cut)) if share > 0 and cut > low else (0.0, None)


@between.register
def _(sizes: TruncatedExponentialSize, low: float, high: float) -> tuple[float, PacketSizes | None]:
    below, above, scale = max(low, sizes.min_bits), min(high, sizes.max_bits), sizes.scale_bits
    if below >= above:
        return 0.0, None
    if (below, above) == (sizes.min_bits, sizes.max_bits):
        return 1.0, sizes
    part = math.exp(-(below - sizes.min_bits) / scale) * math.expm1(-(above - below) / scale)
    share = part / math.expm1(-(sizes.max_bits - sizes.min_bits) / scale)
    return share, TruncatedExponentialSize(scale, below, above)


def _is_above(size: float, limit: float) -> bool:
    return size > limit * (1 + _ROUNDING)


def _reach(sizes: PacketSizes) -> float:
    if isinstance(sizes, ExponentialSize):
        return -math.log(LEAST_SHARE) * sizes.mean_bits
    if isinstance(sizes, TruncatedExponentialSize):
        return min(sizes.max_bits, sizes.min_bits - math.log(LEAST_SHARE) * sizes.scale_bits)
    return sizes.size_bits if isinstance(sizes, FixedSize) else max(sizes.sizes_bits)
