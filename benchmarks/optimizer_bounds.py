"""Bounds and optima by linear programming on the REPETITA graphs: how good, and how fast.

    python benchmarks/optimizer_bounds.py ../shared/data/repetita

Demands are scaled so that the optimum of the multi-commodity flow problem is 0.9. CPU seconds of one thread, without reading the
files and without the first compilation; counts of links are of directed ones. Plans are those of the method ``column-generation``
with its defaults (lists over at most 3 places, 4 lists per demand), judged before and after: their seconds are for all of that.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from nettwin.formats import read
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.column_generation import ColumnGeneration
from nettwin.optimize.column_generation.search import Steered, lowest_utilization
from nettwin.optimize.column_generation.tasks import Case, case_of
from nettwin.optimize.column_generation.ways import utilization_by
from nettwin.optimize.lp.bounds import multi_commodity_flow, node_cuts, proven_by
from nettwin.optimize.lp.flow_network import FlowNetwork
from nettwin.optimize.lp.generation import Generated
from nettwin.optimize.solution import Solution
from nettwin.predict.registry import create
from nettwin.scenario import Scenario

RESULTS = Path(__file__).parent / "results" / "optimizer_bounds.md"
OPTIMUM = 0.9
LEAST = (Objective(minimize=Figure.MAX_UTILIZATION),)
CLASSES = ((4, 20), (20, 48), (48, 90), (90, 1000))
TOLERANCE = 1e-4
Result = TypeVar("Result")


@dataclass(frozen=True)
class Row:
    """One graph."""

    name: str
    n_nodes: int
    n_links: int
    n_demands: int
    igp: float
    cut: float
    flow_bound: float
    flow_seconds: float
    found: Steered
    seconds: float
    node_segments: Steered
    node_seconds: float
    planned: float
    n_changes: int
    plan_seconds: float


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What it gives, and the CPU seconds that it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def measured(scenario: Scenario) -> Row:
    case, prepared = timed(lambda: _case(scenario, has_adjacency=True, max_places=3))
    network, problem = case.network, case.task.problem
    flow, flow_seconds = timed(lambda: multi_commodity_flow(FlowNetwork.of(scenario), Clock(Budget())))
    bound = _proven(network, flow)
    found, seconds = timed(lambda: _lowest(case, bound))
    plain, node_seconds = timed(lambda: _lowest(_case(scenario, has_adjacency=False, max_places=1), bound))
    plan, plan_seconds = timed(lambda: _plan(scenario))
    igp = utilization_by(problem, case.task.present.ways, case.task.present.share)
    return Row(
        name=scenario.name,
        n_nodes=scenario.topology.n_nodes,
        n_links=scenario.topology.n_links,
        n_demands=problem.n_demands,
        igp=float(igp.max()),
        cut=node_cuts(network)[0],
        flow_bound=bound,
        flow_seconds=flow_seconds,
        found=found,
        seconds=prepared + seconds,
        node_segments=plain,
        node_seconds=node_seconds,
        planned=plan.objective,
        n_changes=len(plan.plan.changes),
        plan_seconds=plan_seconds,
    )


def _case(scenario: Scenario, *, has_adjacency: bool, max_places: int) -> Case:
    return case_of(scenario, Intent(limits=Limits()), max_places, has_adjacency=has_adjacency, tolerance=TOLERANCE)


def _proven(network: FlowNetwork, flow: Generated) -> float:
    return proven_by(network, flow.price / network.capacity_bps)


def _lowest(case: Case, floor: float) -> Steered:
    return lowest_utilization(case.task, Clock(Budget()), lambda _: floor)


def _plan(scenario: Scenario) -> Solution:
    return ColumnGeneration().optimize(scenario, Intent(objectives=LEAST), create("queueing"), Budget())


def table(rows: list[Row]) -> list[str]:
    """By size."""
    lines = [
        "| nodes | graphs | flow bound / 0.9: lowest, median | CPU s: median, most "
        "| lists over at most 3 places / 0.9: median, highest | proven optimal | CPU s: median, most "
        "| one node segment / 0.9: median, highest | CPU s: median, most "
        "| plan (4 splits) / 0.9: median, highest | changed demands: median | CPU s: median, most |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for least, most in CLASSES:
        some = [row for row in rows if least <= row.n_nodes < most]
        if some:
            lines.append(_class(f"{min(row.n_nodes for row in some)}..{max(row.n_nodes for row in some)}", some))
    return lines


def _class(label: str, rows: list[Row]) -> str:
    flow = [row.flow_bound / OPTIMUM for row in rows]
    found, plain = [row.found.value / OPTIMUM for row in rows], [row.node_segments.value / OPTIMUM for row in rows]
    planned = [row.planned / OPTIMUM for row in rows]
    cells = [
        label,
        str(len(rows)),
        f"{min(flow):.4f}, {np.median(flow):.4f}",
        _seconds([row.flow_seconds for row in rows]),
        f"{np.median(found):.4f}, {max(found):.4f}",
        f"{sum(row.found.is_optimal for row in rows)}",
        _seconds([row.seconds for row in rows]),
        f"{np.median(plain):.4f}, {max(plain):.4f}",
        _seconds([row.node_seconds for row in rows]),
        f"{np.median(planned):.4f}, {max(planned):.4f}",
        f"{np.median([100 * row.n_changes / row.n_demands for row in rows]):.1f} %",
        _seconds([row.plan_seconds for row in rows]),
    ]
    return f"| {' | '.join(cells)} |"


def _seconds(values: list[float]) -> str:
    return f"{np.median(values):.3f}, {max(values):.3f}"


def _details(rows: list[Row]) -> list[str]:
    lines = [
        "| graph | nodes | links | demands | IGP | node cut | flow bound | CPU s | optimum (places) | CPU s "
        "| one node segment | plan | changes |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        is_special = row.n_nodes >= 78 or max(row.found.value, row.node_segments.value, row.planned) > OPTIMUM * 1.002
        if is_special:
            lines.append(
                f"| {row.name} | {row.n_nodes} | {row.n_links} | {row.n_demands} | {row.igp:.3f} | {row.cut:.3f} | {row.flow_bound:.5f} "
                f"| {row.flow_seconds:.2f} | {row.found.value:.5f} ({row.found.n_places}) | {row.seconds:.2f} "
                f"| {row.node_segments.value:.4f} | {row.planned:.5f} | {row.n_changes} |"
            )
    return lines


FEW = ("Geant2001", "Geant2009", "Geant2010")
CHANGES = (10, 25, 50, 100)


def few_changes(folder: Path) -> list[str]:
    """What so many changes at most can reach."""
    lines = [
        "| graph | nodes | most changes | plan: changes | gap to 0.9 | no plan can be below | CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in FEW:
        scenario = read(folder / f"{name}.graph").scenario
        for most in CHANGES:
            intent = Intent(objectives=LEAST, limits=Limits(max_changes=most))
            work = partial(ColumnGeneration().optimize, scenario, intent, create("queueing"), Budget())
            solution, seconds = timed(work)
            least = solution.bound.value / OPTIMUM - 1 if solution.bound else float("nan")
            gap = solution.objective / OPTIMUM - 1
            cells = (name, scenario.topology.n_nodes, most, len(solution.plan.changes), f"{gap:z.2%}", f"{least:z.2%}", f"{seconds:.2f}")
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def main(folder: Path, only: str = "") -> None:
    """All graphs of the folder (whose names contain a word)."""
    rows = []
    for path in sorted(folder.glob("*.graph")):
        if only in path.name and path.name != "2015DEFO.graph" and list(folder.glob(f"{path.stem}.*.demands")):
            scenario = read(path).scenario
            if not rows:
                measured(scenario)  # compiles
            rows.append(measured(scenario))
            print(rows[-1].name, f"{rows[-1].found.value:.5f} {rows[-1].seconds:.2f} s", flush=True)
    rows.sort(key=lambda row: row.n_nodes)
    introduction = (__doc__ or "").strip()
    text = [
        "# Bounds and optima by linear programming",
        "",
        introduction,
        "",
        *table(rows),
        "",
        "Large graphs, and all above 0.9 x 1.002:",
        "",
    ]
    if not only:
        limited = ["", "With at most so many changes (segment policies of demands):", "", *few_changes(folder), ""]
        RESULTS.write_text("\n".join([*text, *_details(rows), *limited]), encoding="utf-8")
    print("\n".join([*table(rows), *_details(rows)]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
