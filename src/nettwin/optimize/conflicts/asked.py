"""What the clauses of an intent ask of the paths of one demand."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.judging.slos import slo_names
from nettwin.intents.selecting import rows
from nettwin.intents.slo import Metric
from nettwin.optimize.conflicts.conflict import hard_slos, path_names
from nettwin.optimize.steering.exact_routes import Requirement
from nettwin.optimize.steering.path_rules import avoided, waypoint_sequences
from nettwin.optimize.steering.rule_check import ROUNDING, shortest_delays
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray

_HEADROOM = 1.0 + 1e-9


@dataclass(frozen=True, eq=False)
class Asked:
    """Requirements by demand; only demands with traffic, and with a way over links that are up, are asked anything."""

    scenario: Scenario
    intent: Intent

    @cached_property
    def possible_delay_s(self) -> FloatArray:  # [demand] of the fastest way, whatever the forwarding does
        traffic = self.scenario.traffic
        return np.asarray(shortest_delays(self.scenario.topology)[traffic.source, traffic.target])

    @cached_property
    def of_paths(self) -> BoolArray:  # [clause, demand]
        """Which demands each path constraint is about."""
        return self._concerns([constraint.selected for constraint in self.intent.paths])

    @cached_property
    def of_slos(self) -> BoolArray:  # [clause, demand]
        """Which demands each SLO is about, none for those that say nothing certain about paths."""
        concerns = self._concerns([slo.selected for slo in self.intent.slos])
        for index, slo in enumerate(self.intent.slos):
            if index not in hard_slos(self.intent) or slo.metric is not Metric.ONE_WAY_DELAY:
                concerns[index] = False
        return concerns

    def kind(self, row: int) -> tuple[int, int, bytes, bytes]:
        """Equal for demands of which the same is asked."""
        traffic = self.scenario.traffic
        return int(traffic.source[row]), int(traffic.target[row]), self.of_paths[:, row].tobytes(), self.of_slos[:, row].tobytes()

    def requirements(self, row: int) -> Iterator[Requirement]:
        """One for each clause that is about the demand."""
        nothing = np.zeros(self.scenario.topology.n_links, dtype=np.bool_)
        for index in np.flatnonzero(self.of_paths[:, row]):
            yield self._path_requirement(row, int(index))
        for index in np.flatnonzero(self.of_slos[:, row]):
            yield Requirement(slo_names(self.intent)[index], nothing, max_delay_s=self.intent.slos[index].bound)

    def _path_requirement(self, row: int, index: int) -> Requirement:
        topology, constraint, traffic = self.scenario.topology, self.intent.paths[index], self.scenario.traffic
        node, link = avoided(topology, constraint.avoid)
        node = node.copy()
        node[[traffic.source[row], traffic.target[row]]] = False
        stretch = constraint.max_stretch
        return Requirement(
            path_names(self.intent)[index],
            link | node[topology.link_source] | node[topology.link_target],
            waypoint_sequences(topology, constraint),
            np.inf if constraint.max_hops is None else constraint.max_hops,
            np.inf if stretch is None else stretch * float(self.possible_delay_s[row]) * ROUNDING,
        )

    def _concerns(self, selectors: list[str]) -> BoolArray:
        traffic = self.scenario.traffic
        concerns = np.zeros((len(selectors), traffic.n_demands), dtype=np.bool_)
        for index, selector in enumerate(selectors):
            concerns[index, rows(self.intent, selector, self.scenario)] = True
        return concerns & (traffic.rate_bps > 0) & np.isfinite(self.possible_delay_s)
