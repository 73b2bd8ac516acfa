"""The list of commands."""

from collections.abc import Callable
from typing import Annotated

import typer

from nettwin.cli.command_group import CommandGroup
from nettwin.cli.compare import compare
from nettwin.cli.convert import convert
from nettwin.cli.dataset import DATASET
from nettwin.cli.engines import engines
from nettwin.cli.evaluate import evaluate
from nettwin.cli.exit_codes import EXIT_CODES_HELP
from nettwin.cli.explain import explain
from nettwin.cli.groups import grouped
from nettwin.cli.import_ import import_
from nettwin.cli.intent import INTENT
from nettwin.cli.learn import LEARN
from nettwin.cli.optimize import optimize
from nettwin.cli.predict import predict
from nettwin.cli.schema import schema
from nettwin.cli.show import show
from nettwin.cli.simulate import simulate
from nettwin.cli.sweep import sweep
from nettwin.cli.tour import tour
from nettwin.cli.validate import validate
from nettwin.cli.whatif import whatif

PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Scenarios": (import_, validate, show, convert, schema),
    "Answers": (predict, simulate, whatif, sweep, compare, explain, optimize),
    "Engines": (engines, evaluate, tour),
}
GROUPS: dict[str, tuple[CommandGroup, ...]] = {
    "Answers": (INTENT,),
    "Learning": (DATASET, LEARN),
}

app = typer.Typer(
    help="A Digital Twin Network: ask a network what would happen.\n\n"
    "SCENARIO is a file (nettwin YAML, SNDlib, GraphML, REPETITA, datanet, RFC 8345 JSON, node-link JSON, CSV folder; its format is "
    "recognised) or a name such as topohub:sndlib/germany50. Tables are for people; --format json|csv|parquet is for machines. "
    "--debug, anywhere, shows where an error comes from.",
    epilog=EXIT_CODES_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for panel, commands in PANELS.items():
    for command in commands:
        app.command(command.__name__.rstrip("_"), rich_help_panel=panel)(grouped(command))
for panel, groups in GROUPS.items():
    for group in groups:
        app.add_typer(group.app(), name=group.name, rich_help_panel=panel)


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"nettwin {version('nettwin')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    pass
