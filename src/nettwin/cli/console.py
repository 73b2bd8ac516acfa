"""Where text for people goes: tables on standard output, notes on standard error, escapes for neither."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

_PLAIN_WIDTH = 160
"""Columns when the output is a file or a pipe: nothing should be cut off there."""


class _PatientConsole(Console):
    """Rich's console leaves with exit code 1 when its reader has gone; for us that would mean a violated objective."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def screen() -> Console:
    """Standard output. Colours only on a terminal, and none with NO_COLOR."""
    has_own_width = sys.stdout.isatty() or "COLUMNS" in os.environ
    return _PatientConsole(width=None if has_own_width else _PLAIN_WIDTH, highlight=False)


def note(text: str) -> None:
    """One line for people on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(printable(text)))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] | None = None) -> Group:
    """A table under its title; columns are right-aligned except the first, or exactly those numbered in ``right``."""
    result = Table(box=None, pad_edge=False, header_style="dim", show_header=any(columns))
    for index, name in enumerate(columns):
        is_right = index in right if right is not None else index > 0
        result.add_column(name, justify="right" if is_right else "left", no_wrap=is_right, overflow="fold")
    for row in rows:
        result.add_row(*(cell if isinstance(cell, Text) else Text(printable(str(cell))) for cell in row))
    return Group(Text(printable(title), style="bold"), result)


def printable(text: str) -> str:
    """Names come from other people's files: control characters must not reach the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
