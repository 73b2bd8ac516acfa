"""``nettwin dataset append``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nettwin.performance import Performance
    from nettwin.scenario import Scenario


def append(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The data set that grows; it is made if need be.", show_default=False)],
    recorded: Annotated[
        str, typer.Argument(metavar="SAMPLES", help="Scenarios with a recorded performance, as for `nettwin evaluate`.", show_default=False)
    ],
    *,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N samples.", show_default=False)] = None,
) -> None:
    """Add measured samples: what telemetry or somebody's recordings say of a network becomes training data."""
    from nettwin.cli.progress import progress
    from nettwin.errors import InputError
    from nettwin.learn.dataset import append_samples

    with progress(f"adding {recorded} to {folder}"):
        n_samples = append_samples(folder, _content(folder, recorded, limit), source=recorded)
    if not n_samples:
        raise InputError("no simulation with a recorded performance", where=recorded, hint="a datanet folder or a nettwin data set")
    typer.echo(f"{n_samples} samples added to {folder}")


def _content(folder: Path, recorded: str, limit: int | None) -> "Iterator[tuple[Scenario, Performance]]":
    from itertools import islice

    from nettwin.apps.evaluation_samples import read_recorded, samples_of
    from nettwin.errors import InputError

    if folder.exists() and Path(recorded).exists() and folder.samefile(recorded):
        raise InputError("a data set cannot be added to itself", where=recorded, hint="name another one")
    return map(read_recorded, islice(samples_of(recorded), limit))
