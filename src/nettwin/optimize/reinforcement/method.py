"""The method ``reinforcement``: a trained policy plays, local search may polish what it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nettwin.controlplane import link_loads
from nettwin.errors import InputError, MissingDependencyError
from nettwin.intents.intent import Intent
from nettwin.intents.objectives import Figure
from nettwin.optimize.answer import Counting, Found, answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.reinforcement.game import Game, Position
from nettwin.optimize.reinforcement.rules import allowed_by
from nettwin.optimize.solution import Solution
from nettwin.optimize.steering.detours import changes_to
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

if TYPE_CHECKING:
    from nettwin.optimize.reinforcement.policy import PolicyNetwork

NAME = "reinforcement"
PLAYING = 0.3
"""Share of the budget for the policy where local search follows."""
PRECISION = 1e-4
"""Relative to the bound, at which polishing ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinforcement:
    """A graph neural network moves one demand after another off the busiest link; trained by imitation, then PPO.

    Where the first objective is not the maximum utilization, the network proposes and the predictor judges.
    """

    weights: str = ""
    """Folder that ``nettwin learn policy`` wrote; empty: the policy that comes with nettwin."""
    polish: bool = True
    """Whether local search goes on from where the policy ends, where loads tell the objective."""
    games: int = 1
    """Games that are played where loads tell the objective, the best of which counts: the first with the most probable moves."""
    width: int = 8
    """Moves that the predictor is asked about at a time, where it judges."""

    def __post_init__(self) -> None:
        if self.games < 1 or self.width < 1:
            raise InputError(f"games {self.games}, width {self.width}", where=NAME, hint="both must be positive")

    @property
    def name(self) -> str:
        return NAME

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """Raises OptimizationError where segment policies may not be changed, MissingDependencyError without PyTorch."""
        clock, network = Clock(budget), _policy(self.weights)
        if not link_loads(scenario).any():
            return answered(scenario, intent, predictor, clock, Found(method=NAME))
        game = allowed_by(scenario, intent)
        if not _loads_tell(intent):
            return self._ask(network, game, (scenario, intent, predictor, clock))
        playing = Clock(_part(budget)) if self.polish else clock
        position = self._play(network, game, playing)
        if playing is not clock:
            clock.spend(playing.evaluations)
        changes = changes_to(scenario, position.steering())
        found = Found(method=NAME, changes=changes, notes=_said(position, len(changes)))
        if self.polish and not clock.stopped_by:
            found = _polished(found, position, (scenario, intent, clock))
        return answered(scenario, intent, predictor, clock, found)

    def _play(self, network: "PolicyNetwork", game: Game, clock: Clock) -> Position:
        from nettwin.optimize.reinforcement.playing import play

        best = Position(game)
        play(network, best, clock, method=NAME)
        for number in range(1, self.games):
            if clock.stopped_by:
                break
            position = Position(game)
            play(network, position, clock, np.random.default_rng([clock.budget.seed, number]), method=NAME)
            best = min(best, position, key=lambda each: each.max_utilization)
        return best

    def _ask(self, network: "PolicyNetwork", game: Game, question: tuple[Scenario, Intent, Predictor, Clock]) -> Solution:
        from nettwin.optimize.reinforcement.asking import ask, first_of
        from nettwin.optimize.reinforcement.playing import ranked

        scenario, intent, predictor, clock = question
        predict = Counting(predictor)
        asked = first_of(scenario, intent, predict, clock, Position(game).steering())
        ask(partial(ranked, network), game, asked, width=self.width)
        found = Found(method=NAME, changes=changes_to(scenario, asked.steering), predictions=predict.n_asked, verdict=asked.verdict)
        return answered(scenario, intent, predictor, clock, found)


def _policy(weights: str) -> "PolicyNetwork":
    try:
        from nettwin.optimize.reinforcement.weights import SHIPPED, read_policy

        return read_policy(Path(weights) if weights else SHIPPED)
    except ImportError as missing:
        what = f"needs {missing.name}, which is not installed"
        raise MissingDependencyError(what, where=f"method {NAME!r}", hint="pip install 'nettwin[neural,optimize]'") from missing


def _loads_tell(intent: Intent) -> bool:
    """Whether the game's own cost is what the intent wants first."""
    is_load = not intent.objectives or intent.objectives[0].minimize is Figure.MAX_UTILIZATION
    return is_load and not intent.slos


def _part(budget: Budget) -> Budget:
    """What the policy may spend where local search is to have the rest."""
    evaluations = None if budget.evaluations is None else max(1, int(budget.evaluations * PLAYING))
    return replace(budget, seconds=budget.seconds * PLAYING, evaluations=evaluations)


def _said(position: Position, n_changes: int) -> Mapping[str, str]:
    return {"policy": f"maximum utilization {position.max_utilization:.4f} with {n_changes} changes"}


def _polished(found: Found, position: Position, question: tuple[Scenario, Intent, Clock]) -> Found:
    """Local search from the position on, with what is left of the budget; it brings a bound along. The better of both counts."""
    from nettwin.optimize.local_search.search import search
    from nettwin.optimize.local_search.task import Task, aim_of, bound_of

    scenario, intent, clock = question
    task = Task.of(scenario, intent)
    better = search(task.problem, position.steering(), task.limits, clock, aim_of(intent, PRECISION), home=task.start)
    bound = bound_of(scenario, intent, task.problem, better)
    if better.max_utilization > position.max_utilization:
        return replace(found, bound=bound, stopped_by=better.stopped_by)
    return replace(found, changes=changes_to(scenario, better.steering), bound=bound, stopped_by=better.stopped_by)
