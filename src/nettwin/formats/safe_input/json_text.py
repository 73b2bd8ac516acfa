"""JSON, bounded in depth, count and number length; without NaN, infinities and repeated keys."""

import json
import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

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
    bare = _STRING.sub(b"", data)
    depth, cost = 0, 0
    for start in range(0, len(bare), _CHUNK):
        marks = np.frombuffer(bare[start : start + _CHUNK], dtype=np.uint8)
        steps = _STEP[marks]
        deepest = depth + int(np.cumsum(steps, dtype=np.int64).max())
        depth += int(steps.sum(dtype=np.int64))
        cost += int(_COST[marks].sum(dtype=np.int64))
        if deepest > limits.depth:
            raise LimitError(f"nested deeper than {limits.depth}", where=where)
        if cost > limits.json_elements:
            raise LimitError(f"more than {limits.json_elements} values", where=where, hint="split the document")


def _by_byte(**values: int) -> npt.NDArray[np.int8]:
    table = np.zeros(256, dtype=np.int8)
    for name, value in values.items():
        table[ord({"list": "[", "end_of_list": "]", "object": "{", "end_of_object": "}", "comma": ","}[name])] = value
    return table


_CHUNK = 2**20
_STEP = _by_byte(list=1, object=1, end_of_list=-1, end_of_object=-1)
_COST = _by_byte(comma=1, list=2, object=4)


def _mapping(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise FormatError(f"the key {twice[:100]!r} stands twice in one object", where=where, hint="remove one of them")
    return result
