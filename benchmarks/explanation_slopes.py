"""Do slopes say what changes do? The twin's derivatives beside its own answers for changes of ten percent, and the packet simulator's.

    python benchmarks/explanation_slopes.py

Networks, demands and simulations are those of ``explanation_faithfulness.py`` with another seed. For each explained demand one pass
backward gives the slope of its mean delay by every capacity and every rate; the twin is also asked about 10 % more of each capacity and
10 % less of each demand. The simulator is asked about what is steepest: on the demand's way, and elsewhere in the network.
"""

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from explanation_faithfulness import SPACE, Truth, chosen, compare, observed, relative
from explanation_faithfulness import Args as Faithfulness
from nettwin.apps.explain import explain
from nettwin.apps.explain.knobs import Knob
from nettwin.apps.explain.loads import Answered
from nettwin.apps.explain.parts import DemandExplanation
from nettwin.apps.explain.slopes import Steepness
from nettwin.generate.scenarios import random_scenario
from nettwin.performance import Performance
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.predict.batches import predict_all
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
WORTH = 0.005  # relative change of the delay from which a change counts
STEEP = 8  # candidates that an explanation could afford to ask about
LARGEST = 5
HERE, ELSEWHERE = "on its way", "elsewhere"


@dataclass(frozen=True)
class Args:
    """What is measured, and how precisely."""

    scenarios: int = 12
    demands: int = 3
    packets: float = 1e6
    least_packets: float = 1000.0
    seed: int = 2
    table: Path = ROOT / "benchmarks" / "results" / "explanation_slopes.md"


@dataclass(frozen=True)
class Demand:
    """One explained demand: relative changes of its delay by every link and demand, [number] each."""

    by_slope: np.ndarray
    by_twin: np.ndarray
    usual: np.ndarray  # whether an explanation asks about it without slopes

    @property
    def is_large(self) -> np.ndarray:
        return np.abs(self.by_twin) > WORTH

    def found(self, candidates: np.ndarray) -> float:
        """Share of the largest changes that are among the candidates."""
        largest = np.argsort(-np.abs(self.by_twin))[:LARGEST]
        return float(np.isin(largest[self.is_large[largest]], candidates).mean()) if self.is_large[largest].any() else math.nan

    @property
    def steepest(self) -> np.ndarray:
        return np.argsort(-np.abs(self.by_slope))[:STEEP]


@dataclass
class Results:
    """All that is reported."""

    demands: list[Demand] = field(default_factory=list)
    simulated: list[tuple[str, float, float, float]] = field(default_factory=list)  # where; by slope, by the twin, simulated
    slope_s: float = 0.0  # CPU time
    twin_s: float = 0.0


def main() -> None:
    args, results = parsed(), Results()
    started = time.process_time()
    for number in range(args.scenarios):
        measure(args, number, results)
        print(f"network {number}: {time.process_time() - started:.0f} CPU-seconds so far", flush=True)
    lines = list(report(args, results, time.process_time() - started))
    print("\n".join(lines))
    args.table.write_text("\n".join(lines) + "\n")


def measure(args: Args, number: int, results: Results) -> None:
    """One network: all numbers by slope and by the twin, the steepest by the simulator as well."""
    rng = np.random.default_rng([args.seed, number])
    scenario = observed(random_scenario(rng, replace(SPACE, recorded_share=float(number % 2 == 0))), args.packets)
    truth = Truth(scenario, SimulatorPredictor(seed=args.seed), SimulatorPredictor(seed=args.seed + 1))
    question, predictor = with_realised_rates(scenario, truth.before), NeuralPredictor()
    answered = Answered(question, *predictor.predict_hops(question))
    each_demand = explain(question, predictor, chosen(Faithfulness(demands=args.demands, packets=args.packets), answered)).demands
    rows = [scenario.demand_index[each.demand] for each in each_demand]
    now = time.process_time()
    steep = [Steepness(question, found) for found in predictor.elasticities(question, rows)]
    results.slope_s += time.process_time() - now
    knobs = steep[0].knobs[: scenario.topology.n_links + scenario.traffic.n_demands]
    now = time.process_time()
    answers = predict_all(predictor, [knob.change(question, knob.step).apply(question) for knob in knobs])
    results.twin_s += time.process_time() - now
    for each, row, steepness in zip(each_demand, rows, steep, strict=True):
        found = of_demand(each, (knobs, steepness), [relative(answered.performance, answer, row) for answer in answers])
        results.demands.append(found)
        results.simulated += list(simulated(scenario, (each, row), knobs, found, truth))


def of_demand(each: DemandExplanation, steep: tuple[list[Knob], Steepness], by_twin: list[float]) -> Demand:
    knobs, steepness = steep
    steps = np.array([math.log(knob.step) for knob in knobs])
    usual = {("capacity", hop.link) for hop in each.hops} | {("traffic", cause.demand) for cause in each.causes}
    asked = {(row.knob, row.about) for row in each.sensitivities} & usual
    return Demand(
        by_slope=np.expm1(steepness.delay[: len(knobs)] * steps),
        by_twin=np.array(by_twin),
        usual=np.flatnonzero([(knob.kind, knob.about) in asked for knob in knobs]),
    )


def simulated(
    scenario: Scenario, demand: tuple[DemandExplanation, int], knobs: list[Knob], found: Demand, truth: Truth
) -> Iterator[tuple[str, float, float, float]]:
    """The steepest two on the demand's way and the steepest elsewhere, each where it is worth an answer."""
    each, row = demand
    near = {hop.link for hop in each.hops} | {cause.demand for cause in each.causes}
    is_near = np.array([knob.about in near for knob in knobs])
    order = np.argsort(-np.abs(found.by_slope))
    for where, most, chosen_ones in ((HERE, 2, order[is_near[order]]), (ELSEWHERE, 1, order[~is_near[order]])):
        for number in [k for k in chosen_ones[:most] if abs(found.by_slope[k]) > WORTH]:
            pair: tuple[Performance, Performance] = truth.after(knobs[number].change(scenario, knobs[number].step), is_repeated=False)[0]
            yield where, float(found.by_slope[number]), float(found.by_twin[number]), relative(*pair, row)


def report(args: Args, results: Results, cpu_s: float) -> Iterator[str]:
    demands = results.demands
    n_numbers = sum(len(each.by_twin) for each in demands)
    large = [each for each in demands if each.is_large.sum() > 3]
    yield "# Do slopes say what changes do?\n"
    yield f"Made by `python benchmarks/explanation_slopes.py` in {cpu_s:.0f} CPU-seconds: {args.scenarios} random networks of 6 to 12"
    yield f"nodes, busiest link at 0.6 to 1.1, {args.packets:.0e} packets per simulation, {len(demands)} demands. Slopes are derivatives of"
    yield "the neural twin; changes are 10 % more of a capacity and 10 % less of a demand, all on the same paths. A slope s says"
    yield "factor**s - 1.\n"
    yield "## Beside the twin's own changes\n"
    yield "| every link and demand of the network, by slope and asked one by one | |"
    yield "|---|---|"
    signs = [np.mean(np.sign(each.by_slope[each.is_large]) == np.sign(each.by_twin[each.is_large])) for each in large]
    ratios = np.concatenate([each.by_slope[each.is_large] / each.by_twin[each.is_large] for each in large])
    ranks = [spearmanr(each.by_slope[each.is_large], each.by_twin[each.is_large]).statistic for each in large]
    yield f"| numbers, over all demands | {n_numbers:,} |"
    yield f"| of them change the delay by more than {WORTH:.1%} | {sum(int(each.is_large.sum()) for each in demands):,} |"
    yield f"| rank correlation among these, mean over demands (least) | {np.mean(ranks):.3f} ({np.min(ranks):.3f}) |"
    yield f"| same sign | {np.mean(signs):.1%} |"
    yield f"| change by slope over change asked, median (tenth, ninetieth percentile) | {spread(ratios)} |"
    yield f"| the {LARGEST} largest among the {STEEP} steepest | {np.nanmean([each.found(each.steepest) for each in demands]):.1%} |"
    yield f"| ... among what an explanation asks about without slopes | {np.nanmean([each.found(each.usual) for each in demands]):.1%} |"
    yield f"| CPU-seconds per network: slopes of {args.demands} demands; all changes in batches | {per_network(args, results)} |\n"
    yield "## Beside the simulator\n"
    for where in (HERE, ELSEWHERE):
        yield from beside_simulator(where, [row[1:] for row in results.simulated if row[0] == where])


def spread(ratios: np.ndarray) -> str:
    low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    return f"{middle:.2f} ({low:.2f}, {high:.2f})"


def per_network(args: Args, results: Results) -> str:
    return f"{results.slope_s / args.scenarios:.2f}; {results.twin_s / args.scenarios:.2f}"


def beside_simulator(where: str, rows: list[tuple[float, float, float]]) -> Iterator[str]:
    if not rows:
        yield f"Nothing {where} was steep enough.\n"
        return
    by_slope, by_twin, truth = (np.array(column) for column in zip(*rows, strict=True))
    columns = [compare(by_slope, truth), compare(by_twin, truth)]
    yield f"| the steepest {where} | slopes with simulated | the twin's changes with simulated |"
    yield "|---|---|---|"
    for name in columns[0]:
        yield f"| {name} | {columns[0][name]} | {columns[1][name]} |"
    sizes = [f"{np.abs(values).mean():.1%}" for values in (by_slope, by_twin, truth)]
    yield f"| size of the change, mean (simulated: {sizes[2]}) | {sizes[0]} | {sizes[1]} |\n"


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("scenarios", "demands", "packets", "seed", "table"):
        default = getattr(Args, name)
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
