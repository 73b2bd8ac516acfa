"""``nettwin learn train``."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    from rich.console import Console

    from nettwin.learn.train import TrainArgs


@dataclass(frozen=True, slots=True)
class Training:
    """How a model is trained."""

    train: Annotated[str, typer.Option("--train", metavar="DIR[,DIR]", help="Data to learn from.")] = "data/train"
    validation: Annotated[str, typer.Option("--validation", metavar="DIR[,DIR]", help="Larger networks that say when to stop.")] = (
        "data/validation"
    )
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of weights and order.")] = 0
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the data.")] = 60
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="Networks per step.")] = 32
    learning_rate: Annotated[float, typer.Option("--learning-rate", min=1e-8, help="At the start.")] = 2e-3
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N samples.", show_default=False)] = None
    threads: Annotated[int, typer.Option("--threads", min=1, help="Of the processor.")] = 1
    device: Annotated[str, typer.Option("--device", help="cpu or cuda.")] = "cpu"

    def args(self, variant: str) -> "TrainArgs":
        """Raises InputError for a variant that does not exist."""
        from nettwin.learn.train import TrainArgs

        chosen = asdict(self) | {name: tuple(getattr(self, name).split(",")) for name in ("train", "validation")}
        return TrainArgs(variant=variant, **chosen)


def train(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where weights, history and checkpoint go.", show_default=False)],
    *,
    variant: Annotated[str, typer.Option("--variant", help="twin, gnn (RouteNet-Fermi), gnn-mean, rnn or mlp.")] = "twin",
    training: Training,
    destination: Destination,
) -> None:
    """Train one model. Interrupted, it goes on where it was."""
    from nettwin.cli.progress import progress
    from nettwin.learn.train import train as run

    with progress(f"training {variant} into {folder}") as share:
        run(training.args(variant), folder, lambda epoch, total, _scores: share(epoch / total))
    emit(Result(lambda console: _render(console, folder), lambda: {"history": _frame(folder)}, lambda: _frame(folder)), destination)


def _frame(folder: Path) -> Any:
    import pandas as pd

    return pd.read_csv(folder / "history.csv").set_index("epoch")


def _render(console: "Console", folder: Path) -> None:
    from nettwin.cli.console import table

    history = _frame(folder)
    best = history["overall"].idxmin()
    rows = [(name, f"{history.loc[best, name]:.4f}") for name in history.columns]
    console.print(table(f"{folder}: best on the validation set after {best} of {len(history)} epochs", ("", "score"), rows))
