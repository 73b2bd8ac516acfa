"""Numbers in other people's texts: strict where Python is lenient, exact on the way back."""

import math
import re
from collections.abc import Callable

from nettwin.errors import FormatError, LimitError

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,4})?\Z", re.ASCII)
MAX_DIGITS = 400


def number(text: str, what: str, where: str) -> float:
    """A finite decimal number. Raises FormatError for NaN, infinities, ``1_000`` and anything that is no number."""
    text = text.strip()
    if len(text) > MAX_DIGITS:
        raise LimitError(f"{what} has more than {MAX_DIGITS} characters", where=where)
    value = float(text) if _NUMBER.match(text) else math.nan
    if not math.isfinite(value):
        raise FormatError(f"{what} is {text[:60]!r}", where=where, hint="it must be a finite number")
    return value


def whole_number(text: str, what: str, where: str) -> int:
    """A number without a fraction that is not negative."""
    value = number(text, what, where)
    if value < 0 or value != int(value):
        raise FormatError(f"{what} is {text.strip()[:60]!r}", where=where, hint="it must be a whole number, not negative")
    return int(value)


def not_negative(text: str, what: str, where: str) -> float:
    """A finite number that is zero or above."""
    value = number(text, what, where)
    if value < 0:
        raise FormatError(f"{what} is {text.strip()[:60]!r}", where=where, hint="it must not be negative")
    return value


def number_text(value: float) -> str:
    """The shortest text that reads back as this number; whole ones without a fraction."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def inverse_text(value: float, guess: float, read: Callable[[float], float]) -> str:
    """The shortest text near ``guess`` whose number ``read`` turns into ``value``: units change without the dust of fractions."""
    for digits in range(6, 18):
        text = number_text(float(f"{guess:.{digits}g}"))
        if read(float(text)) == value:
            return text
    return number_text(guess)
