"""The teacher: looks ahead. Each promising move is made, a greedy player goes on, and what that leads to is compared.

One step of policy iteration over the greedy player (a rollout policy: Tesauro & Galperin, NIPS 1996).
"""

from dataclasses import dataclass

import numpy as np

from nettwin.optimize.reinforcement.game import Position
from nettwin.optimize.reinforcement.kernels import DROP, returns_of
from nettwin.optimize.reinforcement.observation import Observation
from nettwin.scenario.arrays import FloatArray

GREEDY_CANDIDATES = 8
"""Demands that the greedy player looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """How far it looks."""

    width: int = 10
    """Moves that are tried."""
    depth: int = 12
    """Moves of the greedy player after each."""
    discount: float = 0.97
    sharpness: float = 300.0
    """A move whose return is lower by one in this number is taught with 1 / e of the probability."""

    def advise(self, position: Position, observation: Observation) -> tuple[FloatArray, float]:
        """A probability for each move of the observation, and the return of the best one."""
        game, moves = position.game, position.moves()
        tried = np.argsort(-observation.moves[:, DROP], kind="stable")[: self.width]
        returns = returns_of(
            game.board, position.place, position.load_bps, position.changes_left, moves, observation.number[tried],
            _nodes_only(position), self.depth, self.discount,
        )  # fmt: skip
        weight = np.exp((returns - returns.max()) * self.sharpness)
        probability = np.zeros(len(observation.number))
        probability[tried] = weight / weight.sum()
        return probability, float(returns.max())


def _nodes_only(position: Position) -> np.ndarray:
    """The greedy player passes nodes only: a third of the time, nearly the same returns."""
    allowed = np.ones((GREEDY_CANDIDATES, position.game.n_places), dtype=np.bool_)
    allowed[:, position.game.n_nodes : position.game.as_before] = False
    return allowed
