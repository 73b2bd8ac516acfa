"""Quantities as people write them, ``10 Gbit/s``, ``5 ms``, ``64 kB``, to and from SI; exact in both directions."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from nettwin.errors import FormatError


@dataclass(frozen=True, slots=True)
class Units:
    """The units that one kind of quantity may be given in."""

    kind: str
    example: str
    factors: Mapping[str, float]
    """SI value of one of each."""
    written: tuple[str, ...] = ()
    """The ones that nettwin writes, the largest first."""


_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}

RATES = Units(
    "rate",
    "10 Gbit/s, 622 Mbit/s or 1e9",
    {
        **{f"{prefix}bit/s": factor for prefix, factor in _PREFIXES.items()},
        **{f"{prefix}bps": factor for prefix, factor in _PREFIXES.items()},
        **{f"{prefix}b/s": factor for prefix, factor in _PREFIXES.items()},
        **{f"{prefix}B/s": 8 * factor for prefix, factor in _PREFIXES.items()},
        **{prefix: factor for prefix, factor in _PREFIXES.items() if prefix},
    },
    written=("Tbit/s", "Gbit/s", "Mbit/s", "kbit/s"),
)
SIZES = Units(
    "amount of data",
    "64 kB, 8 kbit or 64000",
    {
        **{f"{prefix}bit": factor for prefix, factor in _PREFIXES.items()},
        **{f"{prefix}B": 8 * factor for prefix, factor in _PREFIXES.items()},
        **{"bits": 1.0, "byte": 8.0, "bytes": 8.0, "KiB": 8 * 2.0**10, "MiB": 8 * 2.0**20, "GiB": 8 * 2.0**30},
    },
    written=("Mbit", "kbit"),
)
TIMES = Units(
    "time",
    "5 ms, 300 us or 0.005",
    {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "min": 60.0, "h": 3600.0, "d": 86400.0},
    written=("s", "ms", "us"),
)
NUMBERS = Units("number", "1.5", {})
"""Pure numbers."""

_QUANTITY = re.compile(r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)\s*([^\s0-9]*)\s*")
_MAX_CHARACTERS = 300


def units_of(name: str) -> Units:
    """The units that a field with this name may be given in, by its suffix."""
    return next((units for suffix, units in (("_bps", RATES), ("_bits", SIZES), ("_s", TIMES)) if name.endswith(suffix)), NUMBERS)


def parse_quantity(text: str, units: Units, where: str = "") -> float:
    """The SI value of ``10 Gbit/s``; a bare number is in SI already. Raises FormatError."""
    match = _QUANTITY.fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    value = _times(match[1], _factor(match[2], units)) if match else math.nan
    if not math.isfinite(value):
        raise FormatError(f"{text[:60]!r} is no {units.kind}", where=where, hint=f"write it as {units.example}")
    return value


def exact_text(value: float, units: Units) -> str:
    """A short text that ``parse_quantity`` turns into exactly this value, in a unit that suits it."""
    for unit in units.written:
        if units.factors[unit] <= abs(value) < 1e18:
            text = f"{_digits(float(f'{value / units.factors[unit]:.12g}'))} {unit}"
            if parse_quantity(text, units) == value:
                return text
    return _digits(value)


def _factor(unit: str, units: Units) -> float:
    if not unit:
        return 1.0
    if unit not in units.factors and unit.lower().endswith(("bps", "bit/s")):
        # nobody means a milli-bit, so case says nothing in these families: gbps, GBPS, Mbit/S
        unit = {name.lower(): name for name in units.factors}.get(unit.lower(), unit)
    return units.factors.get(unit, math.nan)


def _times(digits: str, factor: float) -> float:
    """Dividing by a whole number rounds once, multiplying by its inexact inverse twice: 5 ms is 0.005."""
    return float(digits) / round(1 / factor) if factor < 1 else float(digits) * factor


def _digits(value: float) -> str:
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)
