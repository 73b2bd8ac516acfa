"""Which queue of a port goes before which: [slot, other] in 0 .. 1, how far ``other`` takes precedence over ``slot``.

All functions look at one port and are compiled: a port has a few queues, and a round looks at all ports.
"""

from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled
from nettwin.scenario.arrays import FloatArray

_RUNS_AWAY = 0.98  # load from which the lead of a clock grows with the time
_SHARPLY = 20.0  # power of the load by which a clock that runs away leads another
_CLEARLY = 0.02  # relative excess over the share of its weight from which a queue is taken to be saturated


class PortLoads(NamedTuple):
    """Loads of one port [slot], or of all [link, slot]."""

    offered: FloatArray  # utilization offered to the queue
    carried: FloatArray  # utilization after its loss
    weight: FloatArray
    service_s: FloatArray  # mean packet time at full rate
    visit_s: FloatArray  # time that one visit of a deficit round robin may last; 0 for the others


@compiled
def strict_priority(n: int) -> FloatArray:
    """The lower index first: non-preemptive priority, Cobham, "Priority assignment in waiting line problems", 1954."""
    first = np.zeros((n, n))
    for slot in range(n):
        first[slot, :slot] = 1.0
    return first


@compiled
def by_service(loads: PortLoads, tie_width: float) -> FloatArray:
    """The smaller service per weight first.

    Exact for a scheduler that sends from the queue with the fewest bits served per weight: what drifts behind is served at once.
    Queues tie where losses hold back the one that would get more.
    """
    n = len(loads.carried)
    first = np.zeros((n, n))
    for slot in range(n):
        own = max(loads.carried[slot] / loads.weight[slot], 1e-12)
        for other in range(n):
            if other != slot:
                ratio = own / max(loads.carried[other] / loads.weight[other], 1e-12)
                lead = ratio - 1 if ratio > 1 else 1 - 1 / ratio
                first[slot, other] = min(max(0.5 + lead / (2 * tie_width), 0.0), 1.0)
    return first


@compiled
def by_clock(loads: PortLoads) -> FloatArray:
    """The smaller lead of its clock over the time first: virtual clock.

    A clock that never lags behind the time is the work of a queue that is served at its weight's share of the capacity. Its mean
    lead is a packet's time there plus, as in an M/G/1, half a packet's time by load / (1 - load); it runs away above load 1.
    """
    n = len(loads.carried)
    first, lead = np.zeros((n, n)), np.zeros(n)
    total = loads.weight.sum()
    for slot in range(n):
        share = loads.weight[slot] / total
        load = loads.carried[slot] / share
        below = min(load, _RUNS_AWAY)
        packet_s = (loads.service_s[slot] if loads.service_s[slot] > 0 else 1.0) / share
        lead[slot] = packet_s * (1 + below / (1 - below) / 2) * min(max(load / _RUNS_AWAY, 1.0), 1e3) ** _SHARPLY
    for slot in range(n):
        for other in range(n):
            if other != slot:
                first[slot, other] = 1 - 1 / (1 + (lead[slot] / lead[other]) ** 2)
    return first


@compiled
def greed(loads: PortLoads) -> FloatArray:  # [slot]
    """0 for a queue that gets all it wants when the server is filled up by weight, 1 for one that wants clearly more."""
    n = len(loads.offered)
    content = np.zeros(n, dtype=np.bool_)
    level = 0.0
    for _ in range(n + 1):  # each round finds at least one more queue that is content, or ends
        left, weight = 1.0, 0.0
        for slot in range(n):
            if content[slot]:
                left -= loads.offered[slot]
            elif loads.offered[slot] > 0:
                weight += loads.weight[slot]
        level = max(left, 0.0) / max(weight, 1e-300)
        for slot in range(n):
            content[slot] |= loads.offered[slot] / loads.weight[slot] <= level
    result = np.zeros(n)
    for slot in range(n):
        if not content[slot]:
            wanted = loads.offered[slot] / loads.weight[slot]
            result[slot] = min(max((wanted / max(level, 1e-300) - 1) / _CLEARLY, 0.0), 1.0)
    return result


@compiled
def both_greedy(loads: PortLoads) -> FloatArray:
    """1 where both queues want clearly more than their weights grant."""
    greedy = greed(loads)
    n = len(greedy)
    result = np.zeros((n, n))
    for slot in range(n):
        for other in range(n):
            if other != slot:
                result[slot, other] = greedy[slot] * greedy[other]
    return result


@compiled
def tied(loads: PortLoads, precedence: FloatArray) -> FloatArray:
    """1 where neither of two queues goes first, or both want more than their weights grant; 0 where one always goes first."""
    result: FloatArray = both_greedy(loads)
    for slot in range(len(result)):
        for other in range(len(result)):
            if other != slot:
                result[slot, other] = max(1 - abs(2 * precedence[slot, other] - 1), result[slot, other])
    return result


@compiled
def fair_claims(loads: PortLoads, precedence: FloatArray, part: FloatArray) -> FloatArray:  # [slot]
    """Share of the server that others take while this queue is backlogged, as far as weights (``part`` of the pair) decide.

    Generalised processor sharing: Parekh & Gallager, "A generalized processor sharing approach to flow control", IEEE/ACM ToN 1993.
    """
    n = len(loads.offered)
    left, fair, greedy = np.zeros(n), np.zeros(n), greed(loads)
    for slot in range(n):
        first, rivals = 0.0, loads.weight[slot]
        for other in range(n):
            first += precedence[slot, other] * loads.carried[other]
            if other != slot and loads.offered[other] * loads.weight[other] > 0:
                rivals += part[slot, other] * loads.weight[other]
        left[slot] = min(max(1 - first, 0.0), 1.0)
        fair[slot] = max(left[slot] * loads.weight[slot] / rivals, 1e-3)  # what each gets while all of its rivals are backlogged
    result = np.zeros(n)
    for slot in range(n):
        own = min(loads.offered[slot] / fair[slot], 1.0)  # the longer this queue is backlogged, the longer so are its rivals
        weight, most = 0.0, 0.0
        for other in range(n):
            if other != slot:
                seldom = min(loads.carried[other] / max(left[other], 1e-3), 1.0)
                often = min(loads.carried[other] / fair[other], 1.0)
                backlogged = max((1 - own) * seldom + own * often, greedy[other])
                weight += part[slot, other] * backlogged * loads.weight[other]
                most += part[slot, other] * loads.carried[other]
        result[slot] = min(left[slot] * weight / (loads.weight[slot] + weight), most)
    return result
