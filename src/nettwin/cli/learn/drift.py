"""``nettwin learn drift``."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli import asking
from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    from rich.console import Console

    from nettwin.learn.drift import Watched


def drift(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Measurements in the order of time.", show_default=False)],
    *,
    choice: asking.EngineChoice,
    delta: Annotated[float, typer.Option("--delta", min=1e-9, max=0.5, help="Probability of a false alarm.")] = 0.002,
    destination: Destination,
) -> None:
    """Say when the predictions stopped fitting the measurements, which is when to fine-tune."""
    from nettwin.apps.evaluate import samples_of
    from nettwin.cli.progress import progress
    from nettwin.learn.drift import watch

    predictor = choice.create()
    with progress(f"comparing {choice.engine} with {dataset}"):
        read = (sample.read() for sample in samples_of(dataset))
        watched = list(watch(predictor, ((one.scenario, one.performance) for one in read if one.performance is not None), delta))
    emit(Result(lambda console: _render(console, watched), lambda: {"measurements": _rows(watched)}, lambda: _frame(watched)), destination)


def _rows(watched: "list[Watched]") -> list[dict[str, Any]]:
    return [asdict(one) for one in watched]


def _render(console: "Console", watched: "list[Watched]") -> None:
    from nettwin.cli.console import table

    alarms = [one for one in watched if one.is_drift]
    rows = [(str(one.index), f"{one.error:.2%}", f"{one.mean_before:.2f}", f"{one.mean_now:.2f}") for one in alarms]
    title = f"{len(watched)} measurements, {len(alarms)} changes found"
    console.print(table(title, ("measurement", "median error there", "mean error / expected before", "since"), rows))
    if alarms:
        console.print("The network no longer behaves as the twin expects: nettwin learn finetune lets it learn.")


def _frame(watched: "list[Watched]") -> Any:
    import pandas as pd

    return pd.DataFrame(_rows(watched)).set_index("index")
