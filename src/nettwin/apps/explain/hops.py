"""Where the delay and the loss of one demand arise."""

import numpy as np

from nettwin.apps.explain.loads import Answered, queue_load
from nettwin.apps.explain.parts import Hop


def hops_of(answered: Answered, demand: int) -> tuple[Hop, ...]:
    """Every hop of every path of a demand, in order; weighted by ``path_share`` their times add up to its delay."""
    hops, utilization = answered.hops, answered.performance.links.utilization
    rows = np.flatnonzero(hops.demand == demand)
    loads = {queue: queue_load(answered, queue) for queue in dict.fromkeys(hops.queue[rows].tolist())}
    first_path = int(hops.path[rows[0]]) if len(rows) else 0
    return tuple(
        Hop(
            path=int(hops.path[row]) - first_path,
            path_share=float(hops.weight[row]),
            load=loads[int(hops.queue[row])],
            propagation_s=float(hops.propagation_s[row]),
            transmission_s=float(hops.transmission_s[row]),
            wait_s=float(hops.wait_s[row]),
            loss_ratio=float(hops.loss_ratio[row]),
            dropped_ratio=float(answered.arriving_share[row] * hops.loss_ratio[row]),
            too_long_ratio=float(answered.too_long[row]),
            utilization=float(utilization[hops.link[row]]),
        )
        for row in rows.tolist()
    )
