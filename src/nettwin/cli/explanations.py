"""An explanation in all its forms."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from nettwin.cli.console import printable, table
from nettwin.performance.quantities import UNKNOWN, percent, quantity, seconds

if TYPE_CHECKING:
    from nettwin.apps.explain import DemandExplanation, Explanation
    from nettwin.apps.explain.parts import Cause, Hop, Remedy, Sensitivity, Slope


def render_explanation(console: Console, explanation: "Explanation", top: int) -> None:
    """Each demand in words, then its tables."""
    for number, each in enumerate(explanation.demands):
        if number:
            console.print()
        console.print(Text(printable(each.demand), style="bold"))
        for paragraph in each.text:
            console.print(Text(printable(paragraph)))
            console.print()
        _render_tables(console, each, top)


def explanation_document(explanation: "Explanation") -> dict[str, Any]:
    """All of it, as JSON says it."""
    return {
        "engine": explanation.performance.engine,
        "scenario": explanation.scenario.name,
        "doubts": explanation.performance.doubts,
        "target": asdict(explanation.target),
        "demands": [asdict(each) for each in explanation.demands],
    }


def _render_tables(console: Console, each: "DemandExplanation", top: int) -> None:
    """All hops, and the first ``top`` rows of the others."""
    _render(console, "Where its time and packets go", _HOP_COLUMNS, [_hop(hop) for hop in each.hops])
    _render(console, "Because of whom", _CAUSE_COLUMNS, [_cause(cause) for cause in each.causes[:top]])
    _render(console, "What single changes would do", _SENSITIVITY_COLUMNS, [_sensitivity(row) for row in each.sensitivities[:top]])
    _render(console, "What it hangs on, in the whole network", _SLOPE_COLUMNS, [_slope(row) for row in each.slopes[:top]])
    _render(console, "What would meet the target alone", _REMEDY_COLUMNS, [_remedy(row) for row in each.remedies[:top]])


def _render(console: Console, title: str, columns: Sequence[str], rows: list[tuple[str, ...]]) -> None:
    if not rows:
        return
    told = [index for index, name in enumerate(columns) if {row[index] for row in rows} != {_DULL.get(name, "")}]
    console.print(table(title, [columns[index] for index in told], [[row[index] for index in told] for row in rows]))
    console.print()


_DULL = {"path": "100.0 %", "loss": "0 %", "others harmed": "0", "loss\npoints per %": "+0.000"}
"""Columns that are left out where they say the same everywhere."""
_HOP_COLUMNS = ("link", "path", "queue", "offered of\nwhat is left", "link\nutilization", "propagation", "transmission", "wait", "loss")
_CAUSE_COLUMNS = ("demand", "at", "how", "load", "share", "wait it causes")
_SENSITIVITY_COLUMNS = ("change", "delay", "", "loss", "its opposite", "% per %", "others harmed")
_SLOPE_COLUMNS = ("number", "of", "delay\n% per %", "loss\npoints per %", "on its way")
_REMEDY_COLUMNS = ("change", "delay", "loss", "others harmed")


def _hop(hop: "Hop") -> tuple[str, ...]:
    load = hop.load
    queue = f"{load.position} of {load.n_queues} {load.discipline}"
    times = (seconds(hop.propagation_s), seconds(hop.transmission_s), seconds(hop.wait_s))
    return (hop.link, percent(hop.path_share), queue, f"{load.pressure:.2f}", percent(hop.utilization), *times, percent(hop.loss_ratio))


def _cause(cause: "Cause") -> tuple[str, ...]:
    place = f"{cause.link}[{cause.position}]"
    return (cause.demand, place, cause.relation, percent(cause.load), percent(cause.share), seconds(cause.wait_s))


def _sensitivity(row: "Sensitivity") -> tuple[str, ...]:
    elasticity = f"{row.elasticity:+.2f}" if row.elasticity == row.elasticity else UNKNOWN
    return (
        row.change,
        quantity("delay_s_change", row.delay_s_change),
        quantity("delay_change_ratio", row.delay_change_ratio),
        quantity("loss_ratio_change", row.loss_ratio_change),
        quantity("delay_s_change", row.opposite_delay_s_change),
        elasticity,
        str(row.n_harmed),
    )


def _slope(row: "Slope") -> tuple[str, ...]:
    return (row.knob, row.about, f"{row.delay_slope:+.2f}", f"{row.loss_slope:+.3f}", "yes" if row.is_on_way else "no")


def _remedy(row: "Remedy") -> tuple[str, ...]:
    return (row.change, seconds(row.delay_s), percent(row.loss_ratio), str(row.n_harmed))
