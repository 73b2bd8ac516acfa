"""Changes as plain data: ``{"fail-link": {"link": "Oslo--Bergen"}}``; where they are read, command lines will do."""

from collections.abc import Iterable, Mapping
from typing import Any

from nettwin.changes.change import Change
from nettwin.changes.commands import plain_from_command
from nettwin.changes.kinds import CHANGE_KINDS
from nettwin.changes.plan import Plan
from nettwin.errors import FormatError, UnknownNameError
from nettwin.scenario.plain import from_plain, kind_name, to_plain

MAX_DEPTH = 20
"""Plans within plans; more than this is an attack or a mistake."""


def change_to_dict(change: Change) -> dict[str, Any]:
    """Plain data that ``change_from_dict`` turns into an equal change."""
    if isinstance(change, Plan):
        return {kind_name(Plan): changes_to_dicts(change)}
    kind = kind_name(type(change))
    if CHANGE_KINDS.get(kind) is not type(change):
        raise UnknownNameError.among("change", kind, CHANGE_KINDS)
    return {kind: to_plain(change)}


def change_from_dict(plain: Any, where: str = "change") -> Change:
    """The change that plain data describes. Raises InputError for unknown kinds and fields, and for values that do not fit."""
    return _from_dict(plain, where, MAX_DEPTH)


def parse_change(command: str) -> Change:
    """The change that a command line describes. Raises InputError with the usage of its kind."""
    return change_from_dict(plain_from_command(command), where="")


def changes_to_dicts(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Several changes as plain data."""
    return [change_to_dict(change) for change in changes]


def changes_from_dicts(plain: Any, where: str = "changes") -> Plan:
    """A plan from a list of plain changes."""
    return _plan(plain, where, MAX_DEPTH)


def _from_dict(plain: Any, where: str, depth: int) -> Change:
    if isinstance(plain, str):
        plain = plain_from_command(plain)
    if not isinstance(plain, Mapping) or len(plain) != 1:
        raise FormatError("not a change", where=where, hint="a change is one kind with its fields, as {fail-link: {link: A--B}}")
    ((kind, described),) = plain.items()
    if kind == kind_name(Plan):
        return _plan(described, f"{where}.{kind}".removeprefix("."), depth - 1)
    if kind not in CHANGE_KINDS:
        raise UnknownNameError.among("change", str(kind), CHANGE_KINDS, where=where)
    change: Change = from_plain(CHANGE_KINDS[kind], described, f"{where}.{kind}".removeprefix("."))
    return change


def _plan(plain: Any, where: str, depth: int) -> Plan:
    if not isinstance(plain, list | tuple):
        raise FormatError("not a list of changes", where=where, hint="give a list, as [{fail-link: {link: A--B}}]")
    if depth < 0:
        raise FormatError("plans within plans within plans", where=where, hint=f"at most {MAX_DEPTH} levels")
    return Plan(tuple(_from_dict(item, f"{where}[{number}]", depth) for number, item in enumerate(plain)))
