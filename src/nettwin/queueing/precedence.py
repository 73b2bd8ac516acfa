"""Which queue of a port goes before which: [port, slot, other] in 0 .. 1, how far ``other`` takes precedence over ``slot``."""

from dataclasses import dataclass

import numpy as np

from nettwin.scenario.arrays import FloatArray, IntArray

_RUNS_AWAY = 0.98  # load from which the lead of a clock grows with the time
_SHARPLY = 20.0  # power of the load by which a clock that runs away leads another
_CLEARLY = 0.02  # relative excess over the share of its weight from which a queue is taken to be saturated


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
    Queues tie where losses hold back the one that would get more.
    """
    served = np.maximum(loads.carried / loads.weight, 1e-12)
    ratio = served[:, :, None] / served[:, None, :]
    lead = np.where(ratio > 1, ratio - 1, 1 - 1 / ratio)
    other_first = np.clip(0.5 + lead / (2 * tie_width), 0.0, 1.0)
    return np.asarray(other_first * (1 - np.eye(served.shape[1])))


def by_clock(loads: PortLoads) -> FloatArray:
    """The smaller lead of its clock over the time first: virtual clock.

    A clock that never lags behind the time is the work of a queue that is served at its weight's share of the capacity. Its mean
    lead is a packet's time there plus, as in an M/G/1, half a packet's time by load / (1 - load); it runs away above load 1.
    """
    share = loads.weight / loads.weight.sum(axis=1, keepdims=True)
    load = loads.carried / share
    below = np.minimum(load, _RUNS_AWAY)
    packet_s = np.where(loads.service_s > 0, loads.service_s, 1.0) / share
    lead = packet_s * (1 + below / (1 - below) / 2) * np.clip(load / _RUNS_AWAY, 1.0, 1e3) ** _SHARPLY
    ratio = lead[:, :, None] / lead[:, None, :]
    return np.asarray((1 - 1 / (1 + ratio**2)) * (1 - np.eye(lead.shape[1])))


def tied(loads: PortLoads, precedence: FloatArray) -> FloatArray:  # [port, slot, other]
    """1 where neither of two queues goes first, or both want more than their weights grant; 0 where one always goes first."""
    return np.maximum((1 - np.abs(2 * precedence - 1)) * (1 - np.eye(precedence.shape[1])), both_greedy(loads))


def both_greedy(loads: PortLoads) -> FloatArray:  # [port, slot, other]
    """1 where both queues want clearly more than their weights grant."""
    greedy = _greed(loads)
    return np.asarray(greedy[:, :, None] * greedy[:, None, :] * (1 - np.eye(greedy.shape[1])))


def _greed(loads: PortLoads) -> FloatArray:  # [port, slot]
    """0 for a queue that gets all it wants when the server is filled up by weight, 1 for one that wants clearly more."""
    weight = np.where(loads.offered > 0, loads.weight, 0.0)
    wanted = loads.offered / loads.weight
    content = np.zeros(wanted.shape, dtype=np.bool_)
    for _ in range(wanted.shape[1] + 1):  # each round finds at least one more queue that is content, or ends
        left = 1 - np.where(content, loads.offered, 0.0).sum(axis=1)
        level = np.maximum(left, 0.0) / np.maximum(np.where(content, 0.0, weight).sum(axis=1), 1e-300)
        content = content | (wanted <= level[:, None])
    return np.asarray(np.where(content, 0.0, np.clip((wanted / np.maximum(level, 1e-300)[:, None] - 1) / _CLEARLY, 0.0, 1.0)))


def fair_claims(loads: PortLoads, precedence: FloatArray, part: FloatArray) -> FloatArray:  # [port, slot]
    """Share of the server that others take while this queue is backlogged, as far as weights (``part`` of the pair) decide.

    Generalised processor sharing: Parekh & Gallager, "A generalized processor sharing approach to flow control", IEEE/ACM ToN 1993.
    """
    others = part * (1 - np.eye(part.shape[1]))
    left = np.clip(1 - (precedence * loads.carried[:, None, :]).sum(axis=2), 0.0, 1.0)
    rivals = loads.weight + (others * (loads.offered * loads.weight > 0)[:, None, :] * loads.weight[:, None, :]).sum(axis=2)
    fair = np.maximum(left * loads.weight / rivals, 1e-3)  # what each gets while all of its rivals are backlogged
    own = np.minimum(loads.offered / fair, 1.0)[:, :, None]  # the longer this queue is backlogged, the longer so are its rivals
    seldom, often = (np.minimum(loads.carried / np.maximum(rate, 1e-3), 1.0)[:, None, :] for rate in (left, fair))
    backlogged = np.maximum((1 - own) * seldom + own * often, _greed(loads)[:, None, :])
    weight = (others * backlogged * loads.weight[:, None, :]).sum(axis=2)
    most = (others * loads.carried[:, None, :]).sum(axis=2)
    return np.asarray(np.minimum(left * weight / (loads.weight + weight), most))
