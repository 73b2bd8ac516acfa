"""Schedulers that visit their queues in turn: the waits of strict precedence, plus what a whole visit elsewhere adds.

A queue that is visited until it is empty waits as in exhaustive polling: waits in the proportion 1 - utilization
(Everitt, "Simple approximations for token rings", IEEE Trans. Communications 1986), at the level that Kleinrock's conservation law
sets ("Queueing Systems II", 1976, 3.4). Where the most loaded queue of a port (per weight) outlasts its visits, the others wait
for half a cycle of its visits instead. The smaller of the two counts; what the others gain, the most loaded queue loses.
"""

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.precedence import PortLoads
from nettwin.scenario.arrays import FloatArray

_FULL = 0.98
_LEAST_FREE = 0.05
_NO_WAIT = 1e-6  # of what the law asks for: such waits tell nothing about proportions


@compiled
def _conserved(offered: FloatArray, work_s: FloatArray, precedence_wait_s: FloatArray) -> float:
    """Sum of utilization * wait, whatever the order of service; in overload that of the strict precedence."""
    load = offered.sum()
    law = work_s.sum() / (1 - min(load, _FULL)) * load
    part = min(max((_FULL - load) / 0.08, 0.0), 1.0)
    result: float = part * law + (1 - part) * (offered * precedence_wait_s).sum()
    return result


@compiled
def visit_waits(loads: PortLoads, precedence_wait_s: FloatArray, work_s: FloatArray) -> FloatArray:  # [slot]
    """Mean waits of one port without buffer limits, from those under strict precedence; ``work_s`` is each queue's own residual work."""
    offered, n = loads.offered, len(loads.offered)
    served, most_loaded = np.zeros(n), 0
    for slot in range(n):
        served[slot] = loads.carried[slot] / loads.weight[slot] if offered[slot] > 0 else -1.0
        if served[slot] > served[most_loaded]:
            most_loaded = slot
    load, other_load = offered.sum(), 0.0
    for slot in range(n):
        other_load += offered[slot] * (1 - min(offered[slot], 0.9))
    polling = work_s.sum() / (1 - min(load, _FULL)) * min(load, _FULL) / max(other_load, 1e-9)
    free = max(1 - (loads.carried.sum() - loads.carried[most_loaded]), _LEAST_FREE)
    half_cycle_s = loads.visit_s[most_loaded] / free / 2
    wait, last = np.zeros(n), np.zeros(n)
    missing, outlasting = _conserved(offered, work_s, precedence_wait_s), 0.0
    for slot in range(n):
        # 1 for the most loaded queue per weight, next to nothing for queues that are clearly less loaded
        last[slot] = (max(served[slot], 0.0) / max(served[most_loaded], 1e-300)) ** 4
        gap = max(polling * (1 - min(offered[slot], 0.9)) - precedence_wait_s[slot], 0.0)
        cycle = half_cycle_s * (1 - min(offered[slot], 1 - _LEAST_FREE))
        wait[slot] = precedence_wait_s[slot] + (1 - last[slot]) * gap * cycle / max(gap + cycle, 1e-300)
        missing -= offered[slot] * wait[slot]
        outlasting += offered[slot] * last[slot]
    for slot in range(n):
        wait[slot] = max(wait[slot] + last[slot] * missing / max(outlasting, 1e-9), 0.1 * precedence_wait_s[slot])
    return wait


@compiled
def conserving_waits(loads: PortLoads, precedence_wait_s: FloatArray, work_s: FloatArray) -> FloatArray:  # [slot]
    """The same waits up to a factor, so that they obey the conservation law where precedence is not strict."""
    law = _conserved(loads.offered, work_s, precedence_wait_s)
    total = (loads.offered * precedence_wait_s).sum()
    return precedence_wait_s * (law / max(total, 1e-300) if total > _NO_WAIT * law else 1.0)
