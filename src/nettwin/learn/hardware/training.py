"""Training of the hardware model: one loop, an output folder that runs again from its ``args.json``.

The folder holds ``args.json``, ``history.csv``, ``member-<i>.safetensors`` and, beside them, the features of the files.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from nettwin.errors import InputError
from nettwin.formats import testbed
from nettwin.learn.hardware.args import HardwareArgs
from nettwin.learn.hardware.decision import Rule, bin_of, decided
from nettwin.learn.hardware.features import Example, example_of, load_examples, save_examples
from nettwin.learn.hardware.model import PARTS, HardwareModel, union_of
from nettwin.learn.hardware.storage import save_member

QUIET_LOAD = 0.45
"""Below, on all of its ports, a flow waits for next to nothing: such flows tell the delay without waits."""

Report = Callable[[int, int, float, float], None]
"""Told the member, the epoch, the loss, and the MAPE on what was held out."""


def train(args: HardwareArgs, output: Path, report: Report | None = None) -> Path:
    """Trains all members into a folder and returns it."""
    torch.set_num_threads(args.threads)
    output.mkdir(parents=True, exist_ok=True)
    (output / "args.json").write_text(json.dumps(asdict(args), indent=2) + "\n")
    examples = [example for file in args.train for example in examples_of(Path(file), args, output)]
    held_out, fresh = _split(examples, args)
    with (output / "history.csv").open("w", newline="") as file:
        history = csv.writer(file)
        history.writerow(["member", "epoch", "loss", "held_out_mape"])
        for member in range(args.members):
            model = fitted(args, fresh, seed=args.seed + member)
            for epoch, loss, mape in _epochs(model, fresh, held_out, args, output / f"member-{member}.safetensors"):
                history.writerow([member, epoch, f"{loss:.5g}", f"{mape:.5g}"])
                file.flush()
                if report:
                    report(member, epoch, loss, mape)
    return output


def examples_of(file: Path, args: HardwareArgs, output: Path) -> list[Example]:
    """Features of all experiments of a file, kept in the output folder for the next time."""
    digest = hashlib.sha256(repr((str(file.resolve()), args.prior, args.seed)).encode()).hexdigest()[:12]
    kept = output / "features" / f"{file.name.split('.')[0]}-{digest}.npz"
    if kept.exists():
        return load_examples(kept)
    examples = []
    for experiment in testbed.experiments(file):
        imported = experiment.read()
        examples.append(example_of(imported.scenario, imported.performance, args.prior, args.seed + experiment.index))
    if not examples:
        raise InputError("no experiment inside", where=str(file))
    save_examples(examples, kept)
    return examples


def fitted(args: HardwareArgs, examples: list[Example], seed: int) -> HardwareModel:
    """A fresh model that knows the scales of its features and the delays without waits."""
    torch.manual_seed(seed)
    counts = {part: getattr(examples[0], part).shape[1] for part in (*PARTS, "base")}
    model = HardwareModel(args.shape, counts)
    every = union_of(examples)
    for part in PARTS:
        model.scales[part].fit(getattr(every, part))  # type: ignore[operator]
    peak = np.concatenate([example.peak_load for example in examples])
    model.base_weights.copy_(torch.from_numpy(_quiet_delays(every.base.numpy(), every.delay_s.numpy(), peak)))
    return model


def _quiet_delays(base: np.ndarray, delay_s: np.ndarray, peak_load: np.ndarray) -> np.ndarray:
    """Weights of the parts of the delay without waits, by least squares of relative errors."""
    quiet = (peak_load < QUIET_LOAD) & np.isfinite(delay_s)
    if not quiet.any():
        quiet = np.isfinite(delay_s)
    typical = delay_s <= 3 * np.median(delay_s[quiet])
    rows = base[quiet & typical] / delay_s[quiet & typical][:, None]
    return np.asarray(np.linalg.lstsq(rows, np.ones(len(rows)), rcond=None)[0])


def _epochs(
    model: HardwareModel, fresh: list[Example], held_out: list[Example], args: HardwareArgs, path: Path
) -> Iterator[tuple[int, float, float]]:
    """Trains; keeps the weights of the best epoch. Yields epoch, loss and held-out MAPE."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate, weight_decay=args.weight_decay)
    rng = np.random.default_rng([args.seed, len(fresh)])
    steps, best = -(-len(fresh) // args.batch_size), np.inf
    for epoch in range(args.epochs):
        model.train()
        total, order = 0.0, rng.permutation(len(fresh))
        for step in range(steps):
            done = (epoch + step / steps) / args.epochs
            for group in optimizer.param_groups:
                group["lr"] = args.learning_rate * min(1.0, done / 0.02 + 0.05) * (0.5 * (1 + np.cos(np.pi * done)) + 1e-3)
            loss = negative_log_likelihood(model, [fresh[i] for i in order[step::steps]])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item() / steps
        mape = _mape(model, held_out)
        if mape < best:
            best = mape
            save_member(model, path)
        yield epoch + 1, total, mape


def negative_log_likelihood(model: HardwareModel, examples: list[Example]) -> torch.Tensor:
    """Of the bins of the measured delays."""
    batch = union_of(examples)
    known = torch.isfinite(batch.delay_s) & (batch.delay_s > 0)
    ratio = torch.log(batch.delay_s / model.base_s(batch))[known].float()
    picked = torch.gather(model(batch)[known], 1, bin_of(ratio)[:, None])
    return -picked.mean()


def _mape(model: HardwareModel, examples: list[Example]) -> float:
    model.eval()
    with torch.no_grad():
        batch = union_of(examples)
        known = torch.isfinite(batch.delay_s) & (batch.delay_s > 0)
        answer = decided(torch.exp(model(batch)), Rule.RELATIVE) * model.base_s(batch)
        return float((answer[known] / batch.delay_s[known] - 1).abs().mean())


def _split(examples: list[Example], args: HardwareArgs) -> tuple[list[Example], list[Example]]:
    """What is held out, and what is trained on. Of a single experiment both."""
    order = np.random.default_rng(args.seed).permutation(len(examples))
    n = max(round(args.held_out * len(examples)), 1)
    return [examples[i] for i in order[:n]], [examples[i] for i in order[n:]] or examples
