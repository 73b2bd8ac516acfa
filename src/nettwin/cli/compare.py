"""``nettwin compare``."""

from typing import TYPE_CHECKING, Annotated

import typer

from nettwin.cli import asking
from nettwin.cli.options import InputFormat, Report, Seed, Source, Table, TablePart, Top
from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    from nettwin.apps.tables import PerformanceView
    from nettwin.formats import Imported

RECORDED = "recorded"


def compare(
    scenario: Source,
    *,
    other: Annotated[str | None, typer.Argument(metavar="OTHER", help="A second scenario; without it, the same one.")] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            "-e",
            metavar="NAME",
            help=f"Once for both sides, or twice; '{RECORDED}' is the file's own answer.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = None,
    destination: Destination,
    table: Table = TablePart.DEMANDS,
    top: Top = 10,
    report: Report = None,
    input_format: InputFormat = None,
) -> None:
    """Compare two engines on one scenario, or two scenarios, side by side."""
    from nettwin.apps.compare import Comparison
    from nettwin.cli.answers import report_on
    from nettwin.cli.comparisons import comparison_document, comparison_table, render_side_by_side

    engines = _pair(engine, is_one_scenario=other is None)
    first = asking.read(scenario, input_format)
    second = asking.read(other, input_format) if other is not None else first
    before, after = (_answer(imported, name, seed) for imported, name in zip((first, second), engines, strict=True))
    comparison = Comparison(before, after)
    title = f"{scenario} by {engines[0]}, beside {other or 'the same'} by {engines[1]}"
    labels = engines if other is None else ("first", "second")
    result = Result(
        render=lambda console: render_side_by_side(console, comparison, title, labels, top),
        document=lambda: comparison_document(comparison, title, top),
        table=lambda: comparison_table(comparison, table),
    )
    emit(result, destination)
    if report is not None:
        report_on([(labels[0], before), (labels[1], after)], report)


def _pair(engines: list[str] | None, *, is_one_scenario: bool) -> tuple[str, str]:
    names = engines or (["auto", "simulator"] if is_one_scenario else ["auto"])
    if len(names) > 2 or (is_one_scenario and len(names) < 2):
        raise typer.BadParameter("give --engine twice for one scenario, once or twice for two", param_hint="--engine")
    return names[0], names[-1]


def _answer(imported: "Imported", engine: str, seed: int | None) -> "PerformanceView":
    from nettwin.apps.tables import PerformanceView
    from nettwin.errors import InputError

    if engine != RECORDED:
        takes_seed = seed if asking.takes(engine, "seed") else None
        return asking.ask(asking.create_engine(engine, seed=takes_seed), imported.scenario)
    if imported.performance is None:
        raise InputError("the file holds no recorded answer", where=imported.scenario.name, hint="compare two engines instead")
    return PerformanceView(imported.scenario, imported.performance)
