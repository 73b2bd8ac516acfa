"""Capacity planning: upgrades that are exact for given routing, and routing that makes them cheaper."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nettwin.changes import Plan
from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.intents.objectives import Figure, Objective
from nettwin.optimize import registry
from nettwin.optimize.answer import Found, answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.portfolio.sparing import spared
from nettwin.optimize.solution import Bound, Solution
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.optimize.upgrades.cost_bound import cost_bound
from nettwin.optimize.upgrades.requirements import Purchase, needed_bps, purchases_for
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

NAME = "upgrades"
_HALVINGS = 12
_SEARCH_SHARE, _BOUND_SHARE = 0.1, 0.3
EXACT = "exact: with the routing as it is, every circuit is upgraded at the least cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrades:
    """Buys capacity modules circuit by circuit; where traffic may be steered too, it looks for routing that needs fewer of them."""

    patience: int = 12
    """Circuits in a row that a search tries to do without, in vain, before it ends."""

    @property
    def name(self) -> str:
        return NAME

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The cheapest upgrades found under which the clauses about loads hold. Raises OptimizationError where nothing may be bought."""
        if Knob.CAPACITY not in intent.limits.knobs:
            raise OptimizationError("the intent lets no capacity be bought", where=NAME, hint=f"add {Knob.CAPACITY} to limits.knobs")
        search = _Search(scenario, intent, predictor, Clock(budget))
        stopped_by = search.run(self.patience)
        search.tidy()
        found = Found(
            method=NAME,
            changes=(*changes_to(scenario, steering_of(search.routed)), *(each.change for each in search.bought)),
            bound=search.bound(),
            stopped_by=stopped_by,
            notes={"upgrades": f"{len(search.bought)} circuits for {search.cost:,.6g}"},
        )
        return answered(scenario, intent, predictor, search.clock, found)


class _Search:
    """Routing and what it needs; the cheapest so far."""

    def __init__(self, scenario: Scenario, intent: Intent, predictor: Predictor, clock: Clock) -> None:
        self.scenario, self.intent, self.clock, self._predictor = scenario, intent, clock, predictor
        self.routed, self.bought = scenario, self._purchases(scenario)
        self._may_steer = Knob.SEGMENT_POLICY in intent.limits.knobs
        clock.spend(1)

    @property
    def cost(self) -> float:
        return sum(each.cost for each in self.bought)

    def run(self, patience: int) -> str:
        """Until nothing needs to be bought, or trying to do without some purchase brings nothing any more. Says what ended it."""
        if not self._may_steer:
            return self.clock.stopped_by or "optimum"
        self._consider(self._steered(self.scenario))
        n_idle = 0
        for without in self._candidates():
            if n_idle >= patience or self.clock.stopped_by:
                break
            n_idle = 0 if self._consider(self._steered(without)) else n_idle + 1
            self.clock.tell(NAME, self.cost)
        return self.clock.stopped_by or ("optimum" if not self.bought else "no improvement")

    def tidy(self) -> None:
        """Steer no more than the upgraded network needs, if failures allow it too."""
        level = self.intent.limits.max_utilization
        if not self.bought or level is None or self.routed is self.scenario:
            return
        upgraded, routed = (Plan(tuple(each.change for each in self.bought)).apply(each) for each in (self.scenario, self.routed))
        fewer = spared(upgraded, routed, self.intent, level / self.intent.growth_factor)
        tidied = Plan(fewer).apply(self.scenario)
        if sum(each.cost for each in self._purchases(tidied)) <= self.cost * (1 + 1e-9):
            self.routed = tidied

    def bound(self) -> Bound | None:
        """Of the cost, where it is the first objective."""
        objectives = self.intent.objectives
        if not objectives or objectives[0].minimize is not Figure.COST:
            return None
        if set(self.intent.limits.knobs) == {Knob.CAPACITY}:
            return Bound(value=self.cost, proof=EXACT)
        return cost_bound(self.scenario, self.intent, _BOUND_SHARE * self.clock.budget.seconds)

    def _candidates(self) -> Iterator[Scenario]:
        """The network with all that is bought but one purchase, the dearest first, again and again."""
        place = 0
        while self.bought:
            left_out = self.bought[place % len(self.bought)]
            kept = [each.change for each in self.bought if each is not left_out]
            yield Plan(tuple(kept)).apply(self.routed)
            place += 1

    def _steered(self, scenario: Scenario) -> Scenario:
        """Local search in an upgraded network; its routing in the network as it was."""
        wanted = Intent(
            select=self.intent.select,
            objectives=(Objective(minimize=Figure.MAX_UTILIZATION),),
            paths=self.intent.paths,
            limits=replace(self.intent.limits, knobs=(Knob.SEGMENT_POLICY,), max_utilization=None, max_changes=None),
        )
        left = self.clock.evaluations_left
        slice_ = replace(
            self.clock.budget,
            seconds=max(1e-3, _SEARCH_SHARE * self.clock.seconds_left),
            evaluations=None if math.isinf(left) else max(1, int(_SEARCH_SHARE * left)),
            report=lambda _progress: None,
        )
        solution = registry.create("local-search").optimize(scenario, wanted, self._predictor, slice_)
        self.clock.spend(solution.evidence.evaluations)
        return Plan(changes_to(self.scenario, steering_of(solution.scenario))).apply(self.scenario)

    def _consider(self, routed: Scenario) -> bool:
        """Keep routing that needs less."""
        bought = self._purchases(routed)
        self.clock.spend(1)
        mine, other = sum(each.cost for each in bought), self.cost
        is_better = mine < other * (1 - 1e-9) or (self._level_first and self._level(routed, bought) < self._level(self.routed, self.bought))
        if is_better:
            self.routed, self.bought = routed, bought
        return is_better

    @property
    def _level_first(self) -> bool:
        """Whether the aim is a low utilization for the money, not little money."""
        objectives = self.intent.objectives
        return bool(objectives) and objectives[0].minimize is Figure.MAX_UTILIZATION

    def _level(self, routed: Scenario, bought: list[Purchase]) -> float:
        from nettwin.controlplane import offered_utilization

        return float(offered_utilization(Plan(tuple(each.change for each in bought)).apply(routed)).max(initial=0.0))

    def _purchases(self, routed: Scenario) -> list[Purchase]:
        """What is asked at the least cost; where utilization is the aim, the lowest that the budget pays for, by halving."""
        bought = purchases_for(routed, self.intent, needed_bps(routed, self.intent))
        budget = None if self.intent.planning is None else self.intent.planning.budget
        if not self._level_first or budget is None:
            return bought
        low, high = 0.0, self._level(routed, bought)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            more = purchases_for(routed, self.intent, needed_bps(routed, self.intent, middle / self.intent.growth_factor))
            if sum(each.cost for each in more) <= budget:
                high, bought = middle, more
            else:
                low = middle
        return bought
