"""``nettwin validate``."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from nettwin.cli.exit_codes import ExitCode
from nettwin.cli.options import InputFormat, OutputFormat, PrintedFormat, TextualFormat

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class _Verdict:
    source: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def validate(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Files or names.", show_default=False)],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    format: PrintedFormat = TextualFormat.TEXT,
    input_format: InputFormat = None,
) -> None:
    """Check scenarios and report every problem found; exit with 3 if there is one."""
    from nettwin.cli.output import Destination, Result, emit

    verdicts = [_judge(source, input_format) for source in scenarios]
    result = Result(
        render=lambda console: _render(console, verdicts),
        document=lambda: {"files": verdicts, "n_bad": sum(bool(verdict.errors) for verdict in verdicts)},
        table=lambda: _frame(verdicts),
    )
    emit(result, Destination(OutputFormat(format)))
    if any(verdict.errors or (strict and verdict.warnings) for verdict in verdicts):
        raise typer.Exit(ExitCode.BAD_INPUT)


def _judge(source: str, input_format: str | None) -> _Verdict:
    from nettwin.apps.inspect_scenario import findings
    from nettwin.errors import NettwinError
    from nettwin.formats import Status
    from nettwin.formats.registry import read

    try:
        imported = read(source, format=input_format)
    except NettwinError as error:
        return _Verdict(source, errors=tuple(str(error).splitlines()))
    unknown = [f"not understood: {entry.item} ({entry.place}, {entry.count} times)" for entry in imported.coverage.of(Status.UNKNOWN)]
    odd = [f"{finding.what}: {', '.join(finding.examples[:5])}".rstrip(": ") for finding in findings(imported.scenario)]
    return _Verdict(source, warnings=(*unknown, *odd))


def _render(console: "Console", verdicts: list[_Verdict]) -> None:
    from nettwin.cli.console import printable

    for verdict in verdicts:
        mark = "[red]bad[/]" if verdict.errors else "[green]good[/]"
        console.print(mark, end=" ")
        console.print(printable(verdict.source), markup=False, soft_wrap=True)
        for kind, lines in (("error", verdict.errors), ("warning", verdict.warnings)):
            for line in lines:
                console.print(f"  {kind}: {printable(line)}", markup=False, soft_wrap=True)


def _frame(verdicts: list[_Verdict]) -> "pd.DataFrame":
    import pandas as pd

    rows = [(v.source, kind, line) for v in verdicts for kind, lines in (("error", v.errors), ("warning", v.warnings)) for line in lines]
    return pd.DataFrame(rows, columns=["source", "kind", "message"]).set_index("source")
