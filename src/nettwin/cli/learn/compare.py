"""``nettwin learn compare``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli.learn.train import Training
from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    from rich.console import Console

    from nettwin.learn.compare import Compared


def compare(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where trainings and the figure go.", show_default=False)],
    *,
    test: Annotated[Path, typer.Option("--test", metavar="DIR", help="Data set of networks that no model saw.", show_default=False)],
    variants: Annotated[str, typer.Option("--variants", help="Which models, separated by commas.")] = "mlp,rnn,gnn,gnn-mean,twin",
    training: Training,
    destination: Destination,
) -> None:
    """MLP, RNN, GNN and the twin on unseen networks: a table, and the distribution of errors as DIR/figure4.svg."""
    from nettwin.cli.progress import progress
    from nettwin.learn.compare import compare as run
    from nettwin.learn.compare import draw_cdf

    names = [name.strip() for name in variants.split(",") if name.strip()]
    with progress(f"training {', '.join(names)}") as share:
        results = run(training.args("twin"), test, folder, names, lambda _name, epoch, total, _scores: share(epoch / total))
    draw_cdf(results, folder / "figure4.svg")
    emit(Result(lambda console: _render(console, results), lambda: {"models": _rows(results)}, lambda: _frame(results)), destination)


def _rows(results: "list[Compared]") -> list[dict[str, Any]]:
    return [result.row() for result in results]


def _render(console: "Console", results: "list[Compared]") -> None:
    from nettwin.cli.console import table

    names = ("mape", "standard_error", "p50", "p80", "p90", "p95", "p99")
    rows = [(row["model"], str(row["parameters"]), *(f"{100 * row[name]:.2f} %" for name in names)) for row in _rows(results)]
    title = "Relative error of mean delays on unseen networks (MAPE: mean over networks; quantiles: over all demands)"
    console.print(table(title, ("model", "parameters", "MAPE", "standard error", "50 %", "80 %", "90 %", "95 %", "99 %"), rows))


def _frame(results: "list[Compared]") -> Any:
    import pandas as pd

    return pd.DataFrame(_rows(results)).set_index("model")
