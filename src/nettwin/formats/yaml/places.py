"""Where in a file something stands, and validation errors in our words."""

import reprlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from nettwin.errors import FormatError, InputError, UnknownNameError
from nettwin.formats.safe_input import yaml_line
from nettwin.formats.tables import Table

Step = str | int


@dataclass(frozen=True, eq=False)
class Places:
    """Names places in one file."""

    where: str
    yaml: bytes | None = None
    """The text, where it is YAML: then places have lines."""
    name_of: Callable[[tuple[Step, ...]], str] | None = None
    """How other formats, whose parts were gathered into a document, call a place in it."""

    def of(self, *path: Step) -> str:
        """``file: line 12: links[3].capacity_bps``."""
        if self.name_of:
            return self.name_of(path)
        line = yaml_line(self.yaml, path, where=self.where) if self.yaml is not None else None
        parts = [self.where, f"line {line}" if line else "", _path_text(path)]
        return ": ".join(part for part in parts if part)

    def of_row(self, table: Table, row: int, *path: Step) -> str:
        """``of`` for a row of a table, with its line where the table is a block of text."""
        if self.name_of:
            return self.name_of((*path, row))
        place = f"{_path_text(path)} row {row + 1}"
        line = yaml_line(self.yaml, path, where=self.where) if self.yaml is not None and table.lines else None
        if line is not None and self.yaml is not None:
            lines = self.yaml.decode("utf-8", "replace").splitlines()
            inside = line - 1 + table.lines[row]
            # in a quoted text lines are not where they seem
            if inside < len(lines) and str(table.rows[row][0]) in lines[inside]:
                return f"{self.where}: line {inside + 1}: {place}"
        return f"{self.where}: {place}"

    @contextmanager
    def at(self, *path: Step) -> Iterator[None]:
        """Errors in the block are said to be at ``path``."""
        try:
            yield
        except InputError as error:
            raise error.at(self.of(*path)) from None


def _path_text(path: tuple[Step, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")[:200]


def input_error(error: ValidationError, places: Places) -> InputError:
    """The first of the errors that pydantic found, with the place and advice."""
    problem = error.errors(include_url=False)[0]
    # steps in angle brackets are tags of the schema, not keys of the file
    path = [step for step in problem["loc"] if not (isinstance(step, str) and step.startswith("<"))]
    context: dict[str, Any] = problem.get("ctx", {})
    kind = problem["type"]
    if kind == "unknown_key":
        return UnknownNameError.among("key", context["key"], context["known"], where=places.of(*path, context["key"]))
    if kind == "missing":
        return FormatError(f"{path[-1]} is missing", where=places.of(*path[:-1]))
    where = places.of(*path)
    if kind == "union_tag_invalid":
        return _kind_error(context, where)
    if kind == "quantity":
        return FormatError(context["what"], where=where, hint=context["hint"])
    return FormatError(f"{reprlib.repr(problem['input'])} cannot stand here", where=where, hint=_lower(problem["msg"]))


def _kind_error(context: dict[str, Any], where: str) -> InputError:
    known = [tag.strip("<>' ") for tag in context["expected_tags"].split(",")]
    known = [kind for kind in known if kind != "name"]
    kind = context["tag"].strip("<>")
    if kind == "missing":
        return FormatError("its kind is missing", where=where, hint=f"kind: one of {', '.join(known)}")
    return UnknownNameError.among("kind", kind, known, where=where)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
