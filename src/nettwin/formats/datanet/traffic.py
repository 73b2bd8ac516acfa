"""traffic.txt: one line per simulation, one entry per ordered pair of nodes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from nettwin.errors import FormatError, NettwinError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.datanet.entries import pair_entries
from nettwin.scenario import (
    ArrivalProcess,
    CarriedOnOff,
    ConstantBitRate,
    EmpiricalSizes,
    FixedSize,
    PacketSizes,
    Poisson,
    Traffic,
)
from nettwin.scenario.arrays import IntArray

PLACE = "traffic.txt"
N_TIME_FIELDS = {"0": 4, "1": 3, "2": 4, "3": 4, "4": 6, "5": 8}
"""Fields of each time distribution, its own number included; the packet sizes follow."""
UNMODELLED_TIMES = {"2": "uniform gaps", "3": "normal gaps", "5": "Poisson Pareto bursts", "6": "trace", "7": "external"}
SUBSTITUTE_SIZE_BITS = 1000.0
"""Where the sizes cannot be found: the mean size of most of these data sets."""


@dataclass(slots=True)
class _Columns:
    """Grows while the line is read."""

    pair: list[int] = field(default_factory=list)
    rate_bps: list[float] = field(default_factory=list)
    traffic_class: list[int] = field(default_factory=list)
    arrivals: dict[ArrivalProcess, int] = field(default_factory=dict)
    arrival_index: list[int] = field(default_factory=list)
    sizes: dict[PacketSizes, int] = field(default_factory=dict)
    size_index: list[int] = field(default_factory=list)
    size_of_text: dict[str, tuple[PacketSizes, float]] = field(default_factory=dict)


def parse_traffic(line: str, n_nodes: int, coverage: CoverageLog) -> tuple[Traffic, IntArray]:
    """The demands of one simulation, and the pair (source * n + target) that each stands for."""
    _, bar, text = line.partition("|")
    if not bar:
        raise FormatError("there is no |", where=PLACE, hint="expected intensity|entry;entry;...")
    entries = pair_entries(text, n_nodes, PLACE)
    columns = _Columns()
    for pair, entry in enumerate(entries):
        if not entry.startswith("-1"):
            try:
                _add(columns, pair, entry, coverage)
            except (ValueError, ArithmeticError, IndexError, NettwinError) as error:
                place = f"{PLACE}: pair {pair // n_nodes} -> {pair % n_nodes}"
                raise FormatError(f"{entry[:60]!r} cannot be understood: {error}", where=place) from None
    _report(columns, coverage)
    return _traffic(columns, n_nodes), np.array(columns.pair, dtype=np.int64)


def _traffic(columns: _Columns, n_nodes: int) -> Traffic:
    pairs = np.array(columns.pair, dtype=np.int64)
    return Traffic(
        source=pairs // n_nodes,
        target=pairs % n_nodes,
        rate_bps=np.array(columns.rate_bps, dtype=np.float64),
        traffic_class=np.array(columns.traffic_class, dtype=np.int16),
        arrival_index=np.array(columns.arrival_index, dtype=np.int32),
        packet_size_index=np.array(columns.size_index, dtype=np.int32),
        arrivals=tuple(columns.arrivals) or (Poisson(),),
        packet_sizes=tuple(columns.sizes) or (FixedSize(SUBSTITUTE_SIZE_BITS),),
    )


def _add(columns: _Columns, pair: int, entry: str, coverage: CoverageLog) -> None:
    if ":" in entry:
        raise ValueError("several flows between one pair are not read")
    fields = entry.split(",")
    arrivals, packet_rate = _arrivals(fields)
    sizes, mean_bits = _sizes(columns, fields, coverage)
    if packet_rate is None:
        coverage.unknown(
            f"time distribution {fields[0][:10]} ({UNMODELLED_TIMES.get(fields[0], 'of no known meaning')})",
            PLACE,
            "taken as Poisson with the same mean rate",
        )
    columns.pair.append(pair)
    columns.rate_bps.append(float(fields[1]) if packet_rate is None else packet_rate * mean_bits)
    columns.traffic_class.append(int(float(fields[-1])))
    columns.arrival_index.append(columns.arrivals.setdefault(arrivals, len(columns.arrivals)))
    columns.size_index.append(columns.sizes.setdefault(sizes, len(columns.sizes)))


def _arrivals(fields: list[str]) -> tuple[ArrivalProcess, float | None]:
    """The process and its packets per second; None where only the bit rate is known."""
    kind = fields[0]
    if kind == "0":
        return Poisson(), float(fields[2])
    if kind == "1":
        return ConstantBitRate(), float(fields[2])
    if kind == "4":
        process = _on_off(fields[4], fields[3])
        return process, process.mean_packet_rate(float(fields[2]))
    return Poisson(), None


@lru_cache(maxsize=1024)
def _on_off(on_s: str, off_s: str) -> CarriedOnOff:
    return CarriedOnOff(float(on_s), float(off_s))


def _sizes(columns: _Columns, fields: list[str], coverage: CoverageLog) -> tuple[PacketSizes, float]:
    first = N_TIME_FIELDS.get(fields[0])
    text = ",".join(fields[first:-1]) if first else ""
    known = columns.size_of_text.get(text)
    if known is None:
        sizes = _parse_sizes(text.split(","), coverage)
        known = columns.size_of_text[text] = sizes, sizes.mean_bits
    return known


def _parse_sizes(fields: list[str], coverage: CoverageLog) -> PacketSizes:
    readers: dict[str, Callable[[list[str]], PacketSizes]] = {"0": _fixed, "2": _two_sizes, "3": _any_sizes}
    if fields[0] in readers:
        return readers[fields[0]](fields)
    coverage.unknown(f"size distribution {fields[0][:10]!r}", PLACE, "taken as one fixed size, the mean where it is given")
    return FixedSize(float(fields[1]) if fields[0] == "1" else SUBSTITUTE_SIZE_BITS)


def _fixed(fields: list[str]) -> PacketSizes:
    return FixedSize(float(fields[1]))


def _two_sizes(fields: list[str]) -> PacketSizes:
    mean, small, large = (float(value) for value in fields[1:4])
    share = (mean - small) / (large - small)
    return EmpiricalSizes((small, large), (1 - share, share))


def _any_sizes(fields: list[str]) -> PacketSizes:
    """Sizes with probabilities. The mean that stands before them is truncated to an integer, so it is not used."""
    n_sizes = int(fields[2])
    values = [float(value) for value in fields[3 : 3 + 2 * n_sizes]]
    if len(values) != 2 * n_sizes:
        raise ValueError(f"{n_sizes} sizes announced, {len(values) / 2:g} given")
    probability: dict[float, float] = {}
    for size, share in sorted(zip(values[::2], values[1::2], strict=True)):
        probability[size] = probability.get(size, 0.0) + share
    total = sum(probability.values())
    if not 0.99 < total < 1.01:
        raise ValueError(f"the probabilities of the sizes add up to {total:g}")
    return EmpiricalSizes(tuple(probability), tuple(share / total for share in probability.values()))


def _report(columns: _Columns, coverage: CoverageLog) -> None:
    coverage.modelled("demand", PLACE, count=len(columns.pair))
    coverage.ignored("ExpMaxFactor", PLACE, "gaps beyond 10 times their mean are not cut: 1 of 22,026 is that long")
    coverage.ignored("mean packet size", PLACE, "truncated to an integer there; the mean of the size distribution is used")
