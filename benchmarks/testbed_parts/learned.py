"""The model that learned from the testbed, on all of fold 2, and engines as they are on a part of it."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np

from nettwin.formats import testbed
from nettwin.learn.hardware import HardwareArgs, Rule, train
from nettwin.learn.hardware.features import Example
from nettwin.learn.hardware.model import HardwareModel
from nettwin.learn.hardware.storage import load_member
from nettwin.learn.hardware.training import examples_of
from nettwin.learn.hardware.twin import FlowDelays, delays_of
from nettwin.predict.queueing import QueueingPredictor
from testbed_parts.data import FAMILIES, HEAD, Args, asked, fold, measured, row

RANGES_MS = ((0, 0.1), (0.1, 0.3), (0.3, 1), (1, 5), (5, 20), (20, 100), (100, 1000))
SURE = (0.05, 0.1, 0.2, 0.4, 0.7, 10.0)


def wanted(args: Args) -> HardwareArgs:
    files = tuple(str(fold(args, family, number)) for family in FAMILIES for number in (0, 1))
    return HardwareArgs(train=files, members=args.members, epochs=args.epochs)


def members_of(args: Args) -> list[HardwareModel]:
    """Trained now, unless a finished training with these arguments is there."""
    if not is_trained(args.output, wanted(args)):
        train(wanted(args), args.output, lambda *state: print("member, epoch, loss, held-out MAPE:", *state, flush=True))
    return [load_member(path) for path in sorted(args.output.glob("member-*.safetensors"))]


def is_trained(output: Path, wanted: HardwareArgs) -> bool:
    path = output / "args.json"
    is_same = path.exists() and json.loads(path.read_text()) == json.loads(json.dumps(asdict(wanted)))
    history = (output / "history.csv").read_text().splitlines() if is_same else []
    return len(history) == 1 + wanted.members * wanted.epochs


def test_examples(args: Args, family: str) -> tuple[list[Example], np.ndarray, np.ndarray]:
    """Of fold 2, their measured delays, and the experiment of each."""
    examples = examples_of(fold(args, family, 2), wanted(args), args.output)
    owner = np.repeat(np.arange(len(examples)), [len(example.delay_s) for example in examples])
    return examples, np.concatenate([example.delay_s for example in examples]), owner


def section(args: Args) -> Iterator[str]:
    members = members_of(args)
    yield f"Learned: members: {args.members}, epochs: {args.epochs}, folds 0 and 1 of both families."
    yield "MAPE: over all flows / mean of experiments.\n"
    yield HEAD
    details: list[str] = []
    for family, name in FAMILIES.items():
        asked_about = measured(islice(testbed.experiments(fold(args, family, 2)), args.zero_shot))
        yield row(name, "queueing, zero-shot", *asked(QueueingPredictor(), asked_about))
        examples, true, owner = test_examples(args, family)
        yield row(name, "drawn bursts, latency fitted", prior_answer(examples, members[0].base_weights.numpy()), true, owner)
        for rule in Rule:
            yield row(name, f"learned, decided for {rule.value}", delays_of(members, examples, rule).delay_s, true, owner)
        details += [*range_table(name, delays_of(members, examples, Rule.RELATIVE), true)]
    yield ""
    yield from details


def prior_answer(examples: list[Example], weights: np.ndarray) -> np.ndarray:
    """Without learning: the draw at the median of the drawn delays weighted by 1 / delay."""
    answers = []
    for example in examples:
        drawn = np.sort(example.wait_draws + (example.base @ weights)[:, None], axis=1)
        upto = np.cumsum(1 / drawn, axis=1)
        answers.append(drawn[np.arange(len(drawn)), (upto < upto[:, -1:] / 2).sum(axis=1)])
    return np.concatenate(answers)


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
