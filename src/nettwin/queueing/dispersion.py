"""Index of dispersion for counts, IDC(t) = Var N(t) / E N(t), of every arrival process.

Why counts over the queue's own time scale: Sriram & Whitt, "Characterizing superposition arrival processes in packet
multiplexers", IEEE JSAC 1986. The IDC of a superposition is the mean of its parts' IDCs, weighted by rate.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import cast

import numpy as np

from nettwin.scenario import (
    ArrivalProcess,
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    ModulatedExponential,
    OnOff,
    PacketTrace,
    Poisson,
)
from nettwin.scenario.arrays import FloatArray, IntArray

_TRACE_GRID_POINTS = 32
_TRACE_PHASES = 4096


def index_of_dispersion(process: ArrivalProcess, packet_rate: FloatArray, window_s: FloatArray) -> FloatArray:
    """IDC over windows of ``window_s`` > 0 of a source with mean ``packet_rate`` > 0; the two have one shape."""
    index = np.zeros(packet_rate.shape, dtype=np.int64)
    return 1 + sources((process,), index, packet_rate).excess(window_s)


@dataclass(frozen=True, eq=False)
class Sources:
    """Many sources, grouped by the kind of their arrival process."""

    n_sources: int
    groups: tuple["_Group", ...]

    def excess(self, window_s: FloatArray) -> FloatArray:  # [..., source]
        """IDC - 1 of each source over its windows [..., source]; 0 for Poisson."""
        result = np.zeros(window_s.shape)
        for group in self.groups:
            result[..., group.rows] = group.formula(group.packet_rate, window_s[..., group.rows], *group.parameters) - 1
        return result


@dataclass(frozen=True, eq=False)
class _Group:
    rows: IntArray
    packet_rate: FloatArray
    formula: Callable[..., FloatArray]
    parameters: tuple[FloatArray, ...]


def sources(table: tuple[ArrivalProcess, ...], index: IntArray, packet_rate: FloatArray) -> Sources:
    """Sources with the process ``table[index]`` each; those without packets count as Poisson."""
    kinds = {type(process) for process in table} - {Poisson}
    return Sources(len(index), tuple(_group(kind, table, index, packet_rate) for kind in sorted(kinds, key=lambda kind: kind.__name__)))


def _group(kind: type, table: tuple[ArrivalProcess, ...], index: IntArray, packet_rate: FloatArray) -> _Group:
    is_kind = np.array([type(process) is kind for process in table], dtype=np.bool_)
    rows = np.flatnonzero(is_kind[index] & (packet_rate > 0))
    if kind is PacketTrace:
        return _Group(rows, packet_rate[rows], partial(_of_traces, table, index[rows]), ())
    parameters = tuple(_column(table, kind, f.name)[index[rows]] for f in fields(kind))
    return _Group(rows, packet_rate[rows], _FORMULAS[kind], parameters)


def constant_bit_rate(packet_rate: FloatArray, window_s: FloatArray) -> FloatArray:
    """Equal gaps from a random phase: the count is one of two neighbours."""
    packets = packet_rate * window_s
    phase = packets - np.floor(packets)
    return np.asarray(phase * (1 - phase) / packets)


def on_off(packet_rate: FloatArray, window_s: FloatArray, on_s: FloatArray, off_s: FloatArray) -> FloatArray:
    """The fluid on-off source of Anick, Mitra & Sondhi (1982), plus the grain of equal gaps with a fresh phase per ON period."""
    share_off, memory_s = off_s / (on_s + off_s), on_s * off_s / (on_s + off_s)
    peak = packet_rate / (1 - share_off)
    fluid = 2 * peak * share_off * memory_s * _ramp(window_s / memory_s)
    fresh_phases = _phase_variance(peak * on_s) / (peak * on_s) * -np.expm1(-window_s / on_s)
    return np.asarray(fluid + constant_bit_rate(peak, window_s) + fresh_phases)


def carried_on_off(packet_rate: FloatArray, window_s: FloatArray, on_s: FloatArray, off_s: FloatArray) -> FloatArray:
    """Renewal-reward limit of a cycle of 1 + a x packets in on x + off y seconds (x, y exponential of mean 1), reached like on-off."""
    packets_on = np.maximum(packet_rate * (on_s + off_s) - 1, 1e-9)
    limit = ((packets_on - packet_rate * on_s) ** 2 + (packet_rate * off_s) ** 2) / (1 + packets_on)
    memory_s = on_s * off_s / (on_s + off_s)
    return np.asarray(limit * _ramp(window_s / memory_s) + constant_bit_rate(packets_on / on_s, window_s))


def modulated_exponential(
    packet_rate: FloatArray, window_s: FloatArray, rate_ratio: FloatArray, high_s: FloatArray, low_s: FloatArray
) -> FloatArray:
    """Exact: Fischer & Meier-Hellstern, "The MMPP cookbook", Performance Evaluation 1993."""
    cycle_s = high_s + low_s
    spread = (rate_ratio - 1) * cycle_s / (rate_ratio * high_s + low_s)
    memory_s = high_s * low_s / cycle_s
    return np.asarray(1 + 2 * packet_rate * spread**2 * high_s * low_s / cycle_s**2 * memory_s * _ramp(window_s / memory_s))


def autocorrelated_exponential(packet_rate: FloatArray, window_s: FloatArray, correlation: FloatArray) -> FloatArray:
    """Index of dispersion for intervals, 1 + 2 * sum of (1 - k/n) * corr(k), at n = 1 + rate * t."""
    n = 1 + packet_rate * window_s
    total = np.ones(n.shape)
    for power, weight in enumerate(exponential_hermite_shares(), start=1):
        r = correlation**power
        total = total + 2 * weight * (r / (1 - r) - r * (1 - r**n) / (n * (1 - r) ** 2))
    return np.asarray(total)


def exponential_hermite_shares(n_terms: int = 12) -> FloatArray:
    """w with corr(-ln(1 - Phi(X)), -ln(1 - Phi(Y))) = sum of w[k] * corr(X, Y)**k for jointly Gaussian X, Y (Cario & Nelson 1996)."""
    from scipy.special import log_ndtr

    z, mass = np.polynomial.hermite_e.hermegauss(100)
    gap = -log_ndtr(-z)
    basis = np.array([np.polynomial.hermite_e.hermeval(z, np.eye(n_terms + 1)[k]) for k in range(1, n_terms + 1)])
    factorials = np.cumprod(np.arange(1.0, n_terms + 1))
    return np.asarray((basis @ (mass / mass.sum() * gap)) ** 2 / factorials)


_FORMULAS: dict[type, Callable[..., FloatArray]] = {
    ConstantBitRate: constant_bit_rate,
    OnOff: on_off,
    CarriedOnOff: carried_on_off,
    ModulatedExponential: modulated_exponential,
    AutocorrelatedExponential: autocorrelated_exponential,
}


def _column(table: tuple[ArrivalProcess, ...], kind: type, name: str) -> FloatArray:
    return np.array([getattr(process, name) if type(process) is kind else np.nan for process in table])


def _ramp(x: FloatArray) -> FloatArray:
    """1 - (1 - exp(-x)) / x: how much of a memory of unit length a window of length x sees."""
    small = x < 1e-4
    safe = np.where(small, 1.0, x)
    return np.where(small, x / 2, 1 + np.expm1(-safe) / safe)


def _phase_variance(packets: FloatArray) -> FloatArray:
    """E[u * (1 - u)] of the fractional part u of an exponential of mean ``packets``: 1/6 for many, ``packets`` for few."""
    a = np.clip(packets, 1e-2, 1e2)
    tail = 1 / np.expm1(1 / a)
    exact = (a - tail) * (1 - 2 * a) + tail
    return np.where(packets > 100, 1 / 6, np.where(packets < 1e-2, packets, exact))


def _of_traces(table: tuple[ArrivalProcess, ...], index: IntArray, packet_rate: FloatArray, window_s: FloatArray) -> FloatArray:
    """Measured: variance of the counts over windows that start anywhere in the repeated trace."""
    if window_s.ndim > 1:
        return np.array([_of_traces(table, index, packet_rate, windows) for windows in window_s])
    if not len(index):
        return np.ones(0)
    grid = np.geomspace(window_s.min(), window_s.max() * (1 + 1e-9), _TRACE_GRID_POINTS)
    result = np.empty(len(index))
    for row in np.unique(index):
        measured = [_trace_dispersion(cast(PacketTrace, table[row]), float(window)) for window in grid]
        here = index == row
        result[here] = np.interp(np.log(window_s[here]), np.log(grid), measured)
    return result


def _trace_dispersion(trace: PacketTrace, window_s: float) -> float:
    start = (np.arange(_TRACE_PHASES) + 0.5) / _TRACE_PHASES * trace.period_s
    counts = _count_until(trace, start + window_s) - _count_until(trace, start)
    return float(counts.var() / (len(trace.times_s) * window_s / trace.period_s))


def _count_until(trace: PacketTrace, time_s: FloatArray) -> FloatArray:
    periods = np.floor(time_s / trace.period_s)
    within = np.searchsorted(trace.times_s, time_s - periods * trace.period_s, side="right")
    return np.asarray(periods * len(trace.times_s) + within)
