"""Which queue of a port goes before which: [port, slot, other] in 0 .. 1, how far ``other`` takes precedence over ``slot``."""

from dataclasses import dataclass

import numpy as np

from nettwin.scenario.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PortLoads:
    """Loads of ports. [port, slot]"""

    offered: FloatArray  # utilization offered to the queue
    carried: FloatArray  # utilization after its loss
    weight: FloatArray
    service_s: FloatArray  # mean packet time at full rate
    visit_s: FloatArray  # time that one visit of a deficit round robin may last; 0 for the others

    def rows(self, ports: IntArray) -> "PortLoads":
        """The loads of some of the ports."""
        return PortLoads(*(column[ports] for column in (self.offered, self.carried, self.weight, self.service_s, self.visit_s)))


def strict_priority(loads: PortLoads) -> FloatArray:
    """The lower index first: non-preemptive priority, Cobham, "Priority assignment in waiting line problems", 1954."""
    n = loads.offered.shape[1]
    return np.broadcast_to(np.tril(np.ones((n, n)), -1), (len(loads.offered), n, n))


def by_service(loads: PortLoads, tie_width: float) -> FloatArray:
    """The smaller service per weight first.

    Exact for a scheduler that sends from the queue with the fewest bits served per weight: what drifts behind is served at once.
    Two queues share where they tie; which one loses more packets then decides how, through the fixed point of their loads.
    """
    served = np.maximum(loads.carried / loads.weight, 1e-12)
    ratio = served[:, :, None] / served[:, None, :]
    lead = np.where(ratio > 1, ratio - 1, 1 - 1 / ratio)
    other_first = np.clip(0.5 + lead / (2 * tie_width), 0.0, 1.0)
    return np.asarray(other_first * (1 - np.eye(served.shape[1])))


def fair_claims(loads: PortLoads, precedence: FloatArray) -> FloatArray:  # [port, slot]
    """Share of the server that less favoured queues take while this one is backlogged, where weights and not precedence decide.

    Generalised processor sharing: Parekh & Gallager, "A generalized processor sharing approach to flow control", IEEE/ACM ToN 1993.
    """
    left = np.clip(1 - (precedence * loads.carried[:, None, :]).sum(axis=2), 0.0, 1.0)
    backlogged = np.minimum(loads.carried / np.maximum(left, 1e-3), 1.0)
    weight_share = loads.weight[:, None, :] / (loads.weight[:, :, None] + loads.weight[:, None, :])
    taken = np.minimum(backlogged[:, None, :] * weight_share * left[:, :, None], loads.carried[:, None, :])
    others = 1 - np.eye(left.shape[1])
    return np.asarray((taken * (1 - precedence) * others).sum(axis=2))
