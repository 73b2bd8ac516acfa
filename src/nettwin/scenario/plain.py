"""Values <-> plain data (dict, list, str, number, bool, None), by type hints: what files, change lists and services write.

A dataclass is a mapping of its fields, those at their default left out. Where a hint allows several dataclasses, the mapping
says which under ``kind`` (``{"kind": "on-off", "on_s": 5, "off_s": 5}``), or the kind alone stands for it where all fields
have their defaults (``"poisson"``). Infinity is ``"unlimited"``; a number may have a unit, as ``"10 Gbit/s"`` for ``..._bps``.
"""

import math
import re
import reprlib
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from nettwin.errors import FormatError, InputError, ScenarioError, UnknownNameError
from nettwin.scenario.quantities import parse_quantity, units_of

UNLIMITED = "unlimited"
KIND = "kind"


def kind_name(cls: type) -> str:
    """``OnOff`` is called ``on-off``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


def to_plain(value: Any, hint: Any = None) -> Any:
    """Plain data that ``from_plain`` turns into an equal value; ``hint`` is the declared type where it is wider than the value's."""
    if is_dataclass(value) and not isinstance(value, type):
        return _tagged(value) if len(_choices(hint)) > 1 else _filled_fields(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, _item_hint(hint, 1)) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [to_plain(item, _item_hint(hint, 0)) for item in value]
    return _plain_scalar(value)


def from_plain(hint: Any, plain: Any, where: str = "") -> Any:
    """The value of type ``hint`` that ``plain`` describes. Raises InputError that says at which place of ``where`` it fails."""
    if hint is Any:
        return plain
    if _is_union(hint):
        return _from_union(hint, plain, where)
    if is_dataclass(hint) and isinstance(hint, type):
        return _from_mapping(hint, plain, where)
    origin = get_origin(hint) or hint
    for kind, reader in _READERS.items():
        if isinstance(origin, type) and issubclass(origin, kind):
            return reader(hint, plain, where)
    raise TypeError(f"{hint} cannot be read from plain data")


@cache
def field_hints(cls: Any) -> Mapping[str, Any]:
    """The type of each field of a dataclass."""
    return get_type_hints(cls)


def required_fields(cls: type) -> tuple[str, ...]:
    """The fields of a dataclass that have no default."""
    return tuple(f.name for f in fields(cls) if f.init and not _has_default(f))


def _filled_fields(value: Any) -> dict[str, Any]:
    hints = field_hints(value.__class__)
    return {
        f.name: to_plain(getattr(value, f.name), hints[f.name])
        for f in fields(value)
        if f.init and not _is_default(f, getattr(value, f.name))
    }


def _tagged(value: Any) -> Any:
    kind, rest = kind_name(type(value)), _filled_fields(value)
    return {KIND: kind, **rest} if rest else kind


def _has_default(f: "Field[Any]") -> bool:
    return f.default is not MISSING or f.default_factory is not MISSING


def _is_default(f: "Field[Any]", value: Any) -> bool:
    if f.default is not MISSING:
        return type(value) is type(f.default) and bool(value == f.default)
    return f.default_factory is not MISSING and bool(value == f.default_factory())


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if not isinstance(value, float) or math.isfinite(value):
        return value
    if value == math.inf:
        return UNLIMITED
    raise ScenarioError(f"{value} cannot be written", hint="only finite numbers and unlimited can")


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _choices(hint: Any) -> dict[str, type]:
    options = get_args(hint) if _is_union(hint) else ()
    return {kind_name(option): option for option in options if isinstance(option, type) and is_dataclass(option)}


def _item_hint(hint: Any, position: int) -> Any:
    """The hint of what a container holds: ``tuple[X, ...]`` holds X at position 0, ``Mapping[K, V]`` holds V at 1."""
    if _is_union(hint):
        hint = next((option for option in get_args(hint) if get_origin(option) is not None), None)
    inner = get_args(hint)
    return inner[position] if position < len(inner) else None


def _from_union(hint: Any, plain: Any, where: str) -> Any:
    options = get_args(hint)
    if plain is None and type(None) in options:
        return None
    choices = _choices(hint)
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
