"""``nettwin evaluate``."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli import asking
from nettwin.cli.options import refuse
from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from nettwin.apps.evaluate import Evaluation


class Told(StrEnum):
    """Which rates of the demands the engine is told."""

    NOMINAL = "nominal"
    MEASURED = "measured"


class PlotFormat(StrEnum):
    """How figures are written."""

    PNG = "png"
    SVG = "svg"


@dataclass(frozen=True, slots=True)
class Plots:
    """Whether figures are wanted, and how."""

    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="DIR", help="Also write figures there: errors, coverage.", show_default=False)
    ] = None
    plot_format: Annotated[PlotFormat | None, typer.Option("--plot-format", help="PNG if not given.", show_default=False)] = None

    def __post_init__(self) -> None:
        if self.plots is None:
            refuse("nothing is drawn: give --plots DIR", plot_format=self.plot_format)

    def write(self, evaluation: "Evaluation") -> None:
        """The figures, if they are wanted."""
        if self.plots is not None:
            from nettwin.apps.evaluation_plots import write_plots

            write_plots(evaluation, self.plots, (self.plot_format or PlotFormat.PNG).value)


def evaluate(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="A datanet archive or folder, or a nettwin data set.", show_default=False)
    ],
    *,
    choice: asking.EngineChoice,
    rates: Annotated[Told, typer.Option("--rates", help="Tell the engine the configured rates, or those of the run.")] = Told.NOMINAL,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N simulations.", show_default=False)] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Simulations predicted at the same time.")] = 1,
    plots: Plots,
    destination: Destination,
) -> None:
    """Compare an engine with recorded truth: errors of delay, loss and utilization."""
    from nettwin.apps.evaluate import evaluate as run
    from nettwin.cli.progress import progress

    predictor = choice.create()
    with progress(f"evaluating {choice.engine} on {dataset}") as share:
        evaluation = run(dataset, predictor, limit=limit, rates=rates.value, n_jobs=jobs, progress=lambda done, total: share(done / total))
    plots.write(evaluation)
    result = Result(
        render=lambda console: _render(console, dataset, evaluation),
        document=evaluation.to_dict,
        table=lambda: _frame(evaluation),
    )
    emit(result, destination)


def _frame(evaluation: "Evaluation") -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(evaluation.rows()).set_index("source")


Group = dict[str, Any]


def _delay(key: str) -> Callable[[Group], float | None]:
    return lambda group: group["delay"][key]


def _quantile(level: str) -> Callable[[Group], float | None]:
    return lambda group: group["delay"]["quantile_mape"].get(level)


def _by_true_delay(part: int, key: str) -> Callable[[Group], float | None]:
    return lambda group: next(iter(part_[key] for part_ in group["delay"]["by_true_delay"][part:]), None)


def _in(part: str, key: str) -> Callable[[Group], float | None]:
    return lambda group: group[part][key]


_PERCENT, _SMALL = 0, 5
_LINES: tuple[tuple[str, Callable[[Group], float | None], int], ...] = (
    ("delay, MAPE (mean over simulations)", _delay("mape"), _PERCENT),
    ("delay, MAPE pooled", _delay("mape_pooled"), _PERCENT),
    ("delay, median error", _delay("median_ape"), _PERCENT),
    ("delay, 95 % of errors below", _delay("p95_ape"), _PERCENT),
    ("delay, 99 % of errors below", _delay("p99_ape"), _PERCENT),
    ("delay, WAPE", _delay("wape"), _PERCENT),
    ("delay, MAPE of the faster half", _by_true_delay(0, "mape"), _PERCENT),
    ("delay, MAPE of the slowest 1 %", _by_true_delay(3, "mape"), _PERCENT),
    ("delay, bias on the slowest 1 %", _delay("bias_slowest_1pct"), _PERCENT),
    ("p50 delay, MAPE", _quantile("0.5"), _PERCENT),
    ("p90 delay, MAPE", _delay("p90_mape"), _PERCENT),
    ("p99 delay, MAPE", _quantile("0.99"), _PERCENT),
    ("delay variation, MAPE", _delay("variation_mape"), _PERCENT),
    ("IPDV, MAPE", _delay("ipdv_mape"), _PERCENT),
    ("inside the 90 % interval", _delay("coverage_90"), _PERCENT),
    ("relative width of that interval", _delay("interval_width"), _PERCENT),
    ("delay, MAPE of the 80 % most certain", _delay("selective_mape_80"), _PERCENT),
    ("demands trusted", _in("trusted", "share"), _PERCENT),
    ("delay, MAPE of the trusted", _in("trusted", "mape"), _PERCENT),
    ("delay, MAPE of the others", _in("trusted", "mape_untrusted"), _PERCENT),
    ("loss ratio, mean absolute error", _in("loss", "mae"), _SMALL),
    ("loss ratio, the same where above 0.1 %", _in("loss", "mae_lossy"), _SMALL),
    ("utilization, mean absolute error", _in("utilization", "mae"), _SMALL),
    ("queue occupancy, WAPE", _in("queues", "occupancy_wape"), _PERCENT),
    ("queue loss ratio, mean absolute error", _in("queues", "loss_mae"), _SMALL),
    ("standard error of the recorded delays", lambda group: group["noise"], _PERCENT),
)
"""Name, figure of a group of simulations, and digits; 0 is percent."""


def _render(console: "Console", dataset: str, evaluation: "Evaluation") -> None:
    from nettwin.cli.console import table

    whole = evaluation.to_dict()
    groups = [("all", whole)]
    groups += [(_load_name(group), group) for group in whole["by_max_utilization"]]
    groups += [(f"{group['nodes']} nodes", group) for group in whole["by_nodes"]]
    counts = f"{whole['simulations']} simulations, {whole['demands']} demands, {whole['seconds']:.3g} s"
    title = f"{evaluation.engine} on {dataset}: {counts}, {whole['rates']} rates"
    rows = [(name, *_figures([figure(group) for _, group in groups], digits)) for name, figure, digits in _LINES]
    console.print(table(title, ("", *(name for name, _ in groups)), [row for row in rows if any(cell != "-" for cell in row[1:])]))


def _load_name(group: Group) -> str:
    return f"load {group['from']:g} to {group['to']:g}" if group["to"] is not None else f"load {group['from']:g} and more"


def _figures(values: list[float | None], digits: int = 0) -> list[str]:
    if digits:
        return ["-" if value is None else f"{value:.{digits}f}" for value in values]
    return ["-" if value is None else f"{100 * value:.2f} %" for value in values]
