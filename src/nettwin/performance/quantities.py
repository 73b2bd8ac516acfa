"""Quantities as people read them: three digits and a fitting unit."""

import math

UNKNOWN = "\N{EN DASH}"
_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_RATES = ((1e12, "Tbit/s"), (1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"), (1.0, "bit/s"))


def seconds(value: float) -> str:
    """0.0123 -> ``12.3 ms``."""
    return _scaled(value, _TIMES)


def bits_per_second(value: float) -> str:
    """2.5e9 -> ``2.50 Gbit/s``."""
    return _scaled(value, _RATES)


def percent(value: float) -> str:
    """0.756 -> ``75.6 %``; small shares keep their digits."""
    if not math.isfinite(value):
        return UNKNOWN
    hundredths = 100 * value
    if abs(hundredths) < 1e-7:  # what rounding leaves of nothing
        return "0 %"
    return f"{hundredths:.1f} %" if abs(hundredths) >= 0.05 else f"{hundredths:.1g} %"


def number(value: float) -> str:
    """A whole number whole, any other with three digits."""
    if not math.isfinite(value):
        return UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() else _three_digits(value)


def quantity(column: str, value: float) -> str:
    """A value of a table's column, in the unit that its name tells."""
    if column.endswith("_change") or "_change_" in column:
        sign = "+" if value > 0 else ""
        return sign + quantity(column.replace("_change", ""), value)
    stem = column.removesuffix("_before").removesuffix("_after")
    if stem.endswith("_s"):
        return seconds(value)
    if stem.endswith("_bps"):
        return bits_per_second(value)
    if stem.endswith(("_ratio", "utilization")):
        return percent(value)
    return number(value)


def _scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return f"0 {units[-1][1] if units is _RATES else 's'}"
    factor, unit = next(((f, u) for f, u in units if abs(value) >= f * 0.9995), units[-1])
    return f"{_three_digits(value / factor)} {unit}"


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:#.3g}".rstrip(".")
