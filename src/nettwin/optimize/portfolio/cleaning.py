"""A plan without the changes that do not matter."""

import numpy as np

from nettwin.optimize.portfolio.kernels import revert
from nettwin.optimize.steering.crossings import crossings
from nettwin.optimize.steering.detours import Steering, steering_of
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray

_ROUNDING = 1e-12


def cleaned(before: Scenario, after: Scenario, most_utilization: float, is_free: BoolArray | None = None) -> Steering:
    """The steering of ``after`` without the detours that can be taken back while no link comes above ``most_utilization``.

    Links that are above it already come no higher. Only demands that are free may go back (all of them by default). The two scenarios
    differ in segment policies alone. Small demands go back first: most of the changes are theirs, and they need the least room.
    """
    old, new = steering_of(before), steering_of(after)
    crossed = [crossings(scenario) for scenario in (before, after)]
    changed = np.array(sorted(row for row in {**old, **new} if old.get(row) != new.get(row)), dtype=np.int64)
    if is_free is not None:
        changed = changed[is_free[changed]]
    rate, capacity = before.traffic.rate_bps, before.topology.capacity_bps
    utilization = (rate @ crossed[1]) / capacity
    back = (crossed[0] - crossed[1]).tocsr()[changed]
    weight = np.repeat(rate[changed], np.diff(back.indptr)) / capacity[back.indices]
    limit = np.maximum(most_utilization, utilization) * (1 + _ROUNDING)
    order = np.argsort(rate[changed], kind="stable")
    is_back = revert(back.indptr.astype(np.int64), back.indices.astype(np.int64), back.data * weight, utilization, limit, order)
    gone = set(changed[is_back].tolist())
    kept = {row: detours for row, detours in new.items() if row not in gone}
    return kept | {row: old[row] for row in gone if row in old}


def utilization_of(scenario: Scenario) -> FloatArray:  # [link]
    """Offered load over capacity."""
    from nettwin.controlplane import link_loads

    return np.asarray(link_loads(scenario) / scenario.topology.capacity_bps)
