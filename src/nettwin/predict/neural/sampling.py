"""What chance adds where a figure is measured over a finite time: the measured mean is not the mean."""

import math

from nettwin.predict.neural.arrays import Column
from nettwin.predict.neural.ground import Ground


def sampling_error(ground: Ground) -> Column:  # [demand]
    """Relative standard error of a mean delay that is measured over the observation of the scenario; 0 in the steady state.

    Packets' sizes are independent; their waits are alike within the relaxation time of each queue, so a time T holds about
    T / (2 * relaxation time) independent ones (batch means; Whitt, "Planning queueing simulations", Management Science 1989).
    """
    xp, hops = ground.arrays, ground.hops
    if not math.isfinite(ground.duration_s):
        return ground.demands.rate_bps * 0.0
    packets = xp.at_least(ground.demands.packet_rate * ground.duration_s, 1.0)
    alike = (1 / packets)[hops.path_demand][hops.path] + 2 * ground.queues.window_s[hops.queue] / ground.duration_s
    waits = ground.per_demand(hops.path_share * ground.per_path(hops.variance * xp.at_most(alike, 1.0)))
    return xp.sqrt(waits + ground.demands.size_variance / packets)
