"""What a plan may do, and what the network must keep to."""

from dataclasses import dataclass
from enum import StrEnum


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
