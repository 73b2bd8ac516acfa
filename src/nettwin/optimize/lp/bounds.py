"""Lower bounds on the maximum utilization under any routing whatever.

For any lengths w >= 0 of the links:

    sum of rate * distance_w(source, target)  <=  sum of load * w  <=  maximum utilization * sum of capacity * w

(the dual of the multi-commodity flow problem). So lengths prove a bound, wherever they come from and however badly they were rounded.
"""

from collections.abc import Callable, Iterable

import numpy as np

from nettwin.optimize.budget import Clock
from nettwin.optimize.lp.flow_network import FlowNetwork
from nettwin.optimize.lp.generation import Generated, Start, generate
from nettwin.optimize.lp.master import Aim
from nettwin.optimize.lp.paths import PathOracle
from nettwin.optimize.lp.spreading import LARGE, spread
from nettwin.optimize.solution import Bound
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

FLOW_PROOF = "multi-commodity flow dual: holds for any routing"
CUT_PROOF = "cut around a node: holds for any routing"
_ROUNDING = 1e-12
"""Relative: what the sums of a proof may be off by."""


def proven_by(network: FlowNetwork, length: FloatArray) -> float:
    """The bound that lengths [arc] prove."""
    length = np.maximum(length, 0.0)
    total = float(network.capacity_bps @ length)
    if not total > 0 or not len(network.rate_bps):
        return 0.0
    distance, _, _ = network.shortest(length)
    return float(network.rate_bps @ distance[network.origin, network.destination]) / total * (1 - _ROUNDING)


def node_cuts(network: FlowNetwork) -> tuple[float, FloatArray]:
    """The best bound from what must leave or enter a single node, and its lengths."""
    best, lengths = 0.0, np.zeros(network.n_arcs)
    if not len(network.rate_bps):
        return best, lengths
    for ends, node in ((network.origin, network.source), (network.destination, network.target)):
        rate = np.bincount(ends, weights=network.rate_bps, minlength=network.n_nodes)
        room = np.bincount(node, weights=network.capacity_bps, minlength=network.n_nodes)
        bound = np.divide(rate, room, out=np.zeros_like(rate), where=room > 0)
        worst = int(np.argmax(bound))
        if bound[worst] > best:
            best, lengths = float(bound[worst]), (node == worst).astype(np.float64)
    return best * (1 - _ROUNDING), lengths


def multi_commodity_flow(
    network: FlowNetwork, clock: Clock, start: Start | None = None, tell: Callable[[float, float], None] | None = None
) -> Generated:
    """The flow over any paths with the least maximum utilization, and its dual. Starts on the paths with the fewest hops."""
    oracle = PathOracle(network)
    if start is None:
        start = Start.at(oracle.cheapest(network.capacity_bps, 0.0)[1])
    if len(network.rate_bps) >= LARGE:
        start = spread(oracle, start, clock)
    return generate(oracle, start, clock, tell=tell)


def best_of(network: FlowNetwork, lengths: Iterable[FloatArray]) -> Bound:
    """The best bound that cuts, equal prices of all links, or any of these lengths [arc] prove."""
    bound = Bound(value=node_cuts(network)[0], proof=CUT_PROOF)
    for length in (1.0 / network.capacity_bps, *lengths):
        bound = _better(bound, proven_by(network, length))
    return bound


def mcf_bound(network: FlowNetwork, clock: Clock, hints: Iterable[FloatArray] = (), target: float = np.inf) -> Bound:
    """The best bound within the budget: cuts, then lengths that somebody offers, then the optimum of the flow problem.

    ``target`` is a utilization that is attained: once it is proven to be the optimum, there is nothing left to do.
    """
    bound = best_of(network, hints)
    if not len(network.rate_bps) or bound.value >= target * (1 - Aim().tolerance) or clock.stopped_by:
        return bound
    flow = multi_commodity_flow(network, clock)
    return _better(bound, proven_by(network, flow.price / network.capacity_bps))


def bound_of(scenario: Scenario, clock: Clock) -> Bound:
    """The bound of a scenario under any plan that changes neither its traffic nor its capacities."""
    return mcf_bound(FlowNetwork.of(scenario), clock)


def _better(bound: Bound, value: float) -> Bound:
    return Bound(value=value, proof=FLOW_PROOF) if value > bound.value else bound
