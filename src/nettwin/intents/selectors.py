"""Which demands a clause of an intent is about."""

from dataclasses import dataclass

from nettwin.errors import ScenarioError


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
    """Of the source node."""
    target_tag: str = ""
    """Of the target node."""
    top: int | None = None
    """Of those that meet the other conditions, so many with the largest rates."""

    def __post_init__(self) -> None:
        if self.traffic_class is not None and not 0 <= self.traffic_class <= 255:
            raise ScenarioError(f"class is {self.traffic_class}", where="selector", hint="classes are numbered from 0 to 255")
        if self.top is not None and self.top < 1:
            raise ScenarioError(f"top is {self.top}", where="selector", hint="select one demand or more")
