"""What chance adds where a figure is measured over a finite time: the measured mean is not the mean."""

import numpy as np

from nettwin.predict.neural.prior import Prior
from nettwin.scenario.arrays import FloatArray


def sampling_error(prior: Prior) -> FloatArray:  # [demand]
    """Relative standard error of a mean delay that is measured over the observation of the scenario; 0 in the steady state.

    Packets' sizes are independent; their waits are alike within the relaxation time of each queue, so a time T holds about
    T / (2 * relaxation time) independent ones (batch means; Whitt, "Planning queueing simulations", Management Science 1989).
    """
    n_demands = prior.scenario.traffic.n_demands
    duration_s = prior.scenario.observation.duration_s
    if not np.isfinite(duration_s):
        return np.zeros(n_demands)
    hops, physics, graph = prior.state.network.hops, prior.graph.physics, prior.graph
    packets = np.maximum(prior.scenario.traffic.packet_rate * duration_s, 1.0)
    alike = np.minimum(1.0, 1 / packets[hops.demand[hops.path]] + 2 * prior.state.window_s[hops.queue] / duration_s)
    per_path = hops.sum_over_path(physics.hop_variance.astype(np.float64) * alike)
    waits = np.bincount(graph.path_demand, graph.path_share * per_path, n_demands)
    return np.asarray(np.sqrt(waits + physics.demand_size_variance / packets))
