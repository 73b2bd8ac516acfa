"""How often the intervals of the neural twin hold, for demands, queues and links, on the networks of benchmarks/neural_simulated.py.

python benchmarks/neural_intervals.py
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from nettwin.formats import shards
from nettwin.performance import Interval, Performance
from nettwin.performance.error_measures import CERTAIN_SHARE, mape_of_most_certain, relative_errors, relative_widths
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.predict.neural import NeuralPredictor
from neural_simulated import BUDGETS, ROOT

FIGURES = {
    "demands": ("delay_s", "delay_variation_s", "ipdv_s", "delay_quantiles_s", "loss_ratio"),
    "queues": ("delay_s", "occupancy_packets", "loss_ratio", "utilization"),
    "links": ("utilization", "loss_ratio"),
}
Pair = tuple[Performance, Performance]
"""What was measured, and what was predicted."""
SLACK = {"utilization": 1e-3, "loss_ratio": 1e-3}
"""Of a ratio over a finite time, whose chance is not covered: without losses a utilization is known but for that."""


@dataclass(frozen=True)
class Args:
    """What is asked, and where the table goes."""

    weights: str | None = None
    sizes: tuple[int, ...] = tuple(BUDGETS)
    limit: int = 20
    """Networks per size."""
    data: Path = ROOT / "out" / "benchmark-data"
    table: Path = ROOT / "benchmarks" / "results" / "neural_intervals.md"


def main() -> None:
    args = parsed()
    lines = list(report(args))
    args.table.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def report(args: Args) -> Iterator[str]:
    yield "# Coverage of the intervals of the neural twin\n"
    data = "" if args.data == Args.data else f" --data {args.data}"
    yield f"Made by `python benchmarks/neural_intervals.py{data}`. The networks of neural_simulated.md, {args.limit} per size; share of the"
    yield "figures, in percent, that lie in their interval of 90 %: mean over networks. What was measured is noisy (label_noise.md), and"
    yield "the intervals cover some of it (docs/neural.md); utilizations and losses may be off by 0.001 for it. Losses: of demands,"
    yield "queues and links that lose, or were expected to lose, one packet in 10,000.\n"
    names = [f"{part[:-1]}: {name.removesuffix('_s').replace('_', ' ')}" for part, figures in FIGURES.items() for name in figures]
    yield f"| nodes | {' | '.join(names)} |"
    yield f"|{'---|' * (len(names) + 1)}"
    answered = {nodes: list(answers(args, nodes)) for nodes in args.sizes}
    for nodes, pairs in answered.items():
        yield f"| {nodes} | {' | '.join(f'{100 * share:.1f}' for share in coverage(pairs))} |"
    yield "\n## The order of certainty\n"
    yield "What is left of the error of mean delays without the 20 % of all demands of a size whose intervals are widest for their"
    yield "delay, and in the order of the errors themselves, which nobody knows. In percent of the MAPE over all demands.\n"
    yield "| nodes | demands | MAPE | left without the least certain | left in a perfect order |"
    yield "|---|---|---|---|---|"
    for nodes, pairs in answered.items():
        yield f"| {nodes} | {certainty(pairs)} |"


def answers(args: Args, nodes: int) -> Iterator[Pair]:
    """What was measured of each network, and the twin's answer."""
    engine = NeuralPredictor(args.weights)
    for row in islice(shards.samples(args.data / str(nodes)), args.limit):
        sample = row.read()
        assert sample.performance is not None, row
        yield sample.performance, engine.predict(with_realised_rates(sample.scenario, sample.performance))


def coverage(pairs: list[Pair]) -> list[float]:
    """Mean over networks by figure, in the order of ``FIGURES``."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for pair in pairs:
        assert pair[1].interval is not None
        for part, figures in FIGURES.items():
            for name in figures:
                found[part, name].append(held(part, name, pair, pair[1].interval))
    return [float(np.nanmean(found[part, name])) for part, figures in FIGURES.items() for name in figures]


def certainty(pairs: list[Pair]) -> str:
    """The cells of a row, over the demands of all networks in one pool."""
    measured = np.concatenate([one.demands.delay_s for one, _ in pairs])
    predicted = np.concatenate([answer.demands.delay_s for _, answer in pairs])
    width = np.concatenate([relative_widths(answer.interval, answer.demands.delay_s) for _, answer in pairs])
    errors = np.sort(np.abs(relative_errors(predicted, measured)))
    best = errors[: round(CERTAIN_SHARE * len(errors))].mean()
    left = mape_of_most_certain(predicted, measured, width)
    return f"{len(errors)} | {100 * errors.mean():.2f} | {100 * left / errors.mean():.0f} | {100 * best / errors.mean():.0f}"


def held(part: str, name: str, both: tuple[Performance, Performance], interval: Interval) -> float:
    """Share of the measured figures that lie in their intervals; NaN where there are none."""
    suffix = "" if part == "demands" else f"_{part}"
    low, high = (getattr(getattr(interval, f"{end}{suffix}"), name) for end in ("lower", "upper"))
    measured, expected = (getattr(getattr(performance, part), name) for performance in both)
    known = np.isfinite(measured) & np.isfinite(low) & np.isfinite(high)
    if name == "loss_ratio":
        known &= np.maximum(measured, expected) > 1e-4
    if not known.any():
        return float("nan")
    slack = SLACK.get(name, 0.0)
    return float(((measured >= low - slack) & (measured <= high + slack))[known].mean())


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default=Args.weights, help="folder of a twin instead of the shipped one")
    parser.add_argument("--sizes", default=",".join(map(str, Args.sizes)), help="numbers of nodes, as 14,24")
    parser.add_argument("--limit", type=int, default=Args.limit, help="networks per size")
    parser.add_argument("--data", type=Path, default=Args.data, help="where benchmarks/neural_simulated.py put its networks")
    parser.add_argument("--table", type=Path, default=Args.table)
    options = vars(parser.parse_args())
    return Args(**{**options, "sizes": tuple(int(size) for size in options["sizes"].split(","))})


if __name__ == "__main__":
    main()
