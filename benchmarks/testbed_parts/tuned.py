"""The neural twin as it is, told the latency of the devices, and fine-tuned on folds 0 and 1."""

import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from nettwin.formats import testbed
from nettwin.learn.finetune import FinetuneArgs, Finetuned, finetune
from nettwin.learn.hardware import link_latency_s, with_latency
from nettwin.predict.neural.library import load_library
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.predict.queueing import QueueingPredictor
from testbed_parts.data import FAMILIES, HEAD, Args, Measured, asked, fold, measured, row


def section(args: Args) -> Iterator[str]:
    yield "## The neural twin, fine-tuned\n"
    yield f"Every {args.tuning_step}th experiment of folds 0 and 1 (one in five of them held out), {args.tuning_epochs} epochs, with"
    yield "simulated networks rehearsed. Latency: one constant per link, from the same experiments, as a propagation delay.\n"
    fresh = training(args)
    latency_s = link_latency_s(fresh)
    told = partial(with_latency, per_link_s=latency_s)
    fresh = [(told(scenario), performance) for scenario, performance in fresh]
    yield f"{len(fresh)} experiments; latency per link: {1e6 * latency_s:.1f} us\n"
    folder, result, seconds = tune(args, fresh)
    yield HEAD
    for family, name in FAMILIES.items():
        plain = measured(islice(testbed.experiments(fold(args, family, 2)), args.zero_shot))
        pairs = [(told(scenario), performance) for scenario, performance in plain]
        yield row(name, "neural, zero-shot", *asked(NeuralPredictor(), plain))
        yield row(name, "queueing, told the latency", *asked(QueueingPredictor(), pairs))
        yield row(name, "neural, told the latency", *asked(NeuralPredictor(), pairs))
        yield row(name, "neural, fine-tuned, told the latency", *asked(NeuralPredictor(weights=str(folder)), pairs))
    yield ""
    yield f"Of the trained weights {100 * result.mixture:.0f} % are kept. The members' mean MAPE fell from {100 * result.new_before:.1f} to"
    yield f"{100 * result.new_after:.1f} % on the held-out experiments, and went from {100 * result.old_before:.2f} to"
    yield f"{100 * result.old_after:.2f} % on simulated networks. {seconds:.0f} s of CPU time.\n"


def training(args: Args) -> list[Measured]:
    files = [fold(args, family, number) for family in FAMILIES for number in (0, 1)]
    return [pair for file in files for pair in measured(islice(testbed.experiments(file), 0, None, args.tuning_step))]


def tune(args: Args, fresh: list[Measured]) -> tuple[Path, Finetuned, float]:
    """A new version in the output folder, and CPU seconds; MAPE is what it is scored by, so the relative error is minimised as well."""
    wanted = FinetuneArgs(epochs=args.tuning_epochs, rehearsed=1.5, learning_rate=5e-4, relative=1.0)
    folder, start = args.output / "tuned", time.process_time()
    result = finetune(load_library(), fresh, folder, wanted)
    return folder, result, time.process_time() - start
