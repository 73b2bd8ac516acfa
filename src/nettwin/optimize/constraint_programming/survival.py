"""What must hold after a failure, added to a task only when a plan breaks it (lazy constraints)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nettwin.controlplane.failures import loads_after_failures, loads_without
from nettwin.controlplane.forwarding import forward, forwarding_of
from nettwin.intents.survival import Survive
from nettwin.optimize.constraint_programming.candidates import Candidate, Lists
from nettwin.optimize.constraint_programming.task import Choice, LoadLimit
from nettwin.optimize.steering.detours import Detour, steering_of
from nettwin.optimize.steering.failing_links import failing_links
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray, IntArray

Share = tuple[IntArray, FloatArray]
"""Links and the fractions of a demand that cross them."""
_NOTHING: Share = (np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True, eq=False)
class FailureCut:
    """A failure that a task must reckon with: how the forwarding spreads traffic then."""

    scenario: Scenario
    links: tuple[int, ...]
    """What is down besides what is down already."""
    bound: float

    @cached_property
    def vectors(self) -> SegmentVectors:
        """Of the network after the failure."""
        graph = forwarding_of(self.scenario).graph
        is_up = graph.is_up.copy()
        is_up[list(self.links)] = False
        return SegmentVectors.of(forward(self.scenario, replace(graph, is_up=is_up)))

    def limit(self, state: "object", choices: Sequence[Choice]) -> LoadLimit:
        """The limit on loads after this failure, for a task around a state."""
        now: Scenario = state.scenario()  # type: ignore[attr-defined]
        base = loads_without(now, forwarding_of(now), self.links)[0].copy()
        shares = tuple(tuple(self.share(choice, candidate) for candidate in choice.candidates) for choice in choices)
        for choice, of_choice in zip(choices, shares, strict=True):
            link, fraction = of_choice[choice.hint]
            np.add.at(base, link, -choice.rate_bps * fraction)
        topology = self.scenario.topology
        is_up = topology.link_is_up.copy()
        is_up[list(self.links)] = False
        capacity = np.where(is_up, topology.capacity_bps, np.inf)
        return LoadLimit(np.where(base > 1e-9 * topology.capacity_bps, base, 0.0), capacity, self.bound, shares)

    def share(self, choice: Choice, candidate: Candidate) -> Share:
        """What a candidate crosses after the failure: lists that cannot be resolved count no more, and without any it goes directly."""
        traffic = self.scenario.traffic
        ends = int(traffic.source[choice.row]), int(traffic.target[choice.row])
        if candidate.route:
            return (candidate.link, candidate.fraction) if not set(candidate.route) & set(self.links) else _NOTHING
        if candidate.n_changes == 0 and self.scenario.demand_ids[choice.row] in self.scenario.policy.explicit_paths:
            hit = np.isin(candidate.link, self.links).any()
            return _NOTHING if hit else (candidate.link, candidate.fraction)
        lists = candidate.lists or self._steering.get(choice.row, (((), 1.0),))
        return self._spread(ends, lists)

    @cached_property
    def _steering(self) -> dict[int, Lists]:
        return steering_of(self.scenario)

    def _spread(self, ends: tuple[int, int], lists: Lists) -> Share:
        valid = [(detour, weight) for detour, weight in lists if self._arrives(ends, detour)]
        if not valid and self.vectors.is_reachable[ends]:
            valid = [((), 1.0)]
        amount, total = np.zeros(self.vectors.n_links), sum(weight for _, weight in valid)
        for detour, weight in valid:
            here = ends[0]
            for leg in (*detour, ends[1]):
                links, fractions = self.vectors.between(here, self._start(leg))
                np.add.at(amount, links, weight / total * fractions)
                if leg < 0:
                    amount[~leg] += weight / total
                here = self._end(leg)
        link = np.flatnonzero(amount)
        return link, amount[link]

    def _arrives(self, ends: tuple[int, int], detour: Detour) -> bool:
        here = ends[0]
        for leg in (*detour, ends[1]):
            is_open = leg >= 0 or (~leg not in self.links and bool(self.scenario.topology.link_is_up[~leg]))
            if not (is_open and self.vectors.is_reachable[here, self._start(leg)]):
                return False
            here = self._end(leg)
        return True

    def _start(self, leg: int) -> int:
        return leg if leg >= 0 else int(self.scenario.topology.link_source[~leg])

    def _end(self, leg: int) -> int:
        return leg if leg >= 0 else int(self.scenario.topology.link_target[~leg])


def broken_failures(
    scenario: Scenario, survive: Sequence[Survive], known: Sequence[FailureCut], after: Scenario, at_most: int
) -> list[FailureCut]:
    """The failures after which a plan overloads links most, without those that are known already; ``after``: under the plan."""
    found = dict[tuple[int, ...], tuple[float, FailureCut]]()
    seen = {cut.links for cut in known}
    for clause in survive:
        if clause.max_utilization is None:
            continue
        failures = [links for links in failing_links(scenario, clause) if links not in seen]
        loads = loads_after_failures(after, failures).load_bps if failures else np.empty((0, 0))
        for links, load in zip(failures, loads, strict=True):
            excess = float((load / scenario.topology.capacity_bps).max(initial=0.0)) / clause.max_utilization - 1.0
            if excess > 1e-9 and excess > found.get(links, (0.0, None))[0]:
                found[links] = excess, FailureCut(scenario, links, clause.max_utilization)
    worst = sorted(found.values(), key=lambda each: (-each[0], each[1].links))
    return [cut for _, cut in worst[:at_most]]
