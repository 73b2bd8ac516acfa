"""One answer in all its forms: screen, JSON, CSV, Parquet, HTML."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nettwin.cli.console import note
from nettwin.cli.output import Destination, Result, emit
from nettwin.cli.performance_tables import render_view
from nettwin.cli.progress import progress

if TYPE_CHECKING:
    from nettwin.apps.tables import PerformanceView


def deliver(view: "PerformanceView", destination: Destination, part: str, top: int, report: Path | None = None) -> None:
    """Write one answer where it is wanted, and its report if one is."""
    result = Result(
        render=lambda console: render_view(console, view, top),
        document=lambda: document(view),
        table=lambda: getattr(view, part),
    )
    emit(result, destination)
    if report is not None:
        report_on([(view.performance.engine, view)], report)


def document(view: "PerformanceView") -> dict[str, Any]:
    """An answer as JSON says it."""
    performance = view.performance
    return {"engine": performance.engine, "scenario": view.scenario.name, "doubts": performance.doubts, **figures(view)}


def figures(view: "PerformanceView") -> dict[str, Any]:
    """The tables of an answer."""
    return {"summary": view.summary, "demands": view.demands, "links": view.links, "queues": view.queues}


def report_on(cases: "list[tuple[str, PerformanceView]]", path: Path, title: str = "", notes: Sequence[str] = ()) -> None:
    """Write the HTML report of these cases."""
    from nettwin.apps.report import Case, write_report

    with progress(f"writing {path}"):
        write_report(path, [Case(label, view) for label, view in cases], title, notes)
    note(f"nettwin: wrote {path}")
