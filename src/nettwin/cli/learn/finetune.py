"""``nettwin learn finetune``."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    from rich.console import Console

    from nettwin.learn.finetune import Finetuned


def finetune(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="Measured samples: any data set that evaluate reads.", show_default=False)
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the new version of the twin goes.", show_default=False)],
    *,
    twin: Annotated[Path | None, typer.Option("--twin", metavar="DIR", help="The twin to start from.", show_default=False)] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the measurements.")] = 20,
    learning_rate: Annotated[float, typer.Option("--learning-rate", min=1e-8, help="Of the optimizer.")] = 3e-4,
    forgetting: Annotated[float, typer.Option("--forgetting", min=0.0, help="How much worse it may get on simulated networks.")] = 0.1,
    relative: Annotated[float, typer.Option("--relative", min=0.0, help="Weight of the relative error beside the logarithm's 1.")] = 0.0,
    rehearsed: Annotated[float, typer.Option("--rehearsed", min=0.0, help="Simulated samples beside each measured one.")] = 0.5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of order and rehearsal.")] = 0,
    limit: Annotated[int | None, typer.Option("--limit", min=2, help="Only the first N samples.", show_default=False)] = None,
    destination: Destination,
) -> None:
    """Let the twin learn from measurements without forgetting: one sample in five is held out and decides."""
    from nettwin.apps.evaluate import samples_of
    from nettwin.cli.progress import progress
    from nettwin.learn.finetune import FinetuneArgs
    from nettwin.learn.finetune import finetune as run
    from nettwin.predict.neural.library import SHIPPED, load_library

    args = FinetuneArgs(
        seed=seed, epochs=epochs, learning_rate=learning_rate, most_forgetting=forgetting, relative=relative, rehearsed=rehearsed
    )
    with progress(f"fine-tuning on {dataset}") as share:
        measured = [
            (imported.scenario, imported.performance)
            for _, sample in zip(range(limit or 10**9), samples_of(dataset), strict=False)
            if (imported := sample.read()).performance is not None
        ]
        result = run(load_library(SHIPPED if twin is None else twin), measured, folder, args, lambda done, total: share(done / total))
    emit(Result(lambda console: _render(console, folder, result), lambda: asdict(result), lambda: _frame(result)), destination)


def _render(console: "Console", folder: Path, result: "Finetuned") -> None:
    from nettwin.cli.console import table

    rows = [
        ("held-out measurements", f"{result.new_before:.2%}", f"{result.new_after:.2%}"),
        ("simulated networks", f"{result.old_before:.2%}", f"{result.old_after:.2%}"),
    ]
    console.print(
        table(f"Mean error of mean delays; {result.mixture:.0%} of the trained weights kept, in {folder}", ("", "before", "after"), rows)
    )
    if not result.mixture:
        console.print("Nothing was gained on the held-out measurements: the new version has the old weights.")


def _frame(result: "Finetuned") -> Any:
    import pandas as pd

    return pd.DataFrame([asdict(result)]).set_index("mixture")
