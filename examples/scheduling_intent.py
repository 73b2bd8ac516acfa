"""Gold, silver and bronze share the ports of a network: which weights, queue maps and buffers keep gold in time and silver whole?"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from nettwin.changes.commands import command_of
from nettwin.generate.topologies import gabriel
from nettwin.generate.traffic import scaled_to_utilization
from nettwin.intents.judging import judge
from nettwin.intents.reading import read_intent
from nettwin.optimize import registry as methods
from nettwin.optimize.budget import Budget
from nettwin.predict import registry as engines
from nettwin.scenario import Demand, Discipline, Link, Queue, Scenario, Scheduling, Traffic

SHARES = (0.15, 0.3, 0.55)
"""Of the traffic between any two nodes: gold, silver, bronze."""
QUEUES = tuple(Queue(buffer_packets=64) for _ in SHARES)
WFQ = Scheduling(Discipline.WFQ, QUEUES)
OLD = Scheduling(Discipline.DRR, QUEUES, queue_by_class=(2, 1, 2))
"""Ports that nobody touched for years: gold still waits with bronze."""


def network() -> Scenario:
    rng = np.random.default_rng(7)
    topology = gabriel(8, rng)
    topology = replace(topology, links=tuple(port(link, index) for index, link in enumerate(topology.links)))
    pairs = [(a.id, b.id, rng.uniform(0.5, 1.5)) for a in topology.nodes for b in topology.nodes if a is not b]
    demands = [Demand(a, b, size * share, level) for a, b, size in pairs for level, share in enumerate(SHARES)]
    return scaled_to_utilization(Scenario(topology, Traffic.of(demands, topology)), 0.95)


def port(link: Link, index: int) -> Link:
    """Ten megabits a second, within one city."""
    return replace(link, capacity_bps=10e6, propagation_delay_s=link.propagation_delay_s / 20, scheduling=OLD if index % 4 == 0 else WFQ)


scenario, intent = network(), read_intent(Path(__file__).with_suffix(".yaml"))
solution = methods.create("twin-guided").optimize(scenario, intent, engines.create("neural"), Budget(evaluations=200))
evidence = solution.evidence
simulator = engines.create("simulator", seed=99, packets=500_000)
simulated = [
    judge(intent, each, lambda asked: [simulator.predict(one) for one in asked], before=scenario) for each in (scenario, solution.scenario)
]
print(f"{len(solution.plan)} changes after {evidence.predictions} questions to the twin, as:")
print("\n".join(f"  {command_of(change)}" for change in list(solution.plan)[:6]))
for clauses in zip(evidence.verdict_before.clauses, evidence.verdict.clauses, *(each.clauses for each in simulated), strict=True):
    before, after, seen_before, seen_after = (clause.status.value for clause in clauses)
    print(f"{clauses[0].clause}: {before} before, {after} after; in the simulator {seen_before} before, {seen_after} after")
print(*evidence.notes.items(), sep="\n")
