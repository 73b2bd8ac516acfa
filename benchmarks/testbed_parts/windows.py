"""Windows of 100 ms: engines as they are and with the latency of the devices; one experiment as a series in time."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from nettwin.formats import testbed
from nettwin.learn.hardware import Calibrated, Compared, calibrated, compared, predicted_series
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.predict.queueing import QueueingPredictor
from testbed_parts.data import KINDS, Args, asked, measured, window_file, window_sample

SHOWN = 3
"""Flows in the picture: the one whose load changes most and two more."""


def section(args: Args) -> Iterator[str]:
    yield "## Windows of 100 ms\n"
    yield "testbed-windows; latency: four constants of the devices, from the training file. Errors over flows and windows.\n"
    yield "| sources | what answers | file | windows | flows | MAPE | median | p95 |"
    yield "|---|---|---|---|---|---|---|---|"
    twins: dict[str, list[Calibrated]] = {}
    for kind, name in KINDS.items():
        pairs = measured(window_sample(args, kind, "training"))
        twins[kind] = [calibrated(engine, pairs) for engine in (QueueingPredictor(), NeuralPredictor())]
        for split in ("training", "validation", "test"):
            sample = measured(window_sample(args, kind, split))
            for twin in twins[kind]:
                for predictor in (twin.engine, twin):
                    answer, true, owner = asked(predictor, sample)
                    error = np.abs(answer / true - 1)
                    yield f"| {name} | {predictor.name} | {split} | {owner.max() + 1} | {len(true)} | {figures(error)} |"
        yield from (constants(name, twin) for twin in twins[kind])
    yield ""
    yield from series(args, {kind: twins[kind] for kind in KINDS})


def figures(error: np.ndarray) -> str:
    return " | ".join(f"{100 * figure:.2f}" for figure in (error.mean(), np.median(error), np.quantile(error, 0.95)))


def constants(name: str, twin: Calibrated) -> str:
    latency = f"{1e6 * twin.fixed_s:.1f} us and {1e6 * twin.per_link_s:.1f} us per link, {1e9 * twin.per_bit_s:.2f} ns per bit"
    return f"| {name} | {twin.name}: | | | | {latency}, times {twin.factor:.2f} | | |"


def series(args: Args, twins: dict[str, list[Calibrated]]) -> Iterator[str]:
    """All windows of the first test experiment of each kind, in order."""
    yield "All windows of the first experiment of each test file, in order (`predicted_series`):\n"
    yield "| sources | what answers | windows | flows and windows | MAPE | median | p95 |"
    yield "|---|---|---|---|---|---|---|"
    for kind, name in KINDS.items():
        windows = [window.read() for window in islice(testbed.windows(window_file(args, kind, "test")), n_windows(args, kind))]
        for twin in twins[kind]:
            both = compared(predicted_series(twin, windows), windows)
            yield f"| {name} | {twin.name} | {len(windows)} | {len(both.relative_errors)} | {figures(both.relative_errors)} |"
        if kind == "on_off":
            draw(args, both, np.array([window.scenario.traffic.rate_bps for window in windows]))
    yield ""
    yield f"`docs/figures/{args.figure.name}` shows three flows of the on-off experiment.\n"


def n_windows(args: Args, kind: str) -> int:
    """Of the first experiment of the test file."""
    return sum(window.index == 0 for window in testbed.windows(window_file(args, kind, "test")))


def draw(args: Args, both: Compared, rate_bps: np.ndarray) -> None:
    """Measured and predicted delays of the flows that vary most, over what the network carries."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    load, delay = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    load.step(both.start_s, 1e-6 * rate_bps.sum(axis=1), where="post", color="grey")
    load.set_ylabel("all flows, Mbit/s")
    is_long = np.isfinite(both.measured_s).sum(axis=0) > len(both.start_s) / 8
    variation = np.nanstd(np.where(is_long, both.measured_s, 0.0), axis=0)
    for color, flow in enumerate(np.argsort(variation)[::-1][:SHOWN]):
        delay.plot(both.start_s, 1e6 * both.measured_s[:, flow], f"C{color}.", markersize=3, label=f"flow {flow}, measured")
        delay.step(both.start_s, 1e6 * both.predicted_s[:, flow], f"C{color}-", where="post", linewidth=1, label="predicted")
    delay.set_xlabel("time, s")
    delay.set_ylabel("mean delay per window, us")
    delay.legend(fontsize=7, ncols=SHOWN)
    for axes in (load, delay):
        axes.grid(alpha=0.3)
    figure.savefig(args.figure, metadata={"Date": None})
