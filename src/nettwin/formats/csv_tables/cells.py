"""Cells of spreadsheets: formulas are escaped, lists are separated by blanks, headers carry units, profiles stand on one line."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from nettwin.errors import FormatError
from nettwin.scenario.plain import KIND

_FORMULA = re.compile(r"['=+\-@\t\r]")
"""What makes a spreadsheet run a cell (OWASP, CSV injection), and the apostrophe, so that escaping can be undone."""

_UNITS = {
    "_bps": {"kbps": "kbps", "mbps": "Mbps", "gbps": "Gbps", "tbps": "Tbps"},
    "_s": {"ms": "ms", "us": "us", "ns": "ns"},
    "_bits": {"bytes": "bytes", "kbits": "kbit"},
}
"""Other units in a header, by the suffix of the column's own name."""

_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")


def escaped(text: str) -> str:
    """A text that no spreadsheet runs."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped(text: str) -> str:
    """The inverse of ``escaped``."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def listed(values: Iterable[Any]) -> str:
    """Values in one cell, separated by blanks; blanks and backslashes within a text are escaped, an empty text is a backslash and an e."""
    return " ".join(re.sub(r"([\\ ])", r"\\\1", str(value)) or r"\e" for value in values)


def unlisted(text: str) -> list[str]:
    """The inverse of ``listed``."""
    found = re.findall(r"(?:\\.|[^\\ ])+", text, re.DOTALL)
    return [re.sub(r"\\(.)", lambda escape: escape[1].removeprefix("e"), item, flags=re.DOTALL) for item in found]


def column_and_unit(header: str, known: Iterable[str]) -> tuple[str, str]:
    """The known column that a header means, and the unit of its numbers if it is another one: ``capacity_gbps``."""
    for name in known:
        if name == header:
            return name, ""
        for suffix, units in _UNITS.items():
            unit = units.get(header.removeprefix(name.removesuffix(suffix) + "_")) if name.endswith(suffix) else None
            if unit:
                return name, unit
    return header, ""


def truth(text: str, place: str) -> bool:
    """A cell that says yes or no."""
    if text.lower() not in (*_YES, *_NO):
        raise FormatError(f"{text[:40]!r} is neither true nor false", where=place)
    return text.lower() in _YES


def profile_text(plain: Any) -> str:
    """``{"kind": "on-off", "on_s": 5, "off_s": 2}`` as ``on-off on_s=5 off_s=2``; each item of a list has a semicolon after it."""
    if isinstance(plain, str):
        return plain
    fields = (
        f"{key}={''.join(f'{item};' for item in value) if isinstance(value, list) else value}"
        for key, value in plain.items()
        if key != KIND
    )
    return " ".join((plain[KIND], *fields))


def profile_of(text: str) -> Any:
    """The inverse of ``profile_text``; a mere kind or name stays a text."""
    kind, *fields = text.split()
    pairs = [field.partition("=") for field in fields]
    if not all(mark for _, mark, _ in pairs) or len({key for key, _, _ in pairs}) != len(pairs):
        raise FormatError(f"{text[:60]!r} is no profile", hint="write it as on-off on_s=5 off_s=2")
    return {KIND: kind, **{key: _value(value) for key, _, value in pairs}} if pairs else kind


def _value(text: str) -> Any:
    return text.removesuffix(";").split(";") if ";" in text else text


def scheduling_cells(plain: Mapping[str, Any]) -> dict[str, str]:
    """A plain scheduling as cells: one list per property of its queues."""
    queues = plain.get("queues", [])
    cells = {"discipline": str(plain.get("discipline", ""))}
    for field, column in QUEUE_COLUMNS.items():
        if any(field in queue for queue in queues):
            cells[column] = listed(queue.get(field, DEFAULTS[field]) for queue in queues)
    cells["queue_by_class"] = listed(plain.get("queue_by_class", ()))
    cells["quantum_bits"] = str(plain.get("quantum_bits", ""))
    cells["buffer_holds_packet_in_service"] = str(plain.get("buffer_holds_packet_in_service", "")).lower()
    return {column: cell for column, cell in cells.items() if cell}


QUEUE_COLUMNS = {"weight": "queue_weights", "buffer_bits": "queue_buffers_bits", "buffer_packets": "queue_buffers_packets"}
DEFAULTS = {"weight": 1, "buffer_bits": "unlimited", "buffer_packets": "unlimited"}
SCHEDULING_COLUMNS = ("discipline", *QUEUE_COLUMNS.values(), "queue_by_class", "quantum_bits", "buffer_holds_packet_in_service")


def scheduling_of(cells: Mapping[str, str], place: str) -> dict[str, Any] | None:
    """The inverse of ``scheduling_cells``; None where nothing is said."""
    given = {column: cells[column] for column in SCHEDULING_COLUMNS if column in cells}
    if not given:
        return None
    plain: dict[str, Any] = {}
    lists = {field: unlisted(given[column]) for field, column in QUEUE_COLUMNS.items() if column in given}
    if len({len(values) for values in lists.values()}) > 1:
        raise FormatError("the lists of its queues differ in length", where=place, hint="one entry per queue in each")
    if lists:
        plain["queues"] = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    if "queue_by_class" in given:
        plain["queue_by_class"] = [_whole(item, place) for item in unlisted(given["queue_by_class"])]
    if "buffer_holds_packet_in_service" in given:
        plain["buffer_holds_packet_in_service"] = truth(given["buffer_holds_packet_in_service"], place)
    return plain | {name: given[name] for name in ("discipline", "quantum_bits") if name in given}


def _whole(text: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise FormatError(f"{text[:40]!r} is no queue", where=place, hint="queues count from 0")
    return int(text)
