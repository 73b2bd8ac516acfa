"""An intent as rules of the game: how many changes there may be, and which ways the path constraints allow."""

import numpy as np

from nettwin.changes import Plan
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.optimize.reinforcement.game import Allowed, Game
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import Detour, changes_to, steering_of
from nettwin.optimize.steering.disjointness import disjoint_pairs
from nettwin.optimize.steering.required import required_detours
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, IntArray


def allowed_by(scenario: Scenario, intent: Intent) -> Game:
    """The game that an intent allows. It starts where every demand keeps to the path constraints, if a single detour can do that.

    Demands that must be disjoint from others stay as they are. Raises OptimizationError where segment policies may not be changed.
    """
    if Knob.SEGMENT_POLICY not in intent.limits.knobs:
        raise OptimizationError(
            f"the knobs are {', '.join(intent.limits.knobs) or 'none'}", where="reinforcement", hint="it moves segment-policy only"
        )
    admissible = Admissible.of(scenario, intent, SegmentVectors.of(forwarding_of(scenario)))
    mended = _mended(scenario, admissible)
    changes = changes_to(scenario, {**steering_of(scenario), **mended}) if mended else ()
    most = intent.limits.max_changes
    left = None if most is None else max(most - len(changes), 0)
    start = Plan(changes).apply(scenario) if changes else scenario
    paired = [row for pair in disjoint_pairs(scenario, intent) for row in (pair.first, pair.second)]
    return Game.of(start, max_changes=left, allowed=_allowed(admissible), fixed=np.array(sorted(set(paired)), dtype=np.int64))


def _mended(scenario: Scenario, admissible: Admissible) -> dict[int, tuple[tuple[Detour, float], ...]]:
    """A way for each demand that does not keep to its path constraints now."""
    now = steering_of(scenario)
    mended: dict[int, tuple[tuple[Detour, float], ...]] = {}
    for row in admissible.constrained.tolist():
        if not admissible.allows_all(row, now.get(row, (((), 1.0),))):
            ways = required_detours(admissible, row, at_most=1)
            if ways:
                mended[row] = ((ways[0], 1.0),)
    return mended


def _allowed(admissible: Admissible) -> Allowed | None:
    """None where everything is."""
    if admissible.is_free and admissible.max_segments >= 1:
        return None

    def allowed(rows: IntArray) -> BoolArray:
        direct = admissible.direct[rows][:, None]
        by_node, by_link = (admissible.of_rows(rows, is_link=is_link) for is_link in (False, True))
        return np.concatenate([by_node, by_link, np.ones_like(direct), direct], axis=1)

    return allowed
