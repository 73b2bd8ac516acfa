"""Where a search begins, other than where the network is."""

from nettwin.errors import NettwinError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.intents.objectives import Figure, Objective
from nettwin.optimize import registry
from nettwin.optimize.budget import Budget
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

SHARE = 0.1
"""Of the budget in seconds."""
MOST_SECONDS = 1.0
EVALUATIONS = 200_000


def starts_of(scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> list[Scenario]:
    """The network with the smallest maximum utilization, where local search is at hand and detours are allowed."""
    if Knob.SEGMENT_POLICY not in intent.limits.knobs:
        return []
    wanted = Intent(
        select=intent.select, objectives=(Objective(minimize=Figure.MAX_UTILIZATION),), limits=intent.limits, paths=intent.paths
    )
    part = Budget(
        seconds=min(MOST_SECONDS, SHARE * budget.seconds) if budget.evaluations is None else SHARE * budget.seconds,
        evaluations=EVALUATIONS,
        seed=budget.seed,
        interrupt=budget.interrupt,
    )
    try:
        solution = registry.create("local-search").optimize(scenario, wanted, predictor, part)
    except NettwinError:  # it is one start of several: the search goes on without
        return []
    return [solution.scenario] if len(solution.plan) else []
