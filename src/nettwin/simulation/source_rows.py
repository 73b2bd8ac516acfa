"""Demands as rows of SOURCE: arrival process, packet sizes, rates."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nettwin.scenario import (
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    ModulatedExponential,
    OnOff,
    PacketTrace,
    Poisson,
    Traffic,
    TruncatedExponentialSize,
)
from nettwin.scenario.arrays import FloatArray
from nettwin.simulation.records import (
    AUTOCORRELATED,
    CARRIED_ON_OFF,
    CONSTANT,
    EMPIRICAL,
    EXPONENTIAL,
    FIXED,
    MODULATED,
    ON_OFF,
    POISSON,
    SILENT,
    SIZE_ROW,
    SOURCE,
    TRACE,
    TRUNCATED,
    Records,
)

_SPARSE = 1e-3
"""Packets per burst."""


class SourceRows:
    """Builds the rows of SOURCE and the table of sizes and traces that they point into."""

    def __init__(self, traffic: Traffic, first_size_row: int = 0) -> None:
        self.rows = np.zeros(traffic.n_demands, dtype=SOURCE)
        self._tables: list[Records] = []
        self._next_row = first_size_row
        for index, sizes in enumerate(traffic.packet_sizes):
            self._set_sizes(np.flatnonzero(traffic.packet_size_index == index), sizes)
        for index, arrivals in enumerate(traffic.arrivals):
            self._set_arrivals(np.flatnonzero(traffic.arrival_index == index), arrivals, traffic.packet_rate)
        self._replace_sparse_bursts(traffic.packet_rate)
        self.rows["kind"][traffic.rate_bps == 0] = SILENT

    @property
    def size_rows(self) -> Records:
        return np.concatenate(self._tables) if self._tables else np.zeros(0, dtype=SIZE_ROW)

    def _replace_sparse_bursts(self, packet_rate: FloatArray) -> None:
        """Bursts that hardly ever hold a packet are told from Poisson by nobody, but cost a draw for each empty one."""
        cycle = self.rows["on_s"] + self.rows["off_s"]
        is_bursty = np.isin(self.rows["kind"], (ON_OFF, MODULATED))
        is_sparse = is_bursty & (packet_rate * cycle < _SPARSE) & (packet_rate > 0)
        self._set(is_sparse, kind=POISSON, gap_s=1 / packet_rate[is_sparse])

    def _set(self, demands: Any, **columns: Any) -> None:
        for name, values in columns.items():
            self.rows[name][demands] = values

    def _add_table(self, cumulative: Any, sizes: Any) -> tuple[int, int]:
        table = np.zeros(len(sizes), dtype=SIZE_ROW)
        table["cumulative"], table["size"] = cumulative, sizes
        first = self._next_row
        self._tables.append(table)
        self._next_row += len(table)
        return first, len(table)

    def _set_sizes(self, demands: Any, sizes: object) -> None:
        match sizes:
            case FixedSize():
                self._set(demands, size_kind=FIXED, size0=sizes.size_bits)
            case ExponentialSize():
                self._set(demands, size_kind=EXPONENTIAL, size0=sizes.mean_bits)
            case TruncatedExponentialSize():
                kept = -np.expm1(-(sizes.max_bits - sizes.min_bits) / sizes.scale_bits)
                self._set(demands, size_kind=TRUNCATED, size0=sizes.scale_bits, size1=sizes.min_bits, size2=kept)
            case EmpiricalSizes():
                cumulative = np.cumsum(sizes.probabilities) / np.sum(sizes.probabilities)
                first, length = self._add_table(cumulative, sizes.sizes_bits)
                self._set(demands, size_kind=EMPIRICAL, table=first, table_length=length)
            case _:
                raise TypeError(f"packet sizes of type {type(sizes).__name__} are not simulated")

    def _set_arrivals(self, demands: Any, arrivals: object, packet_rate: FloatArray) -> None:
        if len(demands) == 0:
            return
        rate = np.where(packet_rate[demands] > 0, packet_rate[demands], 1.0)
        match arrivals:
            case Poisson():
                self._set(demands, kind=POISSON, gap_s=1 / rate)
            case ConstantBitRate():
                self._set(demands, kind=CONSTANT, gap_s=1 / rate)
            case OnOff():
                gap = arrivals.on_s / (arrivals.on_s + arrivals.off_s) / rate
                self._set(demands, kind=ON_OFF, gap_s=gap, on_s=arrivals.on_s, off_s=arrivals.off_s)
            case CarriedOnOff():
                gap = 1 / _each(arrivals.peak_packet_rate, rate)
                self._set(demands, kind=CARRIED_ON_OFF, gap_s=gap, on_s=arrivals.on_s, off_s=arrivals.off_s)
            case AutocorrelatedExponential():
                self._set(demands, kind=AUTOCORRELATED, gap_s=1 / rate, on_s=arrivals.correlation)
            case ModulatedExponential():
                high, low = np.array([arrivals.state_rates(float(r)) for r in rate]).T
                self._set(demands, kind=MODULATED, gap_s=1 / high, low_gap_s=1 / low, on_s=arrivals.high_s, off_s=arrivals.low_s)
            case PacketTrace():
                first, length = self._add_table(arrivals.times_s, arrivals.sizes_bits)
                self._set(demands, kind=TRACE, table=first, table_length=length, on_s=arrivals.period_s)
            case _:
                raise TypeError(f"arrivals of type {type(arrivals).__name__} are not simulated")


def _each(function: Callable[[float], float], values: FloatArray) -> FloatArray:
    return np.array([function(float(value)) for value in values])
