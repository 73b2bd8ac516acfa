"""Charts as inline SVG: distributions over demands and links, and the delay range of the slowest demands."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from nettwin.apps.report.cases import Case
from nettwin.apps.tables import quantile_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe & Ito (2008), told apart with any colour vision; lines differ by dashes too."""
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 3)))
_N_SLOWEST = 12
_STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # names of nodes are not formulas
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e6ea",
    "axes.edgecolor": "#8a929c",
    "legend.frameon": False,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart with its caption; the caption says what to see, for those who cannot see it too."""

    caption: str
    svg: str


def figures(cases: Sequence[Case]) -> list[Figure]:
    """The charts that the answers have data for."""
    found = []
    if any(np.isfinite(_delays_ms(case)).any() for case in cases):
        found.append(Figure("How many demands are faster than: mean delay of each demand (logarithmic).", _drawn(cases, _delay_cdf, "cdf")))
        found.append(Figure("The same without propagation: waiting and being sent at the ports.", _drawn(cases, _port_delay_cdf, "ports")))
        found.append(
            Figure(
                f"Delay of the {_N_SLOWEST} slowest demands of the last answer: dot: mean; bar: p10 to p90; line: to p99.",
                _drawn(cases, _slowest, "slowest"),
            )
        )
    if len(cases) == 2 and found:
        caption = f"Mean delay of each demand: {cases[0].label} and {cases[-1].label}; above the line it is slower in the latter."
        found.append(Figure(caption, _drawn(cases, _against, "against")))
    if any(np.isfinite(case.view.links["utilization"]).any() for case in cases):
        found.append(Figure("Links from the most to the least utilized.", _drawn(cases, _utilization, "utilization")))
    return found


def _drawn(cases: Sequence[Case], draw: "Callable[[Axes, Sequence[Case]], None]", name: str) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure as Sheet

    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        sheet = Sheet(figsize=(5.6, 3.7), layout="constrained")
        draw(sheet.add_subplot(), cases)
        text = StringIO()
        sheet.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(text.getvalue(), name)


def _inline(svg: str, name: str) -> str:
    """Only the drawing: no XML header, no metadata, no fixed size, and ids that no other chart has."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg (.*?)width="[^"]*"', r"<svg \1", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'<svg (.*?)height="[^"]*"', r'<svg aria-hidden="true" \1', svg, count=1, flags=re.DOTALL)
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)


def _delay_cdf(axes: "Axes", cases: Sequence[Case]) -> None:
    _cdf(axes, cases, "delay_s", "mean delay")


def _port_delay_cdf(axes: "Axes", cases: Sequence[Case]) -> None:
    _cdf(axes, cases, "port_delay_s", "mean delay at the ports")


def _cdf(axes: "Axes", cases: Sequence[Case], figure: str, title: str) -> None:
    columns = [case.view.demands[figure].to_numpy(float) for case in cases]
    columns = [np.sort(column[column > 0]) for column in columns]  # NaN is not above 0
    per_unit, unit = _unit(np.concatenate(columns))
    for number, (case, column) in enumerate(zip(cases, columns, strict=True)):
        share = np.arange(1, len(column) + 1) / max(1, len(column))
        axes.step(column * per_unit, share, where="post", label=case.label, **_line(number))
    axes.set(xscale="log", xlabel=f"{title}, {unit}", ylabel="share of demands", ylim=(0, 1.02))
    _plain_ticks(axes.xaxis)
    _legend(axes)


def _slowest(axes: "Axes", cases: Sequence[Case]) -> None:
    names = list(cases[-1].view.demands.nlargest(_N_SLOWEST, "delay_s").index)
    for number, case in enumerate(cases):
        rows = case.view.demands.reindex(names)
        y = np.arange(len(names)) + (number - (len(cases) - 1) / 2) * 0.7 / len(cases)
        low, high, far = (1e3 * rows[quantile_column(level)].to_numpy(float) for level in (0.1, 0.9, 0.99))
        color = COLORS[number % len(COLORS)]
        axes.hlines(y, low, far, color=color, lw=1)
        axes.hlines(y, low, high, color=color, lw=4, alpha=0.55)
        axes.plot(1e3 * rows["delay_s"], y, "o", color=color, ms=3.5, label=case.label)
    axes.set_yticks(range(len(names)), [_short(name) for name in names], fontsize=7.5)
    axes.invert_yaxis()
    axes.set(xlabel="delay, ms", xlim=(0, None))
    _legend(axes)


def _against(axes: "Axes", cases: Sequence[Case]) -> None:
    first = 1e3 * cases[0].view.demands["delay_s"]
    last = (1e3 * cases[-1].view.demands["delay_s"]).reindex(first.index)
    both = np.isfinite(first) & np.isfinite(last)
    axes.scatter(first[both], last[both], s=9, color=COLORS[0], alpha=0.5, linewidths=0)
    ends = [min(first[both].min(), last[both].min()), max(first[both].max(), last[both].max())] if both.any() else [1, 2]
    axes.plot(ends, ends, color="#8a929c", lw=1)
    axes.set(xscale="log", yscale="log", xlabel=f"{cases[0].label}, ms", ylabel=f"{cases[-1].label}, ms")
    for axis in (axes.xaxis, axes.yaxis):
        _plain_ticks(axis)


def _utilization(axes: "Axes", cases: Sequence[Case]) -> None:
    for number, case in enumerate(cases):
        values = np.sort(case.view.links["utilization"].fillna(0).to_numpy(float))[::-1] * 100
        axes.step(np.arange(1, len(values) + 1), values, where="mid", label=case.label, **_line(number))
    axes.set(xlabel="links, by utilization", ylabel="utilization, %", ylim=(0, None))
    _legend(axes)


def _unit(delays_s: np.ndarray) -> tuple[float, str]:
    """Of a chart: units per second and their name, so that the middle is a number one can read."""
    middle = float(np.median(delays_s)) if len(delays_s) else 1.0
    return (1e6, "µs") if middle < 1e-4 else (1e3, "ms") if middle < 1.0 else (1.0, "s")


def _legend(axes: "Axes") -> None:
    """Above the chart, where it covers nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=8.5, handlelength=2.6)


def _plain_ticks(axis: "Axis") -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _line(number: int) -> dict[str, Any]:
    return {"color": COLORS[number % len(COLORS)], "linestyle": DASHES[number % len(DASHES)], "lw": 1.8}


def _delays_ms(case: Case) -> np.ndarray:
    return 1e3 * case.view.demands["delay_s"].to_numpy(float)


def _short(name: str) -> str:
    return name if len(name) <= 26 else name[:25] + "…"
