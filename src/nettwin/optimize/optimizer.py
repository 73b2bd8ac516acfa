"""What an optimizer is."""

from typing import Protocol, runtime_checkable

from nettwin.intents.intent import Intent
from nettwin.optimize.budget import Budget
from nettwin.optimize.solution import Solution
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario


@runtime_checkable
class Optimizer(Protocol):
    """Looks for changes of a scenario that satisfy an intent. Equal seeds and budgets in evaluations give equal answers."""

    @property
    def name(self) -> str:
        """How tables and the command line call this method."""
        ...

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The best plan within the budget; the empty plan where nothing better was found.

        Raises InputError for an intent that does not fit the scenario, OptimizationError for one that this method cannot handle.
        """
        ...
