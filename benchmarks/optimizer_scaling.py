"""How the time to 1 % grows with the number of links, on Gabriel graphs of 25 to 500 nodes from topohub.

python benchmarks/optimizer_scaling.py --method local-search

Capacities are dimensioned in modules for a gravity model by degree; the traffic is another draw of it (log-normal weights), scaled
so that following the IGP fills the fullest link exactly. The 1 % is relative to the bound that the method proves when it goes on
(where it proves none within the budget: to its best answer, marked *). Seconds are of one processor's work from the call on, with
preparation, until the method tells of such a network; networks and traffic are at hand, everything is compiled.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from nettwin.formats.registry import read
from nettwin.generate.capacities import dimension
from nettwin.generate.gravity import degree_weights, gravity_demands
from nettwin.generate.traffic import scaled_to_utilization
from nettwin.intents.intent import Intent
from nettwin.intents.objectives import Figure, Objective
from nettwin.optimize import budget as budgets
from nettwin.optimize import registry
from nettwin.optimize.budget import Budget, Progress
from nettwin.optimize.optimizer import Optimizer
from nettwin.optimize.warming import warm_up
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Scenario, Traffic

ROOT = Path(__file__).resolve().parents[1]
INTENT = Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),))


@dataclass(frozen=True)
class Args:
    """Which method, on which sizes."""

    method: str = "local-search"
    nodes: tuple[int, ...] = (25, 50, 100, 200, 300, 400, 500)
    n_graphs: int = 3
    seconds: float = 10.0
    table: Path = ROOT / "benchmarks" / "results" / "optimizer_scaling.md"


def main() -> None:
    args = parsed()
    budgets.time = SimpleNamespace(monotonic=time.process_time)  # type: ignore[attr-defined]  # budgets are of processor time here
    method = registry.create(args.method)
    warm_up(method, INTENT, QueueingPredictor())
    to_one_percent(method, network(25, 0, None), 1.0)
    to_one_percent(method, network(100, 0, None), 1.0)
    text = (__doc__ or "").split("\n\n")[2].strip()
    lines = [
        f"# Time to 1 % against links: {args.method}\n",
        f"Made by `python benchmarks/optimizer_scaling.py --method {args.method}`. {text}",
    ]
    for title, per_node in (("A demand between any two nodes", None), ("The 20 largest demands per node", 20)):
        lines += [f"\n## {title}\n", *table(method, per_node, args)]
    args.table.write_text("\n".join(lines) + "\n")


def table(method: Optimizer, per_node: int | None, args: Args) -> Iterator[str]:
    yield "| nodes | graph | links | demands | IGP | found | proven gap | s to 1 % |\n|---|---|---|---|---|---|---|---|"
    points = []
    for n in args.nodes:
        for graph in range(args.n_graphs):
            scenario = network(n, graph, per_node)
            found, gap, seconds, is_proven = to_one_percent(method, scenario, args.seconds)
            points.append((scenario.topology.n_links, seconds))
            line = (
                f"| {n} | {graph} | {scenario.topology.n_links} | {scenario.traffic.n_demands} | 1.000 | {found:.4f} | {gap:.3%} "
                f"| {seconds:.4f}{'' if is_proven else ' *'} |"
            )
            print(line, flush=True)
            yield line
    links, seconds = np.log(np.array(points)).T
    yield f"\nExponent of the time against directed links, least squares over all rows: **{np.polyfit(links, seconds, 1)[0]:.2f}**."


def network(n: int, graph: int, per_node: int | None) -> Scenario:
    """A Gabriel graph with traffic that fills the fullest link."""
    topology = read(f"topohub:gabriel/{n}/{graph}").scenario.topology
    weights = degree_weights(topology)
    topology = dimension(topology, gravity_demands(topology, 1e10 * n, weights=weights), max_utilization=0.6)
    traffic = gravity_demands(topology, 1e10 * n, np.random.default_rng(graph), weights)
    if per_node is not None:
        traffic = largest(traffic, per_node * n)
    return scaled_to_utilization(Scenario(topology, traffic), 1.0)


def largest(traffic: Traffic, most: int) -> Traffic:
    chosen = np.sort(np.argsort(-traffic.rate_bps, kind="stable")[:most])
    columns = ("source", "target", "rate_bps", "traffic_class", "arrival_index", "packet_size_index")
    return replace(traffic, **{name: getattr(traffic, name)[chosen] for name in columns})


def to_one_percent(method: Optimizer, scenario: Scenario, seconds: float) -> tuple[float, float, float, bool]:
    """Objective, proven gap, seconds until 1 % and whether this is relative to a bound."""
    told = list[tuple[float, float]]()

    def report(progress: Progress) -> None:
        told.append((time.process_time(), progress.objective))

    scenario = replace(scenario, topology=replace(scenario.topology))  # nothing is remembered of it
    start = time.process_time()
    solution = method.optimize(scenario, INTENT, QueueingPredictor(), Budget(seconds=seconds, report=report))
    is_proven = solution.gap < 0.005
    bound = solution.bound.value if is_proven and solution.bound else solution.objective
    reached = [moment for moment, objective in told if objective <= bound * 1.01]
    return solution.objective, solution.gap, (reached[0] if reached else float("nan")) - start, is_proven


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default=Args.method, choices=registry.names())
    parser.add_argument("--nodes", type=int, nargs="+", default=Args.nodes)
    parser.add_argument("--n-graphs", type=int, default=Args.n_graphs)
    parser.add_argument("--seconds", type=float, default=Args.seconds)
    parser.add_argument("--table", type=Path, default=Args.table)
    options = vars(parser.parse_args())
    return Args(**{**options, "nodes": tuple(options["nodes"])})


if __name__ == "__main__":
    main()
