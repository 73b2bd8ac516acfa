"""What an upgraded network costs at least, whatever the routing: a linear program over fractional capacity.

    minimize  sum of price_c x_c   subject to   flow of all demands,   load_l <= level (capacity_l + x_c(l))

Flows are added up by source, so there are nodes times links of them. Prices are those of each circuit's best module per bit, whole
modules, setup costs and failures are left out: all of this can only make the true plan dearer.
"""

import math

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.planning import grown
from nettwin.optimize.solution import Bound
from nettwin.optimize.upgrades.requirements import modules_of
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

MOST_FLOWS = 40_000
_SLACK = 1e-6
"""Relative error that the solver's answer is allowed."""
PROOF = "linear program over fractional capacity: holds for any routing"


def cost_bound(scenario: Scenario, intent: Intent, seconds: float) -> Bound | None:
    """None where the network is too large, the time too short, or capacity is no matter of cost."""
    from scipy.optimize import linprog

    topology, level = scenario.topology, intent.limits.max_utilization
    if level is None or topology.n_nodes * topology.n_links > MOST_FLOWS or seconds <= 0:
        return None
    unit = float(topology.capacity_bps.max(initial=1.0))
    price = _prices(scenario, intent) * unit
    conservation, supply = _conservation(grown(intent.planning, scenario), unit)
    capacity_rows, capacity = _capacity(scenario, level, unit)
    n_flows = conservation.shape[1]
    bounds = [(0, None)] * n_flows + [(0, 0 if np.isinf(each) else None) for each in price]
    result = linprog(
        np.concatenate([np.zeros(n_flows), np.where(np.isinf(price), 0.0, price)]),
        A_ub=capacity_rows,
        b_ub=capacity,
        A_eq=_widened(conservation, len(price)),
        b_eq=supply,
        bounds=bounds,
        method="highs",
        options={"time_limit": seconds} if np.isfinite(seconds) else {},
    )
    if result.status != 0 or result.fun is None:
        return None
    return Bound(value=_in_modules(max(0.0, float(result.fun) * (1 - _SLACK)), scenario, intent), proof=PROOF)


def _in_modules(least: float, scenario: Scenario, intent: Intent) -> float:
    """The next sum that costs can add up to: where all are whole numbers, a multiple of what divides them all."""
    links = [scenario.topology.links[members[0]] for members in scenario.topology.circuits.values()]
    costs = {module.cost for link in links for module in modules_of(link, intent)} | {link.planning.setup_cost for link in links}
    if least <= 0 or not all(cost.is_integer() for cost in map(float, costs)):
        return least
    step = math.gcd(*map(int, costs))
    return math.ceil(least / step) * float(step) if step else least


def _prices(scenario: Scenario, intent: Intent) -> FloatArray:  # [circuit] per bit/s
    links = [scenario.topology.links[members[0]] for members in scenario.topology.circuits.values()]
    each = [[module.cost / module.capacity_bps for module in modules_of(link, intent)] for link in links]
    return np.array([min(prices, default=np.inf) for prices in each])


def _conservation(scenario: Scenario, unit: float):  # type: ignore[no-untyped-def]
    """Rows [source, node], columns [source, link that is up]: what comes in and does not go out stays at its target."""
    from scipy.sparse import block_diag, csr_array

    topology, traffic = scenario.topology, scenario.traffic
    up = np.flatnonzero(topology.link_is_up)
    column = np.arange(len(up))
    shape = (topology.n_nodes, len(up))
    incidence = csr_array((np.ones(len(up)), (topology.link_target[up], column)), shape=shape) - csr_array(
        (np.ones(len(up)), (topology.link_source[up], column)), shape=shape
    )
    matrix = np.zeros((topology.n_nodes, topology.n_nodes))
    np.add.at(matrix, (traffic.source, traffic.target), traffic.rate_bps / unit)
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return block_diag([incidence] * topology.n_nodes, format="csr"), matrix.ravel()


def _capacity(scenario: Scenario, level: float, unit: float):  # type: ignore[no-untyped-def]
    from scipy.sparse import csr_array, hstack, identity

    topology = scenario.topology
    up = np.flatnonzero(topology.link_is_up)
    circuit = np.zeros(topology.n_links, dtype=np.int64)
    for place, members in enumerate(topology.circuits.values()):
        circuit[list(members)] = place
    extra = csr_array((np.full(len(up), -level), (np.arange(len(up)), circuit[up])), shape=(len(up), len(topology.circuits)))
    flows = hstack([identity(len(up))] * topology.n_nodes, format="csr")
    return hstack([flows, extra], format="csr"), level * topology.capacity_bps[up] / unit


def _widened(matrix, n_columns: int):  # type: ignore[no-untyped-def]
    from scipy.sparse import csr_array, hstack

    return hstack([matrix, csr_array((matrix.shape[0], n_columns))], format="csr")
