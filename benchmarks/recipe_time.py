"""How long a recipe of `nettwin learn make` takes, extrapolated from small slices of it.

    python benchmarks/recipe_time.py [laptop]

Some networks of each data set are simulated, the network is trained and validated on them, and calibrated: CPU seconds of one core with
one thread for each step, times how many of them the recipe has.
"""

import argparse
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from nettwin.formats import shards
from nettwin.formats.imported import Imported
from nettwin.learn.calibrate import calibrate
from nettwin.learn.checkpoints import load_checkpoint
from nettwin.learn.dataset import DatasetArgs, real_topologies, sample
from nettwin.learn.examples import Example, example_of
from nettwin.learn.recipes import Recipe, recipe
from nettwin.learn.scores import scores_of
from nettwin.learn.train import TrainArgs, _one_epoch, fitted
from nettwin.performance import Performance
from nettwin.predict.neural.shape import VARIANTS
from nettwin.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("train", "validation", "calibration")
SLICE = {"train": 30, "validation": 4, "calibration": 3}
"""Networks of each data set, spread over it."""
LEARNED = 480
"""Networks that are trained on, in the proportions of the recipe ..."""
HASTE = 50
"""... and simulated with so many times fewer packets than its: labels' noise costs no time."""
PASSES = 3
"""Over these: the first is not counted."""
CORES = 2
WANTED_S = 7200

Value = TypeVar("Value")


@dataclass(frozen=True)
class Rate:
    """CPU seconds of some of equal tasks."""

    step: str
    n_tasks: int
    """In the recipe."""
    seconds: list[float]
    """Of each measured task."""

    @property
    def total_s(self) -> float:
        return self.n_tasks * statistics.mean(self.seconds)

    @property
    def standard_error_s(self) -> float:
        n = len(self.seconds)
        return self.n_tasks * statistics.stdev(self.seconds) / math.sqrt(n) if n > 1 else math.nan


def main() -> None:
    args = parsed()
    os.environ["OMP_NUM_THREADS"] = "1"
    chosen = recipe(args.recipe)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        rates = measured(chosen, Path(folder))
    text = "\n".join(report(chosen, rates, time.process_time() - start))
    args.table.write_text(text + "\n")
    print(text)


def measured(chosen: Recipe, folder: Path) -> list[Rate]:
    import torch

    torch.set_num_threads(1)
    rates: list[Rate] = []
    slices: dict[str, list[Imported]] = {}
    for name, args in data_sets(chosen).items():
        rate, slices[name] = simulated(name, args, folder / name)
        rates.append(rate)
    examples: dict[str, list[Example]] = {"train": [], "validation": []}
    n_train = sum(args.samples for args in chosen.train)
    for name, args in data_sets(chosen).items():
        kind = name.split("-", maxsplit=1)[0]
        if kind == "train":
            wanted = math.ceil(min(LEARNED, n_train) * args.samples / n_train)
            slices[name] = hastily(args, wanted, folder / f"{name}-hasty")
        if kind in examples:  # the features of the others are part of the calibration
            found = [cpu_s(lambda row=row: example_of(row.scenario, row.performance)) for row in slices[name]]
            examples[kind] += [example for example, _ in found]
            rates.append(Rate(f"features of {name}", args.samples, [seconds for _, seconds in found]))
    return rates + taught(chosen, examples, slices, folder)


def hastily(args: DatasetArgs, wanted: int, folder: Path) -> list[Imported]:
    """Networks of a data set with fewer packets."""
    quick = replace(args, hops=args.hops / HASTE, hops_per_demand=args.hops_per_demand / HASTE)
    topologies = real_topologies(args.space.nodes[1])
    return stored(folder, [sample(quick, index, topologies) for index in spread(args.samples, wanted)])


def stored(folder: Path, rows: Sequence[tuple[Scenario, Performance]]) -> list[Imported]:
    """As they are read again."""
    folder.mkdir()
    shards.write_shard(shards.shard_path(folder, 0), rows)
    return [row.read() for row in shards.samples(folder)]


def data_sets(chosen: Recipe) -> dict[str, DatasetArgs]:
    return {f"{kind}-{number}": args for kind in KINDS for number, args in enumerate(getattr(chosen, kind))}


def simulated(name: str, args: DatasetArgs, folder: Path) -> tuple[Rate, list[Imported]]:
    topologies = real_topologies(args.space.nodes[1])
    sample(DatasetArgs(samples=1, seed=args.seed, space=args.space, hops=1e4, hops_per_demand=0.0), 0, topologies)  # loads what is compiled
    wanted = min(SLICE[name.split("-", maxsplit=1)[0]], args.samples)
    found = [cpu_s(lambda index=index: sample(args, index, topologies)) for index in spread(args.samples, wanted)]
    rows = stored(folder, [row for row, _ in found])
    return Rate(f"simulating {name}", args.samples, [seconds for _, seconds in found]), rows


def spread(n: int, wanted: int) -> list[int]:
    return np.unique(np.linspace(0, n - 1, wanted).round().astype(int)).tolist()


def taught(chosen: Recipe, examples: dict[str, list[Example]], slices: dict[str, list[Imported]], folder: Path) -> list[Rate]:
    """Training per network and epoch, validation per epoch, calibration per network."""
    args = TrainArgs(train=("-",), validation=("-",), epochs=chosen.epochs, batch_size=chosen.batch_size)
    model = fitted(VARIANTS[args.variant], examples["train"])
    run = load_checkpoint(folder, model, args.learning_rate)
    training = [cpu_s(lambda: _one_epoch(model, run, examples["train"], args))[1] / len(examples["train"]) for _ in range(PASSES)][1:]
    scoring = [cpu_s(lambda: scores_of(model, examples["validation"]))[1] for _ in range(PASSES)][1:]
    n_validation = sum(args.samples for args in chosen.validation)
    per_network = [seconds / len(examples["validation"]) for seconds in scoring]
    rows = [(name, row) for name in slices if name.startswith("calibration") for row in slices[name]]
    asked = [cpu_s(lambda row=row: calibrate([model] * chosen.members, [row]))[1] for _, row in rows]
    n_networks, n_calibration = (sum(args.samples for args in sets) for sets in (chosen.train, chosen.calibration))
    turns = chosen.members * chosen.epochs
    return [
        Rate(f"training {chosen.members} members, {chosen.epochs} epochs", n_networks * turns, training),
        Rate("validating after each epoch", n_validation * turns, per_network),
        Rate("calibrating", n_calibration, asked),
    ]


def report(chosen: Recipe, rates: Sequence[Rate], spent_s: float) -> Iterator[str]:
    total = sum(rate.total_s for rate in rates)
    yield f"# How long the recipe `{chosen.name}` takes\n"
    yield f"Made by `python benchmarks/recipe_time.py {chosen.name}` in {spent_s / 60:.0f} CPU minutes, load average"
    yield f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores. **An extrapolation**: CPU seconds of one core with one thread, measured on"
    yield "slices, times the number of networks (and epochs and members) in the recipe; ± is the standard error from the slice's size (in"
    yield "training and validation from repetitions alone).\n"
    yield "| step | tasks | measured | CPU s each | core-minutes | ± |"
    yield "|---|---|---|---|---|---|"
    for rate in rates:
        cells = f"{statistics.mean(rate.seconds):.4f} | {rate.total_s / 60:.1f} | {rate.standard_error_s / 60:.1f}"
        yield f"| {rate.step} | {rate.n_tasks} | {len(rate.seconds)} | {cells} |"
    error = math.sqrt(sum(rate.standard_error_s**2 for rate in rates if math.isfinite(rate.standard_error_s)))
    yield f"| **all** | | | | **{total / 60:.0f}** | {error / 60:.0f} |\n"
    shared = sum(rate.total_s for rate in rates if rate.step.startswith("simulating"))
    yield f"Simulating takes {shared / 60:.0f} core-minutes, training with validation {in_training(rates) / 60:.0f}. With everything"
    yield f"spread over {CORES} cores: **{total / CORES / 3600:.2f} hours**; with the simulations spread, but all else on one core:"
    yield f"{(shared / CORES + total - shared) / 3600:.2f} hours. Wanted: at most {WANTED_S / 3600:g}."


def in_training(rates: Sequence[Rate]) -> float:
    return sum(rate.total_s for rate in rates if rate.step.startswith(("training", "validating")))


def cpu_s(call: Callable[[], Value]) -> tuple[Value, float]:
    start = time.process_time()
    value = call()
    return value, time.process_time() - start


@dataclass(frozen=True)
class Args:
    """Which recipe, and where the table goes."""

    recipe: str = "laptop"
    table: Path = ROOT / "benchmarks" / "results" / "recipe_time.md"


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default=Args.recipe)
    parser.add_argument("--table", type=Path, default=Args.table)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
