"""Who runs for which kind of intent, in which order, for how long."""

from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.intents.objectives import Figure
from nettwin.optimize.portfolio.kinds import Kind
from nettwin.optimize.portfolio.relay import Leg

LOCAL, COLUMNS, CONSTRAINTS, TWIN = "local-search", "column-generation", "constraint-programming", "twin-guided"
UPGRADES = "upgrades"


def legs_for(kind: Kind, intent: Intent) -> tuple[Leg, ...]:
    """One round of the relay; rounds follow each other until one brings nothing, or the budget or the gap ends it."""
    steers = Knob.SEGMENT_POLICY in intent.limits.knobs
    match kind:
        case Kind.LOADS:
            return _LOADS if steers else (Leg(LOCAL, 1.0),)
        case Kind.PATHS:
            return _of_paths(intent) if steers else (Leg(LOCAL, 1.0),)
        case Kind.TWIN:
            return (*_before_the_twin(intent), Leg(TWIN, 1.0)) if steers else (Leg(TWIN, 1.0),)
        case Kind.CAPACITY:
            return (Leg(UPGRADES, 1.0),)


def _before_the_twin(intent: Intent) -> tuple[Leg, ...]:
    """Mended paths, and where utilization comes first, the best of it: the twin's search starts there."""
    mended = (Leg(CONSTRAINTS, 0.2),) if intent.paths else ()
    if intent.survive:
        return (*mended, Leg(LOCAL, 0.4))
    is_about_loads = bool(intent.objectives) and intent.objectives[0].minimize is Figure.MAX_UTILIZATION
    lowered = (Leg(LOCAL, 0.2), Leg(COLUMNS, 0.2)) if is_about_loads else ()
    return (*mended, *lowered)


_LOADS = (Leg(LOCAL, 0.5), Leg(COLUMNS, 0.7))
"""Local search is nearly always done in a moment; what it leaves open, exact steps close, and so on in turns."""
_PATHS = (Leg(LOCAL, 0.3), Leg(COLUMNS, 0.3), Leg(CONSTRAINTS, 0.6))
_JOINT = (Leg(CONSTRAINTS, 0.3), Leg(LOCAL, 0.4), Leg(COLUMNS, 0.4))
"""Rules that bind several demands together are for constraint programming first; local search keeps to those of single demands."""
_SURVIVING = (Leg(LOCAL, 0.6), Leg(CONSTRAINTS, 0.6))
"""Local search looks at all failures at once, constraint programming at those that break its plan; column generation at none."""


def _of_paths(intent: Intent) -> tuple[Leg, ...]:
    is_joint = any(rule.disjoint is not None for rule in intent.paths)
    if intent.survive:
        return (*_JOINT[:1], *_SURVIVING) if is_joint else _SURVIVING
    return _JOINT if is_joint else _PATHS
