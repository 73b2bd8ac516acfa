"""``nettwin learn show``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    from rich.console import Console


def show(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A twin; ours by default.", show_default=False)] = None,
    *,
    destination: Destination,
) -> None:
    """Tell how a neural twin was made: version, data, seeds, scores."""
    from nettwin.predict.neural.library import SHIPPED, load_library

    path = SHIPPED if folder is None else folder
    emit(result_of(load_library(path).manifest, "the twin that comes with nettwin" if folder is None else str(path)), destination)


def result_of(manifest: dict[str, Any], title: str) -> Result:
    """A manifest for people and machines, without the long table of calibration factors for people."""
    return Result(lambda console: _render(console, manifest, title), lambda: manifest, lambda: _frame(manifest))


def _render(console: "Console", manifest: dict[str, Any], title: str) -> None:
    from nettwin.cli.console import table

    console.print(table(title, ("", ""), list(_lines(manifest).items()), right=()))


def _lines(manifest: dict[str, Any]) -> dict[str, str]:
    return dict(_flat({key: value for key, value in manifest.items() if key != "calibration"}, ""))


def _flat(plain: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(plain, dict):
        return [pair for key, value in plain.items() for pair in _flat(value, f"{name} {key}".strip())]
    if isinstance(plain, list) and any(isinstance(item, dict) for item in plain):
        return [pair for number, item in enumerate(plain) for pair in _flat(item, f"{name} {number}")]
    return [(name.replace("_", " "), f"{plain:.4g}" if isinstance(plain, float) else str(plain))]


def _frame(manifest: dict[str, Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(_lines(manifest).items(), columns=["name", "value"]).set_index("name")
