"""The neural twin beside ns-3 and our packet simulator at equal precision, all three measured in one run on the same scenarios.

    NETTWIN_NS3=/path/to/ns3 python benchmarks/neural_beside_ns3.py

How long must packets be sent until a simulation is as close to the truth as the twin is? CPU seconds of one core.
"""

import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from nettwin import write
from nettwin.controlplane import route
from nettwin.errors import MissingDependencyError
from nettwin.formats import registry as formats
from nettwin.generate.traffic import scaled_to_utilization, uniform_demands, with_arrival_mix, with_class_mix, with_size_mix
from nettwin.performance import Performance
from nettwin.predict.neural import NeuralPredictor
from nettwin.predict.neural.library import SHIPPED, load_library
from nettwin.predict.ns3 import Ns3Predictor
from nettwin.predict.ns3.installation import program
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import INTERNET_MIX, ConstantBitRate, Discipline, Link, OnOff, Poisson, Scenario, Topology
from nettwin.scenario.arrays import FloatArray
from neural_speed import CAPACITY_BPS, LOAD, cpu_s, fresh, in_new_process, network, one_thread, questions
from ns3_ip_stack import IpStackPredictor, built

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ("mean delay", "p90", "p99", "deviation", "loss ratio")
DELAYS = FIGURES[:4]
TOGETHER = {"all delays at once": DELAYS, "all at once": FIGURES}
COUNTINGS = ("average", "p95")
"""Of the errors of all demands."""
SIMULATORS = ("nettwin", "ns-3, devices", "ns-3, IP")
WANTED = 500
TRUTH_SEEDS = (101, 102)
SEEDS = (11, 12, 13, 14, 15)

Errors = dict[tuple[str, str], float]
"""By figure and counting."""


@dataclass(frozen=True)
class Case:
    """A network, how many packets a measured run of it sends, and how many the truth."""

    name: str
    source: str
    """A key of topohub, or a number of nodes of ``neural_speed``."""
    packets: float
    truth_packets: float
    is_fifo: bool = True


CASES = (
    Case("NSFNET", "14", 4e5, 2e7),
    Case("GÉANT", "topohub:sndlib/geant", 4e5, 2e7),
    Case("Germany", "topohub:sndlib/germany50", 6e5, 2.5e7),
    Case("preferential attachment", "50", 6e5, 2.5e7),
)
MIXED = (Case("NSFNET", "14", 4e5, 2e7, is_fifo=False), Case("preferential attachment", "50", 6e5, 2.5e7, is_fifo=False))


@dataclass(frozen=True)
class Run:
    """One simulation."""

    packets: float
    seconds: float
    errors: Errors


@dataclass(frozen=True)
class Simulated:
    """Runs of one simulator, of several lengths."""

    runs: list[Run]
    hops_per_packet: float
    warm_up: float
    """Packets sent before counting, per counted packet."""

    @property
    def lengths(self) -> list[float]:
        return sorted({run.packets for run in self.runs})

    def mean_s(self, packets: float) -> float:
        return statistics.mean(run.seconds for run in self.runs if run.packets == packets)

    @property
    def per_packet_s(self) -> float:
        """Of a packet that counts; the share of the warm-up is in it."""
        first, last = self.lengths[0], self.lengths[-1]
        return (self.mean_s(last) - self.mean_s(first)) / (last - first)

    @property
    def start_s(self) -> float:
        """What a run costs before its first packet."""
        return max(0.0, self.mean_s(self.lengths[-1]) - self.per_packet_s * self.lengths[-1])

    @property
    def hops_per_s(self) -> float:
        """Warm-up included."""
        return self.hops_per_packet * (1 + self.warm_up) / self.per_packet_s

    def error(self, key: tuple[str, str], packets: float) -> float:
        """Root of the mean square of all runs of this length."""
        return math.sqrt(statistics.mean(run.errors[key] ** 2 for run in self.runs if run.packets == packets))

    def exponent(self, key: tuple[str, str]) -> float:
        """The error falls with the packets to this power; -1/2 is expected."""
        first, last = self.lengths[0], self.lengths[-1]
        return math.log(self.error(key, last) / self.error(key, first)) / math.log(last / first)

    def packets_for(self, key: tuple[str, str], error: float) -> float:
        """By the law of 1 / sqrt(packets), from all runs."""
        return statistics.mean(run.errors[key] ** 2 * run.packets for run in self.runs) / error**2

    def seconds_for(self, key: tuple[str, str], error: float) -> float:
        return self.start_s + self.per_packet_s * self.packets_for(key, error)


@dataclass(frozen=True)
class Twin:
    """CPU seconds and errors of the twin's answers."""

    seconds: list[float]
    batch_s: float
    """Per what-if of a batch, making the changed scenario included."""
    first_s: float
    """A fresh program that imports nettwin, reads the scenario and asks once."""
    errors: Errors


@dataclass(frozen=True)
class Compared:
    """All about one network."""

    case: Case
    size: tuple[int, int]
    """Nodes, demands."""
    loss_ratio: float
    noise: Errors
    """Of the truth."""
    twin: Twin
    simulators: dict[str, Simulated]


def main() -> None:
    args = parsed()
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        ns3 = Ns3Predictor()
    except MissingDependencyError as missing:
        print(f"nothing to compare: {missing}", file=sys.stderr)
        return
    program(ns3.installation, ns3.compiler)
    rows = [in_new_process(compared, case, args.what_ifs) for case in CASES[: args.limit]]
    mixed = [in_new_process(compared, case, args.what_ifs) for case in MIXED[: args.limit]]
    spent_s = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    parts = [head(args, ns3.installation.version, spent_s), speeds(rows, args.what_ifs), laws(rows)]
    parts += [equal(rows, "average"), equal(rows, "p95"), summary(rows), single_program(rows), schedulers(mixed, rows)]
    text = "\n".join(line for part in parts for line in part)
    args.table.write_text(text + "\n")
    print(text)


def scenario_of(case: Case) -> Scenario:
    """All pairs and the traffic of ``neural_speed``; FIFO everywhere where ns-3 is to answer."""
    scenario = network(int(case.source)) if case.source.isdigit() else recorded_network(case.source)
    return with_fifo(scenario) if case.is_fifo else scenario


def recorded_network(key: str) -> Scenario:
    """A real topology with the traffic of ``neural_speed``."""
    rng = np.random.default_rng(1)
    topology = formats.read(key).scenario.topology
    topology = replace(topology, links=tuple(replace(link, capacity_bps=CAPACITY_BPS) for link in topology.links))
    topology = with_buffers(topology, rng)
    traffic = with_class_mix(uniform_demands(topology, 1e9, rng), (0.1, 0.3, 0.6), rng)
    traffic = with_arrival_mix(with_size_mix(traffic, (INTERNET_MIX,), rng), (Poisson(), ConstantBitRate(), OnOff(0.1, 0.1)), rng)
    return scaled_to_utilization(Scenario(topology, traffic), LOAD)


def with_buffers(topology: Topology, rng: np.random.Generator) -> Topology:
    from nettwin.generate.scheduling import with_random_scheduling

    return with_random_scheduling(topology, rng, disciplines=(Discipline.FIFO,))


def with_fifo(scenario: Scenario) -> Scenario:
    """The first queue of each port, for all packets."""

    def fifo(link: Link) -> Link:
        return replace(link, scheduling=replace(link.scheduling, discipline=Discipline.FIFO, queues=link.scheduling.queues[:1]))

    return replace(scenario, topology=replace(scenario.topology, links=tuple(fifo(link) for link in scenario.topology.links)))


def compared(case: Case, what_ifs: int) -> Compared:
    one_thread()
    scenario = scenario_of(case)
    SimulatorPredictor(packets=1e4).predict(fresh(scenario))  # loads what is compiled
    one, two = (SimulatorPredictor(seed=seed, packets=case.truth_packets).predict(fresh(scenario)) for seed in TRUTH_SEEDS)
    truth = {name: (figures(one)[name] + figures(two)[name]) / 2 for name in FIGURES}
    noise = {key: apart / 2 for key, apart in errors(figures(one), figures(two)).items()}
    score = partial(less_noise, truth, noise)
    simulators = {"nettwin": ours(case, scenario, score)} | (theirs(case, scenario, score) if case.is_fifo else {})
    size = scenario.topology.n_nodes, scenario.traffic.n_demands
    return Compared(case, size, float(truth["loss ratio"].mean()), noise, twin(scenario, what_ifs, score), simulators)


def figures(performance: Performance) -> dict[str, FloatArray]:
    demands = performance.demands
    columns = (demands.delay_s, performance.delay_quantile_s(0.9), performance.delay_quantile_s(0.99), demands.delay_variation_s)
    return dict(zip(FIGURES, (*columns, demands.loss_ratio), strict=True))


def errors(found: dict[str, FloatArray], truth: dict[str, FloatArray]) -> Errors:
    """Relative to the truth; of the loss ratio: absolute."""
    result = {}
    for name in FIGURES:
        apart = np.abs(found[name] - truth[name]) / (1.0 if name == "loss ratio" else truth[name])
        result[name, "average"], result[name, "p95"] = float(np.nanmean(apart)), float(np.nanquantile(apart, 0.95))
    return result


def less_noise(truth: dict[str, FloatArray], noise: Errors, performance: Performance) -> Errors:
    """Distances from the truth, less the truth's own noise; where that hides them, the noise is taken for them."""
    apart = errors(figures(performance), truth)
    return {key: math.sqrt(max(apart[key] ** 2 - noise[key] ** 2, noise[key] ** 2)) for key in apart}


Score = Callable[[Performance], Errors]


def ours(case: Case, scenario: Scenario, score: Score) -> Simulated:
    runs = []
    for packets in (case.packets / 4, case.packets, 4 * case.packets):
        for seed in SEEDS:
            answer, seconds = cpu_s(partial(SimulatorPredictor(seed=seed, packets=packets).predict, fresh(scenario)))
            runs.append(Run(packets, seconds, score(answer)))
    return Simulated(runs, hops_per_packet(scenario), 0.0)


def theirs(case: Case, scenario: Scenario, score: Score) -> dict[str, Simulated]:
    built(Ns3Predictor())
    lengths = (case.packets / 4, case.packets)
    devices = [child_run(Ns3Predictor(seed=seed, packets=n), scenario, score) for n in lengths for seed in SEEDS]
    plan = [(lengths[0], seed) for seed in SEEDS] + [(lengths[1], seed) for seed in SEEDS[:2]]
    with_ip = [child_run(IpStackPredictor(Ns3Predictor(seed=seed, packets=n)), scenario, score) for n, seed in plan]
    hops = hops_per_packet(scenario)
    return {"ns-3, devices": Simulated(devices, hops, 0.1), "ns-3, IP": Simulated(with_ip, hops, 0.1)}


def child_run(predictor: Ns3Predictor | IpStackPredictor, scenario: Scenario, score: Score) -> Run:
    packets = predictor.packets if isinstance(predictor, Ns3Predictor) else predictor.ns3.packets
    before = child_s()
    answer = predictor.predict(scenario)
    return Run(packets, child_s() - before, score(answer))


def child_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def hops_per_packet(scenario: Scenario) -> float:
    routing, rate = route(scenario), scenario.traffic.packet_rate
    return float((rate[routing.hop_demand] * routing.path_share[routing.hop_path]).sum() / rate.sum())


def twin(scenario: Scenario, what_ifs: int, score: Score) -> Twin:
    predictor = NeuralPredictor()
    answer = predictor.predict(fresh(scenario))
    seconds = [cpu_s(partial(predictor.predict, fresh(scenario)))[1] for _ in range(9)]
    changes = questions(scenario, what_ifs)
    _, batch_s = cpu_s(lambda: predictor.predict_many([change.apply(scenario) for change in changes]))
    return Twin(seconds, batch_s / what_ifs, first_answer_s(scenario), score(answer))


def first_answer_s(scenario: Scenario) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scenario.yaml"
        write(scenario, file)
        text = (
            f"import torch, nettwin; torch.set_num_threads(1); from nettwin.predict import registry; "
            f"registry.create('neural').predict(nettwin.read({str(file)!r}).scenario)"
        )
        before = child_s()
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True)  # noqa: S603 - our own program
        return child_s() - before


def head(args: "Args", version: str, spent_s: float) -> Iterator[str]:
    options = f" --limit {args.limit}" if args.limit else ""
    library = load_library(SHIPPED)
    yield f"# The twin beside ns-{version} at equal precision\n"
    yield f"Made by `python benchmarks/neural_beside_ns3.py{options}` in {spent_s / 60:.0f} CPU minutes, twin {library.version} of"
    yield f"{len(library.models)} members; CPU seconds of one core with one thread, load average {os.getloadavg()[0]:.1f} on"
    yield f"{os.cpu_count()} cores. A demand between every two nodes, a third each of Poisson, constant and on-off demands, packets of 40,"
    yield f"576 and 1500 bytes, links of {CAPACITY_BPS / 1e6:g} Mbit/s with 16 to 256 packets of buffer, largest offered load {LOAD}. All"
    yield "ports are FIFO: ns-3 has no counterpart of the WFQ and DRR ports of `neural_speed.md` (the last table has those networks).\n"
    yield "ns-3 is run twice. **Devices**: its devices, queues, channels and clock with our paths (`src/nettwin/predict/ns3/network.cc`),"
    yield "the fastest way to use it. **IP**: IPv4, UDP sockets, global routing and FlowMonitor (`benchmarks/ns3_ip_stack.cc`), which is"
    yield "how its users have it, less the FqCoDel queue that it puts before each device by default. Both send the same packets.\n"
    yield f"The truth is the mean of two of our simulations (seeds {TRUTH_SEEDS[0]} and {TRUTH_SEEDS[1]}, 20 or 25 million packets each);"
    yield f"its noise is taken out of all errors. Runs have the seeds {SEEDS[0]} to {SEEDS[-1]} (long ones of ns-3 with IP: two).\n"


def speeds(rows: Sequence[Compared], what_ifs: int) -> Iterator[str]:
    yield "## What an answer and what a packet costs\n"
    yield f"Twin: one question (best and median of nine), a question of a batch of {what_ifs} (one demand scaled, or one or two circuits"
    yield "failed, changing and routing included). Simulators: million packet-hops per CPU s, and the seconds before the first packet, from"
    yield "runs of different lengths. ns-3's start is that of a process; building its programs (once) is left out, and so is what Python"
    yield "does to ask it.\n"
    yield from rule(["network", "nodes", "demands", "hops per packet", "mean loss", "twin, best s", "median s", "in a batch, s"]
                    + [f"{name}: M hops / s" for name in SIMULATORS] + [f"{name}: start s" for name in SIMULATORS])  # fmt: skip
    for row in rows:
        simulators = [row.simulators[name] for name in SIMULATORS]
        cells = [row.case.name, *map(str, row.size), f"{simulators[0].hops_per_packet:.2f}", f"{row.loss_ratio:.5f}"]
        cells += [f"{value:.4f}" for value in (min(row.twin.seconds), statistics.median(row.twin.seconds), row.twin.batch_s)]
        cells += [f"{one.hops_per_s / 1e6:.3f}" for one in simulators] + [f"{one.start_s:.2f}" for one in simulators]
        yield line(cells)
    yield ""


def laws(rows: Sequence[Compared]) -> Iterator[str]:
    yield "## Does the error fall with the square root of the packets?\n"
    yield "Error of one run of the shorter and of the longer length, and the power of the packets with which it falls between them: -0.5"
    yield "is expected. Average over demands, in % of the truth (loss ratio: absolute, in %).\n"
    yield from rule(["network", "simulator", "packets", *FIGURES, *(f"power: {name}" for name in FIGURES)])
    for row in rows:
        for name, one in row.simulators.items():
            first, last = one.lengths[0], one.lengths[-1]
            keys = [(figure, "average") for figure in FIGURES]
            cells = [f"{100 * one.error(key, first):.3f} → {100 * one.error(key, last):.3f}" for key in keys]
            powers = [f"{one.exponent(key):+.2f}" for key in keys]
            yield line([row.case.name, name, f"{first:.1e} → {last:.1e}", *cells, *powers])
    yield ""


def equal(rows: Sequence[Compared], counting: str) -> Iterator[str]:
    what = "the average error over demands" if counting == "average" else "the 95th percentile of the errors of all demands"
    yield f"## As precise as the twin in {what}\n"
    if counting == "average":
        yield "Seconds until a simulation has the twin's error: start, warm-up (a tenth of the packets) and counting. A simulation gives"
        yield "all figures together, and so does the twin: *at once* is the longest time of these figures. **Bold**: at least"
        yield f"{WANTED} times the twin's. ≤: hidden by the truth's noise, which is taken for it.\n"
    else:
        yield "Who wants every demand within so many percent counts like this.\n"
    columns = ["network", "figure", "twin's error, %", *(f"{name}, s" for name in SIMULATORS)]
    columns += [f"{name} : twin{how}" for how in ("", " in a batch") for name in SIMULATORS]
    yield from rule(columns)
    for row in rows:
        for figure in (*FIGURES, *TOGETHER):
            error = error_of(row, figure, counting)
            seconds = [equal_s(row, name, figure, counting) for name in SIMULATORS]
            yield line([row.case.name, figure, error, *(f"{value:.2f}" for value in seconds), *times(row, seconds)])
    yield ""


def error_of(row: Compared, figure: str, counting: str) -> str:
    """In percent; none where several figures are meant."""
    if figure not in FIGURES:
        return "-"
    error, noise = row.twin.errors[figure, counting], row.noise[figure, counting]
    return f"{'≤ ' if error <= noise else ''}{100 * error:.3f}"


def equal_s(row: Compared, simulator: str, figure: str, counting: str) -> float:
    keys = [(name, counting) for name in TOGETHER.get(figure, (figure,))]
    return max(row.simulators[simulator].seconds_for(key, row.twin.errors[key]) for key in keys)


def times(row: Compared, seconds: Sequence[float]) -> list[str]:
    ratios = [value / one for one in (min(row.twin.seconds), row.twin.batch_s) for value in seconds]
    return [f"**{ratio:.0f}**" if ratio >= WANTED else f"{ratio:.0f}" for ratio in ratios]


def summary(rows: Sequence[Compared]) -> Iterator[str]:
    yield f"## Where the ratio reaches {WANTED}\n"
    yield "Networks, of all, in which ns-3 needs so many times the twin's CPU time.\n"
    yield from rule(["ns-3", "twin", "errors", *FIGURES, *TOGETHER, *(f"least and largest, {name}" for name in TOGETHER)])
    for simulator in SIMULATORS[1:]:
        for how in ("one question", "in a batch"):
            for counting in COUNTINGS:
                yield line([simulator.removeprefix("ns-3, "), how, counting, *reached(rows, simulator, how, counting)])
    yield ""


def reached(rows: Sequence[Compared], simulator: str, how: str, counting: str) -> Iterator[str]:
    ranges: list[str] = []
    for figure in (*FIGURES, *TOGETHER):
        seconds = [row.twin.batch_s if how == "in a batch" else min(row.twin.seconds) for row in rows]
        ratios = [equal_s(row, simulator, figure, counting) / one for row, one in zip(rows, seconds, strict=True)]
        ranges.append(f"{min(ratios):.0f} to {max(ratios):.0f}")
        yield f"{sum(ratio >= WANTED for ratio in ratios)} of {len(rows)}"
    yield from ranges[-len(TOGETHER) :]


def single_program(rows: Sequence[Compared]) -> Iterator[str]:
    yield "## Asked once by a fresh program\n"
    yield "Most of a fresh program's time goes into importing PyTorch. Beside it ns-3's time for all delays at once, average error.\n"
    yield from rule(["network", "fresh program with the twin, CPU s", *(f"{name} : it" for name in SIMULATORS[1:])])
    for row in rows:
        ratios = [equal_s(row, name, "all delays at once", "average") / row.twin.first_s for name in SIMULATORS[1:]]
        yield line([row.case.name, f"{row.twin.first_s:.2f}", *(f"{ratio:.1f}" for ratio in ratios)])
    yield ""


def schedulers(mixed: Sequence[Compared], rows: Sequence[Compared]) -> Iterator[str]:
    yield "## The same networks with FIFO, strict priority, WFQ and DRR ports\n"
    yield "ns-3 cannot be asked about them. Our simulator's packets at the twin's error (average over demands, measured), and ns-3's time"
    yield "for so many at the speed that it has on the FIFO network: an estimate.\n"
    columns = ["network", "figure", "twin's error, %", "packets", "nettwin, s", *(f"{name}, s (estimate)" for name in SIMULATORS[1:])]
    columns += [f"{name} : twin{how}" for how in ("", " in a batch") for name in SIMULATORS]
    yield from rule(columns)
    fifo = {row.case.name: row for row in rows}
    for row in mixed:
        one, speed = row.simulators["nettwin"], [fifo[row.case.name].simulators[name] for name in SIMULATORS[1:]]
        needed = {figure: one.packets_for((figure, "average"), row.twin.errors[figure, "average"]) for figure in FIGURES}
        needed |= {name: max(needed[figure] for figure in parts) for name, parts in TOGETHER.items()}
        for figure, packets in needed.items():
            error = error_of(row, figure, "average")
            seconds = [each.start_s + each.per_packet_s * packets for each in (one, *speed)]
            yield line([row.case.name, figure, error, f"{packets:.2g}", *(f"{value:.2f}" for value in seconds), *times(row, seconds)])


def rule(columns: Sequence[str]) -> Iterator[str]:
    yield line(columns)
    yield "|" + "---|" * len(columns)


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class Args:
    """What is measured, and where the tables go."""

    limit: int | None = None
    """Only the first networks."""
    what_ifs: int = 200
    table: Path = ROOT / "benchmarks" / "results" / "neural_beside_ns3.md"


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=Args.limit, help="only the first networks")
    parser.add_argument("--what-ifs", type=int, default=Args.what_ifs)
    parser.add_argument("--table", type=Path, default=Args.table)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
