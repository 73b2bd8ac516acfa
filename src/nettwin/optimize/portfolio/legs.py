"""Who runs for which kind of intent, in which order, for how long."""

from collections.abc import Iterator

from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.intents.objectives import Figure
from nettwin.optimize.portfolio.kinds import Kind
from nettwin.optimize.portfolio.relay import Leg
from nettwin.scenario import Scenario

ROUNDS = 3
"""How often local search and column generation take turns before the rest of the time goes to local search."""


def legs_for(kind: Kind, scenario: Scenario, intent: Intent) -> Iterator[Leg]:
    """The legs of the relay, until its budget or its gap ends it."""
    match kind:
        case Kind.LOADS:
            yield from _loads(scenario, intent)
        case Kind.PATHS:
            yield Leg("constraint-programming", 0.6)
            yield from _loads(scenario, intent)
        case Kind.TWIN:
            yield Leg("local-search", 0.15)
            yield Leg("twin-guided", 1.0)
        case Kind.CAPACITY:
            yield Leg("local-search", 0.3)


def _loads(scenario: Scenario, intent: Intent) -> Iterator[Leg]:
    if Knob.SEGMENT_POLICY not in intent.limits.knobs or not _wants_utilization(intent):
        yield Leg("local-search", 1.0)
        return
    for _ in range(ROUNDS):
        yield Leg("local-search", 0.3)
        yield Leg("column-generation", 0.7)
    yield Leg("local-search", 1.0)


def _wants_utilization(intent: Intent) -> bool:
    return bool(intent.objectives) and intent.objectives[0].minimize is Figure.MAX_UTILIZATION
