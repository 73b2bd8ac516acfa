"""``nettwin predict``."""

from nettwin.cli import asking
from nettwin.cli.options import InputFormat, Report, Source, Strict, Table, TablePart, Top
from nettwin.cli.output import Destination
from nettwin.cli.verdict import Objectives, judge


def predict(
    scenario: Source,
    *,
    choice: asking.EngineChoice,
    objectives: Objectives,
    strict: Strict = False,
    destination: Destination,
    table: Table = TablePart.DEMANDS,
    top: Top = 10,
    report: Report = None,
    input_format: InputFormat = None,
) -> None:
    """Predict delay, loss and utilization with any engine."""
    from nettwin.cli.answers import deliver

    predictor = choice.create()
    question = asking.read(scenario, input_format).scenario
    view = asking.ask(predictor, question)
    deliver(view, destination, table, top, report)
    judge(view, objectives, strict)
