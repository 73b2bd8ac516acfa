"""Picks methods for an intent, lets each start where the one before ended, and keeps the best plan and the best bound."""

from dataclasses import dataclass, replace

from nettwin.intents.intent import Intent
from nettwin.optimize.answer import answered
from nettwin.optimize.budget import Budget
from nettwin.optimize.portfolio.finish import finished
from nettwin.optimize.portfolio.kinds import kind_of
from nettwin.optimize.portfolio.legs import legs_for
from nettwin.optimize.portfolio.relay import Relay
from nettwin.optimize.solution import Solution
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Local search, column generation, constraint programming and twin-guided search, combined as the intent needs it."""

    gap: float = 5e-4
    """The search ends when the first objective is this close to what is provably possible, relative."""
    cleaning: float = 1e-4
    """Changes are dropped where the first objective loses no more than this, relative, or stays within ``gap`` of what is possible."""

    @property
    def name(self) -> str:
        return "portfolio"

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The best plan of all methods that were tried, without the changes that do not matter.

        Raises InputError for an intent that does not fit the scenario.
        """
        relay, kind = Relay.of(scenario, intent, predictor, budget), kind_of(intent)
        relay.go_round(legs_for(kind, intent), self.gap)
        stopped_by = "optimum" if relay.is_done(self.gap) else relay.stopped_by
        relay.find_conflicts()
        found = finished(relay, self.cleaning, self.gap)
        found = replace(found, stopped_by=stopped_by, notes={"kind": kind.value, **found.notes})
        return answered(scenario, intent, predictor, relay.clock, found)
