"""Plans without the changes that the objectives do not need."""

from nettwin.changes import ClearPath, SegmentPolicy
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.intent import Intent
from nettwin.optimize.portfolio.cleaning import cleaned
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.optimize.steering.disjointness import disjoint_pairs
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray


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
