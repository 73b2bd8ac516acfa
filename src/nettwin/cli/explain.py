"""``nettwin explain``."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from nettwin.cli import asking
from nettwin.cli.console import note
from nettwin.cli.options import InputFormat, Source, Top
from nettwin.cli.output import Destination, Result, emit
from nettwin.cli.progress import progress
from nettwin.cli.quantities import parse_ratio, parse_seconds

if TYPE_CHECKING:
    from nettwin.apps.explain import Target

_PANEL = "Target (the smallest change that meets it is looked for)"


class ExplanationPart(StrEnum):
    """The tables of an explanation."""

    HOPS = "hops"
    CAUSES = "causes"
    SENSITIVITIES = "sensitivities"
    SLOPES = "slopes"
    REMEDIES = "remedies"


@dataclass(frozen=True, slots=True)
class Aims:
    """What the demands should come to; None: no such target."""

    target_delay_s: Annotated[
        float | None,
        typer.Option(
            "--target-delay",
            metavar="TIME",
            parser=parse_seconds,
            help="Mean delay of the demand (20ms).",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None
    target_loss_ratio: Annotated[
        float | None,
        typer.Option(
            "--target-loss",
            metavar="SHARE",
            parser=parse_ratio,
            help="Share of its packets that may be lost (0.001 or 0.1%).",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None

    def target(self) -> "Target":
        """The same as the explanation takes it."""
        from nettwin.apps.explain import Target

        return Target(self.target_delay_s, self.target_loss_ratio)


def explain(
    scenario: Source,
    *,
    demand: Annotated[
        list[str] | None,
        typer.Option("--demand", "-d", metavar="ID", help="Explain this one; repeatable. Default: the worst.", show_default=False),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--change", "-c", metavar="CHANGE", help="Made first, as in whatif; repeatable, in order.", show_default=False),
    ] = None,
    worst: Annotated[int, typer.Option("--worst", min=1, help="How many of the worst by delay and loss, where none is named.")] = 3,
    aims: Aims,
    choice: asking.EngineChoice,
    destination: Destination,
    table: Annotated[ExplanationPart, typer.Option("--table", help="Which table CSV and Parquet hold.")] = ExplanationPart.HOPS,
    top: Top = 5,
    input_format: InputFormat = None,
) -> None:
    """Say why demands are slow or lossy: where on the way, because of whom, and what would change it."""
    from nettwin.apps.explain import explain as explain_demands
    from nettwin.changes import Plan, parse_change
    from nettwin.cli.explanations import explanation_document, render_explanation

    predictor = choice.create()
    question = Plan(tuple(map(parse_change, change or ()))).apply(asking.read(scenario, input_format).scenario)
    with progress(f"asking engine {predictor.name} what changes would do"):
        explanation = explain_demands(question, predictor, demand or (), aims.target(), worst)
    result = Result(
        render=lambda console: render_explanation(console, explanation, top),
        document=lambda: explanation_document(explanation),
        table=lambda: getattr(explanation, table),
    )
    emit(result, destination)
    for doubt in explanation.performance.doubts:
        note(f"nettwin: low confidence: {doubt}")
