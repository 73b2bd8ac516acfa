"""Learning from the real network without forgetting the rest.

Measured samples are mixed with simulated ones that are drawn again as for the original training (rehearsal), and the new weights are a
mixture of the old and the trained ones (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022): as much of the new as
keeps the error on the old test set within the limit.

A twin corrects theory only as far as a queue resembles those of its training. Queues of the measured network may not (buffers of a hundred
thousand packets, say), so the range of the features is widened by what was measured before training begins.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nettwin.errors import InputError
from nettwin.learn.examples import Example, example_of, union_of
from nettwin.learn.losses import tensors_of, training_loss
from nettwin.learn.scores import scores_of
from nettwin.performance import Performance
from nettwin.predict.neural.batch import batch_of
from nettwin.predict.neural.library import Library, write_library
from nettwin.predict.neural.model import TwinModel
from nettwin.predict.neural.weights import save_model
from nettwin.scenario import Scenario

MIXTURES = (1.0, 0.75, 0.5, 0.25, 0.1)
_HELD_OUT = 5
"""Every fifth measured sample decides how much of the new weights is kept, and trains nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneArgs:
    """How a twin learns from measurements."""

    seed: int = 0
    epochs: int = 20
    batch_size: int = 16
    learning_rate: float = 3e-4
    most_forgetting: float = 0.10
    """The error on the old test set may grow by this share."""
    rehearsal: int = 60
    """Simulated samples that are mixed in, and as many thirds that test for forgetting."""
    rehearsed: float = 0.5
    """Of these, how many there are beside each measured sample of a batch."""
    relative: float = 0.0
    """Weight of the absolute error over the measured delay beside that of the logarithm's 1: where delays cannot be known, it keeps low."""


@dataclass(frozen=True, slots=True)
class Finetuned:
    """What became of the errors (mean MAPE of mean delays), old weights first."""

    new_before: float
    new_after: float
    """On held-out measurements."""
    old_before: float
    old_after: float
    """On simulated networks."""
    mixture: float
    """Share of the trained weights in the new ones; 0: nothing was gained, the old ones stay."""


Progress = Callable[[int, int], None]


def finetune(
    library: Library,
    measured: Sequence[tuple[Scenario, Performance]],
    output: Path,
    args: FinetuneArgs = FinetuneArgs(),
    progress: Progress | None = None,
) -> Finetuned:
    """Trains every member on measurements and writes a new version of the twin into ``output``."""
    if len(measured) < 2:
        raise InputError(f"{len(measured)} measured samples", where="fine-tuning", hint="give two or more; one in five is held out")
    new = [example_of(scenario, performance) for scenario, performance in measured]
    held_out, fresh = new[::_HELD_OUT], [example for i, example in enumerate(new) if i % _HELD_OUT]
    old, test = _rehearsal(args)
    trained = []
    for number, model in enumerate(library.models):
        trained.append(_trained(model, fresh, old, args, number))
        if progress:
            progress(number + 1, len(library.models))
    before = _errors(library.models, held_out), _errors(library.models, test)
    mixture, models = _chosen(library.models, trained, (held_out, test), before, args)
    after = _errors(models, held_out), _errors(models, test)
    result = Finetuned(before[0], after[0], before[1], after[1], mixture)
    _write(library, models, output, args, result, len(measured))
    return result


def _trained(model: TwinModel, fresh: list[Example], old: list[Example], args: FinetuneArgs, number: int) -> TwinModel:
    from copy import deepcopy

    torch.manual_seed(args.seed + number)
    rng = np.random.default_rng([args.seed, number])
    tuned = deepcopy(model).train()
    _widen(tuned, fresh)
    optimizer = torch.optim.Adam(tuned.parameters(), lr=args.learning_rate)
    steps = max(-(-len(fresh) // args.batch_size), 1)
    for _ in range(args.epochs):
        order = rng.permutation(len(fresh))
        for step in range(steps):
            rows = [fresh[i] for i in order[step::steps]]
            rows += [old[i] for i in rng.integers(len(old), size=max(round(args.rehearsed * args.batch_size), 1))] if old else []
            example = union_of(rows)
            batch = batch_of(example.graph)
            outputs, labels = tuned(batch), tensors_of(example.labels)
            loss = training_loss(outputs, labels, batch) + args.relative * relative_error(outputs.delay, labels["delay"])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(tuned.parameters(), 1.0)
            optimizer.step()
    return tuned.eval()


def _widen(model: TwinModel, fresh: list[Example]) -> None:
    """Puts the queues of the examples inside the range in which the model corrects theory."""
    batch = batch_of(union_of(fresh).graph)
    rows = batch.queue_plain
    if model.shape.has_prior:
        rows = torch.cat([rows, batch.queue_theory[:, : model.counts.queue_theory]], dim=1)
    scale = model.queue_scale
    scale.low.copy_(torch.minimum(scale.low, torch.quantile(rows, 0.001, dim=0)))
    scale.high.copy_(torch.maximum(scale.high, torch.quantile(rows, 0.999, dim=0)))


def relative_error(predicted: Tensor, true: Tensor) -> Tensor:
    """Mean absolute error over the true value, where that is known."""
    known = torch.isfinite(true) & (true > 0)
    return (predicted[known] / true[known] - 1).abs().mean() if known.any() else predicted.sum() * 0


def _chosen(
    before: Sequence[TwinModel],
    trained: list[TwinModel],
    tests: tuple[list[Example], list[Example]],
    errors: tuple[float, float],
    args: FinetuneArgs,
) -> tuple[float, list[TwinModel]]:
    """The mixture with the smallest error on the new data among those that do not forget too much."""
    best, chosen, share = errors[0], list(before), 0.0
    for mixture in MIXTURES:
        models = [mixed(one, two, mixture) for one, two in zip(before, trained, strict=True)]
        new, old = _errors(models, tests[0]), _errors(models, tests[1])
        if new < best and not old > errors[1] * (1 + args.most_forgetting):
            best, chosen, share = new, models, mixture
    return share, chosen


def mixed(old: TwinModel, new: TwinModel, share: float) -> TwinModel:
    """A model whose weights are ``share`` new and the rest old."""
    from copy import deepcopy

    model = deepcopy(old)
    weights = {name: torch.lerp(value, new.state_dict()[name], share) for name, value in old.state_dict().items()}
    model.load_state_dict(weights)
    return model.eval()


def _errors(models: Sequence[TwinModel], examples: list[Example]) -> float:
    return float(np.mean([scores_of(model, examples).delay for model in models])) if examples else float("nan")


def _rehearsal(args: FinetuneArgs) -> tuple[list[Example], list[Example]]:
    """Simulated samples to rehearse, and others to test for forgetting."""
    from nettwin.learn.dataset import DatasetArgs, sample

    drawn = DatasetArgs(samples=args.rehearsal + args.rehearsal // 3 + 1, seed=10_000 + args.seed, hops=5e5, hops_per_demand=5e3)
    examples = [example_of(*sample(drawn, index, ())) for index in range(drawn.samples)] if args.rehearsal else []
    return examples[: args.rehearsal], examples[args.rehearsal :]


def _write(library: Library, models: list[TwinModel], output: Path, args: FinetuneArgs, result: Finetuned, n_measured: int) -> None:
    output.mkdir(parents=True, exist_ok=True)
    files = []
    for number, model in enumerate(models):
        files.append(output / f"member-{number}.safetensors")
        save_model(model, files[-1], {"finetuned_from": library.version})
    about: dict[str, Any] = {
        key: value for key, value in library.manifest.items() if key not in ("members", "calibration", "format", "version")
    }
    about |= {
        "version": f"{library.version}+{n_measured}",
        "finetuned_from": library.version,
        "finetuning": {**asdict(args), "measured_samples": n_measured, **asdict(result)},
    }
    write_library(output, files, library.calibration, about)
