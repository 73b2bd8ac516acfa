"""What the digits of the rates tell about bursts: packet counts, and the number of bursts that divides them."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from nettwin.formats.testbed.files import lines_of
from testbed_parts.data import FAMILIES, Args, fold

DIVISORS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 17)
BURSTS = np.arange(3, 11)
SHORTEST_S, LONGEST_S = 4.98, 5.6
"""Between which the length of a capture lies."""
STEP = 4
"""Every so many experiments."""


def section(args: Args) -> Iterator[str]:
    yield "## What packet counts tell about bursts\n"
    yield f"Folds 0 and 1, every {STEP}th experiment. The rates of an experiment are whole numbers of packets over one common time,"
    yield "which their digits give away. If bursts were complete, counts would be multiples of their number. Below: how often counts are"
    yield "multiples, times the divisor (1: chance).\n"
    yield "| flows | experiments with a common time | flows | " + " | ".join(map(str, DIVISORS)) + " |"
    yield "|---" * (3 + len(DIVISORS)) + "|"
    sizes: Counter[str] = Counter()
    alike = []
    for family, name in FAMILIES.items():
        records = [json.loads(line) for number in (0, 1) for line in lines_of(fold(args, family, number))]
        sizes.update(str((record["flow_packet_size"], record["link_to_path"])) for record in records)
        found = [(record, counts_of(record)) for record in records[::STEP]]
        known = [(counts, np.array(record["flow_type"])[:, 1] > 0) for record, counts in found if counts is not None]
        every, burst = (np.concatenate(column) for column in zip(*known, strict=True))
        for kind, rows in (("multi-burst", burst), ("constant", ~burst)):
            if rows.any():
                excess = " | ".join(f"{divisor * np.mean(every[rows] % divisor == 0):.2f}" for divisor in DIVISORS)
                yield f"| {kind} of {name} | {len(known)} of {len(found)} | {rows.sum()} | {excess} |"
        alike.append(f"{name} {likeness([counts[rows] for counts, rows in known]):.3f}")
    yield ""
    yield "Covariance of the evidence for complete bursts between flows of one experiment, over the squared mean (0: independent):"
    yield f"{', '.join(alike)}. Experiments that share packet sizes and paths with another: {sum(n for n in sizes.values() if n > 1)}.\n"


def counts_of(record: dict[str, Any]) -> np.ndarray | None:
    """Packets of each flow, where exactly one time makes them whole; rates have 7 digits."""
    rates = np.array(record["flow_packets"])
    slack = 0.8 * 10.0 ** (np.floor(np.log10(rates)) - 6) + 5e-8 * rates
    order = np.argsort(rates)
    times = [(SHORTEST_S, LONGEST_S)]
    for flow in order:
        times = [part for low, high in times for part in whole(rates[flow], slack[flow], low, high)]
    return np.rint(rates * sum(times[0]) / 2).astype(np.int64) if len(times) == 1 else None


def whole(rate: float, slack: float, low_s: float, high_s: float) -> Iterator[tuple[float, float]]:
    """The parts of a range of times in which a rate makes whole packets."""
    for packets in range(int(np.ceil(low_s * (rate - slack) - 1e-9)), int(high_s * (rate + slack) + 1e-9) + 1):
        first, last = max(low_s, packets / (rate + slack)), min(high_s, packets / (rate - slack))
        if first <= last:
            yield first, last


def likeness(experiments: list[np.ndarray]) -> float:
    """How much flows of one experiment agree in whether their bursts are complete."""
    evidence = [((counts[:, None] % BURSTS == 0) * BURSTS).mean(axis=1) - 1 for counts in experiments]
    mean = np.concatenate(evidence).mean()
    sums = np.array([(values - mean).sum() ** 2 - ((values - mean) ** 2).sum() for values in evidence])
    pairs = np.array([len(values) * (len(values) - 1) for values in evidence])
    return float(sums.sum() / pairs.sum() / mean**2)
