"""What is compared, where it lies, and how answers are scored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from nettwin.formats import testbed
from nettwin.formats.imported import Imported
from nettwin.performance import Performance
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {"cbr_mb": "constant and multi-burst", "mb": "multi-burst"}
KINDS = {"on_off": "on-off", "poisson": "Poisson"}
PARTS = ("learned", "bound", "counts", "tuned", "windows")

Measured = tuple[Scenario, Performance]
Answers = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Args:
    """What is compared, and where things go."""

    parts: str = ",".join(PARTS)
    """Those that are made again; the others are taken from the last time."""
    data: Path = ROOT.parent / "shared" / "data"
    output: Path = ROOT / "out" / "testbed"
    members: int = 1
    epochs: int = 20
    zero_shot: int = 100
    """Experiments of fold 2 per family that the engines are asked about; the learned model answers all."""
    tuning_step: int = 12
    """Every so many experiments of folds 0 and 1 fine-tune the neural twin."""
    tuning_epochs: int = 8
    windows_step: int = 10
    """Every so many windows of testbed-windows."""
    table: Path = ROOT / "benchmarks" / "results" / "testbed_accuracy.md"
    figure: Path = ROOT / "docs" / "figures" / "testbed_windows.svg"


def fold(args: Args, family: str, number: int) -> Path:
    return args.data / "testbed2023" / f"data_{family}_fold{number}.jsonl.gz"


def window_file(args: Args, kind: str, split: str) -> Path:
    return args.data / "testbed-windows" / f"data_seg_{kind}_0_4_100_v2_{split}.jsonl.gz"


def window_sample(args: Args, kind: str, split: str) -> Iterator[testbed.Experiment]:
    return islice(testbed.windows(window_file(args, kind, split)), 0, None, args.windows_step)


def measured(experiments: Iterable[testbed.Experiment], edit: Callable[[Scenario], Scenario] = lambda scenario: scenario) -> list[Measured]:
    imported: Iterator[Imported] = (experiment.read() for experiment in experiments)
    return [(edit(one.scenario), one.performance) for one in imported if one.performance is not None]


def asked(engine: Predictor, pairs: Iterable[Measured]) -> Answers:
    """Answers, measured delays, and the experiment that each belongs to."""
    answers, true, owner = [], [], []
    for number, (scenario, performance) in enumerate(pairs):
        known = np.isfinite(performance.demands.delay_s)
        answers.append(engine.predict(scenario).demands.delay_s[known])
        true.append(performance.demands.delay_s[known])
        owner.append(np.full(known.sum(), number))
    return np.concatenate(answers), np.concatenate(true), np.concatenate(owner)


HEAD = "| fold 2 of | what answers | experiments | MAPE | median | WAPE | mean abs. log ratio |\n|---|---|---|---|---|---|---|"


def row(name: str, what: str, answer: np.ndarray, true: np.ndarray, owner: np.ndarray) -> str:
    error = np.abs(answer / true - 1)
    each = np.bincount(owner, error) / np.bincount(owner)
    figures = [f"{100 * error.mean():.1f} / {100 * each.mean():.1f}", f"{100 * np.median(error):.1f}"]
    figures += [f"{100 * np.abs(answer - true).sum() / true.sum():.1f}", f"{np.abs(np.log(answer / true)).mean():.2f}"]
    return f"| {name} | {what} | {len(each)} | {' | '.join(figures)} |"
