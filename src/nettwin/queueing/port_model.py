"""What each queue sees of its port, for every discipline: the share of the server, the work ahead, and how often it is idle."""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.calibration import Calibration
from nettwin.queueing.finite_queue import ServerView
from nettwin.queueing.ports import Ports
from nettwin.queueing.precedence import PortLoads, by_service, strict_priority
from nettwin.queueing.round_robin import visit_waits
from nettwin.scenario import Discipline
from nettwin.scenario.arrays import FloatArray

_LEAST_SHARE = 1e-3
_LEAST_FREE = 0.02
_ROUND_ROBIN = (Discipline.DRR, Discipline.WFQ)


@dataclass(frozen=True, eq=False)
class QueueWork:
    """Mean residual work that queues bring to their port, in seconds of the server."""

    smooth_s: FloatArray  # [link, slot] with Poisson arrivals, of what is carried
    bursty_s: FloatArray  # [link, slot, other] of ``other`` over the time scale of ``slot``


def precedences(ports: Ports, loads: PortLoads, calibration: Calibration) -> FloatArray:  # [link, slot, other]
    """How far other queues go first; 0 where a port has one queue."""
    n = loads.offered.shape[1]
    result = np.zeros((ports.n_links, n, n))
    for discipline, links in ports.links_by_discipline.items():
        if discipline is Discipline.STRICT_PRIORITY:
            result[links] = strict_priority(loads.rows(links))
        elif discipline is not Discipline.FIFO:
            result[links] = by_service(loads.rows(links), calibration.tie_width)
    return result


def server_views(ports: Ports, loads: PortLoads, precedence: FloatArray, work: QueueWork) -> ServerView:  # [link, slot]
    """The generalised Cobham formula: a queue waits R / (share * (share - own load)), R all work that may stand before it.

    R counts the queues that go first with their bursts over this queue's time scale, the others with the rest of the packet
    that they may just be sending.
    """
    first = precedence + np.eye(precedence.shape[1])
    share = np.maximum(1 - (precedence * loads.carried[:, None, :]).sum(axis=2), _LEAST_SHARE)
    later = ((1 - first) * loads.carried[:, None, :]).sum(axis=2)
    residual = (first * work.bursty_s + (1 - first) * work.smooth_s[:, None, :]).sum(axis=2)
    free = share - loads.offered
    idle_ratio = np.where(free > 0, share * np.maximum(0, 1 - later / np.maximum(free, 1e-9)), share)
    residual = _round_robin(ports, loads, share, residual, np.einsum("pkk->pk", work.bursty_s))
    return ServerView(loads.offered, share, residual, np.clip(idle_ratio, 1e-6, 1.0))


def _round_robin(ports: Ports, loads: PortLoads, share: FloatArray, residual: FloatArray, own_work_s: FloatArray) -> FloatArray:
    result = residual.copy()
    for discipline in _ROUND_ROBIN:
        links = ports.links_by_discipline.get(discipline, np.zeros(0, dtype=np.int64))
        part = loads.rows(links)
        scale = share[links] * np.maximum(share[links] - part.offered, _LEAST_FREE * share[links])
        result[links] = visit_waits(part, residual[links] / scale, own_work_s[links]) * scale
    return result
