"""The neural twin as it is, told the latency of the devices, and fine-tuned on folds 0 and 1."""

import time
from collections.abc import Iterator
from dataclasses import asdict
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

KINDS = {"may forget 10 %": 0.1, "may forget anything": 1e9}


def section(args: Args) -> Iterator[str]:
    yield "## The neural twin, fine-tuned\n"
    yield f"Every {args.tuning_step}th experiment of folds 0 and 1 (one in five of them held out), {args.tuning_epochs} epochs, with"
    yield "simulated networks rehearsed. Latency: one constant per link, from the same experiments, as a propagation delay.\n"
    fresh = training(args)
    latency_s = link_latency_s(fresh)
    told = partial(with_latency, per_link_s=latency_s)
    fresh = [(told(scenario), performance) for scenario, performance in fresh]
    yield f"{len(fresh)} experiments; latency per link: {1e6 * latency_s:.1f} us\n"
    tuned = {name: tune(args, fresh, forgetting) for name, forgetting in KINDS.items()}
    yield HEAD
    for family, name in FAMILIES.items():
        plain = measured(islice(testbed.experiments(fold(args, family, 2)), args.zero_shot))
        pairs = [(told(scenario), performance) for scenario, performance in plain]
        yield row(name, "neural, zero-shot", *asked(NeuralPredictor(), plain))
        yield row(name, "queueing, told the latency", *asked(QueueingPredictor(), pairs))
        yield row(name, "neural, told the latency", *asked(NeuralPredictor(), pairs))
        for kind, (folder, _, _) in tuned.items():
            yield row(name, f"neural, fine-tuned, {kind}", *asked(NeuralPredictor(weights=str(folder)), pairs))
    yield ""
    yield "| fine-tuning | kept of the new weights | members' MAPE held out | on simulated networks | CPU s |"
    yield "|---|---|---|---|---|"
    for kind, (_, result, seconds) in tuned.items():
        old = f"{100 * result.old_before:.1f} -> {100 * result.old_after:.1f}"
        yield f"| {kind} | {result.mixture:g} | {100 * result.new_before:.1f} -> {100 * result.new_after:.1f} | {old} | {seconds:.0f} |"
    yield ""


def training(args: Args) -> list[Measured]:
    files = [fold(args, family, number) for family in FAMILIES for number in (0, 1)]
    return [pair for file in files for pair in measured(islice(testbed.experiments(file), 0, None, args.tuning_step))]


def tune(args: Args, fresh: list[Measured], forgetting: float) -> tuple[Path, Finetuned, float]:
    """A new version in the output folder; MAPE is what it is scored by, so the relative error is minimised as well."""
    wanted = FinetuneArgs(epochs=args.tuning_epochs, most_forgetting=forgetting, relative=1.0)
    print("fine-tuning", asdict(wanted), flush=True)
    folder, start = args.output / f"tuned-{forgetting:g}", time.process_time()
    result = finetune(load_library(), fresh, folder, wanted)
    return folder, result, time.process_time() - start
