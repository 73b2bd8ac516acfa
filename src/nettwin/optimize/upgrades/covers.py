"""The cheapest modules that make up for missing capacity."""

import math
from collections.abc import Sequence
from functools import lru_cache

from nettwin.scenario import CapacityModule

_ROUNDING = 1e-9


def cheapest_cover(missing_bps: float, modules: Sequence[CapacityModule]) -> tuple[int, ...] | None:
    """How many of each module; the least cost, among equals the most capacity. None: there are no modules. Exact.

    Branch and bound over the modules, the cheapest per bit first: what is still missing costs at least that per bit.
    """
    if missing_bps <= 0:
        return (0,) * len(modules)
    if not modules:
        return None
    return _cover(missing_bps, tuple(modules))


@lru_cache(maxsize=10_000)
def _cover(missing_bps: float, modules: tuple[CapacityModule, ...]) -> tuple[int, ...]:
    order = sorted(range(len(modules)), key=lambda index: (modules[index].cost / modules[index].capacity_bps, -modules[index].capacity_bps))
    sizes, costs = ([getattr(modules[index], name) for index in order] for name in ("capacity_bps", "cost"))
    best_cost, best = math.inf, [0] * len(order)
    counts = [0] * len(order)

    def search(place: int, missing: float, cost: float) -> None:
        nonlocal best_cost, best
        if missing <= _ROUNDING * missing_bps:
            if cost < best_cost - _ROUNDING:
                best_cost, best = cost, counts.copy()
            return
        if place == len(order) or cost + missing * costs[place] / sizes[place] >= best_cost - _ROUNDING:
            return
        most = math.ceil(missing / sizes[place] * (1 - _ROUNDING))
        for count in range(most, -1, -1):
            counts[place] = count
            search(place + 1, missing - count * sizes[place], cost + count * costs[place])
        counts[place] = 0

    search(0, missing_bps, 0.0)
    return tuple(best[order.index(index)] for index in range(len(order)))
