"""``nettwin convert``."""

from pathlib import Path
from typing import Annotated

import typer

from nettwin.cli.options import InputFormat, OutputFormat, PrintedFormat, Source, TextualFormat


def convert(
    scenario: Source,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write; its extension names the format.", show_default=False)],
    to: Annotated[str | None, typer.Option("--to", metavar="FORMAT", help="Write in this format.", show_default=False)] = None,
    format: PrintedFormat = TextualFormat.TEXT,
    input_format: InputFormat = None,
) -> None:
    """Convert a scenario to another format and report what that format cannot hold."""
    from nettwin.cli import asking
    from nettwin.cli.coverage import coverage_result
    from nettwin.cli.output import Destination, emit
    from nettwin.formats.registry import write

    imported = asking.read(scenario, input_format)
    lost = write(imported.scenario, target, format=to)
    emit(coverage_result(f"{scenario} -> {target}: what became of it on writing", lost), Destination(OutputFormat(format)))
