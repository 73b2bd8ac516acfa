"""The optimizer: from a scenario and an intent to arrays, a search, and back to changes."""

from dataclasses import dataclass

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.optimize.answer import Found as Answer
from nettwin.optimize.answer import answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.local_search.run import NAME
from nettwin.optimize.local_search.search import Aim, Found, search
from nettwin.optimize.solution import Bound, Solution
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.optimize.steering.disjointness import disjoint_pairs
from nettwin.optimize.steering.problem import SteeringProblem, problem_of
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSearch:
    """Lowers the maximum utilization, whatever else an intent wants; path constraints and limits are kept on the way."""

    precision: float = 1e-4
    """The search ends when the maximum utilization is proven to be this close to the least possible, relative."""

    @property
    def name(self) -> str:
        return NAME

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The best steering of demands that may be steered. Raises OptimizationError where the intent lets nothing be steered."""
        if Knob.SEGMENT_POLICY not in intent.limits.knobs:
            raise OptimizationError(
                "the intent lets no segment policy be changed", where="local-search", hint=f"add {Knob.SEGMENT_POLICY} to limits.knobs"
            )
        clock = Clock(budget)
        problem = problem_for(scenario, intent)
        found = search(problem, steering_of(scenario), intent.limits, clock, Aim(precision=self.precision))
        changes = changes_to(scenario, found.steering)
        answer = Answer(method=NAME, changes=changes, bound=bound_of(scenario, intent, problem, found), stopped_by=found.stopped_by)
        return answered(scenario, intent, predictor, clock, answer)


def problem_for(scenario: Scenario, intent: Intent) -> SteeringProblem:
    """The demands that the intent lets be steered; those that must be disjoint from others stay as they are."""
    vectors = SegmentVectors.of(forwarding_of(scenario))
    if not intent.paths:
        return problem_of(scenario, vectors)
    admissible = Admissible.of(scenario, intent, vectors)
    return problem_of(scenario, vectors, masks=None if admissible.is_free else admissible.masks, fixed=_paired(scenario, intent))


def bound_of(scenario: Scenario, intent: Intent, problem: SteeringProblem, found: Found) -> Bound | None:
    """What the prices of the search prove."""
    from nettwin.optimize.lp.bounds import FLOW_PROOF, proven_by
    from nettwin.optimize.lp.flow_network import FlowNetwork

    network = FlowNetwork.of(scenario)
    value = proven_by(network, (found.price / problem.capacity_bps)[network.link])
    is_complete = found.depth >= intent.limits.max_segments and not len(_paired(scenario, intent)) and len(intent.limits.knobs) == 1
    if is_complete and found.bound > value:
        return Bound(value=found.bound, proof=f"link prices: holds for segment lists of up to {found.depth} segments")
    return Bound(value=value, proof=FLOW_PROOF) if value > 0 else None


def _paired(scenario: Scenario, intent: Intent) -> IntArray:
    rows = [row for pair in disjoint_pairs(scenario, intent) for row in (pair.first, pair.second)]
    return np.unique(np.array(rows, dtype=np.int64))
