"""What learning is worth: the policy of `reinforcement` beside its teacher, greedy and random moves, local search and the optimum.

    python benchmarks/optimizer_reinforcement.py

Networks are every sixth of ../shared/data/repetita by size, and SNDlib's real demands (topohub); the policy was trained on none of them.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch

from nettwin.controlplane import link_loads
from nettwin.formats.registry import read as read_file
from nettwin.generate.traffic import scaled_to_utilization
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.selectors import Selector
from nettwin.optimize import registry
from nettwin.optimize.answer import Counting
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.reinforcement.asking import ask, first_of
from nettwin.optimize.reinforcement.curriculum import random_game
from nettwin.optimize.reinforcement.game import UNLIMITED, Game, Position
from nettwin.optimize.reinforcement.kernels import DROP
from nettwin.optimize.reinforcement.observation import observe
from nettwin.optimize.reinforcement.playing import ranked
from nettwin.optimize.reinforcement.policy import PolicyNetwork
from nettwin.optimize.reinforcement.rules import allowed_by
from nettwin.optimize.reinforcement.teacher import Teacher
from nettwin.optimize.reinforcement.weights import SHIPPED, read_policy
from nettwin.predict.predictor import Predictor
from nettwin.predict.registry import create
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import IntArray

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
DATA = ROOT.parent / "shared" / "data" / "repetita"
SNDLIB = ("abilene", "geant", "germany50")
CLASSES = {"up to 20 nodes": (0, 20), "21 to 40 nodes": (21, 40), "41 to 110 nodes": (41, 110)}
FEW = (1, 5, 10, 20, 50)
MULTI_COMMODITY_FLOW = 0.9
"""Optimum to which REPETITA scales its demands."""
WORTHWHILE = 0.01
NO_LIMIT = Limits()
Player = Callable[[Position], int]


@dataclass(frozen=True)
class Args:
    """What is measured, and where the table goes."""

    policy: Path = SHIPPED
    imitation: Path = SHIPPED / "imitation"
    data: Path = DATA
    every: int = 6
    """Every so manieth network of the benchmark."""
    seconds: float = 2.0
    """CPU seconds of a game at most."""
    predictions: int = 120
    """Of the predictor in the experiment with delays."""
    rows: Path = ROOT / "out" / "optimizer_reinforcement.jsonl"
    """What is measured already; it is not measured again."""
    only: str = ""
    """Measure methods whose name begins with one of these (separated by commas) and write no table."""
    table: Path = RESULTS / "optimizer_reinforcement.md"


@dataclass(frozen=True)
class Network:
    """A network, its optimum (or a lower bound of it) and its size."""

    name: str
    scenario: Scenario
    optimum: float

    @property
    def n_nodes(self) -> int:
        return self.scenario.topology.n_nodes

    def gap(self, max_utilization: float) -> float:
        return max_utilization / self.optimum - 1.0


@dataclass(frozen=True)
class Played:
    """How a game ended."""

    gap: float
    seconds: float
    evaluations: int
    changes: int


def main() -> None:
    args = parsed()
    torch.set_num_threads(1)
    rows = Rows.of(args.rows)
    networks = [*zoo(args), *sndlib(rows)]
    wanted = [name for name in METHODS if name.startswith(tuple(args.only.split(",")))]
    for network in networks:
        for name in wanted:
            for most in (UNLIMITED, *(FEW if name in FEW_METHODS else ())):
                rows.played(f"{network.name} {most} {name}", partial(METHODS[name], args, network, most))
    judged = [network for network in networks if 10 <= network.n_nodes <= 40][::3][:6]
    for network in judged:
        for name in RANKINGS:
            if name.startswith(tuple(args.only.split(","))):
                rows.measured(f"{network.name} delay {name}", partial(asked, args, network, name))
    if not args.only:
        text = "\n\n".join([head(args, networks), whole_table(rows, networks), few_table(rows, networks), delay_table(rows, judged, args)])
        args.table.write_text(text + "\n")
        print(text)


@dataclass(frozen=True)
class Rows:
    """Figures by key, kept in a file as soon as they are measured."""

    path: Path
    kept: dict[str, dict[str, float]]

    @classmethod
    def of(cls, path: Path) -> "Rows":
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        return cls(path, dict(json.loads(line) for line in lines))

    def measured(self, key: str, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
        if key not in self.kept:
            self.kept[key] = measure()
            with self.path.open("a") as file:
                file.write(json.dumps([key, self.kept[key]]) + "\n")
        return self.kept[key]

    def played(self, key: str, measure: Callable[[], Played]) -> Played:
        return Played(**self.measured(key, lambda: asdict(measure())))


# --- networks ---------------------------------------------------------------------------------------------------------------


def zoo(args: Args) -> list[Network]:
    """Every so manieth by number of nodes, links and name."""
    found = []
    for file in sorted(args.data.glob("*.graph")):
        head = file.read_text().split()
        found.append((int(head[1]), file))
    chosen = [file for n_nodes, file in sorted(found) if n_nodes <= 110][:: args.every]
    return [Network(file.stem, read_file(f"{file}#0000").scenario, MULTI_COMMODITY_FLOW) for file in chosen]


def sndlib(rows: Rows) -> list[Network]:
    """With the optimum of the multi-commodity flow."""
    found = []
    for name in SNDLIB:
        scenario = scaled_to_utilization(read_file(f"topohub:sndlib/{name}").scenario, 1.0)
        bound = rows.measured(f"bound {name}", partial(flow_bound, scenario))["bound"]
        found.append(Network(f"sndlib/{name}", scenario, bound))
    return found


def flow_bound(scenario: Scenario) -> dict[str, float]:
    solution = registry.create("lp").optimize(scenario, intent(), create("queueing"), Budget())
    assert solution.bound is not None
    return {"bound": solution.bound.value}


def intent(max_changes: int | None = None) -> Intent:
    return Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),), limits=replace(NO_LIMIT, max_changes=max_changes))


# --- players ----------------------------------------------------------------------------------------------------------------


def at_random(rng: np.random.Generator, position: Position) -> int:
    return int(rng.integers(len(position.moves().demand)))


def greedy(position: Position) -> int:
    return int(position.moves().features[:, DROP].argmax())


def look_ahead(teacher: Teacher, position: Position) -> int:
    observation = observe(position)
    return int(observation.number[teacher.advise(position, observation)[0].argmax()])


def by_policy(network: PolicyNetwork, position: Position) -> int:
    return int(ranked(network, position)[0])


def play(make: Callable[[Args], Player], args: Args, network: Network, max_changes: int) -> Played:
    """One game. The CPU time includes the preparation of the arrays, not the compilation."""
    compile_once()
    player = make(args)
    start = time.process_time()
    position = Position(Game.of(network.scenario, max_changes=max_changes))
    evaluations, moves = 0, 0
    while len(position.moves().demand) and time.process_time() - start < args.seconds:
        evaluations += len(position.moves().demand)
        position.make(player(position))
        moves += 1
    return Played(network.gap(position.max_utilization), time.process_time() - start, evaluations, position.n_changes)


@cache
def compile_once() -> None:
    for player in (greedy, partial(look_ahead, Teacher(width=2))):
        player(Position(random_game(35)))


def searched(method: str, seconds: float, args: Args, network: Network, max_changes: int) -> Played:
    """One of nettwin's methods; its seconds are wall-clock time, those of the table are CPU time."""
    options = {"weights": str(args.policy)} if method == "reinforcement" else {}
    optimizer, wanted = registry.create(method, **options), intent(None if max_changes == UNLIMITED else max_changes)
    optimizer.optimize(random_game(35).scenario, wanted, judge(), Budget(evaluations=2000))  # compile
    start = time.process_time()
    solution = optimizer.optimize(network.scenario, wanted, judge(), Budget(seconds=seconds))
    return Played(network.gap(solution.objective), time.process_time() - start, solution.evidence.evaluations, len(solution.plan))


@cache
def judge() -> Predictor:
    return create("queueing")


def untouched(_: Args, network: Network, __: int) -> Played:
    return Played(network.gap(float((link_loads(network.scenario) / network.scenario.topology.capacity_bps).max())), 0.0, 0, 0)


METHODS: dict[str, Callable[[Args, Network, int], Played]] = {
    "nothing": untouched,
    "random moves": partial(play, lambda _: partial(at_random, np.random.default_rng(0))),
    "greedy": partial(play, lambda _: greedy),
    "look-ahead (the teacher)": partial(play, lambda _: partial(look_ahead, Teacher(width=12))),
    "imitation alone": partial(play, lambda args: partial(by_policy, read_policy(args.imitation))),
    "PPO alone": partial(play, lambda args: partial(by_policy, read_policy(args.policy))),
    "PPO, then local search": partial(searched, "reinforcement", 2.0),
    "local search alone": partial(searched, "local-search", 2.0),
    "column generation": partial(searched, "column-generation", 4.0),
}
FEW_METHODS = ("random moves", "greedy", "look-ahead (the teacher)", "imitation alone", "PPO alone", "local search alone")
"""Those that are asked with a limit on changes too."""


# --- a predictor as judge ---------------------------------------------------------------------------------------------------


RANKINGS: dict[str, Callable[[Args], Callable[[Position], IntArray]]] = {
    "random moves": lambda _: partial(shuffled, np.random.default_rng(0)),
    "greedy": lambda _: by_drop,
    "PPO alone": lambda args: partial(ranked, read_policy(args.policy)),
}


def asked(args: Args, network: Network, name: str) -> dict[str, float]:
    """The same search with another ranking of the proposals; the analytic twin judges the p99 delay of class 0."""
    scenario = protected(network.scenario)
    wanted = Intent(
        select={"gold": Selector(traffic_class=0)},
        objectives=(Objective(minimize=Figure.ONE_WAY_DELAY, statistic="p99", over="gold"),),
    )
    start, clock, predict = time.process_time(), Clock(Budget(evaluations=args.predictions)), Counting(judge())
    game = allowed_by(scenario, wanted)
    found = first_of(scenario, wanted, predict, clock, Position(game).steering())
    before = found.verdict.objectives[0]
    ask(RANKINGS[name](args), game, found, width=8)
    relative = found.verdict.objectives[0] / before
    return {"relative": relative, "predictions": predict.n_asked, "seconds": time.process_time() - start}


def protected(scenario: Scenario) -> Scenario:
    """One demand in five, drawn, is in the protected class 0; the busiest link is offered 95 %."""
    rng = np.random.default_rng(0)
    traffic = scenario.traffic
    traffic = replace(traffic, traffic_class=(rng.random(traffic.n_demands) > 0.2).astype(np.int16))
    return scaled_to_utilization(replace(scenario, traffic=traffic), 0.95)


def shuffled(rng: np.random.Generator, position: Position) -> IntArray:
    return rng.permutation(len(position.moves().demand))


def by_drop(position: Position) -> IntArray:
    return np.argsort(-position.moves().features[:, DROP], kind="stable")


# --- tables -----------------------------------------------------------------------------------------------------------------


def head(args: Args, networks: Sequence[Network]) -> str:
    return f"""# What learning is worth

`python benchmarks/optimizer_reinforcement.py`: {len(networks)} networks that the policy was not trained on
({", ".join(n.name for n in networks)}).
Gap: maximum utilization / optimum of the multi-commodity flow - 1 (REPETITA scales its demands to an optimum of 0.900; SNDlib: linear
program). One core, CPU seconds, preparation of the arrays included; a game is cut off after {args.seconds:g} s. Evaluations: moves
whose loads were worked out exactly (of the look-ahead: not those of its greedy games). Nobody but the last table asks a predictor."""


def whole_table(rows: Rows, networks: Sequence[Network]) -> str:
    lines = ["## As many changes as it takes"]
    for title, (low, high) in CLASSES.items():
        members = [network for network in networks if low <= network.n_nodes <= high]
        lines += ["", f"**{title}**: {len(members)} networks", ""]
        lines += ["| method | median gap | mean gap | 90th percentile | within 2 % | CPU s | evaluations | changes |", "|---" * 8 + "|"]
        for name in METHODS:
            lines.append(_whole_row(name, [Played(**rows.kept[f"{network.name} {UNLIMITED} {name}"]) for network in members]))
    return "\n".join(lines)


def _whole_row(name: str, played: Sequence[Played]) -> str:
    gaps = np.array([each.gap for each in played])
    seconds, evaluations, changes = (np.median([getattr(each, key) for each in played]) for key in ("seconds", "evaluations", "changes"))
    return (
        f"| {name} | {np.median(gaps):.2%} | {np.mean(gaps):.2%} | {np.quantile(gaps, 0.9):.1%} | {np.mean(gaps <= 0.02):.0%} "
        f"| {seconds:.2f} | {evaluations:,.0f} | {changes:.0f} |"
    )


def few_table(rows: Rows, networks: Sequence[Network]) -> str:
    members = [network for network in networks if rows.kept[f"{network.name} {UNLIMITED} nothing"]["gap"] > WORTHWHILE]
    text = f"""## With few changes

Mean gap (median in brackets) where at most so many demands may get another way: of the {len(members)} networks that are more than
{WORTHWHILE:.0%} above the optimum if nothing is done.
"""
    lines = [text, "| method | " + " | ".join(map(str, FEW)) + " | CPU s at 20 |", "|---" * (len(FEW) + 2) + "|"]
    for name in FEW_METHODS:
        by_limit = {most: [Played(**rows.kept[f"{network.name} {most} {name}"]) for network in members] for most in FEW}
        cells = [f"{np.mean([p.gap for p in by_limit[most]]):.2%} ({np.median([p.gap for p in by_limit[most]]):.2%})" for most in FEW]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {np.median([p.seconds for p in by_limit[20]]):.2f} |")
    return "\n".join(lines)


def delay_table(rows: Rows, networks: Sequence[Network], args: Args) -> str:
    text = f"""## Where a twin judges

p99 delay of a protected class (one demand in five), mean over its traffic, relative to before, after at most {args.predictions} predictions
of the analytic twin; the busiest link was offered 95 %. The same search, that asks about eight moves at a time, with another
ranking of the moves. In brackets: predictions used, CPU seconds.
"""
    lines = [text, "| network | nodes | " + " | ".join(RANKINGS) + " |", "|---" * (len(RANKINGS) + 2) + "|"]
    found = {(network.name, name): rows.kept[f"{network.name} delay {name}"] for network in networks for name in RANKINGS}
    for network in networks:
        own = [found[network.name, name] for name in RANKINGS]
        cells = [f"{each['relative']:.3f} ({each['predictions']:.0f}, {each['seconds']:.1f})" for each in own]
        lines.append(f"| {network.name} | {network.n_nodes} | " + " | ".join(cells) + " |")
    means = [f"{np.mean([found[network.name, name]['relative'] for network in networks]):.3f}" for name in RANKINGS]
    lines.append("| mean | | " + " | ".join(means) + " |")
    return "\n".join(lines)


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in vars(Args()).items():
        parser.add_argument(f"--{name}", type=type(default) if not isinstance(default, Path) else Path, default=default)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
