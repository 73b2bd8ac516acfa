"""What a plan may do, and what the network must keep to."""

import math
from dataclasses import dataclass
from enum import StrEnum

from nettwin.errors import ScenarioError


class Knob(StrEnum):
    """A kind of configuration that a plan may change."""

    SEGMENT_POLICY = "segment-policy"
    IGP_METRIC = "igp-metric"
    QUEUE_WEIGHT = "queue-weight"
    CLASS_MAP = "class-map"
    BUFFER = "buffer"
    DISCIPLINE = "discipline"
    CAPACITY = "capacity"
    """Upgrades of links by the modules of the planning clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on the plan and on every link."""

    max_utilization: float | None = None
    """Most offered load of any link, as a share of its capacity. Hard."""
    max_splits: int = 4
    """Most segment lists of one demand."""
    max_segments: int = 3
    """Most segments of one list, the target not counted."""
    max_changes: int | None = None
    """Most changes of a plan; a segment policy of one demand is one, a metric of one link is one."""
    knobs: tuple[Knob, ...] = (Knob.SEGMENT_POLICY,)

    def __post_init__(self) -> None:
        check_utilization(self.max_utilization, "limits")
        for name, least in (("max_splits", 1), ("max_segments", 0), ("max_changes", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ScenarioError(f"{name} is {value}", where="limits", hint=f"{least} or more")
        if len(set(self.knobs)) != len(self.knobs):
            raise ScenarioError(f"a knob stands twice in {', '.join(self.knobs)}", where="limits", hint="name each once")


def check_utilization(value: float | None, where: str) -> None:
    """Raises ScenarioError for a bound that no network could be held to."""
    if value is not None and not 0 < value < math.inf:
        raise ScenarioError(f"max_utilization is {value}", where=where, hint="a share of the capacity above 0, as 80 %")
