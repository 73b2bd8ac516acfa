"""``nettwin whatif``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettwin.cli import asking
from nettwin.cli.options import InputFormat, Report, Source, Strict, Table, TablePart, Top
from nettwin.cli.output import Destination, Result, emit
from nettwin.cli.verdict import Objectives, judge

if TYPE_CHECKING:
    from nettwin.changes import Plan


_TOLD = 5
"""So many changes are in the title; an optimizer's plan may have hundreds."""


def whatif(
    scenario: Source,
    *,
    change: Annotated[
        list[str] | None,
        typer.Option("--change", "-c", metavar="CHANGE", help='As "fail-link A--B"; repeatable, in order.', show_default=False),
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option("--changes", metavar="FILE", help="A plan in YAML or JSON; it comes first.", show_default=False),
    ] = None,
    choice: asking.EngineChoice,
    objectives: Objectives,
    strict: Strict = False,
    destination: Destination,
    table: Table = TablePart.LINKS,
    top: Top = 10,
    report: Report = None,
    input_format: InputFormat = None,
) -> None:
    """Apply changes and show before and after, with the newly worst links and demands."""
    from nettwin.cli.answers import report_on
    from nettwin.cli.comparisons import change_notes, comparison_document, comparison_table, render_what_if

    plan = _plan(change, changes)
    predictor = choice.create()
    question = asking.read(scenario, input_format).scenario
    comparison = asking.what_if(predictor, question, plan)
    title = _in_words(plan)
    result = Result(
        render=lambda console: render_what_if(console, comparison, title, top),
        document=lambda: comparison_document(comparison, title, top),
        table=lambda: comparison_table(comparison, table),
    )
    emit(result, destination)
    if report is not None:
        notes = change_notes(comparison)
        report_on([("before", comparison.before), ("after", comparison.after)], report, f"{question.name}. {title}", notes)
    judge(comparison.after, objectives, strict)


def _plan(texts: list[str] | None, file: Path | None) -> "Plan":
    from nettwin.changes import Plan, parse_change
    from nettwin.formats.plan_file import read_plan

    changes = (*(read_plan(file) if file is not None else ()), *(parse_change(text) for text in texts or ()))
    if not changes:
        raise typer.BadParameter("no change: give --change or --changes", param_hint="--change")
    return Plan(changes)


def _in_words(plan: "Plan") -> str:
    from nettwin.changes.commands import command_of

    told = [command_of(change) for change in plan.changes[:_TOLD]]
    more = [f"{len(plan) - _TOLD} more changes"] if len(plan) > _TOLD else []
    return "What if: " + ", then ".join(told + more)
