"""The neural twin beside our own simulator, on random networks of 14 to 300 nodes that no training saw: all schedulers, all traffic.

    python benchmarks/neural_simulated.py --jobs 2

The networks are drawn and simulated once, into out/benchmark-data; interrupted, it goes on where it was. Engines are told the rates that
the runs realised. A simulation of finite length measures with chance: what a perfect prediction would score is stated beside each error.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nettwin.apps.evaluate import EvaluatedSample, Evaluation, Rates, evaluate
from nettwin.formats import shards
from nettwin.generate.scenario_names import STYLES, kind_of
from nettwin.generate.scenarios import ScenarioSpace
from nettwin.learn.dataset import DatasetArgs, build_dataset
from nettwin.performance.error_measures import relative_standard_errors
from nettwin.predict import registry
from nettwin.predict.neural.library import SHIPPED, load_library

ROOT = Path(__file__).resolve().parents[1]
LOADS = {0.0: "below 0.8", 0.8: "0.8 to 1", 1.0: "1 and above"}
OF_PERFECT = np.sqrt(2 / np.pi)
"""Mean absolute value of a normal error over its standard deviation: what a perfect prediction scores beside a noisy measurement."""
ENGINES = ("neural", "queueing")


@dataclass(frozen=True)
class Budget:
    """How many demands a network of this size has at most, and how many packet-hops are simulated."""

    most_demands: int
    hops: float


BUDGETS = {
    14: Budget(182, 30e6),
    24: Budget(552, 20e6),
    50: Budget(1000, 40e6),
    100: Budget(1500, 40e6),
    300: Budget(2000, 50e6),
}
"""By the number of nodes. Up to 24 nodes every pair may have a demand."""


@dataclass(frozen=True)
class Args:
    """What is compared, and where data and table go."""

    weights: str | None = None
    """Folder of a twin; None: the one that comes with nettwin."""
    sizes: tuple[int, ...] = tuple(BUDGETS)
    limit: int = 20
    """Networks per size."""
    jobs: int = 1
    precision: float = 1.0
    """Times as many packet-hops as ``BUDGETS`` says."""
    data: Path = ROOT / "out" / "benchmark-data"
    table: Path = ROOT / "benchmarks" / "results" / "neural_simulated.md"


@dataclass(frozen=True)
class Judged:
    """The networks of one size: what they are, how exact their labels are, how far each engine is off."""

    nodes: int
    styles: list[str]
    unknown_noise: float
    """Share of the demands that sent too few packets for a confidence interval: they count in the errors, not in the floor."""
    samples: dict[str, list[EvaluatedSample]]
    """By engine."""

    def chosen(self, engine: str, is_wanted: Callable[[str, float], bool] = lambda style, load: True) -> list[EvaluatedSample]:
        """The networks of some styles and loads."""
        rows = zip(self.styles, self.samples[engine], strict=True)
        return [sample for style, sample in rows if is_wanted(style, sample.max_load)]


def main() -> None:
    args = parsed()
    text = "\n".join(report(args, [judged(args, nodes) for nodes in args.sizes]))
    args.table.write_text(text + "\n")
    print(text)


def judged(args: Args, nodes: int) -> Judged:
    """Simulates what is missing and asks both engines."""
    folder = args.data / str(nodes)
    build_dataset(
        folder,
        dataset(nodes, args.limit, args.precision),
        jobs=args.jobs,
        progress=lambda done, total: print(nodes, f"{done}/{total}", flush=True),
    )
    rows = list(shards.samples(folder))[: args.limit]
    names = [name for path in sorted(folder.glob(shards.PATTERN)) for name in shards.names(path)]
    samples = {}
    for engine in ENGINES:
        predictor = registry.create(engine, **({"weights": args.weights} if engine == "neural" else {}))
        found = evaluate(folder, predictor, limit=args.limit, rates=Rates.MEASURED, n_jobs=args.jobs)
        samples[engine] = list(found.samples)
        print(nodes, "nodes", engine, f"{found.to_dict()['delay']['mape']:.2%}", flush=True)
    return Judged(nodes, [style_of(name) for name in names[: args.limit]], unknown_noise(rows), samples)


def dataset(nodes: int, networks: int, precision: float = 1.0) -> DatasetArgs:
    """Networks of one size, busiest link from 0.3 to 1; nothing fails, for every demand shall have a delay."""
    budget = BUDGETS[nodes]
    space = ScenarioSpace(nodes=(nodes, nodes), trouble_share=0.0, real_share=0.0, max_load=(0.3, 1.0), max_demands=budget.most_demands)
    return DatasetArgs(samples=networks, seed=100 + nodes, space=space, hops=precision * budget.hops, hops_per_demand=0.0, shard_size=2)


def style_of(name: str) -> str:
    kind = kind_of(name)
    assert kind is not None, name
    return kind.style


def unknown_noise(rows: Sequence[shards.ShardSample]) -> float:
    errors = [relative_standard_errors(shards.read_performance(row.path, row.row)) for row in rows]
    return float(np.mean(~np.isfinite(np.concatenate(errors))))


def report(args: Args, sizes: list[Judged]) -> Iterator[str]:
    yield from head(args)
    yield from error_table(sizes)
    yield from trust_table(sizes)
    yield from part_table("style", {style: style for style in STYLES}, sizes, lambda style: lambda own, load: own == style)
    loads = {name: low for low, name in LOADS.items()}
    yield from part_table("largest offered load", loads, sizes, lambda low: lambda style, load: low == load_bin(load))


def head(args: Args) -> Iterator[str]:
    chosen = "" if args.sizes == Args.sizes else f" --sizes {','.join(map(str, args.sizes))}"
    options = "".join(
        f" --{name} {getattr(args, name)}"
        for name in ("weights", "limit", "precision", "data")
        if getattr(args, name) != getattr(Args, name)
    )
    version = load_library(SHIPPED if args.weights is None else Path(args.weights)).version
    yield "# The neural twin beside the packet simulator\n"
    yield f"Made by `python benchmarks/neural_simulated.py{chosen}{options}`, twin {version}. {args.limit} random networks per size"
    yield "(seed: 100 + nodes), half in the style of public recordings, half of everything that a scenario can say (docs/datasets.md):"
    yield "all schedulers, traffic and routing, busiest link at 0.3 to 1.0. Engines are told the rates that the runs realised. In percent;"
    yield "± is one standard error over networks; loss in percentage points. **Floor**: the MAPE of a perfect prediction of the mean delay,"
    yield "0.8 times the mean relative standard error of the labels. Only the mean delay's noise is known; that of variation and upper"
    yield "quantiles is larger. *Noise taken out*: the mean over networks of √(MAPE² - floor²), an estimate. Demands whose noise is not"
    yield "known sent too few packets to tell it: they are in the errors and not in the floor."
    yield "Coverage is of the measured delays, noise included, which the intervals of a steady state do not cover.\n"
    yield "Wanted: at most 3 % for the mean delay and 6 % for its variation.\n"


def error_table(sizes: list[Judged]) -> Iterator[str]:
    yield "## By size\n"
    columns = ["nodes", "engine", "networks", "demands", "MAPE of mean delay", "median network", "floor", "noise taken out"]
    columns += ["no noise known", "WAPE", "variation", "p90", "p99", "IPDV", "loss MAE", "coverage of 90 %", "trusted"]
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for size in sizes:
        for engine in ENGINES:
            yield f"| {size.nodes} | {engine} | {' | '.join(error_cells(size, engine))} |"
    yield ""


def error_cells(size: Judged, engine: str) -> list[str]:
    samples = size.samples[engine]
    errors = document(engine, samples)
    delay = errors["delay"]
    return [
        str(errors["simulations"]),
        str(errors["demands"]),
        mean_and_error(samples),
        percent(float(np.median([sample.errors.mape for sample in samples]))),
        percent(floor(errors)),
        percent(float(np.mean([without_noise(sample) for sample in samples]))),
        percent(size.unknown_noise, 1),
        percent(delay["wape"]),
        percent(delay["variation_mape"]),
        percent(delay["quantile_mape"].get("0.9")),
        percent(delay["quantile_mape"].get("0.99")),
        percent(delay["ipdv_mape"]),
        percent(errors["loss"]["mae"], 3),
        percent(delay["coverage_90"], 1),
        percent(errors["trusted"]["share"], 1),
    ]


def trust_table(sizes: list[Judged]) -> Iterator[str]:
    yield "## By trust\n"
    yield "Networks of which the twin trusts itself for most demands, and the others, which `auto` simulates: how many, MAPE of mean"
    yield "delays, variation.\n"
    yield "| nodes | trusted | not trusted |"
    yield "|---|---|---|"
    for size in sizes:
        trusts = [float(np.mean(sample.errors.delays.is_trusted)) > 0.5 for sample in size.samples["neural"]]
        parts = [
            [sample for sample, trust in zip(size.samples["neural"], trusts, strict=True) if trust == wanted] for wanted in (True, False)
        ]
        yield f"| {size.nodes} | {' | '.join(trust_cell(part) for part in parts)} |"
    yield ""


def trust_cell(part: list[EvaluatedSample]) -> str:
    if not part:
        return "-"
    return f"{len(part)}; {mean_and_error(part)}; {percent(document('neural', part)['delay']['variation_mape'])}"


def part_table(
    title: str, parts: dict[str, Any], sizes: list[Judged], wanted: Callable[[Any], Callable[[str, float], bool]]
) -> Iterator[str]:
    yield f"## By {title}\n"
    yield "MAPE of mean delays: neural / queueing / floor; variation: neural / queueing; number of networks.\n"
    yield f"| nodes | {' | '.join(parts)} |"
    yield f"|---|{'---|' * len(parts)}"
    for size in sizes:
        yield f"| {size.nodes} | {' | '.join(part_cell(size, wanted(part)) for part in parts.values())} |"
    yield ""


def part_cell(size: Judged, is_wanted: Callable[[str, float], bool]) -> str:
    neural, theory = (size.chosen(engine, is_wanted) for engine in ENGINES)
    if not neural:
        return "-"
    ours, theirs = document("neural", neural), document("queueing", theory)
    delay = f"{mean_and_error(neural)} / {percent(theirs['delay']['mape'])} / {percent(floor(ours))}"
    variation = f"{percent(ours['delay']['variation_mape'])} / {percent(theirs['delay']['variation_mape'])}"
    return f"{delay}; {variation}; {len(neural)}"


def load_bin(load: float) -> float:
    """The lower edge of the group of a load. Capacities are scaled to a load with a rounding error, hence the tolerance."""
    return max(low for low in LOADS if load >= low - 1e-9)


def document(engine: str, samples: Sequence[EvaluatedSample]) -> dict[str, Any]:
    return Evaluation(engine, tuple(samples), Rates.MEASURED).to_dict()


def floor(errors: dict[str, Any]) -> float | None:
    return None if errors["noise"] is None else OF_PERFECT * errors["noise"]


def without_noise(sample: EvaluatedSample) -> float:
    """About the MAPE beside labels without noise, whose squares would add up if all errors were normal."""
    noise = OF_PERFECT * np.nan_to_num(sample.errors.figures.noise)
    return float(np.sqrt(max(sample.errors.mape**2 - noise**2, 0.0)))


def mean_and_error(samples: Sequence[EvaluatedSample]) -> str:
    each = np.array([sample.errors.mape for sample in samples])
    spread = f" ± {100 * each.std(ddof=1) / np.sqrt(len(each)):.2f}" if len(each) > 1 else ""
    return f"{100 * each.mean():.2f}{spread}"


def percent(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f}"


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default=Args.weights, help="folder of a twin instead of the shipped one")
    parser.add_argument("--sizes", default=",".join(map(str, Args.sizes)), help="numbers of nodes, as 14,24")
    parser.add_argument("--limit", type=int, default=Args.limit, help="networks per size")
    parser.add_argument("--jobs", type=int, default=Args.jobs, help="simulations at the same time")
    parser.add_argument("--precision", type=float, default=Args.precision, help="times as many packets; needs a --data folder of its own")
    parser.add_argument("--data", type=Path, default=Args.data, help="where the simulated networks lie")
    parser.add_argument("--table", type=Path, default=Args.table)
    options = vars(parser.parse_args())
    return Args(**{**options, "sizes": tuple(int(size) for size in options["sizes"].split(","))})


if __name__ == "__main__":
    main()
