"""How long the neural twin takes, from a Scenario to all its figures, on one core; beside it the packet simulator at equal precision.

    python benchmarks/neural_speed.py

Every network is measured in a fresh process with one thread, so that its memory is its own. What was routed or counted before is
forgotten before each repetition.
"""

import argparse
import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from typing import TypeVar

import numpy as np

from nettwin import write
from nettwin.changes import FailLink, Plan, ScaleTraffic, Selection
from nettwin.changes.change import Change
from nettwin.controlplane import route
from nettwin.formats import registry as formats
from nettwin.generate.scheduling import with_random_scheduling
from nettwin.generate.topologies import barabasi_albert
from nettwin.generate.traffic import scaled_to_utilization, uniform_demands, with_arrival_mix, with_class_mix, with_size_mix
from nettwin.performance import Performance
from nettwin.performance.error_measures import mean_absolute_percentage_error
from nettwin.predict.neural import NeuralPredictor
from nettwin.predict.neural.answer import Beliefs, performance_of
from nettwin.predict.neural.ensemble import run
from nettwin.predict.neural.features import graph_of
from nettwin.predict.neural.library import SHIPPED, load_library
from nettwin.predict.neural.prior import ROUNDS, Prior
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.queueing.answer import performance_of as theory_performance_of
from nettwin.queueing.fixed_point import NetworkState, solve_network
from nettwin.queueing.network import network_of
from nettwin.queueing.side_by_side import SideBySide, side_by_side
from nettwin.scenario import INTERNET_MIX, ConstantBitRate, OnOff, Poisson, Scenario
from neural_accuracy import one_member_twins

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
NSFNET = "topohub:sndlib/nobel-us"
SIZES = (14, 50, 100, 300)
"""Nodes; 14 is NSFNET, the others are random networks. All have a demand between every two nodes."""
LOAD = 0.8
CAPACITY_BPS = 10e6
"""Slow enough for queueing to be a visible part of the delay beside that of the fibres."""
PHASES = ("routing", "theory", "features", "network", "answer")
SIMULATED = {14: 2e7, 50: 3e7}
"""Packets per simulation. Two are run."""
FIGURES = ("mean delay", "p90", "p99", "deviation")
WANTED_S = {14: 0.015, 50: 0.1, 300: 5.0}

Value = TypeVar("Value")


@dataclass(frozen=True)
class Args:
    """What is measured, and where the table goes."""

    weights: str | None = None
    """Folder of a twin; None: the one that comes with nettwin."""
    limit: int | None = None
    """Only the smallest networks."""
    repetitions: int = 5
    what_ifs: int = 1000
    device: str = "cpu"
    """cpu; cuda: beside the CPU of the same machine, into a table of its own (see neural_speed_gpu.py)."""
    training: bool = False
    """On a GPU: also how many samples are trained on per second."""
    table: Path = RESULTS / "neural_speed.md"


@dataclass(frozen=True)
class Measured:
    """One network: its size, CPU seconds of every repetition, where they go, memory."""

    nodes: int
    demands: int
    hops: int
    seconds: list[float]
    phases: dict[str, float]
    memory_mib: float

    @property
    def per_hop_s(self) -> float:
        return min(self.seconds) / self.hops


@dataclass(frozen=True)
class Precision:
    """The simulator's time for the twin's error, by the law of 1 / sqrt(packets)."""

    nodes: int
    simulated_s: float
    """CPU seconds of one simulation."""
    simulator_error: dict[str, float]
    """Of one simulation, by figure."""
    twin_error: dict[str, float]

    def equal_s(self, figure: str) -> float:
        return self.simulated_s * (self.simulator_error[figure] / self.twin_error[figure]) ** 2


@dataclass(frozen=True)
class WhatIfs:
    """Seconds for many questions about one network."""

    number: int
    changing_s: float
    answering_s: float
    """CPU time of one core, like the former."""
    two_workers_s: float
    """Wall clock, the changes included; both workers had been asked before."""


def main() -> None:
    args = parsed()
    os.environ["OMP_NUM_THREADS"] = "1"
    if args.device != "cpu":
        import neural_speed_gpu

        neural_speed_gpu.main(args)
        return
    sizes = SIZES[: args.limit]
    whole = [in_new_process(measured, nodes, args.weights, args.repetitions) for nodes in sizes]
    with tempfile.TemporaryDirectory() as folder:
        alone = str(one_member_twins(args.weights, Path(folder))[0])
        single = [in_new_process(measured, nodes, alone, args.repetitions) for nodes in sizes]
        starts = [in_new_process(first_answers, weights, args.repetitions) for weights in (args.weights, alone)]
        many = [what_ifs(args.what_ifs, weights) for weights in (args.weights, alone)]
    equal = [in_new_process(precision, nodes, args.weights) for nodes in sizes if nodes in SIMULATED]
    parts = [head(args), speed_table("", whole), speed_table(", one member only", single), start_table(starts), what_if_table(many)]
    text = "\n".join(line for part in [*parts, precision_table(equal, whole)] for line in part)
    args.table.write_text(text + "\n")
    print(text)


def in_new_process(function: Callable[..., Value], *arguments: object) -> Value:
    """A process that has done nothing else: its peak memory is that of the function."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        value = pool.submit(function, *arguments).result()
    print(time.strftime("%H:%M:%S"), function.__name__, *arguments, file=sys.stderr)
    return value


@cache
def network(nodes: int) -> Scenario:
    """All pairs; three classes, a third each of Poisson, constant and on-off demands, all disciplines, busiest link at ``LOAD``."""
    rng = np.random.default_rng(nodes)
    topology = formats.read(NSFNET).scenario.topology if nodes == 14 else barabasi_albert(nodes, rng)
    topology = replace(topology, links=tuple(replace(link, capacity_bps=CAPACITY_BPS) for link in topology.links))
    topology = with_random_scheduling(topology, rng)
    traffic = with_class_mix(uniform_demands(topology, 1e9, rng), (0.1, 0.3, 0.6), rng)
    traffic = with_arrival_mix(with_size_mix(traffic, (INTERNET_MIX,), rng), (Poisson(), ConstantBitRate(), OnOff(0.1, 0.1)), rng)
    return scaled_to_utilization(Scenario(topology, traffic), LOAD)


def fresh(scenario: Scenario) -> Scenario:
    """The same scenario, about which nothing is remembered."""
    return replace(scenario, topology=replace(scenario.topology), traffic=replace(scenario.traffic))


def measured(nodes: int, weights: str | None, repetitions: int) -> Measured:
    one_thread()
    predictor = NeuralPredictor(weights)
    predictor.predict(network(14))  # loads weights and compiled kernels
    scenario = network(nodes)
    routing = route(scenario)
    seconds = [cpu_s(partial(predictor.predict, fresh(scenario)))[1] for _ in range(repetitions)]
    memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = [phases(fresh(scenario), weights) for _ in range(repetitions)]
    best = {phase: min(times[phase] for times in each) for phase in PHASES}
    return Measured(nodes, routing.n_demands, len(routing.hop_link), seconds, best, memory_mib)


def phases(scenario: Scenario, weights: str | None) -> dict[str, float]:
    """CPU seconds of each step of an answer, as ``NeuralPredictor`` takes them."""
    library = load_library(SHIPPED if weights is None else Path(weights))
    _, routing_s = cpu_s(lambda: route(scenario))
    (parts, state, theory), theory_s = cpu_s(lambda: solved(scenario))
    graph, features_s = cpu_s(lambda: graph_of(parts.scenario, state, theory))
    outputs, network_s = cpu_s(lambda: run(library.models, graph))
    _, answer_s = cpu_s(lambda: performance_of(Prior(parts, state, theory, graph), outputs, Beliefs(library.calibration)))
    return dict(zip(PHASES, (routing_s, theory_s, features_s, network_s, answer_s), strict=True))


def solved(scenario: Scenario) -> tuple[SideBySide, NetworkState, Performance]:
    """What ``prior_of`` does before it makes the graph."""
    parts = side_by_side([(scenario, route(scenario))])
    state = solve_network(network_of(parts.scenario, parts.routing), ROUNDS, tolerance=0.0)
    return parts, state, theory_performance_of(parts.scenario, state)


def first_answers(weights: str | None, repetitions: int) -> list[float]:
    """Wall seconds of programs that import nettwin, read NSFNET from a file and print one delay."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nsfnet.yaml"
        write(network(14), file)
        program = (
            f"import nettwin; from nettwin.predict import registry; scenario = nettwin.read({str(file)!r}).scenario; "
            f"print(registry.create('neural', weights={weights!r}).predict(scenario).demands.delay_s[0])"
        )
        return [wall_s(partial(run_python, program)) for _ in range(repetitions)]


def run_python(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)  # noqa: S603 - our own program


def what_ifs(number: int, weights: str | None) -> WhatIfs:
    changing_s, answering_s = in_new_process(what_ifs_on_one_core, number, weights)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as one, ProcessPoolExecutor(1, mp_context=spawn) as two:
        for worker in (one, two):
            worker.submit(answered, weights, range(2)).result()  # loads what it needs
        start = time.perf_counter()
        halves = [worker.submit(answered, weights, range(first, number, 2)) for first, worker in enumerate((one, two))]
        n_answers = sum(half.result() for half in halves)
        two_workers_s = time.perf_counter() - start
    assert n_answers == number
    return WhatIfs(number, changing_s, answering_s, two_workers_s)


def what_ifs_on_one_core(number: int, weights: str | None) -> tuple[float, float]:
    answered(weights, range(2))
    scenario = network(14)
    changes = questions(scenario, number)
    changed, changing_s = cpu_s(lambda: [change.apply(scenario) for change in changes])
    return changing_s, cpu_s(lambda: NeuralPredictor(weights).predict_many(changed))[1]


def answered(weights: str | None, chosen: range) -> int:
    """A worker's share of the questions."""
    one_thread()
    scenario = network(14)
    changes = questions(scenario, chosen.stop)
    return len(NeuralPredictor(weights).predict_many([changes[number].apply(scenario) for number in chosen]))


def questions(scenario: Scenario, number: int) -> list[Change]:
    """In turn: one demand sends half as much again or half as much less, and one or two circuits fail."""
    circuits = sorted(scenario.topology.circuits)
    failures = [(circuit,) for circuit in circuits] + list(combinations(circuits, 2))
    ids = scenario.demand_ids
    changes: list[Change] = []
    for index in range(number):
        if index % 2:
            changes.append(Plan(tuple(FailLink(circuit) for circuit in failures[index // 2 % len(failures)])))
        else:
            changes.append(ScaleTraffic(1.5 if index % 4 else 0.5, Selection((ids[index // 2 % len(ids)],))))
    return changes


def precision(nodes: int, weights: str | None) -> Precision:
    """Two simulations with different seeds say how far one is from the truth, and their mean how far the twin is."""
    one_thread()
    scenario = network(nodes)
    SimulatorPredictor(packets=1e4).predict(fresh(scenario))  # loads what is compiled
    runs = [cpu_s(partial(SimulatorPredictor(seed=seed, packets=SIMULATED[nodes]).predict, fresh(scenario))) for seed in (1, 2)]
    one, two = (figures(performance) for performance, _ in runs)
    twin = figures(NeuralPredictor(weights).predict(scenario))
    simulator_error, twin_error = {}, {}
    for name in FIGURES:
        apart = mean_absolute_percentage_error(one[name], two[name])
        from_mean = mean_absolute_percentage_error(twin[name], (one[name] + two[name]) / 2)
        simulator_error[name] = apart / np.sqrt(2)
        twin_error[name] = float(np.sqrt(max(from_mean**2 - (apart / 2) ** 2, (apart / 2) ** 2)))
    return Precision(nodes, statistics.mean(seconds for _, seconds in runs), simulator_error, twin_error)


def figures(performance: Performance) -> dict[str, np.ndarray]:
    demands = performance.demands
    columns = (demands.delay_s, performance.delay_quantile_s(0.9), performance.delay_quantile_s(0.99), demands.delay_variation_s)
    return dict(zip(FIGURES, columns, strict=True))


def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def cpu_s(call: Callable[[], Value]) -> tuple[Value, float]:
    start = time.process_time()
    value = call()
    return value, time.process_time() - start


def wall_s(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def head(args: Args) -> Iterator[str]:
    options = "".join(f" --{name} {value}" for name, value in (("weights", args.weights), ("limit", args.limit)) if value)
    library = load_library(SHIPPED if args.weights is None else Path(args.weights))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    yield "# Speed of the neural twin\n"
    yield f"Made by `python benchmarks/neural_speed.py{options}`, twin {library.version} of {len(library.models)} members, on"
    yield f"{os.cpu_count()} cores with a load average of {load}. NSFNET (`{NSFNET}`) and preferential-attachment networks, a demand"
    yield "between every two nodes, three classes, a third each of Poisson, constant and on-off demands, FIFO, strict priority, WFQ and DRR"
    yield f"ports, links of {CAPACITY_BPS / 1e6:g} Mbit/s, largest offered load {LOAD}. CPU seconds of one core with one thread, unless"
    yield "wall clock is said.\n"


def speed_table(what: str, rows: list[Measured]) -> Iterator[str]:
    yield f"## From a scenario to its performance{what}\n"
    yield "Routing, theory, features, network, answer with intervals and trust: all that `predict` does. Shares are of the steps' sum;"
    yield "peak memory is of the whole process, Python and libraries included.\n"
    columns = ("nodes", "demands", "hops", "best s", "median s", "wanted s", "µs per demand-hop", *PHASES, "peak memory, MiB")
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(speed_cells(row))} |"
    yield ""
    cost = {row.nodes: row.per_hop_s for row in rows}
    if {50, 300} <= cost.keys():
        yield f"Cost per demand-hop, 300 nodes over 50: **{cost[300] / cost[50]:.2f}** (wanted: between 1/1.5 and 1.5).\n"


def speed_cells(row: Measured) -> list[str]:
    total = sum(row.phases.values())
    wanted = f"{WANTED_S[row.nodes]:g}" if row.nodes in WANTED_S else "-"
    figures = (f"{min(row.seconds):.4f}", f"{statistics.median(row.seconds):.4f}", wanted, f"{1e6 * row.per_hop_s:.2f}")
    shares = [f"{row.phases[phase] / total:.0%}" for phase in PHASES]
    return [str(row.nodes), str(row.demands), str(row.hops), *figures, *shares, f"{row.memory_mib:.0f}"]


def start_table(starts: list[list[float]]) -> Iterator[str]:
    yield "## From the start of a program to its first answer\n"
    yield "A fresh Python that imports nettwin, reads NSFNET from a YAML file and asks the twin; wall clock. Kernels were compiled before,"
    yield "which happens once per machine. Wanted: at most 3 s.\n"
    yield "| twin | best s | median s |"
    yield "|---|---|---|"
    for name, seconds in zip(("ensemble", "one member"), starts, strict=True):
        yield f"| {name} | {min(seconds):.2f} | {statistics.median(seconds):.2f} |"
    yield ""


def what_if_table(rows: list[WhatIfs]) -> Iterator[str]:
    yield "## Many what-ifs\n"
    yield "NSFNET with one demand scaled, or one or two circuits failed, in turn: all asked together by `predict_many`, routing included."
    yield "Wanted: 1,000 in at most 5 s on 2 cores.\n"
    yield "| twin | what-ifs | making the changed scenarios, CPU s | answering, CPU s | both, wall s with 2 workers |"
    yield "|---|---|---|---|---|"
    for name, row in zip(("ensemble", "one member"), rows, strict=True):
        yield f"| {name} | {row.number} | {row.changing_s:.2f} | {row.answering_s:.2f} | {row.two_workers_s:.2f} |"
    yield ""


def precision_table(rows: list[Precision], whole: list[Measured]) -> Iterator[str]:
    slower = ns3_slowdown()
    yield "## The simulator at equal precision\n"
    yield "How long must packets be sent until a simulation is as close to the truth as the twin is? Errors are MAPE over demands. Two"
    yield "simulations with different seeds differ by √2 of one's error; the twin's error is its distance from their mean, less that mean's"
    yield "own noise (where that hides the twin's error, the noise is taken for it). A simulation's error falls with the square root of its"
    yield "packets, so the time for the twin's error is the measured time, times the squared ratio of the errors: an extrapolation that"
    yield "leaves out what every simulation costs at its start, in the simulator's favor. ns-3 was not run again: our simulator is"
    yield f"{slower:.0f} times as fast in the median of `benchmarks/results/ns3_comparison.md`. Wanted: ns-3 over twin at least 500.\n"
    columns = ["nodes", "figure", "simulation, CPU s", "its error, %", "twin's error, %", "simulator at that error, CPU s"]
    columns += ["twin, CPU s", "simulator : twin", "ns-3 : twin"]
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    twin_s = {row.nodes: min(row.seconds) for row in whole}
    for row in rows:
        for name in FIGURES:
            equal_s = row.equal_s(name)
            errors = f"{100 * row.simulator_error[name]:.3f} | {100 * row.twin_error[name]:.3f}"
            ratio = equal_s / twin_s[row.nodes]
            times = f"{equal_s:.3f} | {twin_s[row.nodes]:.4f} | {ratio:.1f} | {slower * ratio:.0f}"
            yield f"| {row.nodes} | {name} | {row.simulated_s:.2f} | {errors} | {times} |"


def ns3_slowdown() -> float:
    """Median of the last column of the table that compares ns-3 with our simulator."""
    text = (RESULTS / "ns3_comparison.md").read_text()
    return statistics.median(float(times) for times in re.findall(r"\| (\d+) \|$", text, re.MULTILINE))


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default=Args.weights, help="folder of a twin instead of the shipped one")
    parser.add_argument("--limit", type=int, default=Args.limit, help="only the smallest networks")
    parser.add_argument("--repetitions", type=int, default=Args.repetitions)
    parser.add_argument("--what-ifs", type=int, default=Args.what_ifs)
    parser.add_argument("--device", default=Args.device, help="cuda: on a GPU, beside the CPU of the same machine")
    parser.add_argument("--training", action="store_true", help="on a GPU: also the speed of training")
    parser.add_argument("--table", type=Path, default=Args.table)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
