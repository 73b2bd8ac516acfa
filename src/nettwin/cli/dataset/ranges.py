"""Ranges as people type them: ``3-10``, ``0.1-1.5``, ``8``."""

import re

import typer

_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*(?:-\s*({_NUMBER})\s*)?")


def parse_range(text: str) -> tuple[float, float]:
    """Both ends; one number is a range of itself."""
    match = _RANGE.fullmatch(text)
    low, high = (float(match[1]), float(match[2] or match[1])) if match else (1.0, 0.0)
    if low > high:
        raise typer.BadParameter(f"{text!r} is not a range such as 0.1-1.5")
    return low, high


def parse_whole_range(text: str) -> tuple[int, int]:
    """Both ends, whole numbers."""
    low, high = parse_range(text)
    if not (low.is_integer() and high.is_integer()):
        raise typer.BadParameter(f"{text!r} is not a range of whole numbers such as 3-10")
    return int(low), int(high)
