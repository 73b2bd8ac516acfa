"""Random configurations of output ports."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nettwin.scenario import Discipline, Queue, Scheduling, Topology
from nettwin.scenario.arrays import FloatArray

DISCIPLINES = (Discipline.FIFO, Discipline.STRICT_PRIORITY, Discipline.WFQ, Discipline.DRR)
BUFFERS_PACKETS = (16, 32, 64, 128, 256)


def random_scheduling(
    rng: np.random.Generator,
    n_classes: int = 3,
    disciplines: Sequence[Discipline] = DISCIPLINES,
    buffers_packets: Sequence[float] = BUFFERS_PACKETS,
) -> Scheduling:
    """A port with a random discipline, a queue per class (FIFO: one), a random buffer size and random weights that add up to 1."""
    discipline = disciplines[int(rng.integers(len(disciplines)))]
    n_queues = 1 if discipline is Discipline.FIFO else n_classes
    buffer = float(buffers_packets[int(rng.integers(len(buffers_packets)))])
    return Scheduling(discipline, tuple(Queue(buffer_packets=buffer, weight=float(weight)) for weight in random_weights(n_queues, rng)))


def with_random_scheduling(
    topology: Topology,
    rng: np.random.Generator,
    n_classes: int = 3,
    disciplines: Sequence[Discipline] = DISCIPLINES,
    buffers_packets: Sequence[float] = BUFFERS_PACKETS,
) -> Topology:
    """The topology with a random configuration at each port."""
    links = tuple(replace(link, scheduling=random_scheduling(rng, n_classes, disciplines, buffers_packets)) for link in topology.links)
    return replace(topology, links=links)


def random_weights(n_queues: int, rng: np.random.Generator) -> FloatArray:
    """Shares of at least 5 % each: real ports starve nobody."""
    return 0.05 + (1 - 0.05 * n_queues) * rng.dirichlet(np.ones(n_queues)) if n_queues < 20 else np.full(n_queues, 1 / n_queues)
