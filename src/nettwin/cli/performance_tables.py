"""A performance as tables for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from nettwin.cli.console import table
from nettwin.performance.quantities import UNKNOWN, bits_per_second, percent, quantity, seconds

if TYPE_CHECKING:
    import pandas as pd

    from nettwin.apps.tables import PerformanceView

WARNING, CRITICAL = 0.7, 0.9
"""Utilization at which operators look and at which they act."""
_BLOCKS = 10
_NOTHING = 1e-9


def render_view(console: Console, view: "PerformanceView", top: int) -> None:
    """The summary, the most utilized links and the slowest demands."""
    render_summary(console, view)
    console.print()
    links = view.links.nlargest(top, "utilization")
    render_rows(console, f"Most utilized links ({len(links)} of {len(view.links)})", links, ("utilization", "throughput_bps", "loss_ratio"))
    console.print()
    demands = view.demands.nlargest(top, "delay_s")
    figures = ("rate_bps", "delay_s", "port_delay_s", *_confidence_columns(demands), "delay_p99_s", "delay_variation_s", "loss_ratio")
    render_rows(console, f"Slowest demands ({len(demands)} of {len(view.demands)})", demands, figures)
    lost = view.demands[(view.demands["loss_ratio"] >= 1.0) & (view.demands["rate_bps"] > 0)]
    if len(lost):
        console.print()
        render_rows(console, f"Unreachable demands ({min(top, len(lost))} of {len(lost)})", lost.head(top), ("rate_bps",))


def render_summary(console: Console, view: "PerformanceView") -> None:
    """One paragraph: who answers, about what, and the network-wide figures."""
    scenario, summary = view.scenario, view.summary
    title = f"{scenario.name or 'scenario'}: {_counts(view)}, answered by {view.performance.engine or 'an engine'}"
    rows = [
        ("max utilization", meter(summary.max_utilization)),
        ("mean utilization", percent(summary.mean_utilization)),
        ("mean delay", seconds(summary.mean_delay_s)),
        ("slowest demand", seconds(summary.worst_delay_s)),
        ("slowest p99 delay", seconds(summary.worst_p99_delay_s)),
        ("lost", percent(summary.loss_ratio)),
        ("unreachable demands", str(summary.n_unreachable)),
        ("offered / delivered", f"{bits_per_second(summary.offered_bps)} / {bits_per_second(summary.throughput_bps)}"),
    ]
    console.print(table(title, ("", ""), rows, right=()))


def render_rows(console: Console, title: str, rows: "pd.DataFrame", figures: Sequence[str]) -> None:
    """Rows of a table, named by their id, with figures in fitting units."""
    figures = [name for name in figures if name in rows and says_something(rows[name])]
    header = [str(rows.index.name or ""), *(heading(name) for name in figures)]
    body = [[str(name), *(cell(figure, row[figure]) for figure in figures)] for name, row in rows[figures].iterrows()]
    console.print(table(title, header, body))


def says_something(column: "pd.Series") -> bool:
    """A loss that is zero everywhere, trust in everything, and figures that nobody claims are not worth a column."""
    if column.name == "is_trusted":
        return not column.all()
    if "loss" in str(column.name):
        return bool((column.abs() > _NOTHING).any())
    return not column.isna().all()


def cell(column: str, value: Any) -> Text | str:
    """One value: utilization as a meter, a yes-or-no as a mark, the rest with its unit."""
    if column.startswith("utilization") and not column.endswith("_change"):
        return meter(float(value))
    if isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b":
        return "yes" if value else "no" if column == "is_trusted" else ""
    return value if isinstance(value, str) else quantity(column, float(value))


def heading(column: str) -> str:
    """``delay_p99_s`` -> ``delay p99``."""
    for side in ("_before", "_after", "_change"):
        if column.endswith(side):
            return f"{heading(column.removesuffix(side))} {side[1:]}"
    for suffix in ("_s", "_bps", "_ratio"):
        column = column.removesuffix(suffix)
    return column.replace("_", " ")


def meter(utilization: float) -> Text:
    """A bar and a percentage; the bar tells without colour, the colour tells faster."""
    if utilization != utilization:  # noqa: PLR0124 - NaN
        return Text(UNKNOWN)
    n_full = min(_BLOCKS, round(utilization * _BLOCKS))
    style = "bold red" if utilization >= CRITICAL else "yellow" if utilization >= WARNING else "green"
    return Text("█" * n_full, style=style) + Text("░" * (_BLOCKS - n_full), style="dim") + Text(f" {percent(utilization):>8}")


def _counts(view: "PerformanceView") -> str:
    topology = view.scenario.topology
    return f"{topology.n_nodes} nodes, {topology.n_links} links, {view.scenario.traffic.n_demands} demands"


def _confidence_columns(demands: "pd.DataFrame") -> list[str]:
    return [name for name in ("delay_lower_s", "delay_upper_s", "is_trusted") if name in demands]
