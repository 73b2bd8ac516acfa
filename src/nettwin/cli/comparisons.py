"""A comparison in all its forms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from nettwin.cli.console import table
from nettwin.cli.options import TablePart
from nettwin.cli.performance_tables import cell, heading, says_something
from nettwin.performance.quantities import percent, quantity, seconds

if TYPE_CHECKING:
    import pandas as pd

    from nettwin.apps.compare import Comparison

Labels = tuple[str, str]
BEFORE_AFTER = ("before", "after")
_ROUNDING = 1e-5
_SHORT_SUMMARY = ("max_utilization", "mean_delay_s", "worst_delay_s", "worst_p99_delay_s", "loss_ratio", "n_unreachable")


def render_what_if(console: Console, comparison: "Comparison", title: str, top: int) -> None:
    """Network-wide figures, then the worst links and demands after, marked where they are newly worst."""
    render_summary(console, comparison.summary, title, BEFORE_AFTER)
    links, demands, risen = comparison.worst_links(top), comparison.worst_demands(top), comparison.most_changed_demands(top)
    link_figures = ("utilization_before", "utilization_after", "utilization_change", "loss_ratio_after", "is_newly_worst")
    demand_figures = ("delay_s_before", "delay_s_after", "delay_s_change", "port_delay_s_after", "loss_ratio_after", "is_newly_worst")
    _render_rows(console, f"Most utilized links after ({len(links)} of {len(comparison.links)})", links, link_figures)
    _render_rows(console, f"Slowest demands after ({len(demands)} of {len(comparison.demands)})", demands, demand_figures)
    _render_rows(console, f"Demands that slow down most ({len(risen)})", risen, demand_figures[:-1])
    _render_ids(console, "Demands newly unreachable", comparison.newly_unreachable, top)
    _render_ids(console, "Demands reachable again", comparison.newly_reachable, top)


def render_side_by_side(console: Console, comparison: "Comparison", title: str, labels: Labels, top: int) -> None:
    """Two answers as equals: network-wide figures, the busiest links, the slowest demands, and how far they differ."""
    render_summary(console, comparison.summary.loc[list(_SHORT_SUMMARY)], title, labels)
    links, demands = comparison.worst_links(top), comparison.worst_demands(top)
    link_figures = ("utilization_before", "utilization_after", "loss_ratio_before", "loss_ratio_after")
    demand_figures = (
        "delay_s_before",
        "delay_s_after",
        "port_delay_s_before",
        "port_delay_s_after",
        "loss_ratio_before",
        "loss_ratio_after",
    )
    _render_rows(console, f"Most utilized links ({len(links)} of {len(comparison.links)})", links, link_figures, labels)
    _render_rows(console, f"Slowest demands ({len(demands)} of {len(comparison.demands)})", demands, demand_figures, labels)
    console.print()
    for what, figure in (("The mean delay of a demand", "delay_s"), ("Its part at the ports, without propagation,", "port_delay_s")):
        words = ", ".join(f"{percent(value)} ({name})" for name, value in comparison.relative_differences(figure).items())
        console.print(f"{what} differs by {words}.", markup=False, soft_wrap=True)


def change_notes(comparison: "Comparison") -> list[str]:
    """What the changes do, in sentences."""
    before, after = comparison.before.summary, comparison.after.summary
    notes = [
        f"The highest utilization goes from {percent(before.max_utilization)} to {percent(after.max_utilization)}, "
        f"the mean delay from {seconds(before.mean_delay_s)} to {seconds(after.mean_delay_s)}, "
        f"the loss from {percent(before.loss_ratio)} to {percent(after.loss_ratio)}."
    ]
    worst = comparison.worst_links(5)
    if worst["is_newly_worst"].any():
        notes.append(f"Newly among the five most utilized links: {', '.join(map(str, worst.index[worst['is_newly_worst']]))}.")
    if comparison.newly_unreachable:
        notes.append(f"{len(comparison.newly_unreachable)} demands become unreachable.")
    return notes


def comparison_document(comparison: "Comparison", title: str, top: int) -> dict[str, Any]:
    """Everything that the comparison knows, as JSON says it."""
    return {
        "title": title,
        "engine_before": comparison.before.performance.engine,
        "engine_after": comparison.after.performance.engine,
        "summary": comparison.summary,
        "delay_difference": comparison.relative_differences(),
        "port_delay_difference": comparison.relative_differences("port_delay_s"),
        "worst_links": comparison.worst_links(top),
        "worst_demands": comparison.worst_demands(top),
        "newly_unreachable": comparison.newly_unreachable,
        "newly_reachable": comparison.newly_reachable,
        "links": comparison.links,
        "demands": comparison.demands,
    }


def comparison_table(comparison: "Comparison", part: TablePart) -> "pd.DataFrame":
    """What CSV and Parquet hold."""
    if part is TablePart.QUEUES:
        raise typer.BadParameter("queues are not compared; demands and links are", param_hint="--table")
    return comparison.demands if part is TablePart.DEMANDS else comparison.links


def render_summary(console: Console, summary: "pd.DataFrame", title: str, labels: Labels) -> None:
    """The network-wide figures of both."""
    rows = [(heading(name), *_pair(name, row), _change(name, row)) for name, row in _named(summary)]
    console.print(table(title, ("", *labels, "change"), rows))


def _change(name: str, row: "pd.Series") -> str:
    return "0" if abs(row["change"]) <= _ROUNDING * abs(row["after"]) else quantity(f"{name}_change", row["change"])


def _pair(name: str, row: "pd.Series") -> tuple[str, str]:
    return quantity(name, row["before"]), quantity(name, row["after"])


def _named(rows: "pd.DataFrame") -> "list[tuple[str, pd.Series]]":
    return [(str(name), row) for name, row in rows.iterrows()]


def _render_rows(console: Console, title: str, rows: "pd.DataFrame", figures: Sequence[str], labels: Labels = BEFORE_AFTER) -> None:
    """A table of the figures that say something; none at all without rows."""
    shown = [name for name in figures if name in rows and says_something(rows[name])]
    if rows.empty or not shown:
        return
    body = [(name, *(_cell(figure, row) for figure in shown)) for name, row in _named(rows)]
    console.print()
    console.print(table(title, (str(rows.index.name), *(_labelled(figure, labels) for figure in shown)), body))


def _cell(figure: str, row: "pd.Series") -> Any:
    """A change that rounding explains is none."""
    if figure.endswith("_change") and abs(row[figure]) <= _ROUNDING * abs(row[figure.replace("_change", "_after")]):
        return "0"
    return cell(figure, row[figure])


def _labelled(figure: str, labels: Labels) -> str:
    for suffix, label in (("_before", labels[0]), ("_after", labels[1])):
        if figure.endswith(suffix):
            return f"{heading(figure.removesuffix(suffix))}\n{label}"
    return "newly worst" if figure == "is_newly_worst" else heading(figure)


def _render_ids(console: Console, what: str, ids: Sequence[str], top: int) -> None:
    if ids:
        console.print()
        console.print(table(f"{what} ({len(ids)})", ("demand",), [(name,) for name in ids[:top]]))
