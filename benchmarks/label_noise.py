"""How exact the labels of benchmarks/neural_simulated.py are: its networks simulated once more with another seed.

    python benchmarks/label_noise.py

A perfect prediction is off by a label's own noise. That of mean delays is estimated within a run; of the other figures it is known from
a second run alone: two labels differ by √2 of one's noise, after what their different realised rates explain (by theory) is taken out.
The second runs are kept beside the first ones, in out/benchmark-data.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from nettwin.controlplane import route
from nettwin.formats import shards
from nettwin.performance import Performance
from nettwin.performance.error_measures import relative_standard_errors
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Scenario
from nettwin.simulation import SimulationSettings, simulate
from neural_simulated import BUDGETS, OF_PERFECT, ROOT

FIGURES = ("mean delay", "variation", "p90", "p99", "IPDV")
FIRST_SEED = 9000


@dataclass(frozen=True)
class Args:
    """What is measured, and where it goes."""

    sizes: tuple[int, ...] = (50, 100, 300)
    limit: int = 20
    """Networks per size."""
    data: Path = ROOT / "out" / "benchmark-data"
    table: Path = ROOT / "benchmarks" / "results" / "label_noise.md"


def main() -> None:
    args = parsed()
    lines = list(report(args))
    args.table.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def report(args: Args) -> Iterator[str]:
    yield "# Noise of the labels of simulated networks\n"
    yield f"Made by `python benchmarks/label_noise.py`. {args.limit} networks per size, each simulated twice with another seed and equally"
    yield "many packets. In percent, mean over networks of the mean over demands: what a perfect prediction scores (MAPE) beside one run."
    yield "The networks of neural_simulated.md with the packets of its precision 1; with four times as many, noise is about half of this."
    yield "*Within a run*: the estimate for mean delays that the tables use as their floor.\n"
    yield f"| nodes | {' | '.join(FIGURES)} | mean delay, within a run | median network: {' | '.join(FIGURES[:2])} |"
    yield f"|{'---|' * (len(FIGURES) + 4)}"
    for nodes in args.sizes:
        pairs = list(islice(twice(args.data / str(nodes), BUDGETS[nodes].hops), args.limit))
        noise = 100 * np.array([differences(*pair) for pair in pairs])
        within = 100 * float(np.mean([OF_PERFECT * np.nanmean(relative_standard_errors(first)) for _, first, _ in pairs]))
        means, medians = noise.mean(axis=0), np.median(noise, axis=0)[:2]
        yield f"| {nodes} | {' | '.join(f'{x:.2f}' for x in means)} | {within:.2f} | {' | '.join(f'{x:.2f}' for x in medians)} |"


def twice(folder: Path, hops: float) -> Iterator[tuple[Scenario, Performance, Performance]]:
    """Each network with what the first and the second run measured."""
    for number, row in enumerate(shards.samples(folder)):
        sample = row.read()
        assert sample.performance is not None, folder
        kept = shards.shard_path(folder / "second-run", number)
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            shards.write_shard(kept, [(sample.scenario, simulated(sample.scenario, FIRST_SEED + number, hops))])
        yield sample.scenario, sample.performance, shards.read_performance(kept, 0)


def simulated(scenario: Scenario, seed: int, hops: float) -> Performance:
    """As many packet-hops as the data set has (nettwin.learn.dataset.sample)."""
    routing = route(scenario)
    length = np.bincount(routing.path_demand, routing.path_share * np.diff(routing.hop_offsets), routing.n_demands)
    rate = scenario.traffic.packet_rate
    packets = hops / max(float((rate * length).sum() / rate.sum()), 0.5)
    return simulate(scenario, routing, SimulationSettings(seed=seed, packets=packets)).performance


def differences(scenario: Scenario, first: Performance, second: Performance) -> list[float]:
    """By figure: mean over demands of how far one run is from the truth."""
    engine = QueueingPredictor()
    explained = [figures(engine.predict(with_realised_rates(scenario, run))) for run in (first, second)]
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = [
            np.log(one / two) - np.log(theory_one / theory_two)
            for one, two, theory_one, theory_two in zip(figures(first), figures(second), *explained, strict=True)
        ]
    return [float(np.abs(ratio[np.isfinite(ratio)]).mean() / np.sqrt(2)) for ratio in apart]


def figures(performance: Performance) -> Sequence[np.ndarray]:
    demands = performance.demands
    quantiles = [performance.delay_quantile_s(level) for level in (0.9, 0.99)]
    return [demands.delay_s, demands.delay_variation_s, *quantiles, demands.ipdv_s]


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(map(str, Args.sizes)), help="numbers of nodes, as 50,100")
    parser.add_argument("--limit", type=int, default=Args.limit, help="networks per size")
    parser.add_argument("--data", type=Path, default=Args.data, help="where benchmarks/neural_simulated.py put its networks")
    parser.add_argument("--table", type=Path, default=Args.table)
    options = vars(parser.parse_args())
    return Args(**{**options, "sizes": tuple(int(size) for size in options["sizes"].split(","))})


if __name__ == "__main__":
    main()
