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


def fine_atoms_of(traffic: Traffic) -> SizeAtoms:
    """The sizes of all demands with their rare long packets."""
    table, row = demand_sizes(traffic)
    return SizeAtoms(*size_atoms(table, FINE), row)


def demand_sizes(traffic: Traffic) -> tuple[tuple[PacketSizes, ...], IntArray]:
    """A table of sizes and each demand's row; the sizes of a trace are its own."""
    table, index = list(traffic.packet_sizes), traffic.packet_size_index.astype(np.int64)
    for row, process in enumerate(traffic.arrivals):
        if isinstance(process, PacketTrace):
            bits, counts = np.unique(process.sizes_bits, return_counts=True)
            table.append(EmpiricalSizes(tuple(bits.tolist()), tuple((counts / counts.sum()).tolist())))
            index = np.where(traffic.arrival_index == row, len(table) - 1, index)
    return tuple(table), index


class Cuts(NamedTuple):
    """Where a distribution function is cut into atoms."""

    edges: FloatArray  # 0 to 1
    most: int  # so many sizes of their own are left as they are


COARSE = Cuts(np.linspace(0, 1, N_ATOMS + 1), N_ATOMS)
FINE = Cuts(np.array([0.0, 0.25, 0.5, 0.7, 0.82, 0.9, 0.95, 0.975, 0.988, 0.995, 0.998, 0.9995, 1.0]), 13)
"""Finer where packets are long: the rare longest decide where many follow one of them."""


def size_atoms(table: tuple[PacketSizes, ...], cuts: Cuts = COARSE) -> tuple[FloatArray, FloatArray]:
    """Sizes in bits and weights, [row, atom], ascending; unused atoms repeat the largest size with weight 0."""
    pairs = [_atoms(sizes, cuts) for sizes in table]
    width = max(len(sizes) for sizes, _ in pairs)
    bits = np.array([np.pad(sizes, (0, width - len(sizes)), mode="edge") for sizes, _ in pairs])
    weights = np.array([np.pad(weight, (0, width - len(weight))) for _, weight in pairs])
    return bits, weights


@singledispatch
def _atoms(sizes: Any, cuts: Cuts) -> tuple[FloatArray, FloatArray]:
    raise TypeError(f"no atoms for {type(sizes).__name__}")


@_atoms.register
def _(sizes: FixedSize, cuts: Cuts) -> tuple[FloatArray, FloatArray]:
    return np.array([sizes.size_bits]), np.ones(1)


@_atoms.register
def _(sizes: EmpiricalSizes, cuts: Cuts) -> tuple[FloatArray, FloatArray]:
    bits, weights = np.array(sizes.sizes_bits), np.array(sizes.probabilities) / sum(sizes.probabilities)
    if len(bits) <= cuts.most:
        return bits, weights
    group = np.searchsorted(cuts.edges, np.cumsum(weights) - weights / 2, side="right") - 1
    mass = np.bincount(group, weights).astype(np.float64)
    means = np.bincount(group, weights * bits)[mass > 0] / mass[mass > 0]
    return np.asarray(means), np.asarray(mass[mass > 0], dtype=np.float64)


@_atoms.register
def _(sizes: ExponentialSize, cuts: Cuts) -> tuple[FloatArray, FloatArray]:
    return sizes.mean_bits * _exponential_means(1.0, cuts.edges), np.diff(cuts.edges)


@_atoms.register
def _(sizes: TruncatedExponentialSize, cuts: Cuts) -> tuple[FloatArray, FloatArray]:
    width = (sizes.max_bits - sizes.min_bits) / sizes.scale_bits
    return sizes.min_bits + sizes.scale_bits * _exponential_means(-float(np.expm1(-width)), cuts.edges), np.diff(cuts.edges)


def _exponential_means(mass: float, edges: FloatArray) -> FloatArray:
    """Means of the parts of a unit exponential cut where its distribution function is ``mass``."""
    kept = 1 - mass * edges
    gain = np.where(kept > 0, kept - kept * np.log(np.maximum(kept, 1e-300)), 0.0)  # integral of -ln over (0, kept)
    return np.asarray(-np.diff(gain) / mass / np.diff(edges))
