"""What a foreign file may say at all: beyond these bounds arithmetic overflows, and an answer would mean nothing."""

import math
from collections.abc import Iterator

from nettwin.errors import ScenarioError
from nettwin.formats.draft import Draft

RATES_BPS = (1e-9, 1e18)
LENGTHS_M = (1e-9, 1e15)
DELAYS_S = (1e-15, 1e9)
POSITIONS = (0.0, 1e12)
Bounds = tuple[float, float]


def check_magnitude(name: str, value: float, bounds: Bounds, where: str) -> None:
    """Raises ScenarioError for a number that is neither zero nor within the bounds of its kind."""
    least, most = bounds
    if value != 0 and not least <= abs(value) <= most:
        hint = f"it must be zero or between {least:g} and {most:g}: is the unit right?"
        raise ScenarioError(f"{name} is {value:g}", where=where, hint=hint)


def check_magnitudes(draft: Draft) -> None:
    """Checks all of a draft."""
    for name, value, bounds, where in _numbers(draft):
        if value is not None:
            check_magnitude(name, value, bounds, where)


def _numbers(draft: Draft) -> Iterator[tuple[str, float | None, Bounds, str]]:
    for node in draft.nodes:
        for coordinate in node.position or ():
            yield "a coordinate", coordinate, POSITIONS, node.id
    for circuit in draft.circuits:
        where = f"{circuit.source}->{circuit.target}"
        yield "capacity_bps", circuit.capacity_bps, RATES_BPS, where
        yield "length_m", circuit.length_m, LENGTHS_M, where
        yield "propagation_delay_s", circuit.propagation_delay_s, DELAYS_S, where
        for module in circuit.planning.modules:
            is_bounded = module.capacity_bps < math.inf
            yield "the capacity of a module", module.capacity_bps if is_bounded else None, RATES_BPS, where
    for demand in draft.demands or ():
        yield "rate_bps", demand.rate_bps, RATES_BPS, f"{demand.source}->{demand.target}"
