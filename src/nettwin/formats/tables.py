"""Tables with a row of column names: as comma-separated text, or as lists."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nettwin.errors import FormatError, UnknownNameError

_NEEDS_QUOTES = re.compile(r'[",;\t\r\n]')
_EMPTY = '""'
"""A row of one empty cell, which would else be an empty line."""

Cell = str | int | float | bool | None
"""None and the empty text are blank."""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of equal length under unique column names."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    lines: Sequence[int] = ()
    """Line of each row within the text, from 1; empty where there was no text."""

    def column(self, name: str) -> Sequence[Cell]:
        """The cells of one column; all blank if it is not there."""
        if name not in self.columns:
            return [None] * len(self.rows)
        position = self.columns.index(name)
        return [row[position] for row in self.rows]

    def records(self) -> Iterator[Mapping[str, Cell]]:
        """The rows as mappings, without their blank cells."""
        for row in self.rows:
            yield {name: cell for name, cell in zip(self.columns, row, strict=True) if cell is not None and cell != ""}


def parse_table(text: str, where: str, *, is_exact: bool = False, delimiter: str = ",") -> Table:
    """A table from delimited text; cells may be quoted, empty lines do not count, nor, unless ``is_exact``, blanks around cells."""
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True, delimiter=delimiter)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if row:
                rows.append(row if is_exact else [cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise FormatError(f"no table: {error}", where=f"{where} row {len(rows)}".strip()) from None
    if not rows:
        raise FormatError("an empty table", where=where, hint="its first row holds the column names")
    return make_table([name.strip() for name in rows[0]], rows[1:], where, lines[1:])


def make_table(columns: Iterable[str], rows: Sequence[Sequence[Cell]], where: str, lines: Sequence[int] = ()) -> Table:
    """A table from lists. Raises FormatError for repeated columns and uneven rows."""
    names = tuple(columns)
    name, count = Counter(names).most_common(1)[0] if names else ("", 1)
    if count > 1:
        raise FormatError(f"the column {name[:60]!r} stands twice", where=where, hint="rename or remove one of them")
    for index, row in enumerate(rows):
        if len(row) != len(names):
            raise FormatError(
                f"{len(row)} cells under {len(names)} columns",
                where=f"{where} row {index + 1}".strip(),
                hint="quote cells that contain a comma",
            )
    return Table(names, rows, lines)


def check_columns(table: Table, known: Iterable[str], required: Iterable[str], where: str) -> None:
    """Raises UnknownNameError for a column that means nothing, FormatError for one that is missing."""
    known = list(known)
    for name in table.columns:
        if name not in known:
            raise UnknownNameError.among("column", name, known, where=where)
    for name in required:
        if name not in table.columns:
            raise FormatError(f"the column {name} is missing", where=where, hint=f"columns: {', '.join(known)}")


def table_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Comma-separated text with a row of column names."""
    lines = (",".join(map(_quoted, row)) for row in (columns, *rows))
    return "".join(f"{line or _EMPTY}\n" for line in lines)


def _quoted(cell: Any) -> str:
    """Quoted where a reader would else see a separator, or drop blanks."""
    text = "" if cell is None else str(cell)
    is_plain = not _NEEDS_QUOTES.search(text) and text == text.strip()
    return text if is_plain else '"' + text.replace('"', '""') + '"'


def is_awkward(cell: Cell) -> bool:
    """Whether a text would not survive in a comma-separated table: blanks around it, or characters that do not print."""
    return isinstance(cell, str) and (cell != cell.strip() or not cell.isprintable())
