"""What queueing theory says about scenarios, kept together with their graph."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane import route
from nettwin.performance import Performance
from nettwin.predict.neural.features import graph_of
from nettwin.predict.neural.graph import Graph
from nettwin.queueing.answer import performance_of
from nettwin.queueing.fixed_point import NetworkState, solve_network
from nettwin.queueing.network import network_of
from nettwin.queueing.side_by_side import Case, SideBySide, side_by_side
from nettwin.scenario import Routing, Scenario
from nettwin.scenario.arrays import FloatArray

ROUNDS = 8
"""Always as many, so that an answer does not depend on what else is asked; what is left to converge changes delays by 0.1 %, and
the network learned from the same."""


@dataclass(frozen=True, eq=False)
class Prior:
    """Theory's steady state and answer for one or several scenarios side by side, and the graph for the network."""

    parts: SideBySide
    state: NetworkState
    answer: Performance
    graph: Graph

    @property
    def scenario(self) -> Scenario:
        return self.parts.scenario

    @property
    def queue_unit_s(self) -> FloatArray:  # [queue] mean packet time of what arrives
        return self.state.service_s

    @property
    def queue_size_ratio(self) -> FloatArray:  # [queue] mean packet that gets through / mean packet that arrives
        carried = self.state.carried
        size = carried.sent_bit_rate / np.maximum(carried.sent_packet_rate, 1e-300)
        ratio = size / np.maximum(self.state.service_s * self.state.network.ports.queue_capacity_bps, 1e-300)
        return np.where(carried.sent_packet_rate > 0, ratio, 1.0)


def prior_of(scenario: Scenario, routing: Routing | None = None) -> Prior:
    """Solves a scenario by theory, on the paths of the control plane unless others are given."""
    return prior_of_many([(scenario, route(scenario) if routing is None else routing)])


def prior_of_many(cases: Sequence[Case]) -> Prior:
    """Solves several scenarios, all observed alike, at once."""
    parts = side_by_side(cases)
    state = solve_network(network_of(parts.scenario, parts.routing), ROUNDS, tolerance=0.0)
    answer = performance_of(parts.scenario, state)
    return Prior(parts, state, answer, graph_of(parts.scenario, state, answer))
