"""``nettwin simulate``."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli import asking
from nettwin.cli.options import EngineOptions, InputFormat, Report, Source, Strict, Table, TablePart, Top, refuse
from nettwin.cli.output import Destination
from nettwin.cli.quantities import parse_count, parse_seconds
from nettwin.cli.verdict import Objectives, judge

if TYPE_CHECKING:
    from nettwin.changes import TimedChange, Timeline
    from nettwin.scenario import Scenario

Packets = Annotated[
    float | None, typer.Option("--packets", metavar="N", parser=parse_count, help="Budget (2e6, 500k, 10M).", show_default=False)
]
Precision = Annotated[
    float | None,
    typer.Option("--precision", min=1e-6, max=0.999, help="Stop at this relative half-width of the mean delay.", show_default=False),
]


def _time(name: str, text: str) -> Any:
    return typer.Option(name, metavar="TIME", parser=parse_seconds, help=text, show_default=False, rich_help_panel=TIME_PANEL)


TIME_PANEL = "Time axis"
TimelineFile = Annotated[
    Path | None, typer.Option("--timeline", metavar="FILE", help="Events and windows.", show_default=False, rich_help_panel=TIME_PANEL)
]
At = Annotated[
    list[str] | None,
    typer.Option("--at", metavar="EVENT", help='As "2s fail-link A--B"; repeatable.', show_default=False, rich_help_panel=TIME_PANEL),
]


def simulate(
    scenario: Source,
    *,
    packets: Packets = None,
    precision: Precision = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same answer.")] = 0,
    replications: Annotated[
        int | None, typer.Option("--replications", min=1, help="Independent runs that are merged.", show_default=False)
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="How many of them at the same time; as many as there are cores.", show_default=False),
    ] = None,
    option: EngineOptions = None,
    duration: Annotated[float | None, _time("--duration", "Observe this long.")] = None,
    warm_up: Annotated[float | None, _time("--warm-up", "Leave out the start.")] = None,
    window: Annotated[float | None, _time("--window", "One answer per window; a tenth of the duration if there are events.")] = None,
    at: At = None,
    timeline: TimelineFile = None,
    convergence_delay: Annotated[float | None, _time("--convergence-delay", "From a change to the new routes.")] = None,
    objectives: Objectives,
    strict: Strict = False,
    destination: Destination,
    table: Table = TablePart.DEMANDS,
    top: Top = 10,
    report: Report = None,
    input_format: InputFormat = None,
) -> None:
    """Simulate packet by packet: steady state, or changes in time with one answer per window."""
    from nettwin.cli.answers import deliver
    from nettwin.cli.series import deliver_series

    question = _observed(asking.read(scenario, input_format).scenario, duration, warm_up)
    runs = {"replications": replications, "workers": workers or asking.n_cores()}
    engine = asking.create_engine("simulator", option, seed=seed, packets=packets, precision=precision, **runs)
    in_time = _timeline(question, timeline, at, window_s=window, convergence_delay_s=convergence_delay)
    if in_time is None:
        refuse("there are no windows: give --window, --at or --timeline", convergence_delay=convergence_delay)
        view = asking.ask(engine, question)
        deliver(view, destination, table, top, report)
        judge(view, objectives, strict)
        return
    steady = {"packets": packets, "precision": precision, "replications": replications, "strict": strict or None, "report": report}
    refuse("windows are simulated once, as long as --duration says, without intervals", **steady)
    deliver_series(asking.ask_in_time(engine, in_time), destination, table, objectives)


def _observed(scenario: "Scenario", duration_s: float | None, warm_up_s: float | None) -> "Scenario":
    from dataclasses import replace

    asked = {"duration_s": duration_s, "warm_up_s": warm_up_s}
    given = {name: value for name, value in asked.items() if value is not None}
    return replace(scenario, observation=replace(scenario.observation, **given)) if given else scenario


def _timeline(scenario: "Scenario", file: Path | None, texts: list[str] | None, **overrides: float | None) -> "Timeline | None":
    """The file's timeline with the line's own events and settings; None where nothing about time was said."""
    from dataclasses import replace

    from nettwin.changes import Timeline
    from nettwin.formats.plan_file import read_timeline

    if file is None and not texts and overrides["window_s"] is None:
        return None
    duration_s = scenario.observation.duration_s
    if not math.isfinite(duration_s):
        raise typer.BadParameter("windows and events need an end: give --duration", param_hint="--duration")
    timeline = read_timeline(file, scenario) if file is not None else Timeline(scenario, window_s=duration_s / 10)
    events = sorted((*timeline.events, *map(_event, texts or [])), key=lambda event: event.time_s)
    given = {name: value for name, value in overrides.items() if value is not None}
    return replace(timeline, events=tuple(events), **given)  # type: ignore[arg-type]


def _event(text: str) -> "TimedChange":
    from nettwin.changes import TimedChange, parse_change

    time, _, change = text.strip().partition(" ")
    try:
        return TimedChange(parse_seconds(time.rstrip(":")), parse_change(change))
    except typer.BadParameter:
        raise typer.BadParameter(f"{text!r} does not begin with a time, as 2s fail-link A--B", param_hint="--at") from None
