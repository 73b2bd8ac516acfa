from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from nettwin.cli.groups import grouped


@dataclass
class Size:
    width: Annotated[int, typer.Option("--width", "-w")] = 1
    height: Annotated[int, typer.Option("--height")] = 2


def area(name: str, *, size: Size, unit: str = "m2") -> None:
    """How large it is."""
    typer.echo(f"{name} {size.width * size.height} {unit}")


def invoke(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(grouped(area))
    return CliRunner().invoke(app, list(arguments)).output


def test_a_group_is_seen_as_its_options() -> None:
    assert invoke("room", "-w", "3", "--height", "5", "--unit", "ft2") == "room 15 ft2\n"
    assert invoke("room") == "room 2 m2\n"
    assert "How large it is." in invoke("--help")


def test_an_option_of_no_group_is_unknown() -> None:
    assert "--size" in invoke("room", "--size", "3")
