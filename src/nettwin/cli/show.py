"""``nettwin show``."""

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli import asking
from nettwin.cli.options import InputFormat, Source, Top
from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from nettwin.scenario import Scenario


class Part(StrEnum):
    """The tables of a scenario."""

    NODES = "nodes"
    LINKS = "links"
    DEMANDS = "demands"


def show(
    scenario: Source,
    *,
    table: Annotated[Part | None, typer.Option("--table", help="Only this table, whole.", show_default=False)] = None,
    paths: Annotated[str | None, typer.Option("--paths", metavar="DEMAND", help="The paths of one demand.", show_default=False)] = None,
    destination: Destination,
    top: Top = 10,
    input_format: InputFormat = None,
) -> None:
    """Show a scenario: nodes, links, demands, routing policy."""

    question = asking.read(scenario, input_format).scenario
    if paths is not None:
        _emit_paths(question, paths, destination)
        return
    result = Result(
        render=lambda console: _render(console, question, table, top),
        document=lambda: _document(question),
        table=lambda: _frame(question, table or Part.LINKS),
    )
    emit(result, destination)


def _frame(scenario: "Scenario", part: Part) -> "pd.DataFrame":
    from nettwin.apps import scenario_tables

    makers = {Part.NODES: scenario_tables.node_table, Part.LINKS: scenario_tables.link_table, Part.DEMANDS: scenario_tables.demand_table}
    return makers[part](scenario)


def _document(scenario: "Scenario") -> dict[str, Any]:
    tables = {part.value: _frame(scenario, part) for part in Part}
    return {"name": scenario.name, "description": scenario.description, "summary": dict(_summary(scenario)), **tables}


def _render(console: "Console", scenario: "Scenario", part: Part | None, top: int) -> None:
    from nettwin.cli import console as screens

    if part is not None:
        _render_part(console, scenario, part, None)
        return
    console.print(screens.table(scenario.name or "scenario", ("", ""), _summary(scenario), right=()))
    for each in (Part.LINKS, Part.DEMANDS):
        console.print()
        _render_part(console, scenario, each, top)


def _render_part(console: "Console", scenario: "Scenario", part: Part, top: int | None) -> None:
    from nettwin.cli.performance_tables import render_rows

    figures = {
        Part.NODES: ("label", "x", "y", "n_links_out", "sent_bps", "received_bps"),
        Part.LINKS: ("capacity_bps", "propagation_delay_s", "metric", "discipline", "is_up", "offered_utilization"),
        Part.DEMANDS: ("rate_bps", "traffic_class", "mean_hops", "arrivals"),
    }
    busiest = {Part.NODES: "sent_bps", Part.LINKS: "offered_utilization", Part.DEMANDS: "rate_bps"}[part]
    rows = _frame(scenario, part)
    shown = rows if top is None else rows.nlargest(top, busiest)
    title = f"{part.value.capitalize()} ({len(rows)})" if top is None else f"{_TITLES[part]} ({len(shown)} of {len(rows)})"
    render_rows(console, title, shown, figures[part])


_TITLES = {Part.NODES: "Nodes", Part.LINKS: "Links with the highest offered load", Part.DEMANDS: "Largest demands"}


def _summary(scenario: "Scenario") -> list[tuple[str, str]]:
    from nettwin.controlplane import route
    from nettwin.performance.quantities import bits_per_second, percent, seconds

    topology, traffic = scenario.topology, scenario.traffic
    load = route(scenario).link_load_bps(traffic.rate_bps, topology.n_links) / topology.capacity_bps
    n_classes = len(set(traffic.traffic_class.tolist()))
    return [
        ("description", scenario.description or "-"),
        ("nodes", str(topology.n_nodes)),
        ("links", f"{topology.n_links} directed, {len(topology.circuits)} circuits, {len(topology.risk_groups)} risk groups"),
        ("down", f"{int((~topology.node_is_up).sum())} nodes, {int((~topology.link_is_up).sum())} links"),
        ("capacity", _range(topology.capacity_bps, bits_per_second)),
        ("propagation delay", _range(topology.propagation_delay_s, seconds)),
        ("schedulers", _counted(Counter(link.scheduling.discipline.value for link in topology.links))),
        ("queues", str(topology.n_queues)),
        ("demands", f"{traffic.n_demands} in {n_classes} classes, {bits_per_second(float(traffic.rate_bps.sum()))} offered"),
        ("arrivals", ", ".join(dict.fromkeys(type(process).__name__ for process in traffic.arrivals))),
        ("packet sizes", ", ".join(dict.fromkeys(type(sizes).__name__ for sizes in traffic.packet_sizes))),
        ("routing", _policy(scenario)),
        ("highest offered load", percent(float(load.max(initial=0.0)))),
    ]


def _policy(scenario: "Scenario") -> str:
    from nettwin.scenario import ShortestPaths

    policy = scenario.policy
    base = policy.base
    name = f"shortest paths{', ECMP' if base.has_ecmp else ', single path'}" if isinstance(base, ShortestPaths) else "forwarding table"
    extra = [(len(policy.explicit_paths), "explicit paths"), (len(policy.segment_lists), "segment lists")]
    return ", ".join([name, *(f"{n} demands with {what}" for n, what in extra if n)])


def _range(values: Any, shown: Any) -> str:
    if not len(values):
        return "-"
    low, high = float(values.min()), float(values.max())
    return str(shown(low)) if low == high else f"{shown(low)} to {shown(high)}"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.most_common())


def _emit_paths(scenario: "Scenario", demand: str, destination: Any) -> None:
    import pandas as pd

    from nettwin.cli.console import table
    from nettwin.controlplane import route

    index = scenario.index_of_demand(demand)
    links = scenario.topology.links
    paths = [(share, [links[i].id for i in hops]) for share, hops in route(scenario).paths_of(index)]
    rows = [(f"{share:.3g}", " , ".join(hops)) for share, hops in paths]
    result = Result(
        render=lambda console: console.print(table(f"Paths of {demand}", ("share", "links"), rows, right=(0,))),
        document=lambda: {"demand": demand, "paths": [{"share": share, "links": hops} for share, hops in paths]},
        table=lambda: pd.DataFrame(rows, columns=["share", "links"]).set_index("share"),
    )
    emit(result, destination)
