"""What every link has to carry, exactly, without spelling out paths."""

import numpy as np

from nettwin.controlplane.forwarding import Forwarding, forwarding_of
from nettwin.controlplane.itineraries import Itineraries, plan_itineraries
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray


def link_loads(scenario: Scenario) -> FloatArray:  # [link]
    """Offered load of each link in bit/s when nothing is lost on the way; unreachable demands load nothing.

    Raises ScenarioError or UnknownNameError for a policy that does not fit the topology.
    """
    forwarding = forwarding_of(scenario)
    return loads_of(plan_itineraries(scenario, forwarding), scenario.traffic.rate_bps, forwarding)


def offered_utilization(scenario: Scenario) -> FloatArray:  # [link]
    """Offered load over capacity, above 1 where a link is overloaded. Raises as ``link_loads``."""
    return np.asarray(link_loads(scenario) / scenario.topology.capacity_bps)


def loads_of(itineraries: Itineraries, rate_bps: FloatArray, forwarding: Forwarding) -> FloatArray:  # [link]
    """Loads of demands (``rate_bps`` each) that follow their itineraries."""
    from nettwin.controlplane.kernels import columns_of, push_flows

    flow, load = entering_flows(itineraries, rate_bps, forwarding)
    pushed = push_flows(columns_of(forwarding.graph), forwarding.order, forwarding.is_next, flow)
    return np.asarray(load + pushed.sum(axis=0))


def entering_flows(itineraries: Itineraries, rate_bps: FloatArray, forwarding: Forwarding) -> tuple[FloatArray, FloatArray]:
    """What has to be forwarded from each node to each target [target, node], and what crosses links by order [link], in bit/s."""
    graph = forwarding.graph
    legs, offsets = itineraries.legs, itineraries.leg_offsets
    n_legs = np.diff(offsets)
    rate = np.repeat(rate_bps[itineraries.demand] * itineraries.share, n_legs)
    end = np.where(legs < 0, graph.target[~np.minimum(legs, -1)], legs) if graph.n_links else legs
    start = np.concatenate([[0], end[:-1]])[: len(end)]
    start[offsets[:-1][n_legs > 0]] = itineraries.source[n_legs > 0]
    is_free = legs >= 0
    flow = np.bincount(legs[is_free] * graph.n_nodes + start[is_free], weights=rate[is_free], minlength=graph.n_nodes**2)
    load = np.bincount(~legs[~is_free], weights=rate[~is_free], minlength=graph.n_links)
    return flow.reshape(graph.n_nodes, graph.n_nodes).astype(np.float64), load.astype(np.float64)
