"""Steps in the logarithms of all queue weights at once, along directions drawn by chance."""

from collections.abc import Iterator

import numpy as np

from nettwin.changes.scheduling import SetQueueWeights
from nettwin.optimize.scheduling.moves import Move, normalized
from nettwin.scenario import Discipline, Link, Scenario

STEP = 0.5
"""Of each logarithm."""
DIRECTIONS = 2
_UNWEIGHTED = (Discipline.FIFO, Discipline.STRICT_PRIORITY)


def weight_steps(scenario: Scenario, rng: np.random.Generator) -> list[Move]:
    """Both ways along a few directions: the two-sided differences of simultaneous perturbation (Spall 1992), in one batch.

    The analytic part of the twin is no differentiable code, so gradients come from differences. Which end of a direction is better
    is its sign; the search takes the step if it helps, and combines it with what else does.
    """
    links = [link for link in scenario.topology.links if link.is_up and _is_weighted(link)]
    return [move for _ in range(DIRECTIONS if links else 0) for move in _both_ways(links, rng)]


def _is_weighted(link: Link) -> bool:
    return link.scheduling.discipline not in _UNWEIGHTED and len(link.scheduling.queues) > 1


def _both_ways(links: list[Link], rng: np.random.Generator) -> Iterator[Move]:
    signs = [rng.choice((-STEP, STEP), size=len(link.scheduling.queues)) for link in links]
    for way in (1.0, -1.0):
        pairs = zip(links, signs, strict=True)
        changes = tuple(SetQueueWeights(link.id, _stepped(link, way * each)) for link, each in pairs)
        yield Move(changes, frozenset(("weights", link.id) for link in links), "perturbation of weights")


def _stepped(link: Link, step: np.ndarray) -> tuple[float, ...]:
    weights = np.array([queue.weight for queue in link.scheduling.queues])
    return normalized((weights * np.exp(step)).tolist(), float(weights.sum()))
