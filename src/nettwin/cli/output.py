"""Results to where they are wanted: a table for people, or JSON, CSV and Parquet for machines."""

import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from nettwin.cli.options import Format, Output, OutputFormat

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Destination:
    """What ``--format`` and ``--output`` say."""

    format: Format = OutputFormat.TEXT
    output: Output = None

    def __post_init__(self) -> None:
        if self.format is OutputFormat.PARQUET and self.output is None:
            raise typer.BadParameter("parquet is binary: give --output FILE", param_hint="--format")


@dataclass(frozen=True)
class Result:
    """One result in all its forms."""

    render: Callable[["Console"], None]
    """Prints it for people."""
    document: Callable[[], Mapping[str, Any]]
    """All of it, for JSON; DataFrames become lists of rows."""
    table: Callable[[], "pd.DataFrame"]
    """The part of it that CSV and Parquet hold."""


def emit(result: Result, destination: Destination) -> None:
    """Write a result in the form and to the place that were asked for."""
    match destination.format:
        case OutputFormat.TEXT:
            _emit_text(result, destination.output)
        case OutputFormat.JSON:
            write_text(json.dumps(plain(result.document()), indent=1, allow_nan=False) + "\n", destination.output)
        case OutputFormat.CSV:
            write_text(_harmless(result.table().reset_index()).to_csv(index=False), destination.output)
        case OutputFormat.PARQUET:
            result.table().reset_index().to_parquet(destination.output, index=False)


def plain(value: Any) -> Any:
    """Numbers, strings, lists and mappings only; not-a-number and infinity become null, as JSON has neither."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return _rows(value)
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    flat = table if table.index.name is None else table.reset_index()
    columns = [[plain(item) for item in flat[name].tolist()] for name in flat.columns]
    return [dict(zip(flat.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _harmless(table: "pd.DataFrame") -> "pd.DataFrame":
    """Spreadsheets run cells that start like a formula; names come from other people's files."""
    texts = [name for name in table.columns if table[name].dtype.kind not in "biuf"]
    return table.assign(**{name: [_quoted(cell) for cell in table[name]] for name in texts})


def _quoted(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def _emit_text(result: Result, path: Path | None) -> None:
    from nettwin.cli.console import screen

    if path is None:
        result.render(screen())
        return
    from rich.console import Console

    with path.open("w", encoding="utf-8") as file:
        result.render(Console(file=file, width=160, highlight=False))


def write_text(text: str, path: Path | None) -> None:
    """To the file, or to standard output; a reader that has gone is no error."""
    if path is not None:
        path.write_text(text, encoding="utf-8")
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        return  # the reader had enough; main closes the pipe quietly
