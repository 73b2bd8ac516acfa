"""A packet-size distribution as a few sizes with weights, for the quantiles of delays."""

from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np

from nettwin.scenario import EmpiricalSizes, ExponentialSize, FixedSize, PacketSizes, PacketTrace, Traffic, TruncatedExponentialSize
from nettwin.scenario.arrays import FloatArray, IntArray

N_ATOMS = 8


class SizeAtoms(NamedTuple):
    """Sizes ascending; unused atoms repeat the largest size with weight 0."""

    bits: FloatArray  # [row, atom]
    weights: FloatArray  # [row, atom]
    row: IntArray  # [demand]


def atoms_of(traffic: Traffic) -> SizeAtoms:
    """The sizes of all demands."""
    table, row = demand_sizes(traffic)
    return SizeAtoms(*size_atoms(table), row)


def demand_sizes(traffic: Traffic) -> tuple[tuple[PacketSizes, ...], IntArray]:
    """A table of sizes and each demand's row; the sizes of a trace are its own."""
    table, index = list(traffic.packet_sizes), traffic.packet_size_index.astype(np.int64)
    for row, process in enumerate(traffic.arrivals):
        if isinstance(process, PacketTrace):
            bits, counts = np.unique(process.sizes_bits, return_counts=True)
            table.append(EmpiricalSizes(tuple(bits.tolist()), tuple((counts / counts.sum()).tolist())))
            index = np.where(traffic.arrival_index == row, len(table) - 1, index)
    return tuple(table), index


def size_atoms(table: tuple[PacketSizes, ...]) -> tuple[FloatArray, FloatArray]:
    """Sizes in bits and weights, [row, atom], ascending; unused atoms repeat the largest size with weight 0."""
    pairs = [_atoms(sizes) for sizes in table]
    width = max(len(sizes) for sizes, _ in pairs)
    bits = np.array([np.pad(sizes, (0, width - len(sizes)), mode="edge") for sizes, _ in pairs])
    weights = np.array([np.pad(weight, (0, width - len(weight))) for _, weight in pairs])
    return bits, weights


@singledispatch
def _atoms(sizes: Any) -> tuple[FloatArray, FloatArray]:
    raise TypeError(f"no atoms for {type(sizes).__name__}")


@_atoms.register
def _(sizes: FixedSize) -> tuple[FloatArray, FloatArray]:
    return np.array([sizes.size_bits]), np.ones(1)


@_atoms.register
def _(sizes: EmpiricalSizes) -> tuple[FloatArray, FloatArray]:
    bits, weights = np.array(sizes.sizes_bits), np.array(sizes.probabilities) / sum(sizes.probabilities)
    if len(bits) <= N_ATOMS:
        return bits, weights
    middle = np.cumsum(weights) - weights / 2
    group = np.minimum((middle * N_ATOMS).astype(np.int64), N_ATOMS - 1)
    mass = np.bincount(group, weights, N_ATOMS).astype(np.float64)
    means = np.bincount(group, weights * bits, N_ATOMS)[mass > 0] / mass[mass > 0]
    return np.asarray(means), np.asarray(mass[mass > 0], dtype=np.float64)


@_atoms.register
def _(sizes: ExponentialSize) -> tuple[FloatArray, FloatArray]:
    return sizes.mean_bits * _exponential_means(1.0), np.full(N_ATOMS, 1 / N_ATOMS)


@_atoms.register
def _(sizes: TruncatedExponentialSize) -> tuple[FloatArray, FloatArray]:
    width = (sizes.max_bits - sizes.min_bits) / sizes.scale_bits
    return sizes.min_bits + sizes.scale_bits * _exponential_means(-float(np.expm1(-width))), np.full(N_ATOMS, 1 / N_ATOMS)


def _exponential_means(mass: float) -> FloatArray:
    """Means of the equally likely parts of a unit exponential cut where its distribution function is ``mass``."""
    kept = 1 - mass * np.linspace(0, 1, N_ATOMS + 1)
    gain = np.where(kept > 0, kept - kept * np.log(np.maximum(kept, 1e-300)), 0.0)  # integral of -ln over (0, kept)
    return np.asarray(-np.diff(gain) / mass * N_ATOMS)


_CUTS = np.array([0.0, 0.25, 0.5, 0.7, 0.82, 0.9, 0.95, 0.975, 0.988, 0.995, 0.998, 0.9995, 1.0])  # finer where packets are long


def fine_atoms_of(traffic: Traffic) -> SizeAtoms:
    """The sizes of all demands with their rare long packets, which decide where many follow one of them."""
    table, row = demand_sizes(traffic)
    pairs = [_fine(sizes) for sizes in table]
    width = max(len(sizes) for sizes, _ in pairs)
    bits = np.array([np.pad(sizes, (0, width - len(sizes)), mode="edge") for sizes, _ in pairs])
    weights = np.array([np.pad(weight, (0, width - len(weight))) for _, weight in pairs])
    return SizeAtoms(bits, weights, row)


def _fine(sizes: PacketSizes) -> tuple[FloatArray, FloatArray]:
    if isinstance(sizes, ExponentialSize):
        return sizes.mean_bits * _cut_means(1.0), np.diff(_CUTS)
    if isinstance(sizes, TruncatedExponentialSize):
        width = (sizes.max_bits - sizes.min_bits) / sizes.scale_bits
        return sizes.min_bits + sizes.scale_bits * _cut_means(-float(np.expm1(-width))), np.diff(_CUTS)
    if isinstance(sizes, EmpiricalSizes) and len(sizes.sizes_bits) > len(_CUTS):
        bits, weights = np.array(sizes.sizes_bits), np.array(sizes.probabilities) / sum(sizes.probabilities)
        group = np.searchsorted(_CUTS, np.cumsum(weights) - weights / 2, side="right")
        mass = np.bincount(group, weights).astype(np.float64)
        return np.bincount(group, weights * bits)[mass > 0] / mass[mass > 0], mass[mass > 0]
    if isinstance(sizes, EmpiricalSizes):
        return np.array(sizes.sizes_bits), np.array(sizes.probabilities) / sum(sizes.probabilities)
    return _atoms(sizes)


def _cut_means(mass: float) -> FloatArray:
    kept = 1 - mass * _CUTS
    gain = np.where(kept > 0, kept - kept * np.log(np.maximum(kept, 1e-300)), 0.0)
    return np.asarray(-np.diff(gain) / mass / np.diff(_CUTS))
