"""How close a method comes to the multi-commodity flow optimum on REPETITA's networks, how fast, with how many changes, after failures.

python benchmarks/optimizer_repetita.py --method local-search

The demands are scaled so that the flow optimum of the maximum utilization is 0.9 (0.8985 to 0.9000 after its own solver's
tolerance), so the gap is objective / 0.9 - 1 and may be a little below 0. Seconds are of one processor's work on the whole answer:
preparing, searching, proving, planning, judging before and after; not reading the files, not compiling.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from nettwin.changes import FailLink
from nettwin.formats.registry import read
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.optimize import budget as budgets
from nettwin.optimize import registry
from nettwin.optimize.budget import Budget, Progress
from nettwin.optimize.optimizer import Optimizer
from nettwin.optimize.solution import Solution
from nettwin.optimize.warming import warm_up
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
OPTIMUM = 0.9
SHARES = (0.001, 0.01, 0.02, 0.05)
CLASSES = ((0, 20), (20, 40), (40, 91), (91, 1000))
LIMITS = (5, 10, 20, 50, 100)

AFTER_FAILURE_S = 0.07
"""Leaves time for planning and judging: the whole answer shall take 0.1 s."""


@dataclass(frozen=True)
class Args:
    """Which method, on what, for how long."""

    method: str = "local-search"
    seconds: float = 1.0
    large_seconds: float = 5.0
    every: int = 1
    n_failures: int = 20
    data: Path = ROOT.parent / "shared" / "data" / "repetita"
    table: Path | None = None


@dataclass(frozen=True)
class Row:
    """One network."""

    name: str
    n_nodes: int
    n_links: int
    gap: float
    proven: float
    seconds: float
    n_changes: int
    n_demands: int
    to_one_percent: float


def main() -> None:
    args = parsed()
    budgets.time = SimpleNamespace(monotonic=time.process_time)  # type: ignore[attr-defined]  # budgets are of processor time here
    method = registry.create(args.method)
    for limits in (Limits(), Limits(max_changes=5), Limits(max_splits=1)):
        warm_up(method, intent_with(limits), QueueingPredictor())
    networks = {file.stem: read(str(file)).scenario for file in sorted(args.data.glob("*.graph"))[:: args.every]}
    answer(method, next(iter(networks.values())), Limits(), 0.2)
    lines = [*heading(args), *gaps(method, networks, args), *few_changes(method, networks, args), *failures(method, networks, args)]
    table = args.table or ROOT / "benchmarks" / "results" / f"optimizer_repetita_{args.method.replace('-', '_')}.md"
    table.write_text("\n".join(lines) + "\n")


def heading(args: Args) -> list[str]:
    text = (__doc__ or "").split("\n\n")[2].strip()
    return [f"# REPETITA's networks: {args.method}\n", f"Made by `python benchmarks/optimizer_repetita.py --method {args.method}`. {text}"]


def gaps(method: Optimizer, networks: dict[str, Scenario], args: Args) -> Iterator[str]:
    """The gap by size, with splits and without, and the networks that stay above 0.1 %."""
    for title, limits in (("Up to 4 segment lists per demand", Limits()), ("One segment list per demand (unsplit)", Limits(max_splits=1))):
        rows = [measured(method, name, scenario, limits, seconds_for(scenario, args)) for name, scenario in networks.items()]
        yield f"\n## {title}\n\n{args.seconds:g} s, from 105 nodes on {args.large_seconds:g} s.\n"
        within = " | ".join(f"within {share:.1%}" for share in SHARES)
        yield f"| nodes | networks | median gap | p90 | {within} | proven gap, median | max | s, median | max | demands changed |"
        yield "|---" * (9 + len(SHARES)) + "|"
        lines = [summary(f"{low} to {high - 1}", [row for row in rows if low <= row.n_nodes < high]) for low, high in CLASSES]
        yield from [*filter(None, lines), summary("up to 90", [row for row in rows if row.n_nodes <= 90]), summary("all", rows)]
        yield from large(rows)
        misses = [f"{row.name} {row.gap:.2%} (proven {row.proven:.2%})" for row in rows if row.gap > SHARES[0]]
        yield f"\nAbove {SHARES[0]:.1%}: {', '.join(misses) or 'none'}."


def summary(label: str, rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    gap, proven = np.array([row.gap for row in rows]), np.array([row.proven for row in rows])
    within = " | ".join(f"{np.mean(gap <= share):.1%}" for share in SHARES)
    seconds = np.array([row.seconds for row in rows])
    steered = np.mean([row.n_changes / row.n_demands for row in rows])
    line = (
        f"| {label} | {len(rows)} | {np.median(gap):.3%} | {np.quantile(gap, 0.9):.3%} | {within} | {np.median(proven):.3%} "
        f"| {np.max(proven):.3%} | {np.median(seconds):.3f} | {np.max(seconds):.2f} | {steered:.1%} |"
    )
    print(line, flush=True)
    return line


def large(rows: Sequence[Row]) -> Iterator[str]:
    yield "\n| network | nodes | links | demands | gap | proven gap | s to 1 % | s in all |\n|---|---|---|---|---|---|---|---|"
    for row in rows:
        if row.n_nodes > 70:
            yield (
                f"| {row.name} | {row.n_nodes} | {row.n_links} | {row.n_demands} | {row.gap:.3%} | {row.proven:.3%} "
                f"| {row.to_one_percent:.3f} | {row.seconds:.2f} |"
            )


def few_changes(method: Optimizer, networks: dict[str, Scenario], args: Args) -> Iterator[str]:
    """The gap when at most so many demands may be steered, on networks of GEANT's size."""
    chosen = {name: each for name, each in networks.items() if 33 <= each.topology.n_nodes <= 45}
    rows = {
        limit: [measured(method, name, each, Limits(max_changes=limit), args.seconds) for name, each in chosen.items()] for limit in LIMITS
    }
    start = [measured(method, name, each, Limits(max_changes=0), args.seconds).gap for name, each in chosen.items()]
    yield f"\n## At most so many changes\n\n{args.seconds:g} s; {len(chosen)} networks of 33 to 45 nodes."
    yield f"Without any change: median gap {np.median(start):.0%}.\n"
    yield "| changes | median gap | p75 | p90 | within 1 % | within 5 % |\n|---|---|---|---|---|---|"
    for limit, of_limit in rows.items():
        gap = np.array([row.gap for row in of_limit])
        quantiles = " | ".join(f"{np.quantile(gap, share):.2%}" for share in (0.5, 0.75, 0.9))
        yield f"| {limit} | {quantiles} | {np.mean(gap <= 0.01):.0%} | {np.mean(gap <= 0.05):.0%} |"
    wide = [f"{row.name} {row.gap:.1%}" for row in rows[50] if row.gap > 0.05]
    yield f"\nAbove 5 % with 50 changes: {', '.join(wide) or 'none'}."


def failures(method: Optimizer, networks: dict[str, Scenario], args: Args) -> Iterator[str]:
    """Answers after each of some circuits of an optimized network fails, from where the network was."""
    asked = f"{args.n_failures} single failures each, {AFTER_FAILURE_S:g} s for the search"
    yield f"\n## After a failure\n\n{asked}, starting from the steering before the failure.\n"
    yield "| network | nodes | s, median | s, max | gap proven, median | max | changes, median |\n|---|---|---|---|---|---|---|"
    every = list[list[float]]()
    for name, scenario in networks.items():
        if 24 <= scenario.topology.n_nodes <= 29:
            answers = list(after_failures(method, scenario, args))
            if answers:
                every += answers
                yield failure_row(name, str(scenario.topology.n_nodes), answers)
    yield failure_row("all", "", every)


def failure_row(name: str, n_nodes: str, answers: list[list[float]]) -> str:
    seconds, gap, changes = np.array(answers).T
    return (
        f"| {name} | {n_nodes} | {np.median(seconds):.3f} | {np.max(seconds):.3f} | {np.median(gap):.3%} | {np.max(gap):.2%} "
        f"| {np.median(changes):.0f} |"
    )


def after_failures(method: Optimizer, scenario: Scenario, args: Args) -> Iterator[list[float]]:
    good = answer(method, scenario, Limits(), args.seconds)[0].scenario
    circuits = list(dict.fromkeys(link.circuit or link.id for link in good.topology.links))
    for circuit in np.random.default_rng(1).permutation(circuits)[: args.n_failures]:
        solution, seconds, _ = answer(method, FailLink(str(circuit)).apply(good), Limits(), AFTER_FAILURE_S)
        yield [seconds, solution.gap, float(len(solution.plan))]


def measured(method: Optimizer, name: str, scenario: Scenario, limits: Limits, seconds: float) -> Row:
    solution, spent, to_one_percent = answer(method, scenario, limits, seconds)
    return Row(
        name, scenario.topology.n_nodes, scenario.topology.n_links, solution.objective / OPTIMUM - 1, solution.gap, spent,
        len(solution.plan), scenario.traffic.n_demands, to_one_percent,
    )  # fmt: skip


def answer(method: Optimizer, scenario: Scenario, limits: Limits, seconds: float) -> tuple[Solution, float, float]:
    """The answer, its seconds, and the seconds until 1 % above the optimum was told of."""
    told = list[float]()

    def report(progress: Progress) -> None:
        if progress.objective <= OPTIMUM * 1.01:
            told.append(time.process_time())

    start = time.process_time()
    solution = method.optimize(scenario, intent_with(limits), QueueingPredictor(), Budget(seconds=seconds, report=report))
    return solution, time.process_time() - start, told[0] - start if told else float("nan")


def intent_with(limits: Limits) -> Intent:
    return Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),), limits=limits)


def seconds_for(scenario: Scenario, args: Args) -> float:
    return args.large_seconds if scenario.topology.n_nodes > 104 else args.seconds


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default=Args.method, choices=registry.names())
    parser.add_argument("--seconds", type=float, default=Args.seconds)
    parser.add_argument("--large-seconds", type=float, default=Args.large_seconds)
    parser.add_argument("--every", type=int, default=Args.every, help="only every so manieth network")
    parser.add_argument("--n-failures", type=int, default=Args.n_failures)
    parser.add_argument("--data", type=Path, default=Args.data)
    parser.add_argument("--table", type=Path, default=None)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
