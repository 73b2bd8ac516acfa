"""``nettwin predict``."""

from nettwin.cli.options import (
    Engine,
    EngineOptions,
    Format,
    InputFormat,
    MaxDelay,
    MaxLoss,
    MaxUtilization,
    Output,
    OutputFormat,
    Report,
    Seed,
    Source,
    Strict,
    Table,
    TablePart,
    Top,
)


def predict(
    scenario: Source,
    engine: Engine = "queueing",
    option: EngineOptions = None,
    seed: Seed = None,
    max_utilization: MaxUtilization = None,
    max_delay: MaxDelay = None,
    max_loss: MaxLoss = None,
    strict: Strict = False,
    format: Format = OutputFormat.TEXT,
    output: Output = None,
    table: Table = TablePart.DEMANDS,
    top: Top = 10,
    report: Report = None,
    input_format: InputFormat = None,
) -> None:
    """Predict delay, loss and utilization with any engine."""
    from nettwin.cli import asking
    from nettwin.cli.answers import deliver
    from nettwin.cli.output import Destination
    from nettwin.cli.verdict import Objectives, judge

    destination = Destination(format, output)
    predictor = asking.create_engine(engine, option, seed=seed)
    question = asking.read(scenario, input_format).scenario
    view = asking.ask(predictor, question)
    deliver(view, destination, table, top, report)
    judge(view, Objectives(max_utilization, max_delay, max_loss), strict)
