"""A time series of answers in all its forms."""

from typing import TYPE_CHECKING, Any

from rich.console import Console

from nettwin.cli.answers import figures
from nettwin.cli.console import table
from nettwin.cli.output import Destination, Result, emit
from nettwin.cli.performance_tables import meter
from nettwin.cli.verdict import Objectives, leave_if_violated
from nettwin.performance.quantities import percent, seconds

if TYPE_CHECKING:
    from nettwin.apps.tables import SeriesView
    from nettwin.changes import Timeline


def deliver_series(series: "SeriesView", destination: Destination, part: str, objectives: Objectives) -> None:
    """Write all windows; leave with exit code 1 if an objective is violated in one of them."""
    result = Result(
        render=lambda console: _render(console, series),
        document=lambda: _document(series),
        table=lambda: getattr(series, part).set_index("start_s"),
    )
    emit(result, destination)
    leave_if_violated(
        [
            f"window {seconds(start)} to {seconds(end)}: {line}"
            for start, end, view in series.windows()
            for line in objectives.violations(view)
        ]
    )


def _render(console: Console, series: "SeriesView") -> None:
    rows = [
        (
            seconds(start),
            seconds(end),
            meter(view.summary.max_utilization),
            seconds(view.summary.mean_delay_s),
            seconds(view.summary.worst_delay_s),
            percent(view.summary.loss_ratio),
            str(view.summary.n_unreachable),
            _events(series.timeline, start, end),
        )
        for start, end, view in series.windows()
    ]
    headings = ("from", "to", "max utilization", "mean delay", "slowest demand", "lost", "nothing arrives", "what happens")
    console.print(
        table(
            f"{series.timeline.scenario.name or 'scenario'} in time ({len(rows)} windows)", headings, rows, right=range(len(headings) - 1)
        )
    )


def _events(timeline: "Timeline", start: float, end: float) -> str:
    from nettwin.changes import command_of

    return "; ".join(command_of(event.change) for event in timeline.events if start <= event.time_s < end)


def _document(series: "SeriesView") -> dict[str, Any]:
    from nettwin.apps.tables import PATH_FIGURES

    windows = [
        {"start_s": start, "end_s": end, **figures(view), "demands": view.demands.drop(columns=list(PATH_FIGURES))}
        for start, end, view in series.windows()
    ]
    return {"engine": series.series.windows[0].engine, "scenario": series.timeline.scenario.name, "windows": windows}
