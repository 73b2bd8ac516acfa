"""What no plan can undercut: the time that light and lines take."""

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.intents.objectives import Figure
from nettwin.intents.selecting import rows
from nettwin.optimize.solution import Bound
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

PROOF = "propagation and transmission"


def delay_floor(scenario: Scenario, intent: Intent) -> Bound | None:
    """A lower bound of the first objective, where that is a delay: no packet is faster than the smallest one over the fastest path.

    Valid for every routing and scheduling; where capacity may be bought, for propagation alone.
    """
    objective = intent.objectives[0] if intent.objectives else None
    if objective is None or objective.minimize is not Figure.ONE_WAY_DELAY:
        return None
    least = least_delay_s(scenario, has_transmission=Knob.CAPACITY not in intent.limits.knobs)
    chosen = rows(intent, objective.over, scenario)
    chosen = chosen[(scenario.traffic.rate_bps[chosen] > 0) & np.isfinite(least[chosen])]  # nothing else has a delay
    if not len(chosen):
        return None
    value = least[chosen].max() if objective.across == "max" else np.average(least[chosen], weights=scenario.traffic.rate_bps[chosen])
    return Bound(value=float(value), proof=PROOF)


def least_delay_s(scenario: Scenario, *, has_transmission: bool = True) -> FloatArray:  # [demand]
    """Of each demand's smallest packet, alone in the network, over the fastest path that is up; infinite where there is none."""
    from scipy.sparse.csgraph import dijkstra

    traffic = scenario.traffic
    smallest = [sizes.smallest_bits if has_transmission else 0.0 for sizes in traffic.packet_sizes]
    sizes = np.array(smallest)[traffic.packet_size_index]
    least = np.full(traffic.n_demands, np.inf)
    for size in np.unique(sizes):
        distance = dijkstra(_delays(scenario, float(size)))
        chosen = sizes == size
        least[chosen] = distance[traffic.source[chosen], traffic.target[chosen]]
    return least


def _delays(scenario: Scenario, size_bits: float) -> FloatArray:  # [node, node]
    """Of the fastest link between any two neighbours; infinite: none. Dense: an explicit zero is a link without delay."""
    topology = scenario.topology
    up = np.flatnonzero(topology.link_is_up)
    delay = np.full((topology.n_nodes, topology.n_nodes), np.inf)
    # scipy drops zeros of dense graphs: the smallest positive number stands for light that takes no time.
    each = np.maximum(topology.propagation_delay_s[up] + size_bits / topology.capacity_bps[up], np.finfo(np.float64).tiny)
    np.minimum.at(delay, (topology.link_source[up], topology.link_target[up]), each)
    return delay
