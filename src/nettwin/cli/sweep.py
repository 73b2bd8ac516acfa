"""``nettwin sweep``."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli.options import (
    EngineOptions,
    Format,
    InputFormat,
    MaxDelay,
    MaxLoss,
    MaxUtilization,
    Output,
    OutputFormat,
    Seed,
    Source,
    Top,
    complete_engine,
)

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from nettwin.apps.sweep import SweepResult
    from nettwin.cli.verdict import Objectives


class Fail(StrEnum):
    """What fails, one at a time."""

    LINKS = "links"
    NODES = "nodes"
    GROUPS = "groups"


class SweepTable(StrEnum):
    """The tables of a sweep."""

    LINKS = "links"
    FAILURES = "failures"


def sweep(
    scenario: Source,
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
    max_utilization: MaxUtilization = None,
    max_delay: MaxDelay = None,
    max_loss: MaxLoss = None,
    format: Format = OutputFormat.TEXT,
    output: Output = None,
    table: Annotated[SweepTable, typer.Option("--table", help="Which table CSV and Parquet hold.")] = SweepTable.LINKS,
    top: Top = 20,
    input_format: InputFormat = None,
) -> None:
    """Fail every link, node or risk group; show each link's worst case and the failures that cause it."""
    from nettwin.apps.failure_answers import failure_answers
    from nettwin.apps.sweep import sweep as run
    from nettwin.cli import asking
    from nettwin.cli.output import Destination, Result, emit
    from nettwin.cli.progress import progress
    from nettwin.cli.verdict import Objectives

    destination = Destination(format, output)
    objectives = Objectives(max_utilization, max_delay, max_loss)
    question = asking.read(scenario, input_format).scenario
    with progress("failing one at a time"):
        result = run(question, fail.value)
    answers = None
    if name := engine or ("queueing" if objectives.need_an_engine else None):
        predictor = asking.create_engine(name, option, seed=seed)
        with progress(f"asking engine {name} about {len(result.failures)} failures") as share:
            answers = failure_answers(result, predictor, share)
    emit(
        Result(
            render=lambda console: _render(console, result, answers, causes, top),
            document=lambda: _document(result, answers, causes),
            table=lambda: _links(result, causes, as_text=True) if table is SweepTable.LINKS else _failures(result, answers),
        ),
        destination,
    )
    _judge(result, answers, objectives)


def _links(result: "SweepResult", n_causes: int, *, as_text: bool = False) -> "pd.DataFrame":
    import pandas as pd

    from nettwin.apps.sweep import link_worst_cases

    cases = link_worst_cases(result, n_causes)
    columns = {
        "utilization": [case.base_utilization for case in cases],
        "worst_utilization": [case.worst_utilization for case in cases],
        "causes": [_causes_text(case.causes) if as_text else [_cause(*cause) for cause in case.causes] for case in cases],
    }
    return pd.DataFrame(columns, index=pd.Index([case.link for case in cases], name="link", dtype=object))


def _cause(failure: str, utilization: float) -> dict[str, Any]:
    return {"failure": failure, "utilization": utilization}


def _causes_text(causes: tuple[tuple[str, float], ...]) -> str:
    from nettwin.apps.quantities import percent

    return "; ".join(f"{failure} ({percent(utilization)})" for failure, utilization in causes)


def _failures(result: "SweepResult", answers: "pd.DataFrame | None") -> "pd.DataFrame":
    import pandas as pd

    from nettwin.apps.sweep import failure_effects

    effects = pd.DataFrame(failure_effects(result)).set_index("failure")
    if answers is None:
        return effects
    return effects.join(answers[["mean_delay_s", "worst_delay_s", "slowest_demand", "loss_ratio"]])


def _document(result: "SweepResult", answers: "pd.DataFrame | None", n_causes: int) -> dict[str, Any]:
    return {
        "scenario": result.scenario.name,
        "fail": result.kind,
        "n_failures": len(result.failures),
        "max_utilization": float(result.base_utilization.max(initial=0.0)),
        "worst_utilization": float(result.worst_utilization.max(initial=0.0)),
        "links": _links(result, n_causes),
        "failures": _failures(result, answers),
    }


def _render(console: "Console", result: "SweepResult", answers: "pd.DataFrame | None", n_causes: int, top: int) -> None:
    from nettwin.cli.console import table
    from nettwin.cli.performance_tables import meter, render_rows

    links = _links(result, n_causes, as_text=True).nlargest(top, "worst_utilization")
    rows = [(name, meter(row["utilization"]), meter(row["worst_utilization"]), row["causes"] or "-") for name, row in links.iterrows()]
    title = (
        f"{len(result.failures)} single failures of {result.kind}: worst case of each link ({len(links)} of {len(result.base_load_bps)})"
    )
    console.print(table(title, ("link", "offered now", "worst case", "caused by the failure of"), rows, right=(1, 2)))
    console.print()
    failures = _failures(result, answers)
    render_rows(console, f"Gravest failures ({min(top, len(failures))} of {len(failures)})", failures.head(top), list(failures.columns))


def _judge(result: "SweepResult", answers: "pd.DataFrame | None", objectives: "Objectives") -> None:
    import pandas as pd

    from nettwin.cli.verdict import leave_if_violated

    worst = _links(result, 1)["worst_utilization"]
    lines = objectives.utilization_violations(worst)
    if answers is not None:
        lost = pd.Series(result.n_newly_unreachable, index=answers.index)
        lines += objectives.failure_violations(answers, lost)
    leave_if_violated(lines)
