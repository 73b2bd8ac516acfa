"""Traffic that does not simply follow the forwarding: what failures do to explicit paths, and which failures concern segment lists."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane.itineraries import Itineraries, steered_demands
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Loss:
    """What a failure takes from explicit paths."""

    load_bps: FloatArray  # [link] that is no longer there
    n_unreachable: int
    unreachable_bps: float


@dataclass(frozen=True, eq=False)
class SteeredTraffic:
    """The links that itineraries cross by order, sorted by link."""

    itineraries: Itineraries
    rate_bps: FloatArray  # [itinerary]
    is_explicit: BoolArray  # [itinerary]
    routed_share: FloatArray  # [demand]
    ordered_link: IntArray  # [crossing] ascending
    ordered_itinerary: IntArray  # [crossing]

    @classmethod
    def of(cls, scenario: Scenario, itineraries: Itineraries) -> "SteeredTraffic":
        crossing = np.flatnonzero(itineraries.legs < 0)
        owner = np.repeat(np.arange(len(itineraries.demand)), np.diff(itineraries.leg_offsets))[crossing]
        link = ~itineraries.legs[crossing]
        order = np.argsort(link, kind="stable")
        routed = np.bincount(itineraries.demand, weights=itineraries.share, minlength=scenario.traffic.n_demands)
        explicit = [scenario.index_of_demand(name) for name in scenario.policy.explicit_paths]
        return cls(
            itineraries=itineraries,
            rate_bps=scenario.traffic.rate_bps[itineraries.demand] * itineraries.share,
            is_explicit=np.isin(itineraries.demand, np.array(explicit, dtype=np.int64)),
            routed_share=routed.astype(np.float64),
            ordered_link=link[order],
            ordered_itinerary=owner[order],
        )

    def crossing(self, links: Sequence[int]) -> IntArray:
        """The itineraries that are ordered to cross one of these links."""
        first, last = (np.searchsorted(self.ordered_link, np.array(links, dtype=np.int64), side=side) for side in ("left", "right"))
        parts = [self.ordered_itinerary[a:b] for a, b in zip(first, last, strict=True)]
        return np.unique(np.concatenate([*parts, np.empty(0, dtype=np.int64)])).astype(np.int64)

    def loss(self, hit: IntArray, n_links: int) -> Loss:
        """What is gone when these explicit itineraries are black-holed."""
        plan = self.itineraries
        n_legs = plan.leg_offsets[hit + 1] - plan.leg_offsets[hit]
        place = np.arange(n_legs.sum()) + np.repeat(plan.leg_offsets[hit] - np.cumsum(n_legs) + n_legs, n_legs)
        load = np.bincount(~plan.legs[place], weights=np.repeat(self.rate_bps[hit], n_legs), minlength=n_links).astype(np.float64)
        demands, which = np.unique(plan.demand[hit], return_inverse=True)
        remaining = self.routed_share[demands] - np.bincount(which, weights=plan.share[hit], minlength=len(demands))
        return Loss(load, int(np.sum(remaining < 1e-9)), float(self.rate_bps[hit].sum()))


def is_steered(scenario: Scenario) -> BoolArray:  # [demand]
    """Which demands have an explicit path or segment lists."""
    steered = np.zeros(scenario.traffic.n_demands, dtype=np.bool_)
    steered[steered_demands(scenario)] = True
    return steered
