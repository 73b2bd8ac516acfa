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
LOADS = ((0.6, 1.1), (1.1, 1.6))  # of the busiest link: far above 1 packets are dropped all the time


@dataclass(frozen=True)
class Args:
    """What is measured, and how precisely."""

    scenarios: int = 14
    """Of each range of loads."""
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
    args = parsed()
    results = {load: Results() for load in LOADS}
    started = time.process_time()
    for load, found in results.items():
        for number in range(args.scenarios):
            measure(args, (number, load), found)
            print(f"load {load}, network {number}: {time.process_time() - started:.0f} CPU-seconds so far", flush=True)
    lines = list(report(args, list(results.values()), time.process_time() - started))
    print("\n".join(lines))
    args.table.write_text("\n".join(lines) + "\n")


def measure(args: Args, which: tuple[int, tuple[float, float]], results: Results) -> None:
    """One network: all numbers by slope and by the twin, the steepest by the simulator as well."""
    number, load = which
    rng = np.random.default_rng([args.seed, number])
    space = replace(SPACE, recorded_share=float(number % 2 == 0), max_load=load)
    scenario = observed(random_scenario(rng, space), args.packets)
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


def report(args: Args, parts: list[Results], cpu_s: float) -> Iterator[str]:
    columns = " | ".join(f"busiest link {low} to {high}" for low, high in LOADS)
    yield "# Do slopes say what changes do?\n"
    yield f"Made by `python benchmarks/explanation_slopes.py` in {cpu_s:.0f} CPU-seconds: {args.scenarios} random networks of 6 to 12"
    yield f"nodes for each range of loads, {args.demands} demands of each explained, {args.packets:.0e} packets per simulation. Slopes are"
    yield "derivatives of the neural twin; changes are 10 % more of a capacity or 10 % less of a demand, on the same paths. A slope s says"
    yield "factor**s - 1.\n"
    yield "## Every link and demand of the network: slopes beside the twin's own changes\n"
    yield f"| | {columns} |"
    yield "|---|---|---|"
    rows = [beside_twin(args, part) for part in parts]
    for name in rows[0]:
        yield f"| {name} | {rows[0][name]} | {rows[1][name]} |"
    for where in (HERE, ELSEWHERE):
        told = [beside_simulator([row[1:] for row in part.simulated if row[0] == where]) for part in parts]
        yield f"\n## The steepest {where}: beside the simulator\n"
        yield f"| slope; the twin's own change | {columns} |"
        yield "|---|---|---|"
        for name in told[0]:
            yield f"| {name} | {told[0][name]} | {told[1][name]} |"


def beside_twin(args: Args, results: Results) -> dict[str, str]:
    demands = results.demands
    large = [each for each in demands if each.is_large.sum() > 3]
    signs = np.concatenate([np.sign(each.by_slope[each.is_large]) == np.sign(each.by_twin[each.is_large]) for each in demands])
    ratios = np.concatenate([each.by_slope[each.is_large] / each.by_twin[each.is_large] for each in demands])
    ranks = [spearmanr(each.by_slope[each.is_large], each.by_twin[each.is_large]).statistic for each in large]
    low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    found = (np.nanmean([each.found(each.steepest) for each in demands]), np.nanmean([each.found(each.usual) for each in demands]))
    return {
        "numbers, over all demands": f"{sum(len(each.by_twin) for each in demands):,}",
        f"of them change the delay by more than {WORTH:.1%}": f"{len(signs):,}",
        "rank correlation among these, mean over demands (least)": f"{np.mean(ranks):.3f} ({np.min(ranks):.3f})",
        "same sign": f"{signs.mean():.1%}",
        "change by slope over change asked, median (tenth, ninetieth percentile)": f"{middle:.2f} ({low:.2f}, {high:.2f})",
        f"the {LARGEST} largest changes are among the {STEEP} steepest": f"{found[0]:.1%}",
        "... among what an explanation asks without slopes": f"{found[1]:.1%}",
        f"CPU-seconds per network: slopes of {args.demands} demands": f"{results.slope_s / args.scenarios:.2f}",
        "... all changes, asked in batches": f"{results.twin_s / args.scenarios:.2f}",
    }


def beside_simulator(rows: list[tuple[float, float, float]]) -> dict[str, str]:
    """By slope, by the twin's own change; what is simulated."""
    by_slope, by_twin, truth = (np.array(column) for column in zip(*rows, strict=True))
    first, second = compare(by_slope, truth), compare(by_twin, truth)
    result = {name: f"{first[name]}; {second[name]}" for name in first if name != "changes"}
    sizes = [f"{np.abs(values).mean():.1%}" for values in (by_slope, by_twin, truth)]
    return {"changes": first["changes"], **result, "mean size (simulated)": f"{sizes[0]}; {sizes[1]} ({sizes[2]})"}


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("scenarios", "demands", "packets", "seed", "table"):
        default = getattr(Args, name)
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
