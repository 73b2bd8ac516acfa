"""The same questions to ns-3 and to our simulator, side by side in one run: do they agree, and how fast are they?

    NETTWIN_NS3=/path/to/ns3 python benchmarks/ns3_comparison.py

ns-3 runs our C++ program (`src/nettwin/predict/ns3/network.cc`): its devices, queues, channels and event queue without an IP stack.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from nettwin.controlplane import route
from nettwin.errors import MissingDependencyError
from nettwin.formats import datanet
from nettwin.performance import Performance
from nettwin.performance.error_measures import mean_absolute_error, relative_errors
from nettwin.predict.ns3 import Ns3Predictor
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import (
    Demand,
    EmpiricalSizes,
    FixedSize,
    Link,
    Node,
    Observation,
    Poisson,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)
from ns3_ip_stack import IpStackPredictor, built

ROOT = Path(__file__).resolve().parents[1]
ABILENE = ["AB", "AC", "BD", "CD", "CE", "DF", "EG", "FH", "GI", "HI", "IJ", "HK", "JK", "GJ"]
"""A network of Abilene's size: 11 nodes, 14 cables."""
MIX = EmpiricalSizes((512.0, 12_000.0), (0.7, 0.3))


Value = TypeVar("Value")


@dataclass(frozen=True)
class Case:
    """A scenario, and what a third simulator recorded for it."""

    name: str
    scenario: Scenario
    recorded: Performance | None = None

    @property
    def max_load(self) -> float:
        routing, topology = route(self.scenario), self.scenario.topology
        return float((routing.link_load_bps(self.scenario.traffic.rate_bps, topology.n_links) / topology.capacity_bps).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--table", type=Path, default=ROOT / "benchmarks" / "results" / "ns3_comparison.md")
    args = parser.parse_args()
    try:
        ns3 = Ns3Predictor(seed=1)
    except MissingDependencyError as missing:
        print(f"nothing to compare: {missing}", file=sys.stderr)
        return
    cases = [
        Case("Abilene-sized, 110 demands, 500 B", backbone(130.0, FixedSize(4000.0))),
        Case("the same, 64 and 1500 B", backbone(130.0, MIX)),
        Case("64 and 1500 B, overloaded, 16 packets of buffer", backbone(200.0, MIX, buffer_packets=16)),
        Case("500 B, overloaded, 16 packets of buffer (*)", backbone(200.0, FixedSize(4000.0), buffer_packets=16)),
        *recorded_cases(args.data),
    ]
    for predictor in (ns3, SimulatorPredictor()):  # builds and loads what is built once
        predictor.predict(replace(cases[0].scenario, observation=Observation(0.1)))
    with_ip = ip_stack(ns3)
    text = report([compared(case, ns3) for case in cases], ns3.installation.version, with_ip)
    args.table.parent.mkdir(parents=True, exist_ok=True)
    args.table.write_text(text)
    print(text)


def backbone(packets_per_s: float, sizes: FixedSize | EmpiricalSizes, buffer_packets: float = 100) -> Scenario:
    port = Scheduling(queues=(Queue(buffer_packets=buffer_packets),))
    ends = [pair for a, b in ABILENE for pair in ((a, b), (b, a))]
    links = tuple(Link(f"{a}->{b}", a, b, 10e6, propagation_delay_s=0.005, scheduling=port) for a, b in ends)
    names = sorted({name for pair in ends for name in pair})
    topology = Topology(tuple(Node(name) for name in names), links)
    rate_bps = packets_per_s * 4000.0
    demands = [Demand(a, b, rate_bps, arrivals=Poisson(), packet_sizes=sizes) for a in names for b in names if a != b]
    return Scenario(topology, Traffic.of(demands, topology), observation=Observation(duration_s=60.0, warm_up_s=2.0))


def recorded_cases(data: Path) -> list[Case]:
    """FIFO simulations that OMNeT++ ran. Their packets are no whole bytes: sizes, rates and capacities are doubled, times stay."""
    archive = data / "datanet2021" / "results_30_400-2000_0_24.tar.gz"
    if not archive.is_file():
        return []
    cases = []
    for index in (12, 20):
        imported = datanet.Simulation(archive, index).read()
        scenario = replace(doubled(imported.scenario), observation=Observation(duration_s=3000.0))
        cases.append(Case(f"datanet 2021 #{index} (30 nodes, 870 demands), cut to 3000 s", scenario, imported.performance))
    return cases


def doubled(scenario: Scenario) -> Scenario:
    traffic, topology = scenario.traffic, scenario.topology
    sizes = tuple(replace(s, sizes_bits=tuple(2 * size for size in s.sizes_bits)) for s in traffic.packet_sizes)
    links = tuple(replace(link, capacity_bps=2 * link.capacity_bps) for link in topology.links)
    traffic = replace(traffic, rate_bps=2 * traffic.rate_bps, packet_sizes=sizes)
    return replace(scenario, traffic=traffic, topology=replace(topology, links=links))


def compared(case: Case, ns3: Ns3Predictor) -> list[str]:
    theirs, their_s = timed(lambda: ns3.predict(case.scenario), resource.RUSAGE_CHILDREN)
    ours, our_s = timed(lambda: SimulatorPredictor(seed=1).predict(case.scenario), resource.RUSAGE_SELF)
    other = SimulatorPredictor(seed=2).predict(case.scenario)
    n_hops = packet_hops(case.scenario)
    print(time.strftime("%H:%M:%S"), case.name, file=sys.stderr)
    return [
        case.name,
        f"{case.max_load:.2f}",
        f"{n_hops / 1e6:.1f}",
        delays(ours, theirs),
        delays(ours, other),
        delays(theirs, case.recorded) if case.recorded else "-",
        delays(ours, case.recorded) if case.recorded else "-",
        f"{100 * loss(ours):.3f} / {100 * loss(theirs):.3f}",
        f"{mean_absolute_error(ours.demands.loss_ratio, theirs.demands.loss_ratio):.5f}",
        f"{mean_absolute_error(ours.demands.loss_ratio, other.demands.loss_ratio):.5f}",
        f"{mean_absolute_error(ours.links.utilization, theirs.links.utilization):.5f}",
        f"{n_hops / their_s / 1e6:.3f}",
        f"{n_hops / our_s / 1e6:.2f}",
        f"{their_s / our_s:.0f}",
    ]


def ip_stack(ns3: Ns3Predictor) -> str:
    """The first case as ns-3's users would run it, timed beside ours."""
    scenario = backbone(130.0, FixedSize(4000.0))
    predictor = IpStackPredictor(ns3)
    built(ns3)
    (theirs, hops), seconds = timed(lambda: predictor.counted(scenario), resource.RUSAGE_CHILDREN)
    hops *= 1 + scenario.observation.warm_up_s / scenario.observation.duration_s  # FlowMonitor does not count those of the warm-up
    delay_s = mean_delay_s(theirs)
    ours = SimulatorPredictor(seed=1).predict(scenario)
    return (
        f"With IPv4, UDP sockets and FlowMonitor (`benchmarks/ns3_ip_stack.cc`, without FqCoDel) it does\n"
        f"{hops / seconds / 1e6:.3f} million hops per CPU s on the first scenario, with a mean delay of {1e3 * delay_s:.3f} ms"
        f" (ours {1e3 * mean_delay_s(ours):.3f} ms)."
    )


def mean_delay_s(performance: Performance) -> float:
    return float(np.average(performance.demands.delay_s, weights=performance.demands.throughput_bps))


def timed(run: Callable[[], Value], who: int) -> tuple[Value, float]:
    before = resource.getrusage(who)
    answer = run()
    after = resource.getrusage(who)
    return answer, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def packet_hops(scenario: Scenario) -> float:
    routing = route(scenario)
    per_s = scenario.traffic.packet_rate[routing.hop_demand] * routing.path_share[routing.hop_path]
    return float(per_s.sum()) * (scenario.observation.duration_s + scenario.observation.warm_up_s)


def delays(one: Performance, two: Performance) -> str:
    errors = relative_errors(one.demands.delay_s, two.demands.delay_s)
    return f"{100 * np.median(errors):+.2f} / {100 * np.median(np.abs(errors)):.2f} / {100 * np.abs(errors).mean():.2f}"


def loss(performance: Performance) -> float:
    return float(performance.demands.loss_ratio.mean())


def report(rows: list[list[str]], version: str, with_ip: str) -> str:
    head = [
        "scenario", "largest offered load", "million packet-hops",
        "delay: ours against ns-3", "ours against our other seed", "ns-3 against the recording",
        "ours against the recording", "mean loss % ours / ns-3", "loss MAE against ns-3",
        "against our other seed", "utilization MAE", "ns-3 million hops / CPU s",
        "ours million hops / CPU s", "times as fast",
    ]  # fmt: skip
    lines = [
        f"# Our simulator beside ns-{version}",
        "",
        "`python benchmarks/ns3_comparison.py`, one process each, compiled before. Delay differences per demand in percent:",
        "median with its sign / median absolute / mean absolute. Two seeds of our own differ as much as two simulators that agree.",
        "ns-3 runs its devices, queues, channels and event queue here, without an IP stack, which flatters its speed.",
        with_ip,
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *["| " + " | ".join(row) + " |" for row in rows],
        "",
        "(*) Equal packets on equal links: what leaves a saturated link reaches the next one at the very moment when a packet leaves",
        "there. Whether it finds room hinges on which of the two comes first, which physics does not say: the mean loss agrees, but",
        "not how the demands share it.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
