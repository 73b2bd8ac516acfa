"""What learning is worth: the policy of `reinforcement` beside its teacher, greedy and random moves, local search and the optimum.

    python benchmarks/optimizer_reinforcement.py

Networks are every fifth of ../shared/data/repetita by size, and SNDlib's real demands (topohub); the policy was trained on none of them.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch

from nettwin.errors import NettwinError
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
from nettwin.optimize.reinforcement.game import UNLIMITED, Game, Position
from nettwin.optimize.reinforcement.kernels import DROP
from nettwin.optimize.reinforcement.observation import observe
from nettwin.optimize.reinforcement.playing import ranked
from nettwin.optimize.reinforcement.policy import PolicyNetwork
from nettwin.optimize.reinforcement.rules import allowed_by
from nettwin.optimize.reinforcement.teacher import Teacher
from nettwin.optimize.reinforcement.weights import SHIPPED, read_policy
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
NO_LIMIT = Limits()
Player = Callable[[Position], int]


@dataclass(frozen=True)
class Args:
    """What is measured, and where the table goes."""

    policy: Path = SHIPPED
    imitation: Path = SHIPPED / "imitation"
    data: Path = DATA
    every: int = 5
    """Every so manieth network of the benchmark."""
    seconds: float = 3.0
    """CPU seconds of a game at most; local search gets one, unless it says otherwise."""
    predictions: int = 200
    """Of the predictor in the experiment with delays."""
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
    moves: int = field(default=0)


def main() -> None:
    args = parsed()
    torch.set_num_threads(1)
    networks = [*zoo(args), *sndlib()]
    players = players_of(args)
    for player in players.values():
        play(networks[0], player(), args.seconds, UNLIMITED)  # compile
    whole = whole_games(args, networks, players)
    few = few_changes(args, networks, players)
    delays = [asked(args, network) for network in networks if 10 <= network.n_nodes <= 40][::3][:6]
    text = "\n\n".join([head(args, networks), whole_table(whole, networks), few_table(few), delay_table(delays, args)])
    args.table.write_text(text + "\n")
    print(text)


# --- networks ---------------------------------------------------------------------------------------------------------------


def zoo(args: Args) -> list[Network]:
    """Every fifth by number of nodes, links and name."""
    found = []
    for file in sorted(args.data.glob("*.graph")):
        head = file.read_text().split()
        found.append((int(head[1]), file))
    chosen = [file for n_nodes, file in sorted(found) if n_nodes <= 110][:: args.every]
    return [Network(file.stem, read_file(f"{file}#0000").scenario, MULTI_COMMODITY_FLOW) for file in chosen]


def sndlib() -> list[Network]:
    """With the bound of the multi-commodity flow, where that method is there."""
    found = []
    for name in SNDLIB:
        scenario = scaled_to_utilization(read_file(f"topohub:sndlib/{name}").scenario, 1.0)
        try:
            solution = registry.create("lp").optimize(scenario, intent(), create("queueing"), Budget())
        except (NettwinError, ImportError, AttributeError) as missing:
            print(f"no bound for {name}: {missing}")
            continue
        if solution.bound is not None:
            found.append(Network(f"sndlib/{name}", scenario, solution.bound.value))
    return found


def intent(max_changes: int | None = None) -> Intent:
    return Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),), limits=replace(NO_LIMIT, max_changes=max_changes))


# --- players ----------------------------------------------------------------------------------------------------------------


def players_of(args: Args) -> dict[str, Callable[[], Player]]:
    """A fresh player for each game."""
    return {
        "random moves": lambda: partial(at_random, np.random.default_rng(0)),
        "greedy": lambda: greedy,
        "look-ahead (the teacher)": lambda: partial(look_ahead, Teacher(width=16)),
        "imitation alone": lambda: partial(by_policy, read_policy(args.imitation)),
        "PPO alone": lambda: partial(by_policy, read_policy(args.policy)),
    }


def at_random(rng: np.random.Generator, position: Position) -> int:
    return int(rng.integers(len(position.moves().demand)))


def greedy(position: Position) -> int:
    return int(position.moves().features[:, DROP].argmax())


def look_ahead(teacher: Teacher, position: Position) -> int:
    observation = observe(position)
    return int(observation.number[teacher.advise(position, observation)[0].argmax()])


def by_policy(network: PolicyNetwork, position: Position) -> int:
    return int(ranked(network, position)[0])


def play(network: Network, player: Player, seconds: float, max_changes: int) -> Played:
    """One game. The CPU time includes the preparation of the arrays."""
    start = time.process_time()
    position = Position(Game.of(network.scenario, max_changes=max_changes))
    evaluations, moves = 0, 0
    while len(position.moves().demand) and time.process_time() - start < seconds:
        evaluations += len(position.moves().demand)
        position.make(player(position))
        moves += 1
    return Played(network.gap(position.max_utilization), time.process_time() - start, evaluations, position.n_changes, moves)


def searched(network: Network, method: str, max_changes: int | None, budget: Budget, **options: object) -> Played | None:
    """One of nettwin's methods; None where it is not there."""
    start = time.process_time()
    try:
        solution = registry.create(method, **options).optimize(network.scenario, intent(max_changes), judge(), budget)
    except (NettwinError, ImportError, AttributeError, NotImplementedError) as missing:
        print(f"{method}: {missing!r}")
        return None
    spent = time.process_time() - start
    return Played(network.gap(solution.objective), spent, solution.evidence.evaluations, len(solution.plan))


@cache
def judge() -> object:
    return create("queueing")


# --- experiments ------------------------------------------------------------------------------------------------------------


def whole_games(args: Args, networks: Sequence[Network], players: dict[str, Callable[[], Player]]) -> dict[str, list[Played | None]]:
    """Without a limit on changes."""
    result: dict[str, list[Played | None]] = {name: [] for name in players}
    for network in networks:
        for name, player in players.items():
            result[name].append(play(network, player(), args.seconds, UNLIMITED))
        print(network.name, network.n_nodes, {name: round(each[-1].gap, 4) for name, each in result.items() if each[-1]}, flush=True)
    for name, method, options in (
        ("PPO, then local search (1 s)", "reinforcement", {"weights": str(args.policy)}),
        ("local search alone (1 s)", "local-search", {}),
        ("column generation (10 s)", "column-generation", {}),
    ):
        seconds = 10.0 if "10 s" in name else 1.0
        result[name] = [searched(network, method, None, Budget(seconds=seconds), **options) for network in networks]
        print(name, flush=True)
    return result


def few_changes(
    args: Args, networks: Sequence[Network], players: dict[str, Callable[[], Player]]
) -> dict[str, dict[int, list[Played | None]]]:
    """With a limit on changes."""
    result: dict[str, dict[int, list[Played | None]]] = {
        name: {most: [play(network, player(), args.seconds, most) for network in networks] for most in FEW}
        for name, player in players.items()
    }
    for name, method, options in (
        ("PPO, then local search (1 s)", "reinforcement", {"weights": str(args.policy)}),
        ("local search alone (1 s)", "local-search", {}),
    ):
        result[name] = {most: [searched(each, method, most, Budget(seconds=1.0), **options) for each in networks] for most in FEW}
        print(name, flush=True)
    return result


@dataclass(frozen=True)
class Asked:
    """Delay of the protected class relative to the start after so many predictions, for each who proposes."""

    network: Network
    relative: dict[str, float]
    predictions: dict[str, int]
    seconds: dict[str, float]


def asked(args: Args, network: Network) -> Asked:
    """The same search with another ranking of the proposals; the analytic twin judges the p99 delay of class 0."""
    scenario = protected(network.scenario)
    wanted = Intent(
        select={"gold": Selector(traffic_class=0)},
        objectives=(Objective(minimize=Figure.ONE_WAY_DELAY, statistic="p99", over="gold"),),
    )
    rankings: dict[str, Callable[[Position], IntArray]] = {
        "random": partial(shuffled, np.random.default_rng(0)),
        "greedy": by_drop,
        "PPO": partial(ranked, read_policy(args.policy)),
    }
    relative, predictions, seconds = {}, {}, {}
    for name, ranking in rankings.items():
        start, clock, predict = time.process_time(), Clock(Budget(evaluations=args.predictions)), Counting(create("queueing"))
        game = allowed_by(scenario, wanted)
        found = first_of(scenario, wanted, predict, clock, Position(game).steering())
        before = found.verdict.objectives[0]
        ask(ranking, game, found, width=8)
        relative[name], predictions[name] = found.verdict.objectives[0] / before, predict.n_asked
        seconds[name] = time.process_time() - start
    print("delays", network.name, relative, predictions, flush=True)
    return Asked(network, relative, predictions, seconds)


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


def whole_table(result: dict[str, list[Played | None]], networks: Sequence[Network]) -> str:
    lines = ["## As many changes as it takes"]
    for title, (low, high) in CLASSES.items():
        rows = [index for index, network in enumerate(networks) if low <= network.n_nodes <= high]
        lines += ["", f"**{title}**: {len(rows)} networks", ""]
        lines += ["| method | median gap | 90th percentile | within 2 % | CPU s | evaluations | changes |", "|---|---|---|---|---|---|---|"]
        for name, played in result.items():
            lines += _whole_row(name, [played[row] for row in rows])
    return "\n".join(lines)


def _whole_row(name: str, played: Sequence[Played | None]) -> Iterator[str]:
    there = [each for each in played if each is not None]
    if there:
        gaps = np.array([each.gap for each in there])
        seconds, evaluations, changes = (np.median([getattr(each, key) for each in there]) for key in ("seconds", "evaluations", "changes"))
        yield (
            f"| {name} | {np.median(gaps):.2%} | {np.quantile(gaps, 0.9):.1%} | {np.mean(gaps <= 0.02):.0%} "
            f"| {seconds:.2f} | {evaluations:,.0f} | {changes:.0f} |"
        )


def few_table(result: dict[str, dict[int, list[Played | None]]]) -> str:
    lines = [
        "## With few changes",
        "",
        "Mean gap over all networks (median in brackets) where at most so many demands may get another way.",
        "",
    ]
    lines += ["| method | " + " | ".join(map(str, FEW)) + " | CPU s at 20 |", "|---" * (len(FEW) + 2) + "|"]
    for name, by_limit in result.items():
        there = {most: [each for each in played if each is not None] for most, played in by_limit.items()}
        if all(there.values()):
            cells = [f"{np.mean([p.gap for p in there[most]]):.1%} ({np.median([p.gap for p in there[most]]):.1%})" for most in FEW]
            lines.append(f"| {name} | " + " | ".join(cells) + f" | {np.median([p.seconds for p in there[20]]):.2f} |")
    return "\n".join(lines)


def delay_table(results: Sequence[Asked], args: Args) -> str:
    lines = ["## Where a twin judges", ""]
    text = f"""p99 delay of a protected class (one demand in five), mean over its traffic, relative to before, after at most
{args.predictions} predictions of the analytic twin; the busiest link was offered 95 %. The same search, that asks about eight moves at a time, with
another ranking of the moves. In brackets: predictions used.
"""
    lines.append(text)
    names = list(results[0].relative)
    lines += ["| network | nodes | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for each in results:
        cells = [f"{each.relative[name]:.3f} ({each.predictions[name]})" for name in names]
        lines.append(f"| {each.network.name} | {each.network.n_nodes} | " + " | ".join(cells) + " |")
    means = [f"{np.mean([each.relative[name] for each in results]):.3f}" for name in names]
    lines.append("| mean | | " + " | ".join(means) + " |")
    return "\n".join(lines)


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in vars(Args()).items():
        parser.add_argument(f"--{name}", type=type(default) if not isinstance(default, Path) else Path, default=default)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
