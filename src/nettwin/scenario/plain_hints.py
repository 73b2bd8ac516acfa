"""What type hints say about values and their plain form."""

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache, reduce
from operator import or_
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

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
    return {name: _spelled_out(hint) for name, hint in get_type_hints(cls).items()}


def _spelled_out(hint: Any) -> Any:
    """Arrays as what they are: since NumPy 2.5 ``NDArray`` is an alias that does not say so."""
    if is_union(hint):
        return reduce(or_, map(_spelled_out, get_args(hint)))
    return np.ndarray[tuple[Any, ...], np.dtype[get_args(hint)[0]]] if get_origin(hint) is npt.NDArray else hint  # type: ignore[misc]


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
