"""The policy proposes, a predictor judges: for objectives that loads do not tell, such as delays."""

from collections.abc import Callable
from dataclasses import dataclass

from nettwin.changes import Plan
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge_many
from nettwin.intents.preference import is_better
from nettwin.intents.verdict import Verdict
from nettwin.optimize.answer import Counting
from nettwin.optimize.budget import Clock
from nettwin.optimize.reinforcement.game import Game, Position
from nettwin.optimize.steering.detours import Steering, changes_to
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import IntArray

Rank = Callable[[Position], IntArray]
"""Numbers of the moves of a position, the most promising first."""


@dataclass(eq=False)
class Asked:
    """The best that was found so far, and whom to ask."""

    original: Scenario
    intent: Intent
    predict: Counting
    clock: Clock
    verdict: Verdict
    steering: Steering

    def judge(self, steerings: list[Steering]) -> list[Verdict]:
        """Verdicts of scenarios that are steered like this."""
        scenarios = [Plan(changes_to(self.original, steering)).apply(self.original) for steering in steerings]
        self.clock.spend(len(scenarios))
        return judge_many(self.intent, scenarios, self.predict, before=self.original)


def ask(rank: Rank, game: Game, asked: Asked, *, width: int, patience: int = 10) -> None:
    """Move after move: of the ``width`` proposals ranked first the one that the predictor likes best.

    Where it likes none better than what there is, the next ones are asked about, ``patience`` times in all; then it ends.
    """
    position = Position(game)
    while not asked.clock.stopped_by and len(position.moves().demand):
        proposals, best = rank(position)[: width * patience], None
        for first in range(0, len(proposals), width):
            n_asked = int(min(width, asked.clock.evaluations_left))
            best = _best(position, asked, proposals[first : first + n_asked].tolist())
            if best is not None or asked.clock.stopped_by:
                break
        if best is None:
            return
        position.make(best)
        asked.clock.tell("reinforcement", asked.verdict.objectives[0] if asked.verdict.objectives else float("nan"))


def _best(position: Position, asked: Asked, proposals: list[int]) -> int | None:
    """The proposal that is better than all others and than what there is; remembered as the best so far."""
    steerings = [position.after(move).steering() for move in proposals]
    best = None
    for move, steering, verdict in zip(proposals, steerings, asked.judge(steerings), strict=True):
        if is_better(verdict, asked.verdict, asked.intent):
            best, asked.verdict, asked.steering = move, verdict, steering
    return best


def first_of(original: Scenario, intent: Intent, predict: Counting, clock: Clock, steering: Steering) -> Asked:
    """Where the search begins: the scenario with what path constraints demand."""
    asked = Asked(original, intent, predict, clock, Verdict(clauses=(), objectives=()), steering)
    asked.verdict = asked.judge([steering])[0]
    return asked
