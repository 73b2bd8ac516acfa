"""Plans of changes and lists of timed events in YAML or JSON. Not a scenario format: these are questions about one.

A plan is ``[{fail-link: {link: A--B}}, ...]``; events say when: ``[{at: 2.0, change: {fail-link: {link: A--B}}}, ...]``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nettwin.changes import Plan, TimedChange, change_from_dict, changes_from_dicts
from nettwin.errors import FormatError
from nettwin.formats.safe_input.files import read_bytes
from nettwin.formats.safe_input.yaml_text import parse_yaml


def read_plan(path: Path) -> Plan:
    """The changes in a file, in order. Raises InputError."""
    return changes_from_dicts(_read(path, "changes"), where=str(path))


def read_events(path: Path) -> tuple[TimedChange, ...]:
    """The timed changes in a file, in the order of their times. Raises InputError."""
    plain = _read(path, "events")
    if not isinstance(plain, list):
        raise FormatError("not a list of events", where=str(path), hint="give a list, as [{at: 2.0, change: {fail-link: {link: A--B}}}]")
    events = [_event(item, f"{path}[{number}]") for number, item in enumerate(plain)]
    return tuple(sorted(events, key=lambda event: event.time_s))


def _read(path: Path, key: str) -> Any:
    """The list itself, or a map that holds it under ``key``."""
    plain = parse_yaml(read_bytes(path), where=str(path))
    return plain[key] if isinstance(plain, Mapping) and set(plain) == {key} else plain


def _event(plain: Any, where: str) -> TimedChange:
    if not isinstance(plain, Mapping) or set(plain) != {"at", "change"}:
        raise FormatError("not an event", where=where, hint="an event has the keys at (seconds) and change")
    at = plain["at"]
    if isinstance(at, bool) or not isinstance(at, int | float) or at < 0:
        raise FormatError(f"at is {at!r}", where=where, hint="give seconds from the start, not negative")
    return TimedChange(float(at), change_from_dict(plain["change"], f"{where}.change"))
