"""Many games at once: a finished one is replaced by the next, so that every step of training sees as many positions."""

from collections.abc import Iterator, Sequence

import numpy as np

from nettwin.optimize.reinforcement.curriculum import random_game
from nettwin.optimize.reinforcement.game import Game, Position
from nettwin.optimize.reinforcement.kernels import DROP
from nettwin.optimize.reinforcement.observation import Observation, observe
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

LEAST_DROP = 0.02
"""A game in which the greedy player lowers the cost by less in ten moves is not worth playing."""
LONGEST = 80
"""Moves of a game."""


def worthwhile_games(first_seed: int) -> Iterator[Game]:
    """Random games in which there is something to gain."""
    seed = first_seed
    while True:
        game = random_game(seed)
        if greedy_drop(game, 10) > LEAST_DROP:
            yield game
        seed += 1


def greedy_drop(game: Game, most_moves: int) -> float:
    """How far the player of the largest drop of the potential lowers the cost."""
    position = Position(game)
    before = position.cost
    for _ in range(most_moves):
        moves = position.moves()
        if not len(moves.demand):
            break
        position.make(int(np.argmax(moves.features[:, DROP])))
    return before - position.cost


class Arena:
    """Positions that are played side by side."""

    def __init__(self, games: Iterator[Game], n_positions: int) -> None:
        self._games = games
        self.positions = [Position(next(games)) for _ in range(n_positions)]
        self._n_moves = np.zeros(n_positions, dtype=np.int64)

    def observe(self) -> list[Observation]:
        """All of them."""
        return [observe(position) for position in self.positions]

    def make(self, observations: Sequence[Observation], chosen: IntArray) -> tuple[FloatArray, BoolArray]:
        """Make the chosen move of each observation; returns rewards (the fall of the cost) and which games ended."""
        rewards, ended = np.zeros(len(chosen)), np.zeros(len(chosen), dtype=np.bool_)
        for index, (observation, move) in enumerate(zip(observations, chosen, strict=True)):
            position = self.positions[index]
            before = position.cost
            position.make(int(observation.number[move]))
            rewards[index] = before - position.cost
            self._n_moves[index] += 1
            if self._n_moves[index] >= LONGEST or not len(position.moves().demand):
                ended[index], self._n_moves[index] = True, 0
                self.positions[index] = Position(next(self._games))
        return rewards, ended
