"""The policy plays: several games side by side, each to its end, or one within a budget."""

from collections.abc import Sequence

import numpy as np
import torch

from nettwin.optimize.budget import Clock
from nettwin.optimize.reinforcement.arena import LONGEST
from nettwin.optimize.reinforcement.game import Game, Position
from nettwin.optimize.reinforcement.observation import Observation, observe
from nettwin.optimize.reinforcement.policy import PolicyNetwork, batch_of, chosen
from nettwin.scenario.arrays import FloatArray, IntArray


@torch.no_grad()
def drops(network: PolicyNetwork, games: Sequence[Game], most_moves: int = LONGEST) -> FloatArray:  # [game]
    """How far the policy's most probable moves lower the cost of each game."""
    positions = [Position(game) for game in games]
    before = np.array([position.cost for position in positions])
    for _ in range(most_moves):
        playing = [position for position in positions if len(position.moves().demand)]
        if not playing:
            break
        observations = [observe(position) for position in playing]
        batch = batch_of(observations)
        best = chosen(network(batch)[0].numpy(), batch.first_move)
        for position, observation, move in zip(playing, observations, best, strict=True):
            position.make(int(observation.number[move]))
    return np.asarray(before - np.array([position.cost for position in positions]))


@torch.no_grad()
def scores(network: PolicyNetwork, observation: Observation) -> FloatArray:  # [move of the observation]
    """Logarithms of the probabilities of the moves."""
    return np.asarray(network(batch_of([observation]))[0].numpy())


def ranked(network: PolicyNetwork, position: Position) -> IntArray:
    """The position's moves, the most probable first."""
    observation = observe(position)
    return observation.number[np.argsort(-scores(network, observation), kind="stable")]


def play(network: PolicyNetwork, position: Position, clock: Clock, rng: np.random.Generator | None = None, *, method: str = "") -> None:
    """Move until no move is left or the budget is spent: most probable moves, or with ``rng`` drawn ones.

    No move worsens the maximum utilization, so the last position is the best. All moves of a position count as evaluations.
    """
    while not clock.stopped_by and len(position.moves().demand):
        observation = observe(position)
        score = scores(network, observation)
        clock.spend(len(position.moves().demand))
        best = int(np.argmax(score if rng is None else score + rng.gumbel(size=len(score))))
        position.make(int(observation.number[best]))
        clock.tell(method, position.max_utilization)
