"""A solution in all its forms for people."""

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from nettwin.apps.plans import in_words, steps_of
from nettwin.apps.plans.wishes import name_of, shown_value
from nettwin.changes import command_of
from nettwin.cli.console import printable, table
from nettwin.optimize.solution import NO_BOUND
from nettwin.performance.quantities import UNKNOWN, seconds

if TYPE_CHECKING:
    import pandas as pd

    from nettwin.intents.intent import Intent
    from nettwin.optimize.solution import Solution
    from nettwin.scenario import Scenario

_STYLES = {"satisfied": "green", "violated": "bold red", "undetermined": "yellow"}
_ARROW = "\N{RIGHTWARDS ARROW}"


def render_solution(console: Console, scenario: "Scenario", intent: "Intent", solution: "Solution", top: int) -> None:
    """Objectives and clauses before and after, what the plan does, its changes, how the answer was found."""
    _render_objectives(console, intent, solution)
    _render_clauses(console, solution)
    _render_verification(console, intent, solution)
    for sentence in in_words(scenario, solution.scenario, solution.plan):
        console.print(Text(printable(sentence)))
    console.print()
    _render_steps(console, scenario, solution, top)
    for line in _how(solution):
        console.print(Text(printable(line), style="dim"))


def plan_table(scenario: "Scenario", solution: "Solution") -> "pd.DataFrame":
    """The changes as rows."""
    import pandas as pd

    steps = steps_of(scenario, solution.plan.changes)
    columns = ("what", "of", "before", "after")
    return pd.DataFrame([[getattr(step, name) for name in columns] for step in steps], columns=list(columns)).rename_axis("change")


def _render_objectives(console: Console, intent: "Intent", solution: "Solution") -> None:
    before, after = solution.evidence.verdict_before.objectives, solution.evidence.verdict.objectives
    if not intent.objectives:
        return
    rows = []
    for index, objective in enumerate(intent.objectives):
        shown = shown_value(objective)
        bound, gap = _bound(solution, shown) if index == 0 else ("", "")
        rows.append((name_of(objective), _value(before[index], shown), _value(after[index], shown), bound, gap))
    console.print(table("Objectives", ("minimize", "before", "after", "cannot be below", "gap"), rows))
    if solution.bound is not None:
        console.print(Text(printable(f"bound: {solution.bound.proof}"), style="dim"))
    console.print()


def _bound(solution: "Solution", shown) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    if solution.bound is None:
        return NO_BOUND, UNKNOWN
    return shown(solution.bound.value), f"{solution.gap:.2%}"


def _value(value: float, shown) -> str:  # type: ignore[no-untyped-def]
    return shown(value) if math.isfinite(value) else UNKNOWN


def _render_clauses(console: Console, solution: "Solution") -> None:
    clauses = solution.evidence.verdict.clauses
    if not clauses:
        return
    earlier = {clause.clause: clause.status for clause in solution.evidence.verdict_before.clauses}
    rows = []
    for clause in clauses:
        before = earlier.get(clause.clause)
        status = Text(clause.status.value, style=_STYLES[clause.status.value])
        was = Text(before.value if before else "", style=_STYLES[before.value] if before else "")
        rows.append((clause.clause, "hard" if clause.is_hard else "soft", was, status, printable(clause.words)))
    console.print(table("Clauses", ("clause", "", "before", "after", "in words"), rows, right=()))
    console.print()


def _render_verification(console: Console, intent: "Intent", solution: "Solution") -> None:
    verdict = solution.evidence.verification
    if verdict is None or intent.verify is None:
        return
    rows = [
        (clause.clause, Text(clause.status.value, style=_STYLES[clause.status.value]), printable(clause.words))
        for clause in verdict.clauses
    ]
    console.print(table(f"Verified by engine {intent.verify.engine}", ("clause", "", "in words"), rows, right=()))
    console.print()


def _render_steps(console: Console, scenario: "Scenario", solution: "Solution", top: int) -> None:
    changes = solution.plan.changes
    if not changes:
        return
    steps = steps_of(scenario, changes)
    rows = [(step.what, step.of, step.before, _ARROW, step.after) for step in steps[:top]]
    title = f"Changes ({len(changes)})" if len(changes) <= top else f"Changes (the {top} largest of {len(changes)}; --plan-out writes all)"
    console.print(table(title, ("", "of", "before", "", "after"), rows, right=()))
    console.print()
    if len(changes) <= top:
        console.print(Text("As commands", style="bold"))
        for change in changes:
            console.print(Text(printable(command_of(change))), soft_wrap=True)
        console.print()


def _how(solution: "Solution") -> list[str]:
    """How the answer was found, in lines."""
    evidence = solution.evidence
    counted = f"{evidence.evaluations:,} evaluations, {evidence.predictions:,} predictions, {seconds(evidence.seconds)}"
    notes = [f"  {key}: {text}" for key, text in evidence.notes.items()]
    return [f"{evidence.method}: {counted}, ended by {evidence.stopped_by}", *notes]
