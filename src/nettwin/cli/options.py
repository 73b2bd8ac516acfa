"""Arguments and options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nettwin.cli.quantities import parse_ratio, parse_seconds


class OutputFormat(StrEnum):
    """For people, or for which machine."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class TextualFormat(StrEnum):
    """For people, or for which machine, where the result goes to standard output only."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class TablePart(StrEnum):
    """The tables of an answer."""

    DEMANDS = "demands"
    LINKS = "links"
    QUEUES = "queues"


def complete_engine(incomplete: str) -> list[str]:
    """The engines whose name starts like this, for the shell."""
    from nettwin.predict.registry import names

    return [name for name in names() if name.startswith(incomplete)]


def _complete_format(incomplete: str) -> list[str]:
    from nettwin.formats.registry import format_names

    return [name for name in format_names() if name.startswith(incomplete)]


Source = Annotated[str, typer.Argument(metavar="SCENARIO", help="A file, or a name such as topohub:sndlib/germany50.", show_default=False)]
InputFormat = Annotated[
    str | None,
    typer.Option(
        "--input-format", metavar="NAME", autocompletion=_complete_format, help="Do not guess the file's format.", show_default=False
    ),
]
Engine = Annotated[str, typer.Option("--engine", "-e", metavar="NAME", autocompletion=complete_engine, help="See `nettwin engines`.")]
EngineOptions = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="KEY=VALUE", help="An option of the engine; repeatable.", show_default=False),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of engines that use chance.", show_default=False)]
Format = Annotated[OutputFormat, typer.Option("--format", "-f", help="Tables for people, or data for machines.")]
PrintedFormat = Annotated[TextualFormat, typer.Option("--format", "-f", help="A table for people, or data for machines.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write there instead of the screen (parquet needs it).", show_default=False),
]
Table = Annotated[TablePart, typer.Option("--table", help="Which table CSV and Parquet hold.")]
Top = Annotated[int, typer.Option("--top", min=1, help="Rows per table for people.")]
Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.html", help="Also write a self-contained HTML report.", show_default=False)
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 4 when the answer is uncertain: not converged, wide interval, untrusted demands.")
]
MaxUtilization = Annotated[
    float | None,
    typer.Option(
        "--max-utilization",
        metavar="SHARE",
        parser=parse_ratio,
        help="Objective: no link above this (0.8 or 80%).",
        show_default=False,
        rich_help_panel="Objectives (exit code 1 if violated)",
    ),
]
MaxDelay = Annotated[
    float | None,
    typer.Option(
        "--max-delay",
        metavar="TIME",
        parser=parse_seconds,
        help="Objective: no demand's mean delay above this (50ms).",
        show_default=False,
        rich_help_panel="Objectives (exit code 1 if violated)",
    ),
]
MaxLoss = Annotated[
    float | None,
    typer.Option(
        "--max-loss",
        metavar="SHARE",
        parser=parse_ratio,
        help="Objective: no demand loses more than this (0.001 or 0.1%).",
        show_default=False,
        rich_help_panel="Objectives (exit code 1 if violated)",
    ),
]


def refuse(why: str, **options: object) -> None:
    """An option that would change nothing is a mistake. None: it was not given."""
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter(why, param_hint=f"--{name.replace('_', '-')}")
