"""Who runs for which kind of intent, in which order, for how long."""

from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
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
            return _PATHS if steers else (Leg(LOCAL, 1.0),)
        case Kind.TWIN:
            return (Leg(CONSTRAINTS, 0.2), Leg(TWIN, 1.0)) if intent.paths and steers else (Leg(TWIN, 1.0),)
        case Kind.CAPACITY:
            return (Leg(UPGRADES, 1.0),)


_LOADS = (Leg(LOCAL, 0.5), Leg(COLUMNS, 0.7))
"""Local search is nearly always done in a moment; what it leaves open, exact steps close, and so on in turns."""
_PATHS = (Leg(CONSTRAINTS, 0.25), Leg(COLUMNS, 0.4), Leg(LOCAL, 0.4, is_relaxed=True))
"""Constraint programming mends what is broken, with few changes; the others keep to the rules and lower the utilization."""
