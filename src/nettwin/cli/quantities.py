"""Quantities as people type them: ``50ms``, ``0.8``, ``80%``."""

import math
import re

import typer

SECONDS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
_NUMBER = re.compile(r"\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([a-zA-Zµ%]*)\s*")


def parse_seconds(text: str) -> float:
    """``50ms``, ``1.5s``, ``200us``; a bare number is seconds."""
    return _parse(text, SECONDS, "a time such as 50ms, 0.2s or 300us")


def parse_ratio(text: str) -> float:
    """``0.8`` or ``80%``; more than all of it needs the sign, for a bare 80 is a slip."""
    value = _parse(text, {"": 1.0, "%": 0.01}, "a share such as 0.8 or 80%")
    if value > 1 and "%" not in str(text):
        raise typer.BadParameter(f"{text} is more than 1: did you mean {text}%?")
    return value


def parse_count(text: str) -> float:
    """``2000000``, ``2e6``, ``500k``, ``10M``."""
    return _parse(text, {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}, "a count such as 2e6 or 500k")


def _parse(text: str, units: dict[str, float], what: str) -> float:
    match = _NUMBER.fullmatch(str(text))
    try:
        value = float(match[1]) * units[match[2]] if match else math.nan
    except (KeyError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise typer.BadParameter(f"{text!r} is not {what}")
    return value
