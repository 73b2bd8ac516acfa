"""Hard constraints by constraint programming: which it meets, with how many changes, in how many CPU seconds.

    python benchmarks/optimizer_constraints.py [network ...]

Budgets are counted in evaluations, so the plans are the same on every machine; seconds are of this process, on one core.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nettwin.controlplane import link_loads
from nettwin.controlplane.failures import loads_after_failures
from nettwin.formats import read
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.path_constraints import Avoid, Disjointness, PathConstraint
from nettwin.intents.selectors import Selector
from nettwin.intents.survival import Survive
from nettwin.intents.verdict import Status
from nettwin.optimize.budget import Budget
from nettwin.optimize.conflicts.asked import Asked
from nettwin.optimize.conflicts.capacity import least_utilization
from nettwin.optimize.constraint_programming import ConstraintProgramming
from nettwin.optimize.solution import Solution
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Scenario, Traffic
from nettwin.scenario.arrays import FloatArray

NETWORKS = ("abilene", "geant", "nobel-eu", "germany50")
EVALUATIONS = 1_000_000
TOP = 20
RESULTS = Path(__file__).parent / "results" / "optimizer_constraints.md"
GOLD = {"gold": Selector(top=TOP), "all": Selector(), "first": Selector(traffic_class=0), "second": Selector(traffic_class=1)}


@dataclass(frozen=True)
class Case:
    """An intent for a network, and what a reader should know of it."""

    name: str
    scenario: Scenario
    intent: Intent


def cases(scenario: Scenario) -> Iterator[Case]:
    """From the easiest to the hardest; the last two cannot be met."""
    topology = scenario.topology
    degree = np.bincount(topology.link_source, minlength=topology.n_nodes)
    first, second, third = (topology.nodes[node].id for node in np.argsort(-degree, kind="stable")[:3])
    yield Case(f"top {TOP} avoid the node with most links", scenario, asks(PathConstraint(selected="gold", avoid=Avoid(nodes=(first,)))))
    yield Case(f"top {TOP} via one of two nodes", scenario, asks(PathConstraint(selected="gold", via=((first, second),))))
    yield Case(
        f"top {TOP} via three nodes in order",
        scenario,
        asks(PathConstraint(selected="gold", via=((third,), (first,), (second,)), is_ordered=True)),
    )
    yield Case("every demand at most 1.5 times the shortest delay", scenario, asks(PathConstraint(max_stretch=1.5)))
    doubled = with_backups(scenario)
    for kind in Disjointness:
        apart = PathConstraint(selected="first", disjoint=kind, disjoint_from="second")
        yield Case(f"top {TOP} and their backups {kind.value}-disjoint", doubled, asks(apart))
    yield from load_cases(scenario)


def load_cases(scenario: Scenario) -> Iterator[Case]:
    utilization = link_loads(scenario) / scenario.topology.capacity_bps
    now, least = float(utilization.max()), least_utilization(Asked(scenario, Intent()), frozenset()) or 0.0
    third = now - (now - least) / 3
    yield Case("fewest changes for a third of the way to the optimum", scenario, at_most(third))
    yield Case("fewest changes for within 5 % of the optimum", scenario, at_most(1.05 * least))
    wanted = (Objective(minimize=Figure.MAX_UTILIZATION),)
    yield Case("least utilization with at most 20 changes", scenario, Intent(objectives=wanted, limits=Limits(max_changes=20)))
    yield Case("the fullest link when any of the 5 fullest circuits fails, 5 % less", scenario, survival(scenario, utilization))
    yield Case("cannot be met: 1 % below the optimum", scenario, at_most(0.99 * least))
    yield unreachable_waypoint(scenario)


def survival(scenario: Scenario, utilization: FloatArray) -> Intent:
    circuits = sorted(scenario.topology.circuits.items(), key=lambda each: -utilization[list(each[1])].max())[:5]
    after = loads_after_failures(scenario, [links for _, links in circuits]).load_bps / scenario.topology.capacity_bps
    return Intent(survive=(Survive(only=tuple(name for name, _ in circuits), max_utilization=0.95 * float(after.max())),))


def unreachable_waypoint(scenario: Scenario) -> Case:
    """The largest demand must pass a node, and use none of the links that lead there."""
    topology, traffic = scenario.topology, scenario.traffic
    largest = int(np.argmax(traffic.rate_bps))
    busy = np.argsort(-np.bincount(topology.link_source, minlength=topology.n_nodes), kind="stable")
    hub = next(topology.nodes[node].id for node in busy if node not in {traffic.source[largest], traffic.target[largest]})
    links = tuple(link.id for link in topology.links if link.target == hub)
    paths = (PathConstraint(selected="one", via=((hub,),)), PathConstraint(selected="one", avoid=Avoid(links=links)))
    select = {"one": Selector(demand=scenario.demand_ids[largest])}
    intent = Intent(select=select, paths=(PathConstraint(max_hops=40), *paths))
    return Case("cannot be met: via a node, avoiding the links to it", scenario, intent)


def at_most(utilization: float) -> Intent:
    return Intent(limits=Limits(max_utilization=utilization))


def asks(constraint: PathConstraint) -> Intent:
    return Intent(select=GOLD, paths=(constraint,))


def with_backups(scenario: Scenario) -> Scenario:
    """A second demand of another class beside each of the largest, and the largest alone in the first class."""
    rows = scenario.traffic.rows(scenario.topology)
    largest = sorted(range(len(rows)), key=lambda row: -rows[row].rate_bps)[:TOP]
    others = [replace(row, traffic_class=2, id="") for index, row in enumerate(rows) if index not in largest]
    pairs = [replace(rows[index], traffic_class=number, id="") for index in largest for number in (0, 1)]
    return replace(scenario, traffic=Traffic.of([*pairs, *others], scenario.topology))


def line(network: str, case: Case) -> str:
    start = time.process_time()
    solution = ConstraintProgramming().optimize(case.scenario, case.intent, QueueingPredictor(), Budget(evaluations=EVALUATIONS))
    seconds = time.process_time() - start
    return f"| {network} | {case.scenario.topology.n_nodes} | {case.name} | {told(solution)} | {len(solution.plan)} | {seconds:.1f} |"


def told(solution: Solution) -> str:
    if not np.isnan(solution.objective):
        before = solution.evidence.verdict_before.objectives[0]
        return f"{100 * before:.1f} % -> {100 * solution.objective:.1f} %"
    if solution.evidence.conflicts:
        return "conflict: " + ", ".join(solution.evidence.conflicts)
    clauses = solution.evidence.verdict.clauses
    broken = [each.clause for each in clauses if each.status is Status.VIOLATED]
    return "met" if not broken else "not met: " + ", ".join(broken)


def main(networks: list[str]) -> None:
    ConstraintProgramming().optimize(
        read("topohub:sndlib/abilene").scenario, asks(PathConstraint(max_hops=9)), QueueingPredictor(), Budget()
    )
    head = ["| network | nodes | intent | outcome | changes | CPU s |", "|---|---|---|---|---|---|"]
    print("\n".join(head), flush=True)
    lines = []
    for network in networks:
        for case in cases(read(f"topohub:sndlib/{network}").scenario):
            lines.append(line(network, case))
            print(lines[-1], flush=True)
    if networks == list(NETWORKS):
        RESULTS.write_text(
            "\n".join(["# Hard constraints by constraint programming", "", __doc__.split("\n\n")[2].strip(), "", *head, *lines, ""])
        )


if __name__ == "__main__":
    main(sys.argv[1:] or list(NETWORKS))
