"""Values of a change's fields as single words of a command line, to and from plain data."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, get_args, get_origin

from nettwin.errors import FormatError, InputError
from nettwin.scenario import AdjacencySegment, ExplicitPath, Segment, SegmentList
from nettwin.scenario.plain import KIND, UNLIMITED, field_hints, from_plain, kind_name, to_plain
from nettwin.scenario.quantities import exact_text, units_of

LINK_SEGMENT = "link:"
"""Before a segment that is a link; the others are nodes."""
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def plain_from_word(hint: Any, word: str) -> Any:
    """Plain data of a field: ``10G``, ``yes``, ``A->B,B->C``, ``on-off:on_s=5,off_s=5``; all but a text also as JSON."""
    hint = _without_none(hint)
    if hint is not str and word[:1] in ("[", "{"):
        return _json(word)
    if hint is bool:
        return _TRUTH.get(word.lower(), word)
    if get_origin(hint) is tuple:
        return _items(get_args(hint)[0], word)
    if get_origin(hint) is Mapping:
        return dict(item.rpartition("=")[::2] for item in word.split(","))
    if get_args(hint) and ":" in word:
        return _tagged(get_args(hint), word)
    return word


def word_of(hint: Any, name: str, value: Any) -> str:
    """The shortest word that stands for the value of a field."""
    word = _short_word(name, value)
    return word if word is not None and _means(hint, name, word, value) else json.dumps(to_plain(value, hint), separators=(",", ":"))


def _means(hint: Any, name: str, word: str, value: Any) -> bool:
    try:
        return bool(from_plain(hint, plain_from_word(hint, word), name) == value)
    except InputError:
        return False


def _tagged(options: tuple[Any, ...], word: str) -> dict[str, Any]:
    """A kind with its fields: ``on-off:on_s=5,off_s=5``."""
    kind, _, described = word.partition(":")
    hints = next((field_hints(option) for option in options if kind_name(option) == kind), {})
    pairs = (item.partition("=")[::2] for item in described.split(","))
    return {KIND: kind, **{name: plain_from_word(hints.get(name, str), text) for name, text in pairs}}


def _items(item_hint: Any, word: str) -> list[Any]:
    if item_hint is ExplicitPath:
        return [_weighted(part, "links", "share", str) for part in word.split(";")]
    if item_hint is SegmentList:
        return [_weighted(part, "segments", "weight", _segment) for part in word.split(";")]
    return word.split(",") if word else []


def _weighted(part: str, items: str, weight: str, item: Any) -> dict[str, Any]:
    """``A->B,B->C@0.5``."""
    listed, _, share = part.partition("@")
    return {items: [item(name) for name in listed.split(",")], **({weight: share} if share else {})}


def _segment(name: str) -> dict[str, str]:
    if name.startswith(LINK_SEGMENT):
        return {KIND: "adjacency-segment", "link": name.removeprefix(LINK_SEGMENT)}
    return {KIND: "node-segment", "node": name}


def _json(word: str) -> Any:
    try:
        return json.loads(word)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{word[:60]!r} is no JSON", hint=str(error)) from None


def _short_word(name: str, value: Any) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | Enum):
        return str(value)
    if isinstance(value, int | float):
        return UNLIMITED if value == float("inf") else exact_text(value, units_of(name)).replace(" ", "")
    if isinstance(value, tuple):
        return _joined(name, value)
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_short_word(name, item)}" for key, item in value.items())
    return kind_name(type(value))


def _joined(name: str, values: tuple[Any, ...]) -> str:
    words = [_short_path(value) or _short_word(name, value) or "" for value in values]
    return (";" if values and isinstance(values[0], ExplicitPath | SegmentList) else ",").join(words)


def _short_path(value: Any) -> str:
    if isinstance(value, ExplicitPath):
        return ",".join(value.links) + (f"@{value.share!r}" if value.share != 1 else "")
    if isinstance(value, SegmentList):
        return ",".join(map(_short_segment, value.segments)) + (f"@{value.weight!r}" if value.weight != 1 else "")
    return ""


def _short_segment(segment: Segment) -> str:
    return LINK_SEGMENT + segment.link if isinstance(segment, AdjacencySegment) else segment.node


def _without_none(hint: Any) -> Any:
    real = [option for option in get_args(hint) if option is not type(None)] if type(None) in get_args(hint) else []
    return real[0] if len(real) == 1 else hint
