"""What a plan's upgrades cost."""

import math
from functools import lru_cache

from nettwin.intents.planning import Planning
from nettwin.scenario import CapacityModule, Link, LinkPlanning, Scenario

_SAME = 1e-9
"""Relative difference of capacities below which they are the same."""


def plan_cost(planning: Planning | None, before: Scenario, after: Scenario) -> tuple[float, list[tuple[str, float]]]:
    """Cost of the upgrades that lead from one network to the other, and of each circuit, the dearest first.

    A circuit is paid once, for its larger direction (SNDlib): the cheapest modules that make up for what it gains, and its setup cost
    if it was not there. Infinite where no modules are on sale.
    """
    offered = () if planning is None else planning.modules
    costs: dict[str, float] = {}
    if before.topology.links is not after.topology.links:
        for link in after.topology.links:
            circuit = link.circuit or link.id
            costs[circuit] = max(costs.get(circuit, 0.0), _upgrade(link, _before(before, link), offered))
    paid = sorted(((name, cost) for name, cost in costs.items() if cost > 0), key=lambda each: -each[1])
    return sum(cost for _, cost in paid), paid


def _before(before: Scenario, link: Link) -> Link | None:
    index = before.topology.link_index.get(link.id)
    return None if index is None else before.topology.links[index]


def _upgrade(link: Link, old: Link | None, offered: tuple[CapacityModule, ...]) -> float:
    if old is not None and link.capacity_bps <= old.capacity_bps * (1 + _SAME):
        return 0.0
    had = _installed(link.planning, 0.0) if old is None else _installed(old.planning, old.capacity_bps)
    setup = link.planning.setup_cost if had == 0 else 0.0
    return setup + cheapest(link.planning.modules or offered, link.capacity_bps - had)


def _installed(planning: LinkPlanning, capacity_bps: float) -> float:
    return capacity_bps if planning.installed_capacity_bps is None else planning.installed_capacity_bps


def cheapest(modules: tuple[CapacityModule, ...], needed_bps: float) -> float:
    """The cost of the cheapest modules, any number of each, that add up to at least this capacity; infinite where none are on sale."""
    by_value = sorted(modules, key=lambda module: (module.cost / module.capacity_bps, -module.capacity_bps))
    return _cover(tuple((module.capacity_bps, module.cost) for module in by_value), needed_bps * (1 - _SAME))


@lru_cache(maxsize=4096)
def _cover(modules: tuple[tuple[float, float], ...], needed: float) -> float:
    """By branch and bound: the best value first, and no branch that costs more at its best than what is known."""
    best = math.inf

    def search(first: int, left: float, paid: float) -> None:
        nonlocal best
        if left <= 0:
            best = min(best, paid)
        elif first < len(modules) and paid + left * modules[first][1] / modules[first][0] < best:
            capacity, cost = modules[first]
            for count in range(math.ceil(left / capacity), -1, -1):
                search(first + 1, left - count * capacity, paid + count * cost)

    search(0, needed, 0.0)
    return best
