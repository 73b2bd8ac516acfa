"""Queue weights of many ports at once: the ones that the response surface likes best."""

import numpy as np

from nettwin.changes.scheduling import SetQueueWeights
from nettwin.optimize.scheduling.moves import LEAST_SHARE, Move, normalized
from nettwin.optimize.twin_guided import kernels
from nettwin.optimize.twin_guided.response import Surface
from nettwin.scenario import Link, Scenario

FACTORS = (0.5, 0.8, 1.25, 2.0)
STEPS = (1.0, 0.5)
"""The whole way to the surface's optimum, and half of it: the surface is a guess."""
PORTS = (1 << 30, 8, 2)
"""How many ports are set, those that save most."""


def tuned_weights(scenario: Scenario, surface: Surface, most_changes: int) -> list[Move]:
    """Ports are independent of each other on the surface: each gets its own optimum, and the twin says how far to go."""
    old = surface.model.ports.share
    model = surface.model._replace(ports=surface.model.ports._replace(share=old.copy()))
    share, saved = kernels.tune_shares(model, surface.way, np.array(FACTORS), LEAST_SHARE)
    order = [int(link) for link in np.argsort(-saved, kind="stable") if saved[link] > 0]
    lengths = sorted({min(most, len(order), most_changes) for most in PORTS} - {0}, reverse=True)
    return [_move(scenario, share, old, order[:length], step) for length in lengths for step in STEPS]


def _move(scenario: Scenario, share: np.ndarray, old: np.ndarray, chosen: list[int], step: float) -> Move:
    blended = old ** (1 - step) * share**step
    first = scenario.topology.queues.offsets
    links = scenario.topology.links
    changes = tuple(_change(links[index], blended[first[index] : first[index + 1]]) for index in chosen)
    return Move(changes, frozenset(("weights", links[index].id) for index in chosen), f"tuned weights of {len(chosen)} ports")


def _change(link: Link, share: np.ndarray) -> SetQueueWeights:
    return SetQueueWeights(link.id, normalized(share.tolist(), sum(queue.weight for queue in link.scheduling.queues)))
