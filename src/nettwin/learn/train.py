"""Training of one model: an experiment script with one dataclass of arguments and one loop.

The output folder holds ``args.json``, ``model.safetensors`` (the best so far on the validation set), ``history.csv`` (drawn as
``history.svg`` at the end) and a checkpoint; started again with the same arguments, it goes on where it was.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nettwin.errors import InputError
from nettwin.learn.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from nettwin.learn.curves import draw_history
from nettwin.learn.examples import Example, examples_of, union_of
from nettwin.learn.losses import tensors_of, training_loss
from nettwin.learn.scores import Scores, scores_of
from nettwin.predict.neural.batch import batch_of
from nettwin.predict.neural.model import FeatureCounts, TwinModel
from nettwin.predict.neural.shape import VARIANTS, ModelShape
from nettwin.predict.neural.weights import load_model, save_model

_ROWS_FOR_SCALES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainArgs:
    """Everything that a training depends on."""

    train: tuple[str, ...]
    """Folders of the training data."""
    validation: tuple[str, ...]
    """Folders of the validation data: larger networks than those of the training data (see docs/neural.md)."""
    variant: str = "twin"
    seed: int = 0
    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 2e-3
    average: float = 0.998
    """Decay of the running average of the weights, which is what is validated and kept."""
    start: str | None = None
    """Weights of an earlier version to go on from; None: from nothing."""
    limit: int | None = None
    """Only so many samples of each folder of training data."""
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name in ("train", "validation"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.variant not in VARIANTS:
            raise InputError(f"variant is {self.variant!r}", where="training", hint=f"one of {', '.join(VARIANTS)}")


Report = Callable[[int, int, Scores], None]
"""Told the epoch, how many there are, and the scores on the validation set."""


def train(args: TrainArgs, output: Path, report: Report | None = None) -> Path:
    """Trains, or goes on training, into a folder; returns the file of the best weights."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    output.mkdir(parents=True, exist_ok=True)
    _check_same(output, args)
    examples = [example for folder in args.train for example in examples_of(Path(folder), limit=args.limit)]
    validation = [example for folder in args.validation for example in examples_of(Path(folder))]
    model = fitted(VARIANTS[args.variant], examples)
    if args.start is not None:
        take_over(model, load_model(Path(args.start)))
    model = model.to(args.device)
    run = load_checkpoint(output, model, args.learning_rate)
    while run.epoch < args.epochs:
        _one_epoch(model, run, examples, args)
        scores = scores_of(run.averaged(model), validation, args.device)
        if scores.overall < run.best:
            run.best = scores.overall
            save_model(run.averaged(model), output / "model.safetensors", {"args": asdict(args), "epoch": run.epoch})
        save_checkpoint(output, model, run)
        _write_history(output, run, scores)
        if report:
            report(run.epoch, args.epochs, scores)
    draw_history(output)
    return output / "model.safetensors"


def fitted(shape: ModelShape, examples: list[Example]) -> TwinModel:
    """A fresh model that knows the scales of its features."""
    some = examples[:: max(len(examples) // 2000, 1)]
    batch = batch_of(union_of(some).graph)
    model = TwinModel(shape, FeatureCounts.of(batch))
    for scale, plain, theory in (
        (model.queue_scale, batch.queue_plain, batch.queue_theory),
        (model.hop_scale, batch.hop_plain, batch.hop_theory),
        (model.demand_scale, batch.demand_plain, batch.demand_theory),
    ):
        scale.fit(torch.cat([plain, theory], dim=1) if shape.has_prior else plain)
    return model


def take_over(model: TwinModel, earlier: TwinModel) -> None:
    """The weights of an earlier version. Features that it lacked, the last ones of their kind, have no weight at first."""
    new, old = model.state_dict(), earlier.state_dict()
    with torch.no_grad():
        for name, value in old.items():
            part = new[name]
            if name.endswith((".low", ".high")):
                continue  # the range of the data is that of the new data
            if part.shape != value.shape and "_scale." not in name:
                part.zero_()
            part[tuple(slice(n) for n in value.shape)] = value


def _one_epoch(model: TwinModel, run: Checkpoint, examples: list[Example], args: TrainArgs) -> None:
    steps = -(-len(examples) // args.batch_size)
    for step, example in enumerate(_batches(examples, args, run.epoch)):
        done = (run.epoch + step / steps) / args.epochs
        rate = args.learning_rate * (min(1.0, (run.epoch * steps + step + 1) / 200) * 0.5 * (1 + np.cos(np.pi * done)) + 1e-3)
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        batch = batch_of(example.graph, args.device)
        loss = training_loss(model(batch), tensors_of(example.labels, args.device), batch)
        if not torch.isfinite(loss):
            continue  # one strange sample must not spoil the weights
        run.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        run.optimizer.step()
        run.average(model, args.average)
    run.epoch += 1


def _batches(examples: list[Example], args: TrainArgs, epoch: int) -> Iterator[Example]:
    order = np.random.default_rng([args.seed, epoch]).permutation(len(examples))
    for start in range(0, len(order), args.batch_size):
        yield union_of([examples[i] for i in order[start : start + args.batch_size]])


def _check_same(output: Path, args: TrainArgs) -> None:
    path, wanted = output / "args.json", json.loads(json.dumps(asdict(args)))
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_text())
        different = [name for name, value in wanted.items() if known.get(name) != value and name not in ("threads", "device")]
        if different:
            raise InputError(f"it holds a training with another {', '.join(different)}", where=str(output), hint="choose another folder")
    path.write_text(json.dumps(wanted, indent=2) + "\n")


def args_of(output: Path, **changed: Any) -> TrainArgs:
    """The arguments that a folder was trained with."""
    return replace(TrainArgs(**json.loads((output / "args.json").read_text())), **changed)


def _write_history(output: Path, run: Checkpoint, scores: Scores) -> None:
    path = output / "history.csv"
    is_new = run.epoch == 1 or not path.exists()
    with path.open("w" if is_new else "a", newline="") as file:
        writer = csv.writer(file)
        row = {"epoch": run.epoch, **asdict(scores), "overall": scores.overall}
        if is_new:
            writer.writerow(row)
        writer.writerow([f"{value:.6g}" for value in row.values()])
