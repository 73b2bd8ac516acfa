"""Puts the report together: one HTML file that needs nothing else, online or off."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from nettwin.apps.report.cases import Case, Metric, metrics
from nettwin.apps.report.figures import figures
from nettwin.apps.report.layout import WIDTH, Layout, layout, schematic
from nettwin.apps.report.network_map import half_links, node_marks
from nettwin.apps.report.rows import demand_rows, link_rows
from nettwin.errors import ScenarioError
from nettwin.performance.quantities import bits_per_second, number, percent, seconds
from nettwin.scenario import Topology

_ROOMY_NODES = 80
"""With more, nodes and links are drawn smaller."""
MAX_SCHEMATIC_NODES = 400
"""A force layout of more takes too long and shows too little."""

_FIGURES = (
    ("Highest link utilization", "max_utilization", percent),
    ("Mean link utilization", "mean_utilization", percent),
    ("Mean delay", "mean_delay_s", seconds),
    ("Slowest demand", "worst_delay_s", seconds),
    ("Slowest demand, p99", "worst_p99_delay_s", seconds),
    ("Lost", "loss_ratio", percent),
    ("Unreachable demands", "n_unreachable", number),
    ("Delivered", "throughput_bps", bits_per_second),
)


@dataclass(frozen=True, slots=True)
class _SummaryRow:
    name: str
    texts: tuple[str, ...]


def write_report(path: Path, cases: Sequence[Case], title: str = "", notes: Sequence[str] = ()) -> None:
    """Write the report; folders on the way are made. ``notes`` are sentences that stand at the top."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_report(cases, title, notes), encoding="utf-8")


def render_report(cases: Sequence[Case], title: str = "", notes: Sequence[str] = ()) -> str:
    """The report as HTML. All text from scenarios is escaped; no request leaves the page."""
    if not cases:
        raise ScenarioError("a report without answers", where="report", hint="give at least one case")
    scenario = cases[0].view.scenario
    template = _environment().get_template("report.html.j2")
    html: str = template.render(
        title=title or f"{scenario.name or 'network'}: performance report",
        notes=list(notes),
        cases=cases,
        counts=_counts(cases[0]),
        engines=list(dict.fromkeys(case.view.performance.engine or case.label for case in cases)),
        summary=[_SummaryRow(name, tuple(shown(getattr(case.view.summary, field)) for case in cases)) for name, field, shown in _FIGURES],
        tables=[link_rows(cases), demand_rows(cases)],
        figures=figures(cases),
        **_map(cases),
    )
    return html


def _map(cases: Sequence[Case]) -> dict[str, Any]:
    topology = cases[0].view.scenario.topology
    drawings = _drawings(topology)
    halves = half_links(topology, drawings[0])
    found = metrics(cases, [half.link for half in halves])
    return {
        "width": WIDTH,
        "drawing": drawings[0],
        "scale": min(1.0, max(0.2, (_ROOMY_NODES / topology.n_nodes) ** 0.5)),
        "halves": halves,
        "nodes": node_marks(topology, drawings[0]),
        "metrics": found,
        "data": {
            "cases": [case.label for case in cases],
            "downNodes": [[node.id for node in case.view.scenario.topology.nodes if not node.is_up] for case in cases],
            "metrics": [_metric_data(metric) for metric in found],
            "drawings": [_drawing_data(topology, drawing) for drawing in drawings],
        },
    }


def _drawings(topology: Topology) -> list[Layout]:
    first = layout(topology)
    return [first, schematic(topology)] if first.is_geographic and topology.n_nodes <= MAX_SCHEMATIC_NODES else [first]


def _drawing_data(topology: Topology, drawing: Layout) -> dict[str, Any]:
    """Where everything lies, in the order of the half links and nodes of the first drawing."""
    halves = half_links(topology, drawing)
    marks = {mark.node: mark for mark in node_marks(topology, drawing)}
    return {
        "height": drawing.height,
        "isGeographic": drawing.is_geographic,
        "paths": [half.path for half in halves],
        "middles": [half.middle for half in halves],
        "nodes": {name: [mark.x, mark.y, mark.label_x, mark.label_y, mark.anchor] for name, mark in marks.items()},
    }


def _metric_data(metric: Metric) -> dict[str, Any]:
    return {
        "key": metric.key,
        "label": metric.label,
        "palette": metric.palette,
        "classLabels": metric.class_labels,
        "classes": metric.classes,
        "texts": metric.texts,
    }


def _counts(case: Case) -> str:
    scenario = case.view.scenario
    topology = scenario.topology
    return f"{topology.n_nodes} nodes, {topology.n_links} directed links, {scenario.traffic.n_demands} demands"


def _environment() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("nettwin.apps.report")
    return Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
