"""Are explanations true? What they say about waits, causes and capacities, beside the packet simulator.

    python benchmarks/explanation_faithfulness.py --engine queueing

Random networks in both styles of ``nettwin.generate.scenarios``. The simulator answers before and after each change with the same
random numbers over the same time, so that differences are the change's and not chance's. A third of the changes is simulated before
and after with another seed as well: how far the two effects lie apart is the noise of the truth itself.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from nettwin.apps.explain import explain
from nettwin.apps.explain.explain import worst_demands
from nettwin.apps.explain.loads import Answered
from nettwin.apps.explain.parts import DemandExplanation
from nettwin.changes import Change, ScaleTraffic, Selection, SetCapacity
from nettwin.generate.scenarios import ScenarioSpace, random_scenario
from nettwin.performance import Performance
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.predict import registry
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import Observation, Scenario

ROOT = Path(__file__).resolve().parents[1]
SPACE = ScenarioSpace(nodes=(6, 12), max_load=(0.6, 1.1), trouble_share=0.0, max_demands=150)
REPEATED = 1 / 3
TOP, OTHER, WORST_LINK, OTHER_LINK = "top cause gone", "another demand of the same queue gone", "worst link +10 %", "another link +10 %"

Pair = tuple[Performance, Performance]


@dataclass(frozen=True)
class Args:
    """What is measured, and how precisely."""

    engine: str = "queueing"
    scenarios: int = 14
    demands: int = 3
    packets: float = 1e6
    least_packets: float = 1000.0
    """Fewer of a demand, or in a queue, say too little."""
    seed: int = 1
    table: Path = ROOT / "benchmarks" / "results" / "explanation_faithfulness.md"


@dataclass(frozen=True)
class Effect:
    """What a change does to one demand: predicted, simulated, and (NaN: not repeated) simulated with other random numbers."""

    kind: str
    predicted: float  # relative change of the delay
    simulated: float
    repeated: float
    predicted_loss: float  # change of the loss ratio
    simulated_loss: float


@dataclass(frozen=True)
class Case:
    """One scenario."""

    name: str
    predicted_s: np.ndarray  # [queue] sojourn
    simulated_s: np.ndarray
    queue_load: np.ndarray  # [queue] packets
    names_worst: list[bool]  # whether the engine finds the port where most of the time goes, per demand
    effects: list[Effect]


def main() -> None:
    args = parsed()
    started = time.process_time()
    predictor = registry.create(args.engine)
    cases = []
    for number in range(args.scenarios):
        cases.append(case(args, predictor, number))
        print(f"{cases[-1].name}: {len(cases[-1].effects)} changes, {time.process_time() - started:.0f} CPU-seconds so far", flush=True)
    lines = list(report(args, cases, time.process_time() - started))
    print("\n".join(lines))
    args.table.write_text("\n".join(lines) + "\n")


def case(args: Args, predictor: Predictor, number: int) -> Case:
    """The engine is asked about the rates that were really sent; the simulator sends the same packets again after each change."""
    rng = np.random.default_rng([args.seed, number])
    scenario = observed(random_scenario(rng, replace(SPACE, recorded_share=float(number % 2 == 0))), args.packets)
    truth = Truth(scenario, SimulatorPredictor(seed=args.seed), SimulatorPredictor(seed=args.seed + 1))
    question = with_realised_rates(scenario, truth.before)
    answered = Answered(question, *predictor.predict_hops(question))
    effects = []
    for each in explain(question, predictor, chosen(args, answered)).demands:
        row, changes = scenario.demand_index[each.demand], dict(changes_for(question, each, rng))
        answers = predict_all(predictor, [change.apply(question) for change in changes.values()])
        for (kind, change), answer in zip(changes.items(), answers, strict=True):
            effects.append(effect_on(row, kind, (answered.performance, answer), truth.after(change, is_repeated=rng.random() < REPEATED)))
    return Case(scenario.name, *sojourns(answered, truth.before), packets_of_queues(answered), worst_ports(answered, truth.before), effects)


@dataclass(frozen=True)
class Truth:
    """The simulator before and after changes, with one seed and, now and then, with another."""

    scenario: Scenario
    simulator: SimulatorPredictor
    other: SimulatorPredictor

    @cached_property
    def before(self) -> Performance:
        return self.simulator.predict(self.scenario)

    @cached_property
    def other_before(self) -> Performance:
        return self.other.predict(self.scenario)

    def after(self, change: Change, *, is_repeated: bool) -> list[tuple[Performance, Performance]]:
        """Before and after, once or twice."""
        changed = change.apply(self.scenario)
        pairs = [(self.before, self.simulator.predict(changed))]
        return pairs + ([(self.other_before, self.other.predict(changed))] if is_repeated else [])


def effect_on(row: int, kind: str, predicted: Pair, simulated: list[Pair]) -> Effect:
    return Effect(
        kind=kind,
        predicted=relative(*predicted, row),
        simulated=relative(*simulated[0], row),
        repeated=relative(*simulated[1], row) if len(simulated) > 1 else np.nan,
        predicted_loss=lost(*predicted, row),
        simulated_loss=lost(*simulated[0], row),
    )


def observed(scenario: Scenario, packets: float) -> Scenario:
    """The same time before and after a change: the sources' random numbers then fall on the same instants."""
    duration = packets / float(scenario.traffic.packet_rate.sum())
    return replace(scenario, observation=Observation(duration_s=duration, warm_up_s=0.1 * duration))


def chosen(args: Args, answered: Answered) -> list[str]:
    """The worst demands that send enough packets."""
    scenario = answered.scenario
    packets = scenario.traffic.packet_rate * scenario.observation.duration_s * (1 - answered.performance.demands.loss_ratio)
    rows = worst_demands(answered, scenario.traffic.n_demands)
    return [scenario.demand_ids[row] for row in rows if packets[row] >= args.least_packets][: args.demands]


def changes_for(scenario: Scenario, each: DemandExplanation, rng: np.random.Generator) -> Iterator[tuple[str, Change]]:
    """The top cause and another demand of the same queue gone; the worst link and another one of the path widened."""
    worst = max(each.hops, key=lambda hop: hop.path_share * hop.wait_s)
    causes = [cause for cause in each.causes if (cause.link, cause.position) == (worst.link, worst.load.position)]
    others = [cause for cause in causes if cause.demand != each.demand]
    if len(others) > 1:
        rest = [cause for cause in others[1:] if cause.relation == "same queue"] or others[1:]
        other = rest[int(rng.integers(len(rest)))]
        yield TOP, ScaleTraffic(0.0, Selection(ids=(others[0].demand,)))
        yield OTHER, ScaleTraffic(0.0, Selection(ids=(other.demand,)))
    yield WORST_LINK, wider(scenario, worst.link)
    links = sorted({hop.link for hop in each.hops} - {worst.link})
    if links:
        yield OTHER_LINK, wider(scenario, links[int(rng.integers(len(links)))])


def wider(scenario: Scenario, link: str) -> Change:
    return SetCapacity(link, scenario.topology.link(link).capacity_bps * 1.1)


def relative(before: Performance, after: Performance, row: int) -> float:
    return float(after.demands.delay_s[row] / before.demands.delay_s[row] - 1)


def lost(before: Performance, after: Performance, row: int) -> float:
    return float(after.demands.loss_ratio[row] - before.demands.loss_ratio[row])


def sojourns(answered: Answered, simulated: Performance) -> tuple[np.ndarray, np.ndarray]:  # [queue] each
    """What packets spend at each queue: of the engine, its hops weighted by the packets that they carry."""
    hops, n = answered.hops, answered.scenario.topology.n_queues
    packets = served(answered)
    time_s = np.bincount(hops.queue, packets * (hops.wait_s + hops.transmission_s), n)
    return time_s / np.maximum(np.bincount(hops.queue, packets, n), 1e-300), simulated.queues.delay_s


def served(answered: Answered) -> np.ndarray:  # [hop] packets per second
    rate = answered.scenario.traffic.packet_rate[answered.hops.demand]
    return rate * answered.arriving_share * (1 - answered.hops.loss_ratio)


def packets_of_queues(answered: Answered) -> np.ndarray:  # [queue]
    rate = np.bincount(answered.hops.queue, served(answered), answered.scenario.topology.n_queues)
    return rate * answered.scenario.observation.duration_s


def worst_ports(answered: Answered, simulated: Performance) -> list[bool]:
    """For every demand over two ports or more: whether the engine and the simulator name the same port as the slowest."""
    hops, found = answered.hops, []
    for path in range(len(hops.path_demand)):
        rows = np.flatnonzero(hops.path == path)
        times = simulated.queues.delay_s[hops.queue[rows]]
        if len(rows) > 1 and np.isfinite(times).all() and hops.delivered_share[path] > 0:
            found.append(bool(np.argmax(hops.wait_s[rows] + hops.transmission_s[rows]) == np.argmax(times)))
    return found


def report(args: Args, cases: list[Case], cpu_s: float) -> Iterator[str]:
    effects = [effect for each in cases for effect in each.effects if np.isfinite([effect.predicted, effect.simulated]).all()]
    yield "# Are explanations true?\n"
    yield f"Made by `python benchmarks/explanation_faithfulness.py --engine {args.engine}` in {cpu_s:.0f} CPU-seconds:"
    yield f"{len(cases)} random networks of 6 to 12 nodes, busiest link at 0.6 to 1.1, {args.packets:.0e} packets per simulation."
    yield f"The {args.demands} worst demands of each are explained by engine `{args.engine}`, which knows the rates that were really sent."
    yield "Simulated effects come from the same random numbers before and after the change; effects are relative changes of the"
    yield "demand's mean delay. What a second simulation with other random numbers says is beside it: nothing can agree better.\n"
    yield from waits(args, cases)
    yield from causes(effects)
    yield from capacities(effects)
    yield from by_scenario(cases)


def waits(args: Args, cases: list[Case]) -> Iterator[str]:
    predicted, simulated = (np.concatenate([getattr(each, name) for each in cases]) for name in ("predicted_s", "simulated_s"))
    known = (np.concatenate([each.queue_load for each in cases]) >= args.least_packets) & np.isfinite(simulated) & (simulated > 0)
    error = predicted[known] / simulated[known] - 1
    wape = [weighted_error(each, args.least_packets) for each in cases]
    ranks = [rank_of_queues(each, args) for each in cases]
    names = [name for each in cases for name in each.names_worst]
    yield "## Where the time goes\n"
    yield "| figure | value |"
    yield "|---|---|"
    yield f"| queues compared | {known.sum()} |"
    yield f"| time at a queue, median absolute error | {np.median(np.abs(error)):.1%} |"
    yield f"| mean absolute error | {np.abs(error).mean():.1%} |"
    yield f"| error over the sum of all times, mean over networks | {np.nanmean(wape):.1%} |"
    yield f"| rank correlation of the times over the queues of a network, mean | {np.nanmean(ranks):.3f} |"
    yield f"| demands whose slowest port is the simulator's ({len(names)} paths over several ports) | {np.mean(names):.1%} |\n"


def weighted_error(each: Case, least: float) -> float:
    known = (each.queue_load >= least) & np.isfinite(each.simulated_s)
    return float(np.abs(each.predicted_s - each.simulated_s)[known].sum() / each.simulated_s[known].sum())


def rank_of_queues(each: Case, args: Args) -> float:
    known = (each.queue_load >= args.least_packets) & np.isfinite(each.simulated_s)
    return float(spearmanr(each.predicted_s[known], each.simulated_s[known]).statistic)


def causes(effects: list[Effect]) -> Iterator[str]:
    top, other = ([effect for effect in effects if effect.kind == kind] for kind in (TOP, OTHER))
    pairs = [(one.simulated, two.simulated) for one, two in zip(top, other, strict=True)]
    yield "## Who causes it: demands taken away\n"
    yield "| | top-ranked cause | another demand of the same queue |"
    yield "|---|---|---|"
    yield f"| demands | {len(top)} | {len(other)} |"
    yield f"| simulated change of the delay, mean | {mean(top, 'simulated'):+.1%} | {mean(other, 'simulated'):+.1%} |"
    yield f"| median | {median(top, 'simulated'):+.1%} | {median(other, 'simulated'):+.1%} |"
    yield f"| predicted, mean | {mean(top, 'predicted'):+.1%} | {mean(other, 'predicted'):+.1%} |"
    yield f"| simulated change of the loss ratio, mean | {mean(top, 'simulated_loss'):+.4f} | {mean(other, 'simulated_loss'):+.4f} |"
    yield f"| predicted | {mean(top, 'predicted_loss'):+.4f} | {mean(other, 'predicted_loss'):+.4f} |\n"
    yield f"Taking the top-ranked cause away helps more than the other one in {np.mean([a < b for a, b in pairs]):.0%} of the pairs.\n"
    yield from agreement([*top, *other])


def capacities(effects: list[Effect]) -> Iterator[str]:
    worst, other = ([effect for effect in effects if effect.kind == kind] for kind in (WORST_LINK, OTHER_LINK))
    yield "## What would help: 10 % more capacity\n"
    yield "| | link where it waits longest | another link on its way |"
    yield "|---|---|---|"
    yield f"| demands | {len(worst)} | {len(other)} |"
    yield f"| simulated change of the delay, mean | {mean(worst, 'simulated'):+.1%} | {mean(other, 'simulated'):+.1%} |"
    yield f"| predicted | {mean(worst, 'predicted'):+.1%} | {mean(other, 'predicted'):+.1%} |\n"
    yield from agreement([*worst, *other])


def agreement(effects: list[Effect]) -> Iterator[str]:
    """How well predicted effects agree with simulated ones, and simulated ones with each other."""
    predicted, simulated, repeated = (np.array([getattr(e, name) for e in effects]) for name in ("predicted", "simulated", "repeated"))
    twice = np.isfinite(repeated)
    yield "| agreement of the change of the delay | predicted with simulated | simulated with simulated again |"
    yield "|---|---|---|"
    rows = [compare(predicted, simulated), compare(repeated[twice], simulated[twice])]
    for name in rows[0]:
        yield f"| {name} | {rows[0][name]} | {rows[1][name]} |"
    yield ""


def compare(first: np.ndarray, truth: np.ndarray) -> dict[str, str]:
    large = np.abs(truth) > 0.01
    return {
        "changes": str(len(truth)),
        "rank correlation": f"{spearmanr(first, truth).statistic:.3f}",
        "same sign, where the effect is above 1 %": f"{np.mean(np.sign(first[large]) == np.sign(truth[large])):.0%} of {large.sum()}",
        "size there, median of the ratio": f"{np.median(first[large] / truth[large]):.2f}",
        "median absolute difference": f"{100 * np.median(np.abs(first - truth)):.2f} points",
    }


def by_scenario(cases: list[Case]) -> Iterator[str]:
    yield "## Each network\n"
    yield "Times at queues: sum of the errors over the sum of the simulated times. Effects: mean over the explained demands.\n"
    columns = ("network", "times at queues", "top cause gone: simulated", "predicted", "worst link +10 %: simulated", "predicted")
    yield f"| {' | '.join(columns)} |"
    yield "|---|---|---|---|---|---|"
    for each in cases:
        cells = [
            f"{mean([e for e in each.effects if e.kind == kind], side):+.1%}"
            for kind in (TOP, WORST_LINK)
            for side in ("simulated", "predicted")
        ]
        yield f"| {each.name} | {weighted_error(each, 1000.0):.1%} | {' | '.join(cells)} |"


def mean(effects: list[Effect], name: str) -> float:
    return float(np.mean([getattr(effect, name) for effect in effects])) if effects else float("nan")


def median(effects: list[Effect], name: str) -> float:
    return float(np.median([getattr(effect, name) for effect in effects])) if effects else float("nan")


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("engine", "scenarios", "demands", "packets", "seed", "table"):
        default = getattr(Args, name)
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
