"""Schedulers that visit their queues in turn: the waits of strict precedence, plus what a whole visit elsewhere adds.

A queue that is visited until it is empty waits as in exhaustive polling: waits in the proportion 1 - utilization
(Everitt, "Simple approximations for token rings", IEEE Trans. Communications 1986), at the level that Kleinrock's conservation law
sets ("Queueing Systems II", 1976, 3.4). Where the most loaded queue of a port (per weight) outlasts its visits, the others wait
for half a cycle of its visits instead. The smaller of the two counts; what the others gain, the most loaded queue loses.
"""

import numpy as np

from nettwin.queueing.precedence import PortLoads
from nettwin.scenario.arrays import BoolArray, FloatArray

_FULL = 0.98
_LEAST_FREE = 0.05
_NO_WAIT = 1e-6  # of what the law asks for: such waits tell nothing about proportions


def visit_waits(loads: PortLoads, precedence_wait_s: FloatArray, work_s: FloatArray) -> FloatArray:  # [port, slot]
    """Mean waits without buffer limits, from those under strict precedence; ``work_s`` is each queue's own residual work."""
    offered = loads.offered
    last = _lastness(loads)
    gap = np.maximum(_polling_waits(offered, work_s) - precedence_wait_s, 0.0)
    cycle = _cycle_waits(loads, _most_loaded(loads))
    wait = precedence_wait_s + (1 - last) * gap * cycle / np.maximum(gap + cycle, 1e-300)
    missing = _conserved(offered, work_s, precedence_wait_s) - _row_sum(offered * wait)
    wait = wait + last * missing / np.maximum(_row_sum(offered * last), 1e-9)
    return np.maximum(wait, 0.1 * precedence_wait_s)


def conserving_waits(loads: PortLoads, precedence_wait_s: FloatArray, work_s: FloatArray) -> FloatArray:  # [port, slot]
    """The same waits up to a factor, so that they obey the conservation law where precedence is not strict."""
    law = _conserved(loads.offered, work_s, precedence_wait_s)
    total = _row_sum(loads.offered * precedence_wait_s)
    return np.asarray(precedence_wait_s * np.where(total > _NO_WAIT * law, law / np.maximum(total, 1e-300), 1.0))


def _conserved(offered: FloatArray, work_s: FloatArray, precedence_wait_s: FloatArray) -> FloatArray:  # [port, 1]
    """Sum of utilization * wait, whatever the order of service; in overload that of the strict precedence."""
    load = _row_sum(offered)
    law = _row_sum(work_s) / (1 - np.minimum(load, _FULL)) * load
    part = np.clip((_FULL - load) / 0.08, 0.0, 1.0)
    return np.asarray(part * law + (1 - part) * _row_sum(offered * precedence_wait_s))


def _lastness(loads: PortLoads) -> FloatArray:
    """1 for the most loaded queue per weight, next to nothing for queues that are clearly less loaded."""
    served = np.where(loads.offered > 0, loads.carried / loads.weight, 0.0)
    return np.asarray((served / np.maximum(served.max(axis=1, keepdims=True), 1e-300)) ** 4)


def _polling_waits(offered: FloatArray, work_s: FloatArray) -> FloatArray:
    load = np.minimum(_row_sum(offered), _FULL)
    other = 1 - np.minimum(offered, 0.9)
    return np.asarray(_row_sum(work_s) / (1 - load) * load * other / np.maximum(_row_sum(offered * other), 1e-9))


def _cycle_waits(loads: PortLoads, last: BoolArray) -> FloatArray:
    visit = _row_sum(np.where(last, loads.visit_s, 0.0))
    free = np.maximum(1 - _row_sum(np.where(last, 0.0, loads.carried)), _LEAST_FREE)
    return np.asarray(visit / free / 2 * (1 - np.minimum(loads.offered, 1 - _LEAST_FREE)))


def _most_loaded(loads: PortLoads) -> BoolArray:
    served = np.where(loads.offered > 0, loads.carried / loads.weight, -1.0)
    return np.asarray(np.arange(served.shape[1]) == served.argmax(axis=1)[:, None])


def _row_sum(values: FloatArray) -> FloatArray:
    return np.asarray(values.sum(axis=1, keepdims=True))
