"""How long the analytic predictor takes, after routing, from 10 nodes to 300 with a demand between every two.

python benchmarks/queueing_speed.py
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nettwin.controlplane import route
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import (
    INTERNET_MIX,
    ConstantBitRate,
    Discipline,
    Link,
    Node,
    OnOff,
    Poisson,
    Queue,
    Routing,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Args:
    """Sizes, repetitions and the busiest link's load."""

    nodes: tuple[int, ...] = (10, 50, 100, 200, 300)
    repetitions: int = 5
    load: float = 0.9
    table: Path = ROOT / "benchmarks" / "results" / "queueing_speed.md"


def main() -> None:
    args = parsed()
    predictor = QueueingPredictor()
    predictor.predict(network(10, 0.5))  # compiles, once per machine
    lines = [
        "# Speed of the analytic predictor\n",
        f"Made by `python benchmarks/queueing_speed.py`. CPU seconds of one core, best and median of {args.repetitions}; random",
        "preferential-attachment networks, all pairs, a third each of Poisson, constant and on-off demands, three classes, all",
        f"disciplines in turn, largest offered load {args.load}. Routing is not counted.\n",
        "| nodes | demands | hops | links | queues | best | median | hops per second |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for n in args.nodes:
        scenario = network(n, args.load)
        routing = route(scenario)
        seconds = sorted(timed(predictor, scenario, routing) for _ in range(args.repetitions))
        topology, hops = scenario.topology, len(routing.hop_link)
        lines.append(
            f"| {n} | {scenario.traffic.n_demands} | {hops} | {topology.n_links} | {topology.n_queues} "
            f"| {seconds[0]:.3f} | {np.median(seconds):.3f} | {hops / seconds[0]:,.0f} |"
        )
        print(lines[-1], flush=True)
    args.table.write_text("\n".join(lines) + "\n")


def timed(predictor: QueueingPredictor, scenario: Scenario, routing: Routing) -> float:
    start = time.process_time()
    predictor.predict_routed(scenario, routing)
    return time.process_time() - start


def network(n: int, load: float, seed: int = 1) -> Scenario:
    """Two links per new node, to nodes drawn by degree."""
    rng = np.random.default_rng(seed)
    disciplines = list(Discipline)
    queues = tuple(Queue(buffer_bits=64_000.0, weight=weight) for weight in (0.6, 0.3, 0.1))
    ports = [Scheduling(d, queues[:1] if d is Discipline.FIFO else queues, quantum_bits=12_000.0) for d in disciplines]
    ends, links = [0, 1], [(0, 1)]
    for node in range(2, n):
        for other in {int(ends[i]) for i in rng.integers(0, len(ends), 2)}:
            links.append((node, other))
            ends += [node, other]
    rows = [Link(f"{a}->{b}", str(a), str(b), 1e8, 1e-4, scheduling=ports[a % len(ports)]) for x, y in links for a, b in ((x, y), (y, x))]
    topology = Topology(tuple(Node(str(i)) for i in range(n)), tuple(rows))
    source, target = np.nonzero(~np.eye(n, dtype=bool))
    m = len(source)
    kinds = (Poisson(), ConstantBitRate(), OnOff(0.05, 0.05))
    traffic = Traffic(
        source=source, target=target, rate_bps=rng.uniform(0.1, 1.0, m), traffic_class=rng.integers(0, 3, m),
        arrival_index=rng.integers(0, 3, m), packet_size_index=np.zeros(m, dtype=int), arrivals=kinds, packet_sizes=(INTERNET_MIX,),
    )  # fmt: skip
    scenario = Scenario(topology, traffic)
    most = (route(scenario).link_load_bps(traffic.rate_bps, topology.n_links) / topology.capacity_bps).max()
    return replace(scenario, traffic=replace(traffic, rate_bps=traffic.rate_bps * load / most))


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=Args.nodes)
    parser.add_argument("--repetitions", type=int, default=Args.repetitions)
    parser.add_argument("--load", type=float, default=Args.load)
    parser.add_argument("--table", type=Path, default=Args.table)
    options = vars(parser.parse_args())
    return Args(**{**options, "nodes": tuple(options["nodes"])})


if __name__ == "__main__":
    main()
