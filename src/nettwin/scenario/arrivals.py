"""Arrival processes: how the packets of a demand follow each other in time. The mean rate is the demand's own."""

import math
from dataclasses import dataclass

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.scenario.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True)
class Poisson:
    """Independent exponential gaps."""


@dataclass(frozen=True, slots=True)
class ConstantBitRate:
    """Equal gaps between packets, whatever their sizes, from a random phase."""


@dataclass(frozen=True, slots=True)
class OnOff:
    """Exponential ON and OFF periods; equal gaps at the peak rate while ON, none while OFF.

    The phase within a gap is drawn anew at the start of each ON period, so the mean rate is exact:
    peak rate = mean rate * (on_s + off_s) / on_s.
    """

    on_s: float
    off_s: float

    def __post_init__(self) -> None:
        _check_positive(self, "on_s", "off_s")


@dataclass(frozen=True, slots=True)
class CarriedOnOff:
    """On-off source of BNNetSimulator: what is left of an ON period is carried over, and each cycle sends one packet more.

    ON credit is drawn exponentially; a packet spends one gap of it; when too little is left, the next packet comes after an
    exponential OFF period and a new credit is added. Packets per cycle: 1 + peak rate * on_s; the mean rate counts them all.
    """

    on_s: float
    off_s: float

    def __post_init__(self) -> None:
        _check_positive(self, "on_s", "off_s")

    def peak_packet_rate(self, mean_packet_rate: float) -> float:
        """Packets per second while ON that give the mean rate, both in 1/s."""
        return max(mean_packet_rate * (self.on_s + self.off_s) - 1.0, 1e-9) / self.on_s

    def mean_packet_rate(self, peak_packet_rate: float) -> float:
        """The inverse of ``peak_packet_rate``."""
        return (1.0 + peak_packet_rate * self.on_s) / (self.on_s + self.off_s)


@dataclass(frozen=True, slots=True)
class AutocorrelatedExponential:
    """Exponential gaps with memory: a Gaussian AR(1) turned into exponentials (Cario & Nelson, ARTA, 1996)."""

    correlation: float
    """Lag-1 correlation of the underlying Gaussian sequence, in [0, 1)."""

    def __post_init__(self) -> None:
        if not 0 <= self.correlation < 1:
            raise ScenarioError(f"correlation is {self.correlation}", where="arrival process", hint="0 <= correlation < 1")


@dataclass(frozen=True, slots=True)
class ModulatedExponential:
    """Two-state Markov-modulated Poisson process (Fischer & Meier-Hellstern 1993)."""

    rate_ratio: float
    """Packet rate of the high state over that of the low state."""
    high_s: float
    low_s: float
    """Mean stay in each state."""

    def __post_init__(self) -> None:
        _check_positive(self, "rate_ratio", "high_s", "low_s")

    def state_rates(self, mean_packet_rate: float) -> tuple[float, float]:
        """Packet rates of the high and the low state for a mean rate, 1/s."""
        low = mean_packet_rate * (self.high_s + self.low_s) / (self.rate_ratio * self.high_s + self.low_s)
        return self.rate_ratio * low, low


@dataclass(frozen=True, eq=False)
class PacketTrace:
    """Recorded packets, repeated every ``period_s``. Times and sizes are the trace's own; rate and size columns must agree."""

    times_s: FloatArray  # [packet], ascending, in [0, period_s)
    sizes_bits: FloatArray  # [packet]
    period_s: float

    def __post_init__(self) -> None:
        times, sizes = np.array(self.times_s, dtype=np.float64), np.array(self.sizes_bits, dtype=np.float64)
        _check_positive(self, "period_s")
        ordered = len(times) > 0 and times[0] >= 0 and times[-1] < self.period_s and bool(np.all(np.diff(times) >= 0))
        if not ordered:
            raise ScenarioError(
                "times are empty, unsorted or outside the period", where="packet trace", hint="0 <= t < period_s, ascending"
            )
        if len(sizes) != len(times) or not bool(np.all((sizes > 0) & np.isfinite(sizes))):
            raise ScenarioError("sizes do not fit the times", where="packet trace", hint="one positive size in bits per packet")
        object.__setattr__(self, "times_s", frozen(times))
        object.__setattr__(self, "sizes_bits", frozen(sizes))

    @property
    def rate_bps(self) -> float:
        return float(self.sizes_bits.sum() / self.period_s)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PacketTrace)
            and self.period_s == other.period_s
            and np.array_equal(self.times_s, other.times_s)
            and np.array_equal(self.sizes_bits, other.sizes_bits)
        )

    def __hash__(self) -> int:
        return hash((self.period_s, len(self.times_s), float(self.sizes_bits.sum())))


ArrivalProcess = Poisson | ConstantBitRate | OnOff | CarriedOnOff | AutocorrelatedExponential | ModulatedExponential | PacketTrace


def _check_positive(process: object, *names: str) -> None:
    for name in names:
        value = getattr(process, name)
        if not 0 < value < math.inf:
            raise ScenarioError(f"{name} is {value}", where=type(process).__name__, hint="it must be positive and finite")
