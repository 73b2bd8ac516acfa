"""A list of changes: a plan, a lab, a hypothesis, a diff."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from nettwin.changes.change import Change
from nettwin.changes.routing import ClearPath, SegmentPolicy, steered
from nettwin.errors import NettwinError
from nettwin.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in order; itself a change."""

    changes: tuple[Change, ...] = ()

    def apply(self, scenario: Scenario) -> Scenario:
        numbered = enumerate(self.changes, start=1)
        for is_steering, run in groupby(numbered, key=lambda each: isinstance(each[1], SegmentPolicy | ClearPath)):
            apply_all = steered if is_steering else _one_by_one
            scenario = apply_all(scenario, run)  # type: ignore[arg-type]
        return scenario

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)


def _one_by_one(scenario: Scenario, changes: Iterable[tuple[int, Change]]) -> Scenario:
    for number, change in changes:
        try:
            scenario = change.apply(scenario)
        except NettwinError as error:
            raise error.at(f"change {number}") from None
    return scenario
