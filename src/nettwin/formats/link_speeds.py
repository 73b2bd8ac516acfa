"""What people write for a link's speed, as bit/s: ``OC-192c``, ``2 x 2.5 Gbps``, ``STM-16``, ``GigE``, ``E3``."""

import math
import re

_PREFIX = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_NAMED = {
    "ds0": 64e3, "t1": 1.544e6, "ds1": 1.544e6, "e1": 2.048e6, "e3": 34.368e6, "t3": 44.736e6, "ds3": 44.736e6,
    "ethernet": 10e6, "fastethernet": 100e6, "fe": 100e6, "gigabitethernet": 1e9, "gige": 1e9, "ge": 1e9, "gbe": 1e9,
    "10gigabitethernet": 10e9, "10gige": 10e9, "10ge": 10e9, "10gbe": 10e9, "40ge": 40e9, "100ge": 100e9, "100gbe": 100e9,
}  # fmt: skip
"""ITU-T G.702 and ANSI T1.107 hierarchies, IEEE 802.3."""
_OPTICAL = {"oc": 51.84e6, "sts": 51.84e6, "stm": 155.52e6}
"""One unit of SONET (ANSI T1.105) and of SDH (ITU-T G.707)."""
_TIMES = re.compile(r"(?P<times>\d{1,3})\s*[x*\u00d7]\s*")
_RATE = re.compile(r"(?P<value>\d+(?:\.\d+)?)\s*(?P<prefix>[kmgt])i?(?:bit|bits|b)?(?:/s|ps|/sec|psec)?\b")
_CARRIER = re.compile(r"\b(?P<kind>oc|sts|stm)[- ]?(?P<n>\d{1,4})c?\b")
_UNCERTAIN = re.compile(r"\d\s*(-|\u2013|to)\s*\d|[<>~\u2264\u2265?]|up to")


def speed_bps(text: str) -> float | None:
    """The one speed that a label names; None where it names none, several, or a range."""
    words = " ".join(text.lower().split())[:200]
    if _UNCERTAIN.search(re.sub(r"\b(oc|sts|stm|t|e|ds)-(\d)", r"\1\2", words)):
        return None
    times = _TIMES.search(words)
    rest = _TIMES.sub("", words)
    found = [*_carriers(rest), *_rates(rest)] or _named(rest)
    speeds = set(found)
    return (int(times["times"]) if times else 1) * found[0] if len(speeds) == 1 and found[0] > 0 else None


def scaled_speed_bps(value: str, unit: str) -> float | None:
    """Topology Zoo's ``LinkSpeed`` with ``LinkSpeedUnits``: K, M, G or T."""
    prefix = unit.strip().lower()[:1]
    if prefix not in _PREFIX or not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value.strip()):
        return None
    speed = float(value) * _PREFIX[prefix]
    return speed if 0 < speed < math.inf else None


def _carriers(text: str) -> list[float]:
    return [int(match["n"]) * _OPTICAL[match["kind"]] for match in _CARRIER.finditer(text)]


def _rates(text: str) -> list[float]:
    return [float(match["value"]) * _PREFIX[match["prefix"]] for match in _RATE.finditer(text)]


def _named(text: str) -> list[float]:
    joined = text.replace("-", "").replace(" ", "")
    return [_NAMED[joined]] if joined in _NAMED else []
