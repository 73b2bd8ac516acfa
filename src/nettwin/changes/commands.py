"""Changes as command lines: ``fail-link Oslo--Bergen``, ``scale-traffic 1.2 class=1``, ``set-capacity Oslo--Bergen 10G``.

After the kind come the values of its fields, in order or as ``field=value``. What a field holds itself (the link of add-link, the
selection of scale-traffic) is given by its own fields.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from nettwin.changes.change import Change
from nettwin.changes.kinds import CHANGE_KINDS
from nettwin.changes.plan import Plan
from nettwin.changes.words import plain_from_word, word_of
from nettwin.errors import FormatError, InputError, UnknownNameError
from nettwin.scenario.plain import field_hints, kind_name, required_fields

ALIASES: Mapping[str, str] = {"class": "traffic_class"}
_KEYWORD = re.compile(r"([a-z][a-z_-]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Slot:
    """A field that a command line can fill: of the change itself, or of a value in one of its fields."""

    path: tuple[str, ...]
    hint: Any
    is_required: bool

    @property
    def name(self) -> str:
        return self.path[-1]


def slots(kind: str) -> tuple[Slot, ...]:
    """The fields that a command of this kind takes, in order."""
    if kind not in CHANGE_KINDS:
        raise UnknownNameError.among("change", kind, CHANGE_KINDS)
    return tuple(_slots(CHANGE_KINDS[kind], ()))


def usage(kind: str) -> str:
    """How a command of this kind is written: ``set-capacity LINK CAPACITY_BPS``."""
    words = [slot.name.upper() if slot.is_required else f"[{slot.name}=...]" for slot in slots(kind)]
    return " ".join([kind, *words])


def plain_from_command(text: str) -> dict[str, Any]:
    """The plain form of the change that a command describes. Raises InputError with the usage."""
    kind, *words = _split(text)
    filled = _filled(kind, slots(kind), words)
    plain: dict[str, Any] = {}
    for slot, word in filled.items():
        try:
            value = plain_from_word(slot.hint, word)
        except InputError as error:
            raise error.at(f"{kind}.{slot.name}") from None
        inner = plain
        for part in slot.path[:-1]:
            inner = inner.setdefault(part, {})
        inner[slot.name] = value
    return {kind: plain}


def command_of(change: Change) -> str:
    """The command line of a change: what ``parse_change`` turns into an equal one. A plan is listed, for people only."""
    if isinstance(change, Plan):
        return ", then ".join(map(command_of, change)) or "nothing"
    kind = kind_name(type(change))
    words = [kind]
    is_in_order = True
    for slot in slots(kind):
        value = _value(change, slot.path)
        if not slot.is_required and value == _default(type(change), slot.path):
            is_in_order = False
            continue
        word = word_of(slot.hint, slot.name, value)
        needs_name = not is_in_order or _KEYWORD.fullmatch(word) is not None
        words.append(shlex.quote(f"{slot.name}={word}" if needs_name else word))
    return " ".join(words)


def _slots(cls: type, path: tuple[str, ...]) -> list[Slot]:
    result = []
    for name, hint in field_hints(cls).items():
        if is_dataclass(hint) and not path:
            result += _slots(hint, (name,))  # type: ignore[arg-type]
        else:
            result.append(Slot((*path, name), hint, name in required_fields(cls)))
    return result


def _split(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise FormatError(f"{text[:60]!r}: {error}", where="change", hint="close the quotes") from None
    if not words:
        raise FormatError("no change given", where="change", hint=f"as 'fail-link A--B'; kinds: {', '.join(CHANGE_KINDS)}")
    return words


def _filled(kind: str, known: tuple[Slot, ...], words: list[str]) -> dict[Slot, str]:
    by_name = {slot.name: slot for slot in known}
    filled, unnamed = {}, []
    for word in words:
        named = _KEYWORD.fullmatch(word)
        if named:
            filled[_slot(kind, by_name, named[1])] = named[2]
        else:
            unnamed.append(word)
    free = [slot for slot in known if slot not in filled]
    missing = [slot.name for slot in free[len(unnamed) :] if slot.is_required]
    if len(unnamed) > len(free) or missing:
        what = f"{', '.join(missing)} missing" if missing else f"{unnamed[len(free)]!r} is too much"
        raise FormatError(what, where=kind, hint=f"usage: {usage(kind)}")
    return filled | dict(zip(free, unnamed, strict=False))


def _slot(kind: str, by_name: Mapping[str, Slot], word: str) -> Slot:
    name = word.replace("-", "_")
    name = ALIASES.get(name, name)
    if name not in by_name:
        raise UnknownNameError.among("field", word, by_name, where=f"{kind} (usage: {usage(kind)})")
    return by_name[name]


def _value(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = getattr(value, name)
    return value


def _default(cls: type, path: tuple[str, ...]) -> Any:
    for name in path[:-1]:
        cls = field_hints(cls)[name]
    return next(f.default for f in fields(cls) if f.name == path[-1])
