"""Proximal policy optimization (Schulman et al., arXiv 1707.06347) over games of different sizes, in one readable loop (after CleanRL)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nettwin.optimize.reinforcement.arena import Arena
from nettwin.optimize.reinforcement.observation import Observation
from nettwin.optimize.reinforcement.policy import PolicyNetwork, batch_of, chosen
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PpoArgs:
    """Sizes and rates."""

    horizon: int = 24
    """Moves of each game per round."""
    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 1e-3
    discount: float = 0.99
    smoothing: float = 0.95
    """Of advantages: lambda of generalized advantage estimation (Schulman et al., arXiv 1506.02438)."""
    clip: float = 0.2
    value_weight: float = 0.5
    entropy_weight: float = 0.001


@dataclass(frozen=True, eq=False)
class Experience:
    """What was seen, done and earned, [step][game]."""

    observations: list[list[Observation]]
    chosen: IntArray
    log_probability: FloatArray
    value: FloatArray
    reward: FloatArray
    is_end: BoolArray
    last_value: FloatArray  # [game]


@torch.no_grad()
def collect(network: PolicyNetwork, arena: Arena, n_steps: int, rng: np.random.Generator) -> Experience:
    """Play so many moves of every game, drawn from the policy."""
    shape = (n_steps, len(arena.positions))
    kept: list[list[Observation]] = []
    moved, log_probability, value, reward = np.zeros(shape, dtype=np.int64), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    ended = np.zeros(shape, dtype=np.bool_)
    for step in range(n_steps):
        kept.append(arena.observe())
        batch = batch_of(kept[-1])
        log_probabilities, values = (each.numpy() for each in network(batch))
        moved[step] = chosen(log_probabilities, batch.first_move, rng)
        log_probability[step] = log_probabilities[batch.first_move[:-1] + moved[step]]
        value[step] = values
        reward[step], ended[step] = arena.make(kept[-1], moved[step])
    last_value = network(batch_of(arena.observe()))[1].numpy()
    return Experience(kept, moved, log_probability, value, reward, ended, last_value)


def advantages(experience: Experience, args: PpoArgs) -> FloatArray:  # [step, game]
    """Generalized advantage estimates."""
    result, later = np.zeros_like(experience.value), np.zeros(len(experience.last_value))
    next_value = experience.last_value
    for step in reversed(range(len(result))):
        goes_on = ~experience.is_end[step]
        surprise = experience.reward[step] + args.discount * next_value * goes_on - experience.value[step]
        later = surprise + args.discount * args.smoothing * later * goes_on
        result[step] = later
        next_value = experience.value[step]
    return result


def update(
    network: PolicyNetwork, optimizer: torch.optim.Optimizer, experience: Experience, args: PpoArgs, rng: np.random.Generator
) -> tuple[float, float]:  # fmt: skip
    """Learn from what was played. Returns entropy and how far the policy moved (approximate Kullback-Leibler divergence)."""
    advantage = advantages(experience, args)
    returns = (advantage + experience.value).ravel()
    observations = [each for row in experience.observations for each in row]
    flat = {"chosen": experience.chosen.ravel(), "old": experience.log_probability.ravel(), "advantage": advantage.ravel()}
    figures: list[tuple[float, float]] = []
    for _ in range(args.epochs):
        order = rng.permutation(len(observations))
        for rows in np.array_split(order, max(len(order) // args.batch_size, 1)):
            loss, entropy, moved = _loss(
                network, [observations[i] for i in rows], {k: v[rows] for k, v in flat.items()}, returns[rows], args
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            optimizer.step()
            figures.append((entropy, moved))
    entropy, moved = np.mean(figures, axis=0)
    return float(entropy), float(moved)


def _loss(
    network: PolicyNetwork, observations: list[Observation], flat: dict[str, np.ndarray], returns: FloatArray, args: PpoArgs
) -> tuple[Tensor, float, float]:  # fmt: skip
    batch = batch_of(observations)
    log_probabilities, value = network(batch)
    new = log_probabilities[torch.from_numpy(batch.first_move[:-1] + flat["chosen"])]
    change = new - torch.from_numpy(flat["old"]).float()
    ratio = change.exp()
    advantage = torch.from_numpy((flat["advantage"] - flat["advantage"].mean()) / (flat["advantage"].std() + 1e-8)).float()
    gain = torch.minimum(ratio * advantage, ratio.clamp(1 - args.clip, 1 + args.clip) * advantage).mean()
    entropy = -(log_probabilities.exp() * log_probabilities).sum() / batch.n_states
    value_loss = torch.nn.functional.smooth_l1_loss(value, torch.from_numpy(returns).float(), beta=0.1)
    loss = -gain + args.value_weight * value_loss - args.entropy_weight * entropy
    return loss, float(entropy.detach()), float(((ratio - 1) - change).mean().detach())
