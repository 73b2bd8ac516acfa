"""The analytic predictor beside our packet simulator: single ports of every discipline, sources and loads, a star, a real network.

    python benchmarks/queueing_simulated.py

Shown is predicted over simulated, in the mean over a class's demands; 1.00 is right. The simulations are short: at load 0.95 and
above they scatter by some percent themselves.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nettwin.formats import registry
from nettwin.predict.queueing import QueueingPredictor
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import (
    INTERNET_MIX,
    AutocorrelatedExponential,
    ConstantBitRate,
    Demand,
    Discipline,
    FixedSize,
    Link,
    ModulatedExponential,
    Node,
    Observation,
    OnOff,
    PacketSizes,
    Poisson,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)
from nettwin.scenario.arrivals import ArrivalProcess

ROOT = Path(__file__).resolve().parents[1]
SHARES = (0.2, 0.3, 0.5)
SOURCES: dict[str, ArrivalProcess] = {
    "Poisson": Poisson(),
    "constant": ConstantBitRate(),
    "on-off 50 ms": OnOff(0.05, 0.05),
    "on-off 1 s": OnOff(1.0, 1.0),
    "modulated": ModulatedExponential(5.0, 0.2, 0.5),
    "autocorrelated": AutocorrelatedExponential(0.8),
}
SIZES: dict[str, PacketSizes] = {"mix": INTERNET_MIX, "1000 B": FixedSize(8000.0)}


@dataclass(frozen=True)
class Args:
    """Loads, and where the table goes."""

    loads: tuple[float, ...] = (0.5, 0.8, 0.95, 1.2)
    table: Path = ROOT / "benchmarks" / "results" / "queueing_simulated.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=Args.table)
    args = Args(**vars(parser.parse_args()))
    lines = []
    for line in table(args):
        lines.append(line)
        print(line, flush=True)
    args.table.write_text("\n".join(lines) + "\n")


def table(args: Args) -> Iterator[str]:
    yield "# The analytic predictor beside the packet simulator\n"
    yield "Made by `python benchmarks/queueing_simulated.py`. Predicted over simulated; three classes bring 20, 30 and 50 % of the load."
    yield "A port of 10 Mbit/s with 60 demands, buffers of 32 packets per queue, quanta of 12,000 bits per weight; a star of five nodes"
    yield "with bursty demands; GEANT with its demands scaled up.\n"
    yield "| case | load | delay, per class | deviation | IPDV | p99 | loss predicted / simulated |"
    yield "|---|---|---|---|---|---|---|"
    for case, scenario, load in cases(args):
        yield row(case, scenario, load)


def cases(args: Args) -> Iterator[tuple[str, Scenario, float]]:
    for load in args.loads:
        for sizes, distribution in SIZES.items():
            for source, arrivals in SOURCES.items():
                yield f"FIFO, {source}, {sizes}", port(Discipline.FIFO, load, arrivals, distribution), load
            for discipline in [d for d in Discipline if d is not Discipline.FIFO]:
                for weights in [(1.0, 1.0, 1.0)] * (discipline is not Discipline.STRICT_PRIORITY) + [(6.0, 3.0, 1.0)]:
                    name = f"{discipline} {'/'.join(f'{w:g}' for w in weights)}, Poisson, {sizes}"
                    yield name, port(discipline, load, Poisson(), distribution, weights), load
    for discipline in Discipline:
        yield f"star, {discipline}", star(discipline, 0.85), 0.85
    for load in (0.5, 0.9):
        yield "GEANT (topohub), FIFO", geant(load), load


def row(case: str, scenario: Scenario, load: float) -> str:
    theory, packets = QueueingPredictor().predict(scenario).demands, SimulatorPredictor(seed=1, packets=3e6).predict(scenario).demands
    classes = scenario.traffic.traffic_class

    def ratio(ours: np.ndarray, theirs: np.ndarray) -> str:
        chosen = [classes == c for c in np.unique(classes)]
        return " ".join(f"{np.nanmean(ours[c]) / max(np.nanmean(theirs[c]), 1e-30):.2f}" for c in chosen)

    cells = (
        ratio(theory.delay_s, packets.delay_s),
        ratio(theory.delay_variation_s, packets.delay_variation_s),
        ratio(theory.ipdv_s, packets.ipdv_s),
        ratio(theory.delay_quantiles_s[:, 6], packets.delay_quantiles_s[:, 6]),
        f"{np.nanmean(theory.loss_ratio):.4f} / {np.nanmean(packets.loss_ratio):.4f}",
    )
    return f"| {case} | {load} | {' | '.join(cells)} |"


def port(
    discipline: Discipline, load: float, arrivals: ArrivalProcess, sizes: PacketSizes, weights: tuple[float, ...] = (1, 1, 1)
) -> Scenario:
    queues = tuple(Queue(buffer_packets=32, weight=weight) for weight in weights)
    scheduling = Scheduling(discipline, queues[:1] if discipline is Discipline.FIFO else queues)
    topology = Topology((Node("A"), Node("B")), (Link("A->B", "A", "B", 1e7, 0.001, scheduling=scheduling),))
    demands = [
        Demand("A", "B", 1e7 * load * share / 20, c, arrivals, sizes, id=f"{c}/{i}") for c, share in enumerate(SHARES) for i in range(20)
    ]
    slow = arrivals == OnOff(1.0, 1.0)
    return Scenario(topology, Traffic.of(demands, topology), observation=Observation(duration_s=400.0 if slow else 100.0, warm_up_s=2.0))


def star(discipline: Discipline, load: float) -> Scenario:
    queues = tuple(Queue(buffer_bits=400_000.0, weight=weight) for weight in (6.0, 3.0, 1.0))
    scheduling = Scheduling(discipline, queues[:1] if discipline is Discipline.FIFO else queues)
    leaves = "ABCDE"
    links = [Link(f"{a}->{b}", a, b, 1e7, 0.0005, scheduling=scheduling) for x in leaves for a, b in ((x, "hub"), ("hub", x))]
    topology = Topology(tuple(Node(name) for name in (*leaves, "hub")), tuple(links))
    demands = [
        Demand(a, b, load * 1e7 / 4 * share, c, (Poisson(), OnOff(0.05, 0.05))[(i + j + c) % 2], INTERNET_MIX)
        for i, a in enumerate(leaves)
        for j, b in enumerate(leaves)
        for c, share in enumerate(SHARES)
        if a != b
    ]
    return Scenario(topology, Traffic.of(demands, topology), observation=Observation(duration_s=100.0, warm_up_s=1.0))


def geant(load: float) -> Scenario:
    """Demands scaled to ``load`` on the busiest link; links a thousand times slower and shorter: queues, not light, take the time."""
    from nettwin.controlplane import route

    scenario = registry.read("topohub:sndlib/geant").scenario
    slow = tuple(
        replace(link, capacity_bps=link.capacity_bps / 1000, propagation_delay_s=link.propagation_delay_s / 1000)
        for link in scenario.topology.links
    )
    topology = replace(scenario.topology, links=slow)
    most = (route(scenario).link_load_bps(scenario.traffic.rate_bps, topology.n_links) / topology.capacity_bps).max()
    traffic = replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * load / most)
    return replace(scenario, topology=topology, traffic=traffic)


if __name__ == "__main__":
    main()
