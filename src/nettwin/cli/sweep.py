"""``nettwin sweep``."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli import asking
from nettwin.cli.options import EngineOptions, InputFormat, Seed, Source, Top, complete_engine, refuse
from nettwin.cli.output import Destination, Result, emit
from nettwin.cli.verdict import Objectives

if TYPE_CHECKING:
    from rich.console import Console

    from nettwin.apps.sweep import LinkWorstCase
    from nettwin.apps.sweep_tables import SweepView


class Fail(StrEnum):
    """What fails, one at a time."""

    LINKS = "links"
    NODES = "nodes"
    GROUPS = "groups"


_NAMES = {Fail.LINKS: "links", Fail.NODES: "nodes", Fail.GROUPS: "risk groups"}


class SweepTable(StrEnum):
    """The tables of a sweep."""

    LINKS = "links"
    FAILURES = "failures"


def sweep(
    scenario: Source,
    *,
    fail: Annotated[Fail, typer.Option("--fail", help="What fails, one at a time: circuits, nodes or risk groups.")] = Fail.LINKS,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            "-e",
            metavar="NAME",
            autocompletion=complete_engine,
            help="Also ask this engine about delay and loss after every failure; without it only loads are computed.",
            show_default=False,
        ),
    ] = None,
    causes: Annotated[int, typer.Option("--causes", min=1, help="Failures named per link.")] = 3,
    option: EngineOptions = None,
    seed: Seed = None,
    objectives: Objectives,
    destination: Destination,
    table: Annotated[SweepTable, typer.Option("--table", help="Which table CSV and Parquet hold.")] = SweepTable.LINKS,
    top: Top = 20,
    input_format: InputFormat = None,
) -> None:
    """Fail every link, node or risk group; show each link's worst case and the failures that cause it."""
    from nettwin.apps.failure_answers import failure_answers
    from nettwin.apps.sweep import sweep as run
    from nettwin.apps.sweep_tables import SweepView
    from nettwin.cli.console import note
    from nettwin.cli.progress import progress

    name = engine or ("auto" if objectives.need_an_engine else None)
    if name is None:
        refuse("no engine is asked: give --engine", option=option, seed=seed)
    question = asking.read(scenario, input_format).scenario
    with progress("failing one at a time"):
        result = run(question, fail.value)
    if not result.failures:
        note(f"nettwin: {scenario} has no {_NAMES[fail]}: nothing to fail")
    answers = None
    if name is not None:
        predictor = asking.create_engine(name, option, seed=seed)
        with progress(f"asking engine {name} about {len(result.failures)} failures") as share:
            answers = failure_answers(result, predictor, share)
    view = SweepView(result, answers)
    emit(
        Result(
            render=lambda console: _render(console, view, causes, top),
            document=lambda: _document(view, causes),
            table=lambda: view.links if table is SweepTable.LINKS else view.failures,
        ),
        destination,
    )
    _judge(view, objectives)


def _document(view: "SweepView", n_causes: int) -> dict[str, Any]:
    result = view.result
    return {
        "scenario": result.scenario.name,
        "fail": result.kind,
        "n_failures": len(result.failures),
        "max_utilization": float(result.base_utilization.max(initial=0.0)),
        "worst_utilization": float(result.worst_utilization.max(initial=0.0)),
        "links": [_link(case) for case in view.worst_cases(n_causes)],
        "failures": view.failures,
    }


def _link(case: "LinkWorstCase") -> dict[str, Any]:
    causes = [{"failure": failure, "utilization": utilization} for failure, utilization in case.causes]
    return {"link": case.link, "utilization": case.base_utilization, "worst_utilization": case.worst_utilization, "causes": causes}


def _render(console: "Console", view: "SweepView", n_causes: int, top: int) -> None:
    from nettwin.cli.console import table
    from nettwin.cli.performance_tables import meter, render_rows

    cases = sorted(view.worst_cases(n_causes), key=lambda case: -case.worst_utilization)
    rows = [(case.link, meter(case.base_utilization), meter(case.worst_utilization), _causes(case)) for case in cases[:top]]
    title = f"Worst case of each link over {len(view.result.failures)} single failures of {view.result.kind} ({len(rows)} of {len(cases)})"
    console.print(table(title, ("link", "offered now", "worst case", "caused by the failure of"), rows, right=(1, 2)))
    console.print()
    failures = view.failures
    render_rows(console, f"Gravest failures ({min(top, len(failures))} of {len(failures)})", failures.head(top), list(failures.columns))


def _causes(case: "LinkWorstCase") -> str:
    from nettwin.performance.quantities import percent

    return "; ".join(f"{failure} ({percent(utilization)})" for failure, utilization in case.causes) or "-"


def _judge(view: "SweepView", objectives: "Objectives") -> None:
    import pandas as pd

    from nettwin.cli.verdict import leave_if_violated

    lines = objectives.utilization_violations(view.links["worst_utilization"])
    if view.answers is not None:
        newly_lost = pd.Series(view.result.n_newly_unreachable, index=view.answers.index)
        lines += objectives.failure_violations(view.answers, newly_lost)
    leave_if_violated(lines)
