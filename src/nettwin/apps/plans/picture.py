"""The network before and after a plan: two maps beside each other, links coloured by utilization."""

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nettwin.apps.report.layout import WIDTH, Layout, layout
from nettwin.apps.report.network_map import half_links, node_marks
from nettwin.errors import InputError
from nettwin.optimize.steering.crossings import crossings
from nettwin.performance.quantities import percent
from nettwin.scenario import Scenario, Topology
from nettwin.scenario.arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Curve

STEPS = ((0.0, "#a9bfd8", 1.2), (0.3, "#5b8ec2", 1.8), (0.6, "#e9b83b", 2.6), (0.8, "#ea7a2b", 3.6), (1.0, "#a8122a", 5.0))
"""From this utilization on: colour and width in points; the same colours as the map of a report."""
_LEAST_CHANGE = 0.005
"""Links whose utilization changes by more are outlined."""
_OUTLINE, _DOWN = "#1d2329", "#9aa3ad"
_FORMATS = (".svg", ".png", ".pdf")


def draw_plan(before: Scenario, after: Scenario, path: Path, title: str = "") -> None:
    """Write the picture: SVG, PNG or PDF by the file's name. Links outlined left lose traffic, those outlined right gain some."""
    if path.suffix.lower() not in _FORMATS:
        raise InputError(f"no picture is written as {path.suffix or 'a file without ending'}", where=str(path), hint=", ".join(_FORMATS))
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none", "text.parse_math": False, "font.size": 8, "svg.hashsalt": "plan"}):
        figure(before, after, title).savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else {})


def figure(before: Scenario, after: Scenario, title: str = "") -> "Figure":
    """The picture, to be shown or written."""
    from matplotlib.figure import Figure

    place = layout(before.topology)
    height = 6.4 * place.height / WIDTH
    sheet = Figure(figsize=(13.0, height + 1.0), layout="constrained")
    maps = sheet.subplots(1, 2)
    levels = [_utilization(scenario) for scenario in (before, after)]
    rise = levels[1] - levels[0] if len(levels[0]) == len(levels[1]) else np.zeros(len(levels[0]))
    _draw(maps[0], before.topology, place, levels[0], rise < -_LEAST_CHANGE)
    _draw(
        maps[1],
        after.topology,
        place if after.topology.n_nodes == len(place.xy) else layout(after.topology),
        levels[1],
        rise > _LEAST_CHANGE,
    )
    for axes, name, told, level in zip(maps, ("Before", "After"), ("that lose traffic", "that gain traffic"), levels, strict=True):
        axes.set_title(f"{name}: busiest link {percent(float(level.max(initial=0.0)))} (outlined: links {told})", fontsize=10)
    sheet.suptitle(title, fontsize=11)
    _legend(sheet)
    return sheet


def _utilization(scenario: Scenario) -> FloatArray:
    """Offered load over capacity; links that are down carry nothing."""
    load = scenario.traffic.rate_bps @ crossings(scenario)
    return np.where(scenario.topology.link_is_up, load / scenario.topology.capacity_bps, 0.0)


def _draw(axes: "Axes", topology: Topology, place: Layout, utilization: FloatArray, is_outlined: np.ndarray) -> None:
    from matplotlib.patches import PathPatch

    for half in half_links(topology, place):
        link = topology.link_index[half.link]
        curve, is_up = _curve(half.path), bool(topology.link_is_up[link])
        color, width = _style(float(utilization[link]))
        busier = 2 + float(utilization[link])  # busy links lie above idle ones
        if is_up and is_outlined[link]:
            axes.add_patch(PathPatch(curve, fill=False, edgecolor=_OUTLINE, linewidth=width + 2.2, capstyle="butt", zorder=busier - 0.01))
        style = {"edgecolor": color, "linewidth": width} if is_up else {"edgecolor": _DOWN, "linewidth": 1.0, "linestyle": ":"}
        axes.add_patch(PathPatch(curve, fill=False, capstyle="butt", zorder=busier, **style))
    axes.plot(*place.xy.T, "o", ms=4, mfc="white", mec=_OUTLINE, mew=0.9, zorder=9)
    for mark in node_marks(topology, place):
        if mark.anchor:
            side = {"start": "left", "end": "right", "middle": "center"}[mark.anchor]
            axes.text(mark.label_x, mark.label_y, mark.label, ha=side, fontsize=6, zorder=10)
    axes.set(xlim=(0, WIDTH), ylim=(place.height, 0), aspect="equal")
    axes.axis("off")


def _curve(svg_path: str) -> "Curve":
    """``M x y Q x y x y`` as matplotlib draws it."""
    from matplotlib.path import Path as Curve

    numbers = [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", svg_path)]
    return Curve(np.reshape(numbers, (3, 2)), [Curve.MOVETO, Curve.CURVE3, Curve.CURVE3])


def _style(utilization: float) -> tuple[str, float]:
    _, color, width = next(step for step in reversed(STEPS) if utilization >= step[0] or step is STEPS[0])
    return color, width


def _legend(sheet: "Figure") -> None:
    from matplotlib.lines import Line2D

    ends = [f"{low:.0%} to {high:.0%}" for (low, *_), (high, *_) in pairwise(STEPS)] + ["100% and more"]
    lines = [Line2D([], [], color=color, lw=width) for _, color, width in STEPS]
    sheet.legend(
        lines, ends, loc="outside lower center", ncols=len(STEPS), frameon=False, title="utilization (each half of a line: one direction)"
    )
