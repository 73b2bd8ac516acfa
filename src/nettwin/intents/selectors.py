"""Which demands a clause of an intent is about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Demands that meet every condition; without conditions, all of them."""

    demand: str = "*"
    """Id or pattern of ids."""
    source: str = "*"
    """Id or pattern of the source node."""
    target: str = "*"
    """Id or pattern of the target node."""
    traffic_class: int | None = None
    """Written ``class`` in files."""
    source_tag: str = ""
    target_tag: str = ""
    top: int | None = None
    """Of those that meet the other conditions, so many with the largest rates."""
