"""Values <-> plain data (dict, list, str, number, bool, None), by type hints: what files, change lists and services write.

A dataclass is a mapping of its fields, those at their default left out. Where a hint allows several dataclasses, the mapping
says which under ``kind`` (``{"kind": "on-off", "on_s": 5, "off_s": 5}``), or the kind alone stands for it where all fields
have their defaults (``"poisson"``). Infinity is ``"unlimited"``; a number may have a unit, as ``"10 Gbit/s"`` for ``..._bps``.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.scenario.plain_hints import KIND, UNLIMITED, choices_of, field_hints, is_union, kind_name, required_fields
from nettwin.scenario.plain_reading import from_plain

__all__ = ["KIND", "UNLIMITED", "field_hints", "from_plain", "kind_name", "required_fields", "to_plain"]


def to_plain(value: Any, hint: Any = None) -> Any:
    """Plain data that ``from_plain`` turns into an equal value; ``hint`` is the declared type where it is wider than the value's."""
    if is_dataclass(value) and not isinstance(value, type):
        return _tagged(value) if len(choices_of(hint)) > 1 else _filled_fields(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, _item_hint(hint, 1)) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [to_plain(item, _item_hint(hint, 0)) for item in value]
    return _plain_scalar(value)


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


def _item_hint(hint: Any, position: int) -> Any:
    """The hint of what a container holds: ``tuple[X, ...]`` holds X at position 0, ``Mapping[K, V]`` holds V at 1."""
    if is_union(hint):
        hint = next((option for option in get_args(hint) if get_origin(option) is not None), None)
    inner = get_args(hint)
    return inner[position] if position < len(inner) else None
