"""The multi-commodity flow problem as an optimizer."""

from collections.abc import Mapping
from dataclasses import dataclass

from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.intents.objectives import Figure
from nettwin.optimize.answer import Found, answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.lp.bounds import best_of, multi_commodity_flow
from nettwin.optimize.lp.flow_network import FlowNetwork
from nettwin.optimize.lp.flow_plan import Steering, present_flow, segment_lists_of
from nettwin.optimize.solution import Solution
from nettwin.optimize.steering.detours import changes_to
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiCommodityFlow:
    """The lowest maximum utilization that any routing whatever can reach, and how near segment lists along its paths come."""

    least_share: float = 0.005
    """Paths with a smaller share of their demand get no segment list."""

    @property
    def name(self) -> str:
        return "lp"

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The bound; and once the flow is optimal, its paths as far as the allowed segment lists can express them.

        Raises OptimizationError for an intent whose first objective is not the maximum utilization.
        """
        _check(intent)
        clock = Clock(budget)
        network = FlowNetwork.of(scenario)
        present = present_flow(network, scenario)
        flow = multi_commodity_flow(network, clock, present, lambda value, bound: clock.tell(self.name, value, bound))
        steering, n_missing = Steering(), 0
        if flow.is_optimal and Knob.SEGMENT_POLICY in intent.limits.knobs:
            steering, n_missing = segment_lists_of(flow, network, scenario, intent, self.least_share)
        found = Found(
            method=self.name,
            changes=changes_to(scenario, steering) if steering else (),
            bound=None if Knob.CAPACITY in intent.limits.knobs else best_of(network, (flow.price / network.capacity_bps,)),
            stopped_by="optimum" if flow.is_optimal else clock.stopped_by,
            notes=_notes(flow.value, n_missing),
        )
        return answered(scenario, intent, predictor, clock, found)


def _check(intent: Intent) -> None:
    if not intent.objectives or intent.objectives[0].minimize is not Figure.MAX_UTILIZATION:
        raise OptimizationError(
            "its flow knows nothing but loads, and the first objective is not max-utilization",
            where="lp",
            hint="minimize max-utilization first, or use the method portfolio",
        )


def _notes(value: float, n_missing: int) -> Mapping[str, str]:
    notes = {"flow": f"reaches {value:.6g} over any paths"}
    if n_missing:
        notes["missing"] = f"{n_missing} paths of the flow need other segment lists than the intent allows, or none that it may use"
    return notes
