"""The default method on the REPETITA graphs: gap and proven bound after one CPU-second each, and what few changes cost on GEANT.

    python benchmarks/optimizer_portfolio.py ../shared/data/repetita [--seconds 1]

The budget is counted in CPU seconds of one thread (the clock of budgets is exchanged for that of the process), without reading files,
loading and compiling; it includes tidying and judging the plan. Demands of the collection are scaled so that the optimum of the
multi-commodity flow problem is 0.9; "gap to 0.9" can be slightly negative, for that optimum has a tolerance itself.
"""

import argparse
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import nettwin.optimize.budget
from nettwin.apps.plans.wishes import LEAST_UTILIZATION
from nettwin.formats import read
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Limits
from nettwin.optimize import registry
from nettwin.optimize.budget import Budget
from nettwin.optimize.warming import warm_up
from nettwin.predict.registry import create
from nettwin.scenario import Scenario

RESULTS = Path(__file__).parent / "results" / "optimizer_portfolio.md"
OPTIMUM = 0.9
CHANGES = (5, 10, 20, 30, 50, 100)
CLASSES = ((0, 20), (20, 48), (48, 90), (90, 1000))


@dataclass(frozen=True)
class Row:
    """One graph."""

    name: str
    n_nodes: int
    n_demands: int
    gap_to_optimum: float
    gap_to_bound: float
    n_changes: int
    seconds: float
    stopped_by: str


def solved(scenario: Scenario, intent: Intent, seconds: float) -> tuple[Any, float]:
    start = time.process_time()
    solution = registry.create("portfolio").optimize(scenario, intent, create("queueing"), Budget(seconds=seconds))
    return solution, time.process_time() - start


def measure(path: Path, seconds: float) -> Row:
    scenario = read(path).scenario
    solution, spent = solved(scenario, LEAST_UTILIZATION, seconds)
    gap = solution.objective / OPTIMUM - 1
    n = scenario.topology.n_nodes, scenario.traffic.n_demands
    row = Row(path.stem, *n, gap, solution.gap, len(solution.plan), spent, solution.evidence.stopped_by)
    print(f"{row.name:24} {row.n_nodes:4} nodes  to 0.9 {gap:8.3%}  to bound {row.gap_to_bound:8.3%}  {spent:.2f} s", flush=True)
    return row


def few_changes(seconds: float) -> list[tuple[int, int, float]]:
    scenario, rows = read("topohub:sndlib/geant").scenario, []
    for most in CHANGES:
        solution, _ = solved(scenario, Intent(objectives=LEAST_UTILIZATION.objectives, limits=Limits(max_changes=most)), seconds)
        rows.append((most, len(solution.plan), solution.gap))
        print(f"GEANT with {most} changes: {solution.gap:.3%}", flush=True)
    return rows


def line(label: str, rows: Sequence[Row]) -> str:
    gaps, bounds = (np.array([getattr(row, name) for row in rows]) for name in ("gap_to_optimum", "gap_to_bound"))
    within = " | ".join(f"{np.mean(gaps <= limit):.1%}" for limit in (0.001, 0.01, 0.02))
    shares = [row.n_changes / max(1, row.n_demands) for row in rows]
    spent = [row.seconds for row in rows]
    return (
        f"| {label} | {len(rows)} | {np.median(gaps):.3%} | {gaps.max():.3%} | {within} | {np.median(bounds):.3%} | {bounds.max():.3%} "
        f"| {np.median(shares):.0%} | {np.median(spent):.2f} | {max(spent):.2f} |"
    )


def report(rows: Sequence[Row], changes: Iterable[tuple[int, int, float]], seconds: float) -> str:
    classes = [(f"{low} to {high - 1} nodes", [row for row in rows if low <= row.n_nodes < high]) for low, high in CLASSES]
    return "\n".join(
        [
            "# The portfolio on REPETITA",
            "",
            f"`python benchmarks/optimizer_portfolio.py ../shared/data/repetita --seconds {seconds:g}`: first matrix of each graph,",
            f"{seconds:g} CPU-second(s) for the search, one thread.",
            "",
            "| graphs | n | median gap to 0.9 | largest | within 0.1 % | 1 % | 2 % | median gap to the proven bound | largest "
            "| demands steered (median) | CPU s (median) | largest |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|",
            *(line(label, chosen) for label, chosen in [*classes, ("all", list(rows))] if chosen),
            "",
            "The largest graphs:",
            "",
            "| graph | nodes | demands | gap to 0.9 | gap to the proven bound | changes | CPU s | ended by |",
            "|---|---|---|---|---|---|---|---|",
            *(
                f"| {row.name} | {row.n_nodes} | {row.n_demands} | {row.gap_to_optimum:.3%} | {row.gap_to_bound:.3%} "
                f"| {row.n_changes} | {row.seconds:.2f} | {row.stopped_by} |"
                for row in sorted(rows, key=lambda row: -row.n_demands)[:12]
            ),
            "",
            f"GEANT (topohub:sndlib/geant, 22 nodes, 462 demands), {5 * seconds:g} CPU-second(s) each: gap to the proven bound.",
            "",
            "| changes allowed | made | gap |",
            "|---|---|---|",
            *(f"| {most} | {made} | {gap:.2%} |" for most, made, gap in changes),
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    nettwin.optimize.budget.time = SimpleNamespace(monotonic=time.process_time)  # type: ignore[attr-defined]
    for intent in (LEAST_UTILIZATION, Intent(objectives=LEAST_UTILIZATION.objectives, limits=Limits(max_changes=5))):
        warm_up(registry.create("portfolio"), intent, create("queueing"))
    rows = [measure(path, arguments.seconds) for path in sorted(arguments.folder.glob("*.graph"))]
    RESULTS.write_text(report(rows, few_changes(5 * arguments.seconds), arguments.seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
