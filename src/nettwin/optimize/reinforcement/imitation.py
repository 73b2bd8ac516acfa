"""Teaching: the policy learns to move like the teacher, in positions that both of them reach (DAgger: Ross et al., AISTATS 2011)."""

import numpy as np
import torch

from nettwin.optimize.reinforcement.arena import Arena
from nettwin.optimize.reinforcement.observation import Observation
from nettwin.optimize.reinforcement.policy import Batch, PolicyNetwork, batch_of, chosen
from nettwin.optimize.reinforcement.teacher import Teacher
from nettwin.scenario.arrays import FloatArray

VALUE_WEIGHT = 0.5


def imitate(
    network: PolicyNetwork, optimizer: torch.optim.Optimizer, arena: Arena, teacher: Teacher, share: float, rng: np.random.Generator
) -> float:  # fmt: skip
    """One step: all positions are taught, then played on, a ``share`` of them as the teacher says. Returns the cross-entropy."""
    observations = arena.observe()
    advice = [teacher.advise(position, seen) for position, seen in zip(arena.positions, observations, strict=True)]
    batch = batch_of(observations)
    log_probability, value = network(batch)
    wanted = torch.from_numpy(np.concatenate([probability for probability, _ in advice]).astype(np.float32))
    cross_entropy = -(wanted * log_probability).sum() / batch.n_states
    returns = torch.tensor([best for _, best in advice], dtype=torch.float32)
    loss = cross_entropy + VALUE_WEIGHT * torch.nn.functional.smooth_l1_loss(value, returns, beta=0.1)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    arena.make(observations, _next(batch, log_probability.detach().numpy(), [p for p, _ in advice], share, rng))
    return float(cross_entropy.detach())


def _next(batch: Batch, log_probability: FloatArray, advice: list[FloatArray], share: float, rng: np.random.Generator) -> np.ndarray:
    own = chosen(log_probability, batch.first_move, rng)
    taught = np.array([int(probability.argmax()) for probability in advice])
    return np.where(rng.random(len(own)) < share, taught, own)


def agreement(network: PolicyNetwork, observations: list[Observation], advice: list[FloatArray]) -> float:
    """Share of positions in which the policy's best move is the teacher's."""
    batch = batch_of(observations)
    with torch.no_grad():
        own = chosen(network(batch)[0].numpy(), batch.first_move)
    return float(np.mean([move == probability.argmax() for move, probability in zip(own, advice, strict=True)]))
