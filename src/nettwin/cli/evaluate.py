"""``nettwin evaluate``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli import asking
from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from nettwin.apps.evaluate import Evaluation

_DELAY = (
    ("mape", "delay, MAPE (mean over simulations)"),
    ("mape_pooled", "delay, MAPE pooled"),
    ("median_ape", "delay, median error"),
    ("p95_ape", "delay, 95 % of errors below"),
    ("p99_ape", "delay, 99 % of errors below"),
    ("wape", "delay, WAPE"),
    ("bias_slowest_1pct", "delay, bias on the slowest 1 %"),
    ("p90_mape", "p90 delay, MAPE"),
    ("coverage_90", "inside the 90 % interval"),
)


def evaluate(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="A datanet archive or folder, or a nettwin data set.", show_default=False)
    ],
    *,
    choice: asking.EngineChoice,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N simulations.", show_default=False)] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Simulations predicted at the same time.")] = 1,
    destination: Destination,
) -> None:
    """Compare an engine with recorded truth: errors of delay, loss and utilization."""
    from nettwin.apps.evaluate import evaluate as run
    from nettwin.cli.progress import progress

    predictor = choice.create()
    with progress(f"evaluating {choice.engine} on {dataset}") as share:
        evaluation = run(dataset, predictor, limit=limit, n_jobs=jobs, progress=lambda done, total: share(done / total))
    result = Result(
        render=lambda console: _render(console, dataset, evaluation),
        document=evaluation.to_dict,
        table=lambda: _frame(evaluation),
    )
    emit(result, destination)


def _frame(evaluation: "Evaluation") -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(evaluation.rows()).set_index("source")


def _render(console: "Console", dataset: str, evaluation: "Evaluation") -> None:
    from nettwin.cli.console import table

    whole = evaluation.to_dict()
    groups = [("all", whole)]
    groups += [(_load_name(group), group) for group in whole["by_max_utilization"]]
    groups += [(f"{group['nodes']} nodes", group) for group in whole["by_nodes"]]
    title = f"{evaluation.engine} on {dataset}: {whole['simulations']} simulations, {whole['demands']} demands, {whole['seconds']:.3g} s"
    rows = [(name, *_figures([group["delay"][key] for _, group in groups])) for key, name in _DELAY]
    rows.append(("loss ratio, mean absolute error", *_figures([group["loss"]["mae"] for _, group in groups], digits=5)))
    rows.append(("utilization, mean absolute error", *_figures([group["utilization"]["mae"] for _, group in groups], digits=5)))
    console.print(table(title, ("", *(name for name, _ in groups)), [row for row in rows if any(cell != "-" for cell in row[1:])]))


def _load_name(group: dict[str, Any]) -> str:
    return f"load {group['from']:g} to {group['to']:g}" if group["to"] is not None else f"load {group['from']:g} and more"


def _figures(values: list[float | None], digits: int = 0) -> list[str]:
    if digits:
        return ["-" if value is None else f"{value:.{digits}f}" for value in values]
    return ["-" if value is None else f"{100 * value:.2f} %" for value in values]
