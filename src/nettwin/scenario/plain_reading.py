"""Plain data -> values."""

import math
import re
import reprlib
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin

import numpy as np

from nettwin.errors import FormatError, InputError, UnknownNameError
from nettwin.scenario.plain_hints import KIND, UNLIMITED, choices_of, field_hints, is_union, kind_name, required_fields
from nettwin.scenario.quantities import parse_quantity, units_of


def from_plain(hint: Any, plain: Any, where: str = "") -> Any:
    """The value of type ``hint`` that ``plain`` describes. Raises InputError that says at which place of ``where`` it fails."""
    if hint is Any:
        return plain
    if is_union(hint):
        return _from_union(hint, plain, where)
    if is_dataclass(hint) and isinstance(hint, type):
        return _from_mapping(hint, plain, where)
    origin = get_origin(hint) or hint
    for kind, reader in _READERS.items():
        if isinstance(origin, type) and issubclass(origin, kind):
            return reader(hint, plain, where)
    raise TypeError(f"{hint} cannot be read from plain data")


def _from_union(hint: Any, plain: Any, where: str) -> Any:
    options = get_args(hint)
    if plain is None and type(None) in options:
        return None
    choices = choices_of(hint)
    if len(choices) > 1:
        return _from_tagged(choices, plain, where)
    real = [option for option in options if option is not type(None)]
    for option in real[:-1]:
        try:
            return from_plain(option, plain, where)
        except InputError:
            continue
    return from_plain(real[-1], plain, where)


def _from_tagged(choices: dict[str, type], plain: Any, where: str) -> Any:
    if isinstance(plain, str):
        plain = {KIND: plain}
    _expect(isinstance(plain, Mapping), plain, "one of " + ", ".join(choices), where)
    if KIND not in plain:
        raise FormatError("its kind is missing", where=where, hint=f"kind: one of {', '.join(choices)}")
    kind = from_plain(str, plain[KIND], _inside(where, f".{KIND}"))
    if kind not in choices:
        raise UnknownNameError.among("kind", kind, choices, where=where)
    return _from_mapping(choices[kind], {key: item for key, item in plain.items() if key != KIND}, where)


def _from_mapping(cls: type, plain: Any, where: str) -> Any:
    _expect(isinstance(plain, Mapping), plain, f"the fields of {kind_name(cls)}", where)
    hints = field_hints(cls)
    known = [f.name for f in fields(cls) if f.init]
    for key in plain:
        if key not in known:
            raise UnknownNameError.among("field", str(key), known, where=where or kind_name(cls))
    for name in required_fields(cls):
        if name not in plain:
            raise FormatError(f"{name} is missing", where=where, hint=f"{kind_name(cls)} needs {', '.join(required_fields(cls))}")
    values = {name: from_plain(hints[name], item, _inside(where, f".{name}")) for name, item in plain.items()}
    return _built(cls, values, where)


def _built(cls: type, values: dict[str, Any], where: str) -> Any:
    try:
        return cls(**values)
    except InputError as error:
        raise (error.at(where) if where else error) from None


def _sequence(hint: Any, plain: Any, where: str) -> tuple[Any, ...]:
    _expect(isinstance(plain, list | tuple), plain, "a list", where)
    inner = get_args(hint)
    hints: Iterable[Any] = inner
    if len(inner) == 2 and inner[1] is Ellipsis:
        hints = [inner[0]] * len(plain)
    elif len(plain) != len(inner):
        raise FormatError(f"{len(plain)} entries", where=where, hint=f"give {len(inner)}")
    return tuple(from_plain(item_hint, item, f"{where}[{i}]") for i, (item_hint, item) in enumerate(zip(hints, plain, strict=True)))


def _mapping(hint: Any, plain: Any, where: str) -> Mapping[str, Any]:
    _expect(isinstance(plain, Mapping), plain, "a mapping", where)
    key_hint, item_hint = get_args(hint)
    places = {key: f"{where}[{_shown(key)}]" for key in plain}
    pairs = ((from_plain(key_hint, key, places[key]), from_plain(item_hint, item, places[key])) for key, item in plain.items())
    return types.MappingProxyType(dict(pairs))


def _array(hint: Any, plain: Any, where: str) -> Any:
    _expect(isinstance(plain, list | tuple | np.ndarray), plain, "a list of numbers", where)
    scalar = get_args(get_args(hint)[1])[0]
    is_float = issubclass(get_origin(scalar) or scalar, np.floating)
    try:
        array = np.array(plain)
        if array.dtype.kind not in ("iuf" if is_float else "iu") and array.size:
            raise ValueError
        return array.astype(np.float64 if is_float else np.int64)
    except (ValueError, OverflowError):
        raise FormatError("not an even list of numbers", where=where, hint="numbers only, rows of equal length") from None


def _enum(hint: type[Enum], plain: Any, where: str) -> Enum:
    for member in hint:
        if member.value == plain:
            return member
    raise UnknownNameError.among(kind_name(hint), str(plain), [str(member.value) for member in hint], where=where)


def _text(_hint: Any, plain: Any, where: str) -> str:
    _expect(isinstance(plain, str), plain, "a text", where, "put it in quotes")
    return str(plain)


def _boolean(_hint: Any, plain: Any, where: str) -> bool:
    _expect(isinstance(plain, bool | np.bool_), plain, "true or false", where)
    return bool(plain)


def _whole_number(_hint: Any, plain: Any, where: str) -> int:
    number = _number(_hint, plain, where)
    _expect(number.is_integer(), plain, "a whole number", where)
    return int(plain) if isinstance(plain, int) else int(number)


def _number(_hint: Any, plain: Any, where: str) -> float:
    """A number, or a text with a number and a unit that suits the field's name. YAML 1.1 takes even 1e9 for a text."""
    if plain == UNLIMITED:
        return math.inf
    if isinstance(plain, str):
        return parse_quantity(plain, units_of(_field_name(where)), where)
    is_number = isinstance(plain, int | float | np.number) and not isinstance(plain, bool)
    try:
        number = float(plain) if is_number else math.nan
    except OverflowError:
        number = math.nan
    _expect(not math.isnan(number), plain, "a number", where)
    return number


def _field_name(where: str) -> str:
    found = re.search(r"(\w+)(\[[^\[\]]*\])*$", where)
    return found[1] if found else ""


def _expect(condition: bool, plain: Any, wanted: str, where: str, hint: str = "") -> None:
    if not condition:
        raise FormatError(f"{_shown(plain)} instead of {wanted}", where=where, hint=hint)


def _shown(plain: Any) -> str:
    try:
        return reprlib.repr(plain)
    except ValueError:  # Python refuses to write whole numbers of thousands of digits
        return f"a huge {type(plain).__name__}"


def _inside(where: str, part: str) -> str:
    return where + part if where else part.removeprefix(".")


_READERS: dict[type, Callable[[Any, Any, str], Any]] = {
    Enum: _enum,
    bool: _boolean,
    int: _whole_number,
    float: _number,
    str: _text,
    tuple: _sequence,
    np.ndarray: _array,
    Mapping: _mapping,
}
