"""Failure sweep: every circuit, node or risk group fails in turn; what the links then carry and who is cut off."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.changes.single_failures import Failure, FailureKind, single_failures
from nettwin.controlplane.failures import loads_after_failures
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class SweepResult:
    """Loads of all links in the intact network and after each failure. Loads are offered: above capacity, a link is overloaded."""

    scenario: Scenario
    kind: FailureKind
    failures: tuple[Failure, ...]
    base_load_bps: FloatArray  # [link]
    load_bps: FloatArray  # [failure, link]
    base_n_unreachable: int
    base_unreachable_bps: float
    n_unreachable: IntArray  # [failure] demands without any path, those of a failed node included
    unreachable_bps: FloatArray  # [failure] their traffic, and what is black-holed of others

    @cached_property
    def base_utilization(self) -> FloatArray:  # [link] offered load over capacity
        return np.asarray(self.base_load_bps / self.scenario.topology.capacity_bps)

    @cached_property
    def worst_utilization(self) -> FloatArray:  # [link] over the intact network and all failures
        return np.asarray(np.maximum(self.load_bps.max(axis=0, initial=0.0), self.base_load_bps) / self.scenario.topology.capacity_bps)

    @cached_property
    def max_utilization(self) -> FloatArray:  # [failure] of the most utilized link
        return np.asarray((self.load_bps / self.scenario.topology.capacity_bps).max(axis=1, initial=0.0))

    @cached_property
    def most_utilized_link(self) -> IntArray:  # [failure]; -1 in a network without links
        if not self.scenario.topology.n_links:
            return np.full(len(self.failures), -1)
        return np.asarray(np.argmax(self.load_bps / self.scenario.topology.capacity_bps, axis=1))

    @cached_property
    def n_newly_unreachable(self) -> IntArray:  # [failure]
        return self.n_unreachable - self.base_n_unreachable

    @cached_property
    def newly_unreachable_bps(self) -> FloatArray:  # [failure]
        return np.maximum(self.unreachable_bps - self.base_unreachable_bps, 0.0)


@dataclass(frozen=True, slots=True)
class LinkWorstCase:
    """The worst that failures do to one link."""

    link: str
    base_utilization: float
    worst_utilization: float
    causes: tuple[tuple[str, float], ...]
    """Failures that raise its utilization and to what, worst first; none where no failure does."""


@dataclass(frozen=True, slots=True)
class FailureEffect:
    """What one failure does to the network."""

    failure: str
    max_utilization: float
    most_utilized_link: str
    n_overloaded: int
    """Links that are offered more than their capacity."""
    n_newly_unreachable: int
    newly_unreachable_bps: float


def sweep(scenario: Scenario, kind: FailureKind = "links") -> SweepResult:
    """Fail every circuit, node or risk group on its own. The policy reacts as it would: an IGP reroutes, an explicit path black-holes.

    Raises UnknownNameError for another kind, ScenarioError for a policy that does not fit the topology.
    """
    failures = single_failures(scenario.topology, kind)
    loads = loads_after_failures(scenario, [(), *(failure.links for failure in failures)])
    return SweepResult(
        scenario=scenario,
        kind=kind,
        failures=failures,
        base_load_bps=loads.load_bps[0],
        load_bps=loads.load_bps[1:],
        base_n_unreachable=int(loads.n_unreachable[0]),
        base_unreachable_bps=float(loads.unreachable_bps[0]),
        n_unreachable=loads.n_unreachable[1:],
        unreachable_bps=loads.unreachable_bps[1:],
    )


def link_worst_cases(result: SweepResult, n_causes: int = 10) -> list[LinkWorstCase]:
    """Every link in the order of the topology, with up to ``n_causes`` failures that load it most."""
    links, names = result.scenario.topology.links, [failure.id for failure in result.failures]
    cases = []
    for index, link in enumerate(links):
        load, base = result.load_bps[:, index], result.base_load_bps[index]
        worse = np.flatnonzero(load > base * (1 + 1e-9))
        worst = worse[np.argsort(-load[worse], kind="stable")][:n_causes]
        causes = tuple((names[row], float(load[row] / link.capacity_bps)) for row in worst)
        cases.append(LinkWorstCase(link.id, float(result.base_utilization[index]), float(result.worst_utilization[index]), causes))
    return cases


def failure_effects(result: SweepResult) -> list[FailureEffect]:
    """Every failure: first those that cut off most traffic, among equals those that load a link most."""
    order = np.lexsort((-result.max_utilization, -result.newly_unreachable_bps))
    return [_effect(result, int(row)) for row in order]


def _effect(result: SweepResult, row: int) -> FailureEffect:
    topology, worst = result.scenario.topology, int(result.most_utilized_link[row])
    return FailureEffect(
        failure=result.failures[row].id,
        max_utilization=float(result.max_utilization[row]),
        most_utilized_link=topology.links[worst].id if worst >= 0 else "",
        n_overloaded=int(np.sum(result.load_bps[row] > topology.capacity_bps * (1 + 1e-9))),
        n_newly_unreachable=int(result.n_newly_unreachable[row]),
        newly_unreachable_bps=float(result.newly_unreachable_bps[row]),
    )
