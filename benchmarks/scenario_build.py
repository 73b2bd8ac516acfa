"""How long it takes to build a scenario, and to ask what-if: 300 nodes, all 89,700 demands.

python benchmarks/scenario_build.py
"""

import argparse
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nettwin import changes as ch
from nettwin.generate.gravity import capacity_weights, gravity_matrix
from nettwin.generate.topologies import gabriel
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

RESULT = Path(__file__).resolve().parent / "results" / "scenario_build.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    timed = [(name, cpu_seconds(action, args.repeats)) for name, action in actions(args.nodes)]
    text = table(args.nodes, args.repeats, timed)
    RESULT.write_text(text)
    print(text)


def actions(n_nodes: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is timed. Each builds all it needs anew, except for the scenario that the changes are applied to."""
    model = gabriel(n_nodes, np.random.default_rng(0))
    nodes, links = model.nodes, model.links
    matrix = gravity_matrix(capacity_weights(model), 1e12)
    rows = Traffic.from_matrix(matrix).rows(model)
    yield "scenario from nodes, links and a matrix", lambda: Scenario(Topology(nodes, links), Traffic.from_matrix(matrix)).demand_index
    yield "the same from one Demand object per demand", lambda: from_rows(nodes, links, rows).demand_index
    scenario = Scenario(model, Traffic.from_matrix(matrix))
    names = scenario.demand_ids
    link, next_link = path_of_two(model)
    demand = f"{link.source}->{next_link.target}"
    for change in (
        ch.FailLink(link.circuit),
        ch.FailNode(link.source),
        ch.SetCapacity(link.circuit, 1e9),
        ch.ScaleTraffic(1.2),
        ch.ScaleTraffic(1.2, ch.Selection(source=link.source)),
        ch.SetPath(demand, (link.id, next_link.id)),
        ch.RemoveDemand(names[0]),
    ):
        yield f"`{ch.command_of(change)}`", lambda change=change: change.apply(scenario)
    after = ch.Plan((ch.FailLink(link.circuit), ch.SetRate(names[0], 1.0))).apply(scenario)
    yield "diff of two scenarios (a circuit, a rate)", lambda: ch.diff(scenario, after)


def from_rows(nodes: tuple[Node, ...], links: tuple[Link, ...], rows: list[Demand]) -> Scenario:
    topology = Topology(nodes, links)
    return Scenario(topology, Traffic.of(rows, topology))


def path_of_two(topology: Topology) -> tuple[Link, Link]:
    first = topology.links[0]
    return first, next(link for link in topology.links if link.source == first.target and link.target != first.source)


def cpu_seconds(action: Callable[[], Any], repeats: int) -> float:
    """The median of several runs, in CPU time: other work on the machine disturbs it least."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def table(n_nodes: int, repeats: int, timed: list[tuple[str, float]]) -> str:
    rows = "\n".join(f"| {name} | {seconds * 1e3:,.2f} |" for name, seconds in timed)
    return f"""# Building scenarios

`python benchmarks/scenario_build.py --nodes {n_nodes} --repeats {repeats}`

A Gabriel graph of {n_nodes} nodes with a demand between any two ({n_nodes * (n_nodes - 1):,}), their ids included.
CPU time, median of {repeats}; {platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}.

| what | CPU ms |
|---|---:|
{rows}
"""


if __name__ == "__main__":
    main()
