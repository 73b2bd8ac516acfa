"""What kind of search an intent asks for."""

from enum import StrEnum

from nettwin.intents.intent import Intent
from nettwin.intents.judging import needs_performance
from nettwin.intents.limits import Knob

_OF_PORTS = {Knob.QUEUE_WEIGHT, Knob.CLASS_MAP, Knob.BUFFER, Knob.DISCIPLINE}


class Kind(StrEnum):
    """By what decides whether a plan is good."""

    LOADS = "loads"
    """Utilization alone: exact methods and bounds exist."""
    PATHS = "paths"
    """Utilization, and hard rules on paths, on survival or on the number of changes."""
    TWIN = "twin"
    """Delay, variation, loss or throughput: only a predictor tells."""
    CAPACITY = "capacity"
    """What to buy."""


def kind_of(intent: Intent) -> Kind:
    """The first that fits: capacity, the twin, paths, loads."""
    if Knob.CAPACITY in intent.limits.knobs:
        return Kind.CAPACITY
    if needs_predictions(intent) or _OF_PORTS & set(intent.limits.knobs):
        return Kind.TWIN
    return Kind.PATHS if intent.paths or intent.survive or intent.limits.max_changes is not None else Kind.LOADS


def needs_predictions(intent: Intent) -> bool:
    """Whether loads alone do not tell if the intent is met."""
    return needs_performance(intent) or any(clause.slos for clause in intent.survive)
