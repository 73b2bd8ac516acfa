"""``nettwin dataset show``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

_COUNTS = ("style", "load", "nodes", "family", "trouble")


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A data set.", show_default=False)],
    *,
    destination: Destination,
) -> None:
    """Show how a data set was made, and how many samples it has of each style, load, size and trouble."""
    from nettwin.cli.progress import progress
    from nettwin.learn.dataset_summary import summarize_dataset

    with progress(f"counting the samples of {folder}"):
        document = summarize_dataset(folder).to_dict()
    emit(Result(lambda console: _render(console, folder, document), lambda: document, lambda: _frame(document)), destination)


def _render(console: "Console", folder: Path, document: dict[str, Any]) -> None:
    from nettwin.cli.console import table
    from nettwin.cli.dataset.build import render_manifest

    if document["manifest"]:
        render_manifest(console, folder, document["manifest"])
        console.print()
    title = f"{document['samples']} samples in {document['shards']} shards, {document['measured']} of them measured"
    console.print(table(title, ("", "", "samples", "share"), _rows(document), right=(2, 3)))


def _rows(document: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    total = max(document["samples"], 1)
    rows = []
    for name in _COUNTS:
        for index, group in enumerate(document[f"by_{name}"]):
            rows.append((name if index == 0 else "", _label(name, group), str(group["samples"]), f"{group['samples'] / total:.1%}"))
    return rows


def _label(name: str, group: dict[str, Any]) -> str:
    if name == "load":
        return f"{group['from']:g} to {group['to']:g}" if group["to"] is not None else f"{group['from']:g} and more"
    return str(group[name]) or "none"


def _frame(document: dict[str, Any]) -> "pd.DataFrame":
    import pandas as pd

    rows = [(f"{name} {_label(name, group)}", group["samples"]) for name in _COUNTS for group in document[f"by_{name}"]]
    return pd.DataFrame(rows, columns=["kind", "samples"]).set_index("kind")
