"""How much capacity links need for given routing, and the cheapest modules that provide it."""

from dataclasses import dataclass

import numpy as np

from nettwin.changes import SetCapacity
from nettwin.controlplane import link_loads
from nettwin.controlplane.failures import loads_after_failures
from nettwin.intents.intent import Intent
from nettwin.intents.judging.chosen_failures import chosen_failures
from nettwin.intents.planning import grown
from nettwin.optimize.upgrades.covers import cheapest_cover
from nettwin.scenario import CapacityModule, Link, Scenario
from nettwin.scenario.arrays import FloatArray

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Purchase:
    """More capacity for all links of one circuit."""

    circuit: str
    capacity_bps: float
    """Afterwards."""
    cost: float

    @property
    def change(self) -> SetCapacity:
        """The change that makes it."""
        return SetCapacity(self.circuit, self.capacity_bps)


def needed_bps(scenario: Scenario, intent: Intent, level: float | None = None) -> FloatArray:  # [link]
    """The capacities at which every clause about loads holds, at the end of the planning horizon.

    ``level`` is the most that a link may be offered while nothing fails; the intent's own limit by default, 0 needed where it has none.
    """
    question = grown(intent.planning, scenario)
    level = intent.limits.max_utilization if level is None else level
    needed = np.zeros(scenario.topology.n_links) if level is None else link_loads(question) / level
    for clause in intent.survive:
        failures = chosen_failures(clause, question)
        if clause.max_utilization is not None and failures:
            load = loads_after_failures(question, [failure.links for failure in failures]).load_bps
            needed = np.maximum(needed, load.max(axis=0) / clause.max_utilization)
    return np.asarray(needed * (1 + _ROUNDING))


def purchases_for(scenario: Scenario, intent: Intent, needed: FloatArray) -> list[Purchase]:
    """The cheapest modules per circuit, those of the highest cost first; nothing for circuits that no module is on sale for."""
    topology, bought = scenario.topology, []
    for circuit, members in topology.circuits.items():
        links = [topology.links[member] for member in members]
        has, needs = min(link.capacity_bps for link in links), float(needed[list(members)].max())
        if needs <= has * (1 + 2 * _ROUNDING):
            continue
        purchase = _purchase(circuit, links, needs, modules_of(links[0], intent))
        bought += [purchase] if purchase is not None else []
    return sorted(bought, key=lambda each: (-each.cost, each.circuit))


def modules_of(link: Link, intent: Intent) -> tuple[CapacityModule, ...]:
    """What is on sale for a link."""
    return link.planning.modules or (() if intent.planning is None else intent.planning.modules)


def _purchase(circuit: str, links: list[Link], needs: float, modules: tuple[CapacityModule, ...]) -> Purchase | None:
    planning = links[0].planning
    has = max(link.capacity_bps for link in links) if planning.installed_capacity_bps is None else planning.installed_capacity_bps
    counts = cheapest_cover(needs - has, modules)
    if counts is None:
        return None
    gained = sum(count * module.capacity_bps for count, module in zip(counts, modules, strict=True))
    cost = sum(count * module.cost for count, module in zip(counts, modules, strict=True))
    return Purchase(circuit, has + gained, cost + (planning.setup_cost if has == 0 else 0.0))
