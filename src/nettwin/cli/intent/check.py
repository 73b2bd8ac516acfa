"""``nettwin intent check``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettwin.cli import asking
from nettwin.cli.options import InputFormat
from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    from nettwin.changes import Plan
    from nettwin.intents.intent import Intent
    from nettwin.intents.verdict import Verdict
    from nettwin.scenario import Scenario


def check(
    scenario: Annotated[
        str | None,
        typer.Argument(metavar="SCENARIO", help="A file or a name; without it only the intent is read.", show_default=False),
    ] = None,
    *,
    intent: Annotated[Path, typer.Option("--intent", "-i", metavar="FILE", help="What is wanted, in YAML.", show_default=False)],
    change: Annotated[
        list[str] | None,
        typer.Option("--change", "-c", metavar="CHANGE", help="A plan to be judged too; repeatable, in order.", show_default=False),
    ] = None,
    changes: Annotated[
        Path | None, typer.Option("--changes", metavar="FILE", help="A plan in YAML or JSON; it comes first.", show_default=False)
    ] = None,
    choice: asking.EngineChoice,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 where a hard clause is undetermined.")] = False,
    destination: Destination,
    input_format: InputFormat = None,
) -> None:
    """Hold a network, or a plan for it, against an intent: satisfied, violated or undetermined, clause by clause, and why."""
    from nettwin.cli.intent.clauses import clause_table, leave, render_verdict, verdict_document
    from nettwin.intents.reading import read_intent

    wanted = read_intent(intent)
    if scenario is None:
        _told(wanted, intent, destination)
        return
    plan = _plan(change, changes)
    verdict = _judged(wanted, asking.read(scenario, input_format).scenario, plan, choice)
    result = Result(
        render=lambda console: render_verdict(console, wanted, verdict),
        document=lambda: verdict_document(wanted, verdict),
        table=lambda: clause_table(verdict),
    )
    emit(result, destination)
    leave(verdict, strict)


def _plan(texts: list[str] | None, file: Path | None) -> "Plan":
    from nettwin.changes import Plan, parse_change
    from nettwin.formats.plan_file import read_plan

    return Plan((*(read_plan(file) if file is not None else ()), *(parse_change(text) for text in texts or ())))


def _judged(intent: "Intent", scenario: "Scenario", plan: "Plan", choice: asking.EngineChoice) -> "Verdict":
    from functools import partial

    from nettwin.cli.progress import progress
    from nettwin.intents.judging import judge, needs_performance
    from nettwin.predict.batches import predict_all

    predict = partial(predict_all, choice.create()) if needs_performance(intent) else None
    with progress(f"judging with engine {choice.engine}" if predict else "judging"):
        return judge(intent, plan.apply(scenario), predict, before=scenario if len(plan) else None)


def _told(intent: "Intent", path: Path, destination: Destination) -> None:
    """What the file says, in its plainest form."""
    from nettwin.cli.intent.clauses import intent_table
    from nettwin.intents.reading import intent_to_plain, intent_to_yaml

    result = Result(
        render=lambda console: console.print(f"{path} is an intent:\n\n{intent_to_yaml(intent)}", markup=False, soft_wrap=True, end=""),
        document=lambda: intent_to_plain(intent),
        table=lambda: intent_table(intent),
    )
    emit(result, destination)
