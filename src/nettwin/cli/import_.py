"""``nettwin import``."""

from typing import TYPE_CHECKING, Annotated

import typer

from nettwin.cli.options import InputFormat, OutputFormat, PrintedFormat, Source, TextualFormat

if TYPE_CHECKING:
    from nettwin.formats import Imported

from pathlib import Path


def import_(
    scenario: Source,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the scenario there as nettwin YAML.", show_default=False)
    ] = None,
    format: PrintedFormat = TextualFormat.TEXT,
    input_format: InputFormat = None,
) -> None:
    """Read somebody's file and report what was modelled, ignored and not understood."""
    from nettwin.cli.console import note
    from nettwin.cli.coverage import coverage_result
    from nettwin.cli.output import Destination, emit
    from nettwin.cli.progress import progress
    from nettwin.formats.registry import read, write

    with progress(f"reading {scenario}"):
        imported = read(scenario, format=input_format)
    emit(coverage_result(_title(scenario, imported), imported.coverage), Destination(OutputFormat(format)))
    if output is not None:
        write(imported.scenario, output, format="yaml")
        note(f"nettwin: wrote {output}")


def _title(source: str, imported: "Imported") -> str:
    topology, traffic = imported.scenario.topology, imported.scenario.traffic
    answer = ", with a recorded performance" if imported.performance is not None else ""
    return f"{source}: {topology.n_nodes} nodes, {topology.n_links} links, {traffic.n_demands} demands{answer}"
