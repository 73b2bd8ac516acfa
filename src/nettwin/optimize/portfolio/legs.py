"""Who runs for which kind of intent, in which order, for how long."""

from collections.abc import Iterator

from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.optimize.portfolio.kinds import Kind
from nettwin.optimize.portfolio.relay import Leg

LOCAL, COLUMNS, CONSTRAINTS, TWIN = "local-search", "column-generation", "constraint-programming", "twin-guided"


def legs_for(kind: Kind, intent: Intent) -> Iterator[Leg]:
    """The legs of the relay, until its budget or its gap ends it."""
    match kind:
        case Kind.LOADS:
            yield from _loads(intent)
        case Kind.PATHS:
            yield from _paths(intent)
        case Kind.TWIN:
            if intent.paths and Knob.SEGMENT_POLICY in intent.limits.knobs:
                yield Leg(CONSTRAINTS, 0.2)
            yield Leg(TWIN, 1.0)
        case Kind.CAPACITY:
            return


def _loads(intent: Intent) -> Iterator[Leg]:
    """Local search is nearly always done in a moment; what it leaves open, exact steps and more search close in turns."""
    if Knob.SEGMENT_POLICY not in intent.limits.knobs:
        yield Leg(LOCAL, 1.0)
        return
    yield Leg(LOCAL, 0.5)
    yield Leg(COLUMNS, 0.7)
    yield Leg(LOCAL, 0.5)
    yield Leg(COLUMNS, 1.0)


def _paths(intent: Intent) -> Iterator[Leg]:
    """Constraint programming mends what is broken, with few changes; the others keep to the rules and lower the utilization."""
    is_joint = any(rule.disjoint is not None for rule in intent.paths) or bool(intent.survive)
    yield Leg(CONSTRAINTS, 0.4 if is_joint else 0.25)
    yield Leg(COLUMNS, 0.6)
    yield Leg(LOCAL, 0.5, is_relaxed=True)
    yield Leg(COLUMNS, 0.5)
    yield Leg(CONSTRAINTS, 1.0)
