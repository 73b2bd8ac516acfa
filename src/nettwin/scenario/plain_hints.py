"""What type hints say about values and their plain form."""

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

UNLIMITED = "unlimited"
"""How infinity is written."""
KIND = "kind"
"""The key that tells which of several dataclasses a mapping describes."""


def kind_name(cls: type) -> str:
    """``OnOff`` is called ``on-off``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


@cache
def field_hints(cls: Any) -> Mapping[str, Any]:
    """The type of each field of a dataclass."""
    return get_type_hints(cls)


def required_fields(cls: type) -> tuple[str, ...]:
    """The fields of a dataclass that have no default."""
    return tuple(f.name for f in fields(cls) if f.init and not has_default(f))


def has_default(f: "Field[Any]") -> bool:
    """Whether a field may be left out."""
    return f.default is not MISSING or f.default_factory is not MISSING


def is_union(hint: Any) -> bool:
    """Whether a hint allows several types."""
    return get_origin(hint) in (Union, types.UnionType)


def choices_of(hint: Any) -> dict[str, type]:
    """The dataclasses that a hint allows, by kind."""
    options = get_args(hint) if is_union(hint) else ()
    return {kind_name(option): option for option in options if isinstance(option, type) and is_dataclass(option)}
