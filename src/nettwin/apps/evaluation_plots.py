"""What an evaluation looks like: four figures in files, drawn without a screen."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nettwin.apps.evaluate import EvaluatedSample, Evaluation
from nettwin.performance.error_measures import COVERAGE, is_comparable, relative_errors
from nettwin.performance.pooled_errors import errors_of_many
from nettwin.performance.prediction_errors import DelayColumns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE_INCHES = (7.0, 4.5)
_SMALLEST_ERROR = 1e-4
_MOST_POINTS = 2000
"""Of a curve: more are not seen."""
_N_PARTS = 20
_DENSE = 5000
"""So many demands are shown as a density, fewer as points."""


def write_plots(evaluation: Evaluation, folder: Path, suffix: str = "png") -> list[Path]:
    """Writes the figures for which there is something to show, as ``png`` or ``svg``; returns their files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [path for name, draw in PLOTS.items() if (path := _written(evaluation, draw, folder / f"{name}.{suffix}"))]


def error_cdf(axes: "Axes", evaluation: Evaluation) -> bool:
    """How many demands have an error below which value, by the load of their simulation."""
    for name, pool in _groups(evaluation):
        errors = np.sort(np.abs(relative_errors(pool.predicted_s, pool.recorded_s)))
        if len(errors):
            shown = np.unique(np.linspace(0, len(errors) - 1, _MOST_POINTS).astype(int))
            axes.plot(np.maximum(errors[shown], _SMALLEST_ERROR), (shown + 1) / len(errors), label=name)
    axes.set(xscale="log", ylim=(0, 1), xlabel="relative error of the mean delay", ylabel="share of demands")
    return _with_legend(axes)


def predicted_and_recorded(axes: "Axes", evaluation: Evaluation) -> bool:
    """Each demand's predicted delay beside the recorded one; on the line they are equal."""
    pool = _pool(evaluation.samples)
    pool = pool.rows(is_comparable(pool.predicted_s, pool.recorded_s) & (pool.predicted_s > 0))
    if not len(pool.recorded_s):
        return False
    ends = [min(pool.recorded_s.min(), pool.predicted_s.min()), max(pool.recorded_s.max(), pool.predicted_s.max())]
    if len(pool.recorded_s) < _DENSE or ends[0] == ends[1]:
        axes.plot(pool.recorded_s, pool.predicted_s, ".", markersize=3, alpha=0.4)
        axes.set(xscale="log", yscale="log")
    else:
        cells = axes.hexbin(
            pool.recorded_s, pool.predicted_s, gridsize=80, bins="log", xscale="log", yscale="log", mincnt=1, linewidths=0.1
        )
        axes.figure.colorbar(cells, ax=axes, label="demands")
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set(xlabel="recorded mean delay (s)", ylabel="predicted mean delay (s)")
    return True


def error_by_true_delay(axes: "Axes", evaluation: Evaluation) -> bool:
    """Mean absolute error and bias of demands, from the fastest to the slowest of the recording."""
    pool = _pool(evaluation.samples)
    pool = pool.rows(is_comparable(pool.predicted_s, pool.recorded_s))
    if not len(pool.recorded_s):
        return False
    parts = np.array_split(np.argsort(pool.recorded_s, kind="stable"), min(_N_PARTS, len(pool.recorded_s)))
    errors = [relative_errors(pool.predicted_s[part], pool.recorded_s[part]) for part in parts]
    shares = (np.arange(len(parts)) + 0.5) / len(parts)
    axes.plot(shares, [np.abs(part).mean() for part in errors], "o-", label="mean absolute error")
    axes.plot(shares, [part.mean() for part in errors], "s-", label="bias (below 0: under-predicted)")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlim=(0, 1), xlabel="quantile of the recorded mean delay", ylabel="relative error")
    return _with_legend(axes)


def coverage_by_load(axes: "Axes", evaluation: Evaluation) -> bool:
    """How many recorded delays lie in the predicted 90 % interval; nothing to show where none was predicted."""
    groups = [(name, errors_of_many([sample.errors for sample in samples]).delay) for name, samples in _named(evaluation)]
    known = [(name, delay) for name, delay in groups if np.isfinite(delay.coverage_90)]
    if not known:
        return False
    bars = axes.bar([name for name, _ in known], [delay.coverage_90 for _, delay in known], width=0.6)
    axes.bar_label(bars, labels=[f"{delay.coverage_90:.1%}\nwidth {delay.interval_width:.1%}" for _, delay in known], padding=2)
    axes.axhline(COVERAGE, color="black", linewidth=0.8, linestyle="--")
    axes.set(ylim=(0, 1.15), ylabel="share inside the 90 % interval")
    return True


PLOTS: dict[str, Callable[["Axes", Evaluation], bool]] = {
    "error-cdf": error_cdf,
    "predicted-and-recorded": predicted_and_recorded,
    "error-by-true-delay": error_by_true_delay,
    "coverage-by-load": coverage_by_load,
}
"""By the name of their file. Each draws, and says whether there was something to draw."""


def _written(evaluation: Evaluation, draw: Callable[["Axes", Evaluation], bool], path: Path) -> Path | None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    if not draw(axes, evaluation):
        return None
    axes.set_title(f"{evaluation.engine}, {len(evaluation.samples)} simulations, {evaluation.rates} rates", fontsize="medium")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=150)
    return path


def _named(evaluation: Evaluation) -> list[tuple[str, Sequence[EvaluatedSample]]]:
    groups: list[tuple[str, Sequence[EvaluatedSample]]] = [(group.name, group.samples) for group in evaluation.by_load()]
    return [("all", evaluation.samples), *groups] if len(groups) > 1 else groups


def _groups(evaluation: Evaluation) -> list[tuple[str, DelayColumns]]:
    return [(name, _pool(samples)) for name, samples in _named(evaluation)]


def _pool(samples: Sequence[EvaluatedSample]) -> DelayColumns:
    return DelayColumns.pooled([sample.errors.delays for sample in samples])


def _with_legend(axes: "Axes") -> bool:
    has_curves = bool(axes.lines)
    if has_curves:
        axes.legend(fontsize="small")
    return has_curves
