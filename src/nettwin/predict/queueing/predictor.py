"""The analytic engine behind the interface of predictors."""

from dataclasses import dataclass

from nettwin.controlplane import route
from nettwin.performance import HopPerformance, Performance
from nettwin.queueing.answer import performance_of
from nettwin.queueing.calibration import DEFAULT, Calibration
from nettwin.queueing.fitting import Fitted, fitted
from nettwin.queueing.fixed_point import NetworkState, solve_network
from nettwin.queueing.hop_figures import hop_figures
from nettwin.queueing.network import network_of
from nettwin.scenario import Routing, Scenario


@dataclass(frozen=True, slots=True)
class QueueingPredictor:
    """Steady state by queueing theory: no seed, no warm-up, one answer. What it models and where it errs: docs/queueing.md."""

    calibration: Calibration = DEFAULT

    @property
    def name(self) -> str:
        return "queueing"

    def predict(self, scenario: Scenario) -> Performance:
        """The performance under the paths that the control plane chooses."""
        return self.predict_routed(scenario, route(scenario))

    def predict_hops(self, scenario: Scenario) -> tuple[Performance, HopPerformance]:
        """The same performance, and where on the way the delay arises."""
        question = fitted(scenario, route(scenario))
        state = self._solved(question)
        answer = question.answered(performance_of(question.scenario, state))
        return answer, question.answered_hops(hop_figures(question.scenario, state))

    def predict_routed(self, scenario: Scenario, routing: Routing) -> Performance:
        """The performance under given paths, as in the phases of a timeline."""
        question = fitted(scenario, routing)
        return question.answered(performance_of(question.scenario, self._solved(question)))

    def _solved(self, question: Fitted) -> NetworkState:
        return solve_network(network_of(*question.case, self.calibration))
