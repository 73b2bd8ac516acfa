"""Commands that belong together under one name: ``nettwin dataset build``."""

from collections.abc import Callable
from dataclasses import dataclass

import typer

from nettwin.cli.groups import grouped


@dataclass(frozen=True, slots=True)
class CommandGroup:
    """A name, what it is about, and its commands."""

    name: str
    help: str
    commands: tuple[Callable[..., None], ...]

    def app(self) -> typer.Typer:
        """As a part of the command line."""
        app = typer.Typer(help=self.help, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
        for command in self.commands:
            app.command(command.__name__.rstrip("_"))(grouped(command))
        return app
