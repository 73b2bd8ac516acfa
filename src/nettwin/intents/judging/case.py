"""What is judged: a scenario, what an engine says about it, and what the control plane tells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.changes import Plan, SetCapacity, diff
from nettwin.controlplane import offered_utilization, route
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.controlplane.itineraries import plan_itineraries
from nettwin.intents.judging.costs import plan_cost
from nettwin.intents.planning import Planning
from nettwin.performance import Performance
from nettwin.scenario import Routing, Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

Predict = Callable[[Sequence[Scenario]], list[Performance]]
"""The answers of an engine to several questions, in order."""
WHOLE = 1.0 - 1e-9
"""Shares of several paths add up to 1 but for rounding."""


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario under judgment; what is worked out is worked out once, and only if asked for."""

    scenario: Scenario
    performance: Performance | None = None
    """None: no engine was asked."""
    before: Scenario | None = None
    """What the plan started from; None: there is no plan."""
    planned: Scenario | None = None
    """The scenario before traffic grew; None: it did not grow."""

    @cached_property
    def utilization(self) -> FloatArray:  # [link] offered load over capacity, above 1 where overloaded
        return offered_utilization(self.scenario)

    @cached_property
    def routed_share(self) -> FloatArray:  # [demand] of its traffic that finds a way to its target
        return routed_share(self.scenario)

    @cached_property
    def routing(self) -> Routing:
        return route(self.scenario)

    @cached_property
    def sends(self) -> BoolArray:  # [demand] whether there is any traffic to speak of
        return self.scenario.traffic.rate_bps > 0

    @cached_property
    def queue_by_class(self) -> IntArray:  # [link, class] index of the queue
        return self.scenario.topology.queue_by_class(self.scenario.traffic.n_classes)

    @cached_property
    def plan(self) -> Plan:
        """The changes since ``before``."""
        return Plan() if self.before is None else diff(self.before, self.planned or self.scenario)

    @cached_property
    def n_changes(self) -> int:
        """Of the plan; an upgrade of both directions of a circuit is one."""
        link_index, links = self.scenario.topology.link_index, self.scenario.topology.links
        upgrades = [links[link_index[change.link]] for change in self.plan if isinstance(change, SetCapacity)]
        return len(self.plan) - len(upgrades) + len({link.circuit or link.id for link in upgrades})

    def cost(self, planning: Planning | None) -> tuple[float, list[tuple[str, float]]]:
        """Of the plan's upgrades, and of each circuit, the dearest first."""
        return (0.0, []) if self.before is None else plan_cost(planning, self.before, self.planned or self.scenario)


def routed_share(scenario: Scenario) -> FloatArray:  # [demand]
    """How much of each demand's traffic finds a way to its target, in the network's present state."""
    itineraries = plan_itineraries(scenario, forwarding_of(scenario))
    return np.bincount(itineraries.demand, weights=itineraries.share, minlength=scenario.traffic.n_demands).astype(np.float64)
