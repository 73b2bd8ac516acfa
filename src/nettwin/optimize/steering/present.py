"""Whether demands keep to the path constraints as they are steered now."""

from dataclasses import dataclass, replace
from functools import cached_property

from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import Detour, steering_of


@dataclass(frozen=True, eq=False)
class Present:
    """The paths of today held against an intent's constraints."""

    admissible: Admissible

    def keeps(self, row: int) -> bool:
        """Whether every path of a demand is allowed. How many segments order it does not matter: what is there may stay."""
        if not self.admissible.is_constrained(row):
            return True
        if row in self._explicit:
            check = self.admissible.checks[self.admissible.check_of[row]]
            return all(check.allows_route(route) for route in self._explicit[row])
        lists = self._steering.get(row, (((), 1.0),))
        return all(replace(self.admissible, max_segments=len(detour)).allows(row, detour) for detour, _ in lists)

    @cached_property
    def _steering(self) -> dict[int, tuple[tuple[Detour, float], ...]]:
        return steering_of(self.admissible.scenario)

    @cached_property
    def _explicit(self) -> dict[int, list[tuple[int, ...]]]:
        """Links of the explicit paths of each demand that has any."""
        scenario = self.admissible.scenario
        index = scenario.topology.link_index
        return {
            scenario.index_of_demand(name): [tuple(index[link] for link in path.links) for path in paths if path.share > 0]
            for name, paths in scenario.policy.explicit_paths.items()
        }
