"""Kinds of values: how each is read, written, and described in JSON Schema."""

import math
import re
import reprlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from nettwin.errors import FormatError, UnknownNameError
from nettwin.intents.language.place import Place
from nettwin.scenario.quantities import NUMBERS, RATES, TIMES, Units, exact_text, parse_quantity

Schema = dict[str, Any]


class Kind(Protocol):
    """Reading and writing are inverse; what ``schema`` accepts can be read."""

    def read(self, plain: Any, place: Place) -> Any:
        """The value that plain data describes. Raises InputError that says where."""
        ...

    def write(self, value: Any) -> Any:
        """Plain data."""
        ...

    def schema(self) -> Schema:
        """JSON Schema, draft 2020-12."""
        ...


def wrong(plain: Any, wanted: str, place: Place, hint: str = "") -> FormatError:
    """The error for something else than what was wanted."""
    return FormatError(f"{reprlib.repr(plain)} instead of {wanted}", where=str(place), hint=hint)


@dataclass(frozen=True, slots=True)
class Text:
    """A text; names of nodes and selectors."""

    wanted: str = "a text"
    aliases: tuple[tuple[str, str], ...] = ()
    """Other spellings, and what they stand for."""

    def read(self, plain: Any, place: Place) -> str:
        if not isinstance(plain, str) or not plain.strip():
            raise wrong(plain, self.wanted, place, "put it in quotes" if isinstance(plain, int | float) else "")
        return dict(self.aliases).get(plain, plain)

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number."""

    least: int = 0

    def read(self, plain: Any, place: Place) -> int:
        if isinstance(plain, bool) or not isinstance(plain, int) or plain < self.least:
            raise wrong(plain, f"a whole number from {self.least} on", place)
        return plain

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, plain: Any, place: Place) -> bool:
        if not isinstance(plain, bool):
            raise wrong(plain, "true or false", place)
        return plain

    def write(self, value: bool) -> bool:
        return value

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, or a text with a number and a unit."""

    units: Units = NUMBERS

    def read(self, plain: Any, place: Place) -> float:
        if isinstance(plain, str):
            return parse_quantity(plain, self.units, str(place) if not _can_parse(plain, self.units) else "")
        if isinstance(plain, bool) or not isinstance(plain, int | float) or not math.isfinite(plain):
            raise wrong(plain, f"a {self.units.kind}", place, f"as {self.units.example}")
        return float(plain)

    def write(self, value: float) -> float | str:
        return exact_text(value, self.units) if self.units.written else _number(value)

    def schema(self) -> Schema:
        return {"type": ["number", "string"], "examples": [self.units.example.split(",")[0]]} if self.units.factors else {"type": "number"}


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole: ``80 %`` or 0.8."""

    suffix: str = ""
    """What may follow, as ``/y``."""

    def read(self, plain: Any, place: Place) -> float:
        if not isinstance(plain, str):
            return Quantity().read(plain, place)
        text = re.sub(rf"\s*{self.suffix}$", "", plain.strip()) if self.suffix else plain.strip()
        per = 100.0 if text.endswith("%") else 1.0
        if not _can_parse(text.removesuffix("%"), NUMBERS):
            raise wrong(plain, "a share", place, "as 80 % or 0.8")
        return parse_quantity(text.removesuffix("%"), NUMBERS) / per

    def write(self, value: float) -> float | str:
        text = f"{100 * value:.12g}"
        return f"{text} %" if float(text) / 100 == value else value

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": rf"^\s*[-+0-9.eE]+\s*%?\s*({self.suffix})?$"}]}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; hyphens and underscores are the same."""

    options: type[StrEnum]
    called: str
    aliases: tuple[tuple[str, str], ...] = ()

    def read(self, plain: Any, place: Place) -> StrEnum:
        word = plain.strip().lower().replace("_", "-") if isinstance(plain, str) else ""
        word = dict(self.aliases).get(word, word)
        known = [str(option.value) for option in self.options]
        if word not in known:
            raise UnknownNameError.among(self.called, str(plain), [*known, *dict(self.aliases)], where=str(place))
        return self.options(word)

    def write(self, value: StrEnum) -> str:
        return str(value.value)

    def schema(self) -> Schema:
        return {"enum": [*(str(option.value) for option in self.options), *dict(self.aliases)]}


@dataclass(frozen=True, slots=True)
class Words:
    """One of a few words that stand for a value."""

    meanings: tuple[tuple[str, Any], ...]

    def read(self, plain: Any, place: Place) -> Any:
        known = dict(self.meanings)
        if not isinstance(plain, str | int) or plain not in known:
            raise UnknownNameError.among("word", str(plain), [str(word) for word in known], where=str(place))
        return known[plain]

    def write(self, value: Any) -> Any:
        return next(word for word, meaning in self.meanings if meaning == value)

    def schema(self) -> Schema:
        return {"enum": [word for word, _ in self.meanings]}


SECONDS, RATE, NUMBER, SHARE = Quantity(TIMES), Quantity(RATES), Quantity(), Share()


def _can_parse(text: str, units: Units) -> bool:
    try:
        parse_quantity(text, units)
    except FormatError:
        return False
    return True


def _number(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 1e15 else value
