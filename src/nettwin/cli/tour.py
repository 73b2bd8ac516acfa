"""``nettwin tour``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nettwin.cli.options import InputFormat
from nettwin.cli.quantities import parse_count

if TYPE_CHECKING:
    from nettwin.predict.predictor import Predictor
    from nettwin.scenario import Scenario

TOUR_NETWORK = "topohub:sndlib/geant"


def tour(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="The network to look at.")] = TOUR_NETWORK,
    report: Annotated[Path, typer.Option("--report", metavar="FILE.html", help="Where the report goes.")] = Path("out/report.html"),
    packets: Annotated[float, typer.Option("--packets", metavar="N", parser=parse_count, help="Budget of each simulation.")] = 2e7,
    seed: Annotated[int, typer.Option("--seed", help="Of the simulations.")] = 1,
    top: Annotated[int, typer.Option("--top", min=1, help="Rows per table.")] = 6,
    input_format: InputFormat = None,
) -> None:
    """See what nettwin does: two engines side by side, the busiest link fails, and a report."""
    from nettwin.apps.compare import Comparison
    from nettwin.changes import FailLink
    from nettwin.cli import asking
    from nettwin.cli.answers import report_on
    from nettwin.cli.comparisons import change_notes, render_side_by_side, render_what_if
    from nettwin.cli.console import screen

    console, labels = screen(), ("twin", "simulated")
    question = asking.read(scenario, input_format).scenario
    twin = _twin()
    simulator = asking.create_engine("simulator", seed=seed, packets=packets, workers=asking.n_cores())
    busiest = _busiest_circuit(question)
    failed = FailLink(busiest).apply(question)

    expected, simulated = asking.ask(twin, question), asking.ask(simulator, question)
    today = Comparison(expected, simulated)
    render_side_by_side(console, today, f"{question.name}: the twin beside the packet simulator", labels, top)

    what_if = Comparison(expected, asking.ask(twin, failed))
    console.print()
    render_what_if(console, what_if, f"What if {busiest}, the busiest circuit, fails? (the twin)", top)

    console.print()
    simulated_after = asking.ask(simulator, failed)
    after = Comparison(what_if.after, simulated_after)
    render_side_by_side(console, after, f"After the failure of {busiest}: both engines again", labels, top)

    cases = [("twin, today", expected), ("simulated, today", simulated)]
    cases += [("twin, after", what_if.after), ("simulated, after", simulated_after)]
    report_on(cases, report, f"{question.name}: today, and if {busiest} fails", change_notes(what_if))


def _twin() -> "Predictor":
    """The neural twin; the analytic one where PyTorch is not installed."""
    from nettwin.cli import asking
    from nettwin.cli.console import note
    from nettwin.errors import MissingDependencyError

    try:
        return asking.create_engine("neural")
    except MissingDependencyError as missing:
        note(f"nettwin: {missing}; queueing theory answers instead")
        return asking.create_engine("queueing")


def _busiest_circuit(scenario: "Scenario") -> str:
    from nettwin.controlplane import route
    from nettwin.errors import InputError

    topology = scenario.topology
    if not topology.n_links:
        raise InputError("there are no links, so none can fail", where=scenario.name or "the scenario", hint="give another network")
    load = route(scenario).link_load_bps(scenario.traffic.rate_bps, topology.n_links) / topology.capacity_bps
    link = topology.links[int(load.argmax())]
    return link.circuit or link.id
