"""te-bandwidth of RFC 8776: a decimal, hexadecimal or hexadecimal floating-point number of bytes per second, as text."""

import math
import re
from typing import Any

import numpy as np

from nettwin.errors import FormatError

_DECIMAL = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?\Z")
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]{1,16}\Z")
_FLOAT = re.compile(r"0[xX][01](\.[0-9a-fA-F]{0,13})?[pP]\+?[0-9]{1,3}\Z")


def capacity_bps(value: Any, place: str) -> float | None:
    """Bits per second of ``{"te-bandwidth": {"generic": "0x1.2a05f2p+30"}}`` or of the number alone; None for zero.

    Raises FormatError where there is none: bandwidths of optical layers are counts of channels.
    """
    while isinstance(value, dict):
        name = next((key for key in value if str(key).rpartition(":")[2] in ("te-bandwidth", "generic")), None)
        if name is None:
            raise FormatError("no generic bandwidth", where=place, hint="channels of optical layers have no rate here")
        value = value[name]
    number = _number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < 1e30:
        raise FormatError(f"{str(value)[:60]!r} is no bandwidth", where=place, hint="bytes per second, as 0x1.2a05f2p+30 or 1250000000")
    return 8.0 * number or None


def technology_of(value: Any) -> str:
    """The name of the bandwidth where a layer has one of its own, as ``otn-bandwidth`` or ``eth-bandwidth``; else empty."""
    inside = value
    while isinstance(inside, dict):
        names = [str(key) for key in inside]
        known = next((name for name in names if name.rpartition(":")[2] in ("te-bandwidth", "generic")), None)
        if known is None:
            return names[0] if names and inside is not value else ""
        inside = inside[known]
    return ""


def bandwidth_text(rate_bps: float) -> str:
    """The rate as text: an IEEE single as the RFC prefers, or a decimal number where that is exact and a single is not."""
    size = rate_bps / 8
    single = float(np.float32(size))
    if size == int(size) and (single != size or size < 1):
        return str(int(size))
    if size < 1 or not math.isfinite(single):
        return str(max(round(size), 1))  # zero would say that nothing is known
    mantissa, exponent = single.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}"


def _number(text: str) -> float | None:
    if _DECIMAL.match(text):
        return float(text)
    if _HEXADECIMAL.match(text):
        return float(int(text, 16))
    return float.fromhex(text) if _FLOAT.match(text) else None
