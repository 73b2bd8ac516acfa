"""A list of changes: a plan, a lab, a hypothesis, a diff."""

from collections.abc import Iterator
from dataclasses import dataclass

from nettwin.changes.change import Change
from nettwin.errors import NettwinError
from nettwin.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in order; itself a change."""

    changes: tuple[Change, ...] = ()

    def apply(self, scenario: Scenario) -> Scenario:
        for number, change in enumerate(self.changes, start=1):
            try:
                scenario = change.apply(scenario)
            except NettwinError as error:
                raise error.at(f"change {number}") from None
        return scenario

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)
