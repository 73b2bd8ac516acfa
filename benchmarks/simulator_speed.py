"""How many packet-hops the simulator handles per CPU-second, statistics included.

python benchmarks/simulator_speed.py
"""

import os
import platform
import resource
import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import networkx as nx
import numpy as np

from nettwin.controlplane import route
from nettwin.scenario import (
    ArrivalProcess,
    Discipline,
    Link,
    Node,
    OnOff,
    Poisson,
    Queue,
    RoutingPolicy,
    Scenario,
    Scheduling,
    ShortestPaths,
    Topology,
    Traffic,
)
from nettwin.simulation import SimulationSettings, simulate

RESULTS = Path(__file__).parent / "results" / "simulator_speed.md"
REPEATS = 5
NSFNET = "0-1 0-2 0-3 1-2 1-7 2-5 3-4 3-8 4-5 4-6 5-12 5-13 6-7 7-10 8-9 8-11 9-10 9-12 10-11 10-13 11-12"
"""14 nodes, 21 cables."""


@dataclass(frozen=True)
class Case:
    """A question, and how many packets are sent to answer it."""

    name: str
    scenario: Scenario
    packets: float = 2e6
    engine: str = "auto"


def cases() -> list[Case]:
    three = (Queue(),) * 3
    on_off = OnOff(1e-3, 1e-3)
    return [
        Case("NSFNET, 182 demands, FIFO, 1 ms", nsfnet()),
        Case("NSFNET, 182 demands, FIFO, 1 ms, events", nsfnet(), engine="event"),
        Case("NSFNET, 182 demands, FIFO, no propagation", nsfnet(propagation_s=0.0)),
        Case("NSFNET, FIFO, 1 ms, load 0.98, 16 packets of buffer", nsfnet(load=0.98, queues=(Queue(buffer_packets=16),))),
        Case("NSFNET, FIFO, 1 ms, on-off sources", nsfnet(arrivals=on_off)),
        *[Case(f"NSFNET, {d.value}, 3 queues, 1 ms", nsfnet(discipline=d, queues=three)) for d in Discipline if d is not Discipline.FIFO],
        *[
            Case(f"NSFNET, {d.value}, 3 queues, no propagation", nsfnet(discipline=d, queues=three, propagation_s=0.0))
            for d in Discipline
            if d is not Discipline.FIFO
        ],
        Case("300 nodes, 10,000 demands, no propagation", scale_free(10_000, propagation_s=0.0)),
        Case("300 nodes, 10,000 demands, 1 ms", scale_free(10_000)),
        Case("300 nodes, 89,700 demands, no propagation", scale_free(89_700, propagation_s=0.0), packets=4e6),
        Case("300 nodes, 89,700 demands, 1 ms", scale_free(89_700), packets=4e6),
    ]


def nsfnet(
    *,
    load: float = 0.7,
    propagation_s: float = 1e-3,
    discipline: Discipline = Discipline.FIFO,
    queues: tuple[Queue, ...] = (Queue(),),
    arrivals: ArrivalProcess = Poisson(),
) -> Scenario:
    """All pairs of NSFNET at 1 Gb/s, the Internet's mix of sizes, classes in turn."""
    cables = [tuple(cable.split("-")) for cable in NSFNET.split()]
    matrix = np.random.default_rng(1).uniform(0.5, 1.5, (14, 14)) * ~np.eye(14, dtype=bool)
    topology = _topology(14, cables, propagation_s, Scheduling(discipline, queues))
    traffic = Traffic.from_matrix(matrix, arrivals=arrivals)
    traffic = replace(traffic, traffic_class=np.arange(traffic.n_demands) % 3)
    return _loaded(topology, traffic, load)


def scale_free(n_demands: int, *, propagation_s: float = 1e-3) -> Scenario:
    """300 nodes (Barabási & Albert), random pairs."""
    graph = nx.barabasi_albert_graph(300, 2, seed=1)
    topology = _topology(300, [(str(a), str(b)) for a, b in graph.edges], propagation_s, Scheduling())
    rng = np.random.default_rng(1)
    pairs = np.flatnonzero(~np.eye(300, dtype=bool).ravel())
    matrix = np.zeros(300 * 300)
    matrix[rng.choice(pairs, n_demands, replace=False)] = rng.uniform(0.5, 1.5, n_demands)
    return _loaded(topology, Traffic.from_matrix(matrix.reshape(300, 300)), 0.7)


def _topology(n: int, cables: list[tuple[str, ...]], propagation_s: float, scheduling: Scheduling) -> Topology:
    ends = [pair for a, b in cables for pair in ((a, b), (b, a))]
    links = tuple(Link(f"{a}->{b}", a, b, 1e9, propagation_s, scheduling=scheduling) for a, b in ends)
    return Topology(tuple(Node(str(i)) for i in range(n)), links)


def _loaded(topology: Topology, traffic: Traffic, load: float) -> Scenario:
    """Scaled so that the busiest link has this load."""
    scenario = Scenario(topology, traffic, RoutingPolicy(ShortestPaths(has_ecmp=False)))
    busiest = (route(scenario).link_load_bps(traffic.rate_bps, topology.n_links) / topology.capacity_bps).max()
    return replace(scenario, traffic=replace(traffic, rate_bps=traffic.rate_bps * load / busiest))


def measured(case: Case) -> str:
    """One row: engine, hops, the best and the median of the repeats, memory."""
    routing = route(case.scenario)
    settings = SimulationSettings(packets=case.packets, replications=1, keeps_propagation=True, engine=case.engine)
    simulate(case.scenario, routing, replace(settings, packets=1e4))  # compiles
    speeds = []
    for _ in range(REPEATS):
        start = time.process_time()
        result = simulate(case.scenario, routing, settings)
        speeds.append(result.n_hops / (time.process_time() - start) / 1e6)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = f"{result.n_hops / 1e6:.1f} | {max(speeds):.1f} | {statistics.median(speeds):.1f} | {memory:.0f}"
    return f"| {case.name} | {result.engine} | {figures} |"


def main() -> None:
    header = "| network | engine | hops, million | million hops per CPU-second: best | median | peak memory so far, MiB |"
    rows = [header, "|---|---|--:|--:|--:|--:|"]
    print("\n".join(rows))
    for case in cases():
        rows.append(measured(case))
        print(rows[-1], flush=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    notes = (
        f"Made by `python benchmarks/simulator_speed.py` with Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} cores with a load average of {load}; {REPEATS} runs of each. CPU time of one core for all of `simulate`: "
        "tables, warm-up, histograms, quantiles and intervals included, compilation not. The busiest link has a load of 0.7 unless said; "
        "Poisson sources, 40/576/1500 bytes, 1 Gb/s."
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("# Speed of the packet simulator\n\n" + "\n".join(rows) + f"\n\n{notes}\n")


if __name__ == "__main__":
    sys.exit(main())
