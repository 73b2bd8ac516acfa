"""Real hardware: engines as they are, and models that learned from the testbed, beside what was measured.

    python benchmarks/testbed_accuracy.py --data ../shared/data

Trains on folds 0 and 1 of both families of testbed2023 (into --output, where a finished training is used again) and is scored on fold 2;
of testbed-windows the training files calibrate the latency of the devices, and the test files score it.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from nettwin.formats import testbed
from nettwin.learn.hardware import HardwareArgs, Rule, calibrated, train
from nettwin.learn.hardware.features import Example
from nettwin.learn.hardware.storage import load_member
from nettwin.learn.hardware.training import examples_of
from nettwin.learn.hardware.twin import FlowDelays, delays_of
from nettwin.predict.predictor import Predictor
from nettwin.predict.queueing import QueueingPredictor

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = {"cbr_mb": "constant and multi-burst", "mb": "multi-burst"}
KINDS = {"on_off": "on-off", "poisson": "Poisson"}
RANGES_MS = ((0, 0.1), (0.1, 0.3), (0.3, 1), (1, 5), (5, 20), (20, 100), (100, 1000))
SURE = (0.05, 0.1, 0.2, 0.4, 0.7, 10.0)


@dataclass(frozen=True)
class Args:
    """What is compared, and where things go."""

    data: Path = ROOT.parent / "shared" / "data"
    output: Path = ROOT / "out" / "testbed"
    members: int = 2
    epochs: int = 30
    zero_shot: int = 100
    """Experiments per family that the engines are asked about; the learned model answers all."""
    windows_step: int = 10
    """Every so many windows of testbed-windows."""
    table: Path = ROOT / "benchmarks" / "results" / "testbed_accuracy.md"


def main() -> None:
    args = parsed()
    torch.set_num_threads(1)
    wanted = HardwareArgs(
        train=tuple(str(fold(args, family, number)) for family in FAMILIES for number in (0, 1)), members=args.members, epochs=args.epochs
    )
    if not is_trained(args.output, wanted):
        train(wanted, args.output, lambda *state: print("member, epoch, loss, held-out MAPE:", *state, flush=True))
    lines = [*head(args), *main_table(args, wanted), *window_table(args)]
    args.table.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def is_trained(output: Path, wanted: HardwareArgs) -> bool:
    """A finished training with these arguments."""
    path = output / "args.json"
    is_same = path.exists() and json.loads(path.read_text()) == json.loads(json.dumps(asdict(wanted)))
    history = (output / "history.csv").read_text().splitlines() if is_same else []
    return len(history) == 1 + wanted.members * wanted.epochs


def head(args: Args) -> Iterator[str]:
    yield "# Real hardware\n"
    yield f"Made by `python benchmarks/testbed_accuracy.py`, {args.members} members, {args.epochs} epochs. Errors of mean delays in %."
    yield "MAPE: over all flows / mean over the experiments. Trained on folds 0 and 1 of both families, scored on fold 2.\n"


def main_table(args: Args, wanted: HardwareArgs) -> Iterator[str]:
    members = [load_member(path) for path in sorted(args.output.glob("member-*.safetensors"))]
    yield "| fold 2 of | what answers | experiments | MAPE | median | WAPE | mean abs. log ratio |"
    yield "|---|---|---|---|---|---|---|"
    details: list[str] = []
    for family, name in FAMILIES.items():
        for engine in engines():
            answers, true, owner = asked(engine, islice(testbed.experiments(fold(args, family, 2)), args.zero_shot))
            yield row(name, f"{engine.name}, zero-shot", answers, true, owner)
        examples = examples_of(fold(args, family, 2), wanted, args.output)
        true = np.concatenate([example.delay_s for example in examples])
        owner = np.repeat(np.arange(len(examples)), [len(example.delay_s) for example in examples])
        yield row(name, "drawn bursts, latency fitted", *prior_answer(examples, members[0].base_weights.numpy()), true, owner)
        for rule in Rule:
            yield row(name, f"learned, decided for {rule.value}", delays_of(members, examples, rule).delay_s, true, owner)
        details += [*range_table(name, delays_of(members, examples, Rule.RELATIVE), true)]
    yield ""
    yield from details


def engines() -> list[Predictor]:
    """Those that answer in milliseconds; the neural twin where its weights are."""
    from nettwin.errors import NettwinError
    from nettwin.predict.neural.library import SHIPPED, load_library
    from nettwin.predict.neural.predictor import NeuralPredictor

    try:
        load_library(SHIPPED)
    except NettwinError:
        return [QueueingPredictor()]
    return [QueueingPredictor(), NeuralPredictor()]


def asked(engine: Predictor, experiments: Iterator[testbed.Experiment]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers, measured delays, and the experiment that each belongs to."""
    answers, true, owner = [], [], []
    for number, experiment in enumerate(experiments):
        imported = experiment.read()
        assert imported.performance is not None
        measured = imported.performance.demands.delay_s
        known = np.isfinite(measured)
        answers.append(engine.predict(imported.scenario).demands.delay_s[known])
        true.append(measured[known])
        owner.append(np.full(known.sum(), number))
    return np.concatenate(answers), np.concatenate(true), np.concatenate(owner)


def prior_answer(examples: list[Example], weights: np.ndarray) -> tuple[np.ndarray]:
    """Without learning: the draw at the median of the drawn delays weighted by 1 / delay."""
    answers = []
    for example in examples:
        drawn = np.sort(example.wait_draws + (example.base @ weights)[:, None], axis=1)
        upto = np.cumsum(1 / drawn, axis=1)
        answers.append(drawn[np.arange(len(drawn)), (upto < upto[:, -1:] / 2).sum(axis=1)])
    return (np.concatenate(answers),)


def row(name: str, what: str, answer: np.ndarray, true: np.ndarray, owner: np.ndarray) -> str:
    error = np.abs(answer / true - 1)
    each = np.bincount(owner, error) / np.bincount(owner)
    figures = [f"{100 * error.mean():.1f} / {100 * each.mean():.1f}", f"{100 * np.median(error):.1f}"]
    figures += [f"{100 * np.abs(answer - true).sum() / true.sum():.1f}", f"{np.abs(np.log(answer / true)).mean():.2f}"]
    return f"| {name} | {what} | {len(each)} | {' | '.join(figures)} |"


def range_table(name: str, flow: FlowDelays, true: np.ndarray) -> Iterator[str]:
    """Where the error is, and whether the model knows."""
    error = flow.delay_s / true - 1
    inside = np.mean((true >= flow.lower_s) & (true <= flow.upper_s))
    yield f"{name}: the learned model by measured delay. Expected error: what it says itself. In its 90 % intervals: {100 * inside:.1f} %\n"
    yield "| delay in ms | flows | MAPE | bias | expected error |"
    yield "|---|---|---|---|---|"
    for low, high in RANGES_MS:
        rows = (true >= 1e-3 * low) & (true < 1e-3 * high)
        if rows.any():
            figures = (np.abs(error[rows]).mean(), error[rows].mean(), flow.expected_error[rows].mean())
            yield f"| {low:g} .. {high:g} | {rows.sum()} | {' | '.join(f'{100 * figure:.1f}' for figure in figures)} |"
    yield ""
    yield "| expected error below | share of the flows | MAPE of these | MAPE of all up to here |"
    yield "|---|---|---|---|"
    low = 0.0
    for high in SURE:
        rows, upto = (flow.expected_error >= low) & (flow.expected_error < high), flow.expected_error < high
        if rows.any():
            figures = (rows.mean(), np.abs(error[rows]).mean(), np.abs(error[upto]).mean())
            yield f"| {high:g} | {' | '.join(f'{100 * figure:.1f}' for figure in figures)} |"
        low = high
    yield ""


def window_table(args: Args) -> Iterator[str]:
    """Per-window delay: the analytic twin alone, and with the latency of the devices from the training file."""
    yield "Windows of 100 ms (testbed-windows): analytic twin without and with the latency of the devices, which the training file tells\n"
    yield "| sources | what answers | file | windows | flows | MAPE | median | p95 |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind, name in KINDS.items():
        engine = QueueingPredictor()
        pairs = [(one.scenario, one.performance) for one in (w.read() for w in window_sample(args, kind, "training")) if one.performance]
        twin = calibrated(engine, pairs)
        for split in ("training", "validation", "test"):
            for predictor in (engine, twin):
                answer, true, owner = asked(predictor, window_sample(args, kind, split))
                error = np.abs(answer / true - 1)
                figures = " | ".join(f"{100 * figure:.2f}" for figure in (error.mean(), np.median(error), np.quantile(error, 0.95)))
                yield f"| {name} | {predictor.name} | {split} | {owner.max() + 1} | {len(true)} | {figures} |"
        latency = f"{1e6 * twin.fixed_s:.1f} us and {1e6 * twin.per_link_s:.1f} us per link, {1e9 * twin.per_bit_s:.2f} ns per bit"
        yield f"| {name} | learned: | | | | {latency}, times {twin.factor:.2f} | | |"
    yield ""


def window_sample(args: Args, kind: str, split: str) -> Iterator[testbed.Experiment]:
    file = args.data / "testbed-windows" / f"data_seg_{kind}_0_4_100_v2_{split}.jsonl.gz"
    return islice(testbed.windows(file), 0, None, args.windows_step)


def fold(args: Args, family: str, number: int) -> Path:
    return args.data / "testbed2023" / f"data_{family}_fold{number}.jsonl.gz"


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in asdict(Args()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
