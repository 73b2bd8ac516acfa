"""Plans with fewer changes: as many as the intent allows, and none that the objectives do not need."""

from nettwin.changes import ClearPath, Plan, SegmentPolicy
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.intent import Intent
from nettwin.optimize.portfolio.cleaning import cleaned, utilization_of
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.optimize.steering.disjointness import disjoint_pairs
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray

_HALVINGS = 8
_LEAST_ROOM = 1e-4


def free_demands(scenario: Scenario, intent: Intent) -> BoolArray | None:  # [demand]
    """Which demands break no rule about paths where they are now; None: all of them."""
    if not intent.paths:
        return None
    admissible = Admissible.of(scenario, intent, SegmentVectors.of(forwarding_of(scenario)))
    free = admissible.direct.copy()
    for row, detours in steering_of(scenario).items():
        free[row] = admissible.allows_all(row, detours)
    for pair in disjoint_pairs(scenario, intent):
        free[[pair.first, pair.second]] = False
    return free


def spared(before: Scenario, after: Scenario, intent: Intent, most_utilization: float) -> tuple[SegmentPolicy | ClearPath, ...]:
    """The changes to ``after`` that keep every link at or below this, or no fuller than it is."""
    return changes_to(before, cleaned(before, after, most_utilization, free_demands(before, intent)))


def within_changes(before: Scenario, after: Scenario, intent: Intent) -> Scenario:
    """A scenario near ``after`` with no more changes than the intent allows, links as empty as that permits.

    Tries how full links must be allowed to become, between what ``after`` has and what ``before`` has, by halving; where even that is
    not enough, ``after`` as it is.
    """
    most = intent.limits.max_changes
    if most is None or len(changes_to(before, steering_of(after))) <= most:
        return after
    free = free_demands(before, intent)
    now, then = (float(utilization_of(each).max(initial=0.0)) for each in (after, before))
    low, high, best = 0.0, max(then / now - 1.0, _LEAST_ROOM), after
    for trial in range(_HALVINGS + 1):
        room = high if trial == 0 else (low + high) / 2
        changes = changes_to(before, cleaned(before, after, now * (1 + room), free))
        if len(changes) <= most:
            high, best = room, Plan(changes).apply(before)
        elif trial == 0:
            return after
        else:
            low = room
    return best
