"""A verdict in all its forms for people and machines."""

import math
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

from nettwin.apps.plans.wishes import name_of, shown_value
from nettwin.cli.console import note, printable, table
from nettwin.cli.exit_codes import ExitCode
from nettwin.intents.verdict import Status
from nettwin.performance.quantities import UNKNOWN

if TYPE_CHECKING:
    import pandas as pd

    from nettwin.intents.intent import Intent
    from nettwin.intents.verdict import Verdict

_STYLES = {Status.SATISFIED: "green", Status.VIOLATED: "bold red", Status.UNDETERMINED: "yellow"}


def render_verdict(console: Console, intent: "Intent", verdict: "Verdict") -> None:
    """Objectives, then every clause with its sentence."""
    if intent.objectives:
        rows = [(name_of(each), _value(value, each)) for each, value in zip(intent.objectives, verdict.objectives, strict=True)]
        console.print(table("Objectives", ("minimize", "value"), rows))
        console.print()
    if not verdict.clauses:
        console.print(Text("The intent has no clauses that could be violated."))
        return
    clauses = [
        (clause.clause, "hard" if clause.is_hard else "soft", Text(clause.status.value, style=_STYLES[clause.status]), clause.words)
        for clause in verdict.clauses
    ]
    console.print(table("Clauses", ("clause", "", "status", "in words"), clauses, right=()))
    console.print()
    console.print(Text(printable(_summary(verdict)), style="dim"))


def _value(value: float, objective: Any) -> str:
    return shown_value(objective)(value) if math.isfinite(value) else UNKNOWN


def _summary(verdict: "Verdict") -> str:
    return ", ".join(f"{len(verdict.of(status))} {status}" for status in Status)


def verdict_document(intent: "Intent", verdict: "Verdict") -> dict[str, Any]:
    """All of it as plain data."""
    objectives = [{"minimize": name_of(each), "value": value} for each, value in zip(intent.objectives, verdict.objectives, strict=True)]
    return {
        **{str(status): [clause.clause for clause in verdict.of(status)] for status in Status},
        "objectives": objectives,
        "clauses": [_clause(clause) for clause in verdict.clauses],
        "hard_excess": verdict.hard_excess,
        "penalty": verdict.penalty,
    }


def _clause(clause: Any) -> dict[str, Any]:
    return {
        "name": clause.clause,
        "status": str(clause.status),
        "is_hard": clause.is_hard,
        "words": clause.words,
        "excess": clause.excess,
        "penalty": clause.penalty,
        "demands": list(clause.demands),
        "links": list(clause.links),
    }


def clause_table(verdict: "Verdict") -> "pd.DataFrame":
    """One row per clause."""
    import pandas as pd

    rows = [{**_clause(clause), "demands": " ".join(clause.demands), "links": " ".join(clause.links)} for clause in verdict.clauses]
    columns = ["name", "status", "is_hard", "words", "excess", "penalty", "demands", "links"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def intent_table(intent: "Intent") -> "pd.DataFrame":
    """How many of each part an intent has."""
    import pandas as pd

    parts = ("select", "objectives", "slos", "paths", "survive")
    return pd.DataFrame([(part, len(getattr(intent, part))) for part in parts], columns=["part", "count"]).set_index("part")


def leave(verdict: "Verdict", is_strict: bool) -> None:
    """Say which hard clauses are violated and leave with exit code 1; 4 (strict) where one is undetermined; return if all is well."""
    violated = [clause for clause in verdict.of(Status.VIOLATED) if clause.is_hard]
    for clause in violated:
        note(f"nettwin: {clause.clause} is violated: {clause.words}")
    if violated:
        raise typer.Exit(ExitCode.OBJECTIVE_VIOLATED)
    if is_strict and any(clause.is_hard for clause in verdict.of(Status.UNDETERMINED)):
        raise typer.Exit(ExitCode.LOW_CONFIDENCE)
