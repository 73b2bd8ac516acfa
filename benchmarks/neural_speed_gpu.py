"""How long the neural twin takes on a GPU, from a Scenario to all its figures, beside the same on the CPU of the same machine.

    python benchmarks/neural_speed.py --device cuda

Wall clock, the device waited for. A first call builds the structure on the device, a second one with the same structure records it as
a CUDA graph, later ones replay that: what-ifs that change rates, capacities, buffers or weights.
"""

import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nettwin.changes.change import Change
from nettwin.controlplane import route
from nettwin.performance import Performance
from nettwin.predict.neural import NeuralPredictor
from nettwin.predict.neural.answer import Beliefs, figures_of
from nettwin.predict.neural.device import DeviceTwin, Prepared
from nettwin.predict.neural.differentiable.batch import batch_of_solved
from nettwin.predict.neural.differentiable.ground import ground_of_solved
from nettwin.predict.neural.differentiable.solving import solved_by_theory
from nettwin.predict.neural.ensemble import run_on_tensors
from nettwin.predict.neural.library import SHIPPED, load_library
from nettwin.predict.neural.packing import packed
from nettwin.queueing.side_by_side import SideBySide, side_by_side
from nettwin.scenario import Scenario
from neural_speed import CAPACITY_BPS, FIGURES, LOAD, NSFNET, RESULTS, SIZES, Args, fresh, network, ns3_slowdown, questions

TABLE = RESULTS / "neural_speed_gpu.md"
WANTED_S = {300: 0.05}
STAGES = ("theory", "features", "network", "answer", "copy")
LEAST_LOSS = 1e-3  # differences of losses are relative to this where they are smaller
CPU_REPETITIONS = {14: 20, 50: 8, 100: 3, 300: 1}


@dataclass(frozen=True)
class Measured:
    """One network on both devices, in seconds of wall clock."""

    nodes: int
    demands: int
    hops: int
    first_s: float
    recorded_s: float
    later_s: list[float]
    """Rates changed, the routing remembered."""
    routed_s: list[float]
    """Nothing remembered but the structure: routed again."""
    stages: dict[str, float]
    memory_gib: float
    cpu_s: list[float]
    """Routed again, too."""
    difference: dict[str, float]
    """Largest relative difference between the answers, by figure."""


class Report:
    """The table, written after every part, so that a run that is cut short leaves what it had."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[str] = []
        self._start = time.perf_counter()

    def add(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._lines.append(line)
            print(line, flush=True)
        self._path.write_text("\n".join(self._lines) + "\n")
        print(f"-- {time.perf_counter() - self._start:.0f} s", file=sys.stderr, flush=True)


def main(args: Args) -> None:
    torch.set_num_threads(1)
    report = Report(args.table if args.table != Args.table else TABLE)
    report.add(head(args))
    report.add(part for part in speed_head())
    rows = []
    for nodes in SIZES[: args.limit]:
        rows.append(measured(nodes, args))
        report.add(iter([speed_row(rows[-1])]))
    report.add(stage_table(rows))
    report.add(difference_table(rows))
    report.add(ns3_table(rows))
    if args.what_ifs:
        report.add(what_if_table(args))
    if args.training:
        report.add(training_table(args))


def measured(nodes: int, args: Args) -> Measured:
    predictor, on_cpu = NeuralPredictor(args.weights, device=args.device), NeuralPredictor(args.weights)
    warm_up(args)
    scenario = network(nodes)
    routing = route(scenario)
    reset_memory(args.device)
    first, first_s = timed(partial(predictor.predict, scenario), args.device)
    _, recorded_s = timed(partial(predictor.predict, scaled(scenario, 1.01)), args.device)
    later_s = [timed(partial(predictor.predict, scaled(scenario, 1 + 0.02 * k)), args.device)[1] for k in range(args.repetitions)]
    routed_s = [timed(partial(predictor.predict, fresh(scenario)), args.device)[1] for _ in range(args.repetitions)]
    memory_gib = peak_memory_gib(args.device)
    again = predictor.predict(fresh(scenario))
    repetitions = min(args.repetitions, CPU_REPETITIONS[nodes])
    answers = [timed(partial(on_cpu.predict, fresh(scenario)), args.device) for _ in range(repetitions)]
    cpu = answers[0][0]
    difference = largest(differences(cpu, first), differences(cpu, again))
    stages = stage_seconds(scenario, args)
    cpu_s = [seconds for _, seconds in answers]
    n_hops = len(routing.hop_link)
    return Measured(nodes, routing.n_demands, n_hops, first_s, recorded_s, later_s, routed_s, stages, memory_gib, cpu_s, difference)


def warm_up(args: Args) -> None:
    """Weights, compiled kernels and the GPU's libraries are loaded."""
    small = network(14)
    for device in (args.device, "cpu"):
        predictor = NeuralPredictor(args.weights, device=device)
        for scenario in (fresh(small), scaled(small, 0.9), scaled(small, 0.8)):
            predictor.predict(scenario)


def scaled(scenario: Scenario, factor: float) -> Scenario:
    """Every demand with other rates, on the same topology."""
    return replace(scenario, traffic=replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * factor))


def stage_seconds(scenario: Scenario, args: Args) -> dict[str, float]:
    """Each stage as a CUDA graph of its own (or called, on a CPU), the device waited for."""
    library = load_library(SHIPPED if args.weights is None else Path(args.weights))
    twin = DeviceTwin(library.models, Beliefs(library.calibration), args.device)
    parts = side_by_side([(scenario, route(scenario))])
    stages = Stages(twin, parts, args.device)
    return stages.seconds()


class Stages:
    """The steps of an answer, one after another on what the former left."""

    def __init__(self, twin: DeviceTwin, parts: SideBySide, device: str) -> None:
        self._twin, self._device = twin, device
        self._prepared: Prepared = twin.prepared(parts)
        self._inputs = twin.inputs(self._prepared, parts)

    def seconds(self) -> dict[str, float]:
        prepared, twin = self._prepared, self._twin
        found = {}
        solved, found["theory"] = self._timed(lambda: solved_by_theory(prepared.structure, prepared.facts, self._inputs))
        (batch, reference_s), found["features"] = self._timed(lambda: batch_of_solved(solved))
        outputs, found["network"] = self._timed(lambda: run_on_tensors(twin.models, batch))
        ground = ground_of_solved(solved, batch, reference_s)
        row, found["answer"] = self._timed(lambda: packed(figures_of(ground, outputs, twin.beliefs))[0])
        host = torch.empty(row.shape, dtype=row.dtype, pin_memory=row.is_cuda)
        found["copy"] = min(timed(lambda: host.copy_(row, non_blocking=True), self._device)[1] for _ in range(5))
        return found

    @torch.no_grad()
    def _timed(self, call: Callable[[], Any]) -> tuple[Any, float]:
        if not self._device.startswith("cuda"):
            return timed(call, self._device)
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            call()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            value = call()
        graph.replay()
        seconds = min(timed(graph.replay, self._device)[1] for _ in range(5))
        return (graph, value)[1], seconds


def timed(call: Callable[[], Any], device: str) -> tuple[Any, float]:
    synchronize(device)
    start = time.perf_counter()
    value = call()
    synchronize(device)
    return value, time.perf_counter() - start


def synchronize(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def reset_memory(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_memory_gib(device: str) -> float:
    return torch.cuda.max_memory_reserved() / 2**30 if device.startswith("cuda") else float("nan")


def differences(one: Performance, other: Performance) -> dict[str, float]:
    """Largest relative difference by figure; of losses, relative to at least ``LEAST_LOSS``."""
    found: dict[str, float] = {}
    for (name, a), (_, b) in zip(columns("", one), columns("", other), strict=True):
        if not np.array_equal(np.isnan(a), np.isnan(b)):
            raise SystemExit(f"{name}: the devices disagree about what is known")
        scale = np.maximum(np.abs(a), LEAST_LOSS if "loss" in name or "trusted" in name else 1e-12)
        found[name] = float(np.nanmax(np.abs(a - b) / scale, initial=0.0))
    return found


def columns(prefix: str, value: object) -> Iterator[tuple[str, np.ndarray]]:
    for f in fields(value):  # type: ignore[arg-type]
        inner = getattr(value, f.name)
        if is_dataclass(inner):
            yield from columns(f"{prefix}{f.name}.", inner)
        elif isinstance(inner, np.ndarray):
            yield prefix + f.name, inner.astype(np.float64)


def largest(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    return {name: max(value, other[name]) for name, value in one.items()}


def head(args: Args) -> Iterator[str]:
    library = load_library(SHIPPED if args.weights is None else Path(args.weights))
    card = torch.cuda.get_device_name() if args.device.startswith("cuda") else "no GPU"
    yield "# Speed of the neural twin on a GPU\n"
    yield f"Made by `python benchmarks/neural_speed.py --device {args.device}`, twin {library.version} of {len(library.models)} members, on"
    yield f"{card} with {processor()} ({os.cpu_count()} cores), PyTorch {torch.__version__}, Python {platform.python_version()}."
    yield f"The networks of `neural_speed.md`: NSFNET (`{NSFNET}`) and preferential-attachment networks, a demand between every two"
    yield f"nodes, links of {CAPACITY_BPS / 1e6:g} Mbit/s, largest offered load {LOAD}. Wall clock, the device waited for; float32 networks"
    yield "without TF32, float64 theory. CPU: the same machine in the same run, one thread.\n"


def processor() -> str:
    try:
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        names = []
    return names[0].strip() if names else platform.processor() or "an unknown processor"


def speed_head() -> Iterator[str]:
    yield "## From a scenario to its performance\n"
    yield "*First*: a structure never seen, built on the device, nothing recorded. *Recorded*: the second question about it, which records"
    yield "the CUDA graph. *Later*: other rates on the same topology. *Routed again*: a scenario about which nothing is remembered but that"
    yield "its structure is known. All are whole calls of `predict`, with the answer on the host; best, and the median in brackets.\n"
    names = ["nodes", "demands", "hops", "first, s", "recorded, s", "later, ms", "routed again, ms", "wanted, ms"]
    names += ["CPU, routed again, ms", "CPU : later", "GPU memory, GiB"]
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"


def speed_row(row: Measured) -> str:
    wanted = f"{1e3 * WANTED_S[row.nodes]:g}" if row.nodes in WANTED_S else "-"
    cells = [str(row.nodes), str(row.demands), str(row.hops), f"{row.first_s:.2f}", f"{row.recorded_s:.2f}"]
    cells += [f"{ms(row.later_s)}", f"{ms(row.routed_s)}", wanted, f"{ms(row.cpu_s)}"]
    cells += [f"{min(row.cpu_s) / min(row.later_s):.1f}", f"{row.memory_gib:.2f}"]
    return f"| {' | '.join(cells)} |"


def ms(seconds: list[float]) -> str:
    """Best and median."""
    return f"{1e3 * min(seconds):.1f} ({1e3 * statistics.median(seconds):.1f})"


def stage_table(rows: list[Measured]) -> Iterator[str]:
    yield "\n## Where the time goes\n"
    yield "Each stage recorded and replayed on its own, ms; copy: the answer to the host.\n"
    yield f"| nodes | {' | '.join(STAGES)} | sum |"
    yield f"|{'---|' * (len(STAGES) + 2)}"
    for row in rows:
        cells = [f"{1e3 * row.stages[stage]:.2f}" for stage in STAGES]
        yield f"| {row.nodes} | {' | '.join(cells)} | {1e3 * sum(row.stages.values()):.2f} |"


def difference_table(rows: list[Measured]) -> Iterator[str]:
    yield "\n## Equal answers\n"
    yield f"Largest relative difference of any figure to the CPU's answer, of losses relative to at least {LEAST_LOSS:g}; the CPU finds"
    yield "quantiles to 1e-4, the device to 1e-6. Expected: below 1e-3 for the answers themselves.\n"
    names = ("delay_s", "delay_variation_s", "ipdv_s", "delay_quantiles_s", "loss_ratio")
    yield f"| nodes | {' | '.join(names)} | queues and links | bounds of intervals | trust |"
    yield f"|{'---|' * (len(names) + 4)}"
    for row in rows:
        own = [f"{row.difference[f'demands.{name}']:.1e}" for name in names]
        others = max(value for name, value in row.difference.items() if name.startswith(("queues", "links")))
        bounds = max(value for name, value in row.difference.items() if name.startswith("interval"))
        yield f"| {row.nodes} | {' | '.join(own)} | {others:.1e} | {bounds:.1e} | {row.difference['is_trusted']:.0f} |"


def ns3_table(rows: list[Measured]) -> Iterator[str]:
    """The simulator's seconds for the twin's error are those of ``neural_speed.md``, measured on another machine."""
    text, slower = (RESULTS / "neural_speed.md").read_text(), ns3_slowdown()
    found = re.findall(r"^\| (\d+) \| ([a-z0-9 ]+) \|(.*)\|$", text, re.MULTILINE)
    equal_s = {(int(nodes), figure): float(rest.split("|")[3]) for nodes, figure, rest in found if figure in FIGURES}
    yield "\n## ns-3 at equal precision\n"
    yield f"The simulator's CPU seconds for the twin's error are those of `neural_speed.md`; ns-3 takes {slower:.0f} times as long (median"
    yield "of `ns3_comparison.md`).\n"
    yield "| nodes | figure | simulator at the twin's error, CPU s | twin on the GPU, ms | ns-3 : twin |"
    yield "|---|---|---|---|---|"
    for row in rows:
        for figure in FIGURES:
            if (row.nodes, figure) in equal_s:
                seconds = equal_s[row.nodes, figure]
                ratio = slower * seconds / min(row.later_s)
                yield f"| {row.nodes} | {figure} | {seconds:.3f} | {1e3 * min(row.later_s):.2f} | {ratio:.0f} |"


def what_if_table(args: Args) -> Iterator[str]:
    scenario = network(14)
    changes = questions(scenario, args.what_ifs)
    yield "\n## Many what-ifs\n"
    yield "NSFNET with one demand scaled, or one or two circuits failed, in turn: all asked together by `predict_many`, routing and changes"
    yield "included. Wanted on 2 cores: 1,000 in at most 5 s.\n"
    yield "| device | what-ifs | s |"
    yield "|---|---|---|"
    for device in (args.device, "cpu"):
        predictor = NeuralPredictor(args.weights, device=device)
        predictor.predict_many([change.apply(scenario) for change in changes[:4]])
        best = min(timed(partial(answered, predictor, fresh(scenario), changes), args.device)[1] for _ in range(2))
        yield f"| {device} | {args.what_ifs} | {best:.2f} |"


def answered(predictor: NeuralPredictor, scenario: Scenario, changes: list[Change]) -> list[Performance]:
    return predictor.predict_many([change.apply(scenario) for change in changes])


def training_table(args: Args) -> Iterator[str]:
    """Steps of training on small networks that theory labels: only their speed is looked at."""
    yield "\n## Training\n"
    yield "Samples/s of one member (batches of 32 networks of at most 10 nodes, examples in memory), labels by theory.\n"
    yield "| device | threads | samples/s |"
    yield "|---|---|---|"
    examples = training_examples(96)
    for device in (args.device, "cpu"):
        yield f"| {device} | 1 | {samples_per_s(examples, device):.0f} |"


def training_examples(number: int) -> list[Any]:
    from nettwin.generate.scenarios import random_scenario
    from nettwin.learn.examples import example_of
    from nettwin.predict.queueing import QueueingPredictor

    scenarios = [random_scenario(np.random.default_rng([7, seed])) for seed in range(number)]
    return [example_of(scenario, QueueingPredictor().predict(scenario)) for scenario in scenarios]


def samples_per_s(examples: list[Any], device: str) -> float:
    from nettwin.learn import train as training
    from nettwin.learn.checkpoints import load_checkpoint
    from nettwin.predict.neural.shape import VARIANTS

    args = training.TrainArgs(train=(), validation=(), epochs=100, device=device)
    model = training.fitted(VARIANTS["twin"], examples).to(device)
    with tempfile.TemporaryDirectory() as folder:
        run = load_checkpoint(Path(folder), model, args.learning_rate)
        training._one_epoch(model, run, examples, args)
        epochs, start = 0, time.perf_counter()
        while time.perf_counter() - start < 6.0:
            _, _ = timed(lambda: training._one_epoch(model, run, examples, args), device)
            epochs += 1
        return epochs * len(examples) / (time.perf_counter() - start)
