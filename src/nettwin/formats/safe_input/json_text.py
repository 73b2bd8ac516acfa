"""JSON, bounded in depth, count and number length; without NaN, infinities and repeated keys."""

import json
import re
from collections import Counter
from typing import Any

import numpy as np

from nettwin.errors import FormatError, LimitError
from nettwin.formats.safe_input.files import decode
from nettwin.formats.safe_input.limits import DEFAULT_LIMITS, Limits

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(data: bytes, *, where: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """The document in ``data``. Raises FormatError with a line, or LimitError."""
    _check_shape(data, where, limits)

    def number(text: str) -> float:
        value = float(text) if len(text) <= limits.number_digits else float("inf")
        if value in (float("inf"), float("-inf")):
            raise FormatError(f"the number {text[:30]}... is too large", where=where)
        return value

    def integer(text: str) -> int:
        if len(text) > limits.number_digits:
            raise LimitError(f"a number has more than {limits.number_digits} digits", where=where)
        return int(text)

    def constant(text: str) -> float:
        raise FormatError(f"{text} is no number", where=where, hint="leave the field out, or give a finite number")

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return _mapping(pairs, where)

    try:
        value = json.loads(decode(data, where), parse_float=number, parse_int=integer, parse_constant=constant, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        raise FormatError(f"no JSON: {error.msg}", where=f"{where}: line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise LimitError(f"nested deeper than {limits.depth}", where=where) from None
    if _SURROGATE.search(data):
        _check_surrogates(value, where)
    return value


def _check_surrogates(value: Any, where: str) -> None:
    """Half a surrogate pair is no character: it could be neither printed nor written."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise FormatError("half a surrogate pair", where=where, hint="mend the \\ud... escapes") from None


def _check_shape(data: bytes, where: str, limits: Limits) -> None:
    """Counts brackets and commas outside of strings before anything is built, at the speed of numpy."""
    bare = np.frombuffer(_STRING.sub(b"", data), dtype=np.uint8)
    opens = (bare == ord("[")) | (bare == ord("{"))
    closes = (bare == ord("]")) | (bare == ord("}"))
    marks = opens.astype(np.int8) - closes.astype(np.int8)
    depth = int(np.cumsum(marks[marks != 0], dtype=np.int64).max(initial=0))
    if depth > limits.depth:
        raise LimitError(f"nested {depth} deep, more than {limits.depth}", where=where)
    n_elements = int(opens.sum()) + int((bare == ord(",")).sum())
    if n_elements > limits.elements:
        raise LimitError(f"{n_elements} values, more than {limits.elements}", where=where, hint="split the document")


def _mapping(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise FormatError(f"the key {twice[:100]!r} stands twice in one object", where=where, hint="remove one of them")
    return result
