"""An intent: everything that the operator wants, in one value (RFC 9315: goals and outcomes, whatever the way to get there)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.intents.limits import Limits
from nettwin.intents.objectives import EVERY_DEMAND, Objective
from nettwin.intents.path_constraints import PathConstraint
from nettwin.intents.planning import Planning
from nettwin.intents.selectors import Selector
from nettwin.intents.slo import Slo
from nettwin.intents.survival import Survive
from nettwin.intents.verification import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Objectives in lexicographic order, and clauses that must hold. Says what is wanted, not how to get there."""

    name: str = ""
    select: Mapping[str, Selector] = field(default_factory=lambda: MappingProxyType({}))
    """Selectors by name; ``*`` is every demand."""
    objectives: tuple[Objective, ...] = ()
    slos: tuple[Slo, ...] = ()
    paths: tuple[PathConstraint, ...] = ()
    limits: Limits = Limits()
    survive: tuple[Survive, ...] = ()
    planning: Planning | None = None
    verify: Verification | None = None

    @property
    def growth_factor(self) -> float:
        """How many times the traffic of today the intent is judged with."""
        return 1.0 if self.planning is None else self.planning.growth.factor

    def __post_init__(self) -> None:
        known = [EVERY_DEMAND, *self.select]
        for place, name in self._selectors_in_use():
            if name not in known:
                raise UnknownNameError.among("selector", name, known, where=place)
        counts = Counter(name for name in (*(slo.name for slo in self.slos), *(path.name for path in self.paths)) if name)
        if twice := [name for name, count in counts.items() if count > 1]:
            raise ScenarioError(f"two clauses are called {twice[0]!r}", where="intent", hint="names of clauses are unique")
        for index, survive in enumerate(self.survive):
            for name in survive.slos:
                self.slos_named(name, where=f"survive[{index}]")

    def _selectors_in_use(self) -> list[tuple[str, str]]:
        used = [(f"objectives[{index}]", objective.over) for index, objective in enumerate(self.objectives)]
        used += [(f"slos[{index}]", slo.selected) for index, slo in enumerate(self.slos)]
        used += [(f"paths[{index}]", path.selected) for index, path in enumerate(self.paths)]
        return used + [(f"paths[{index}]", path.disjoint_from) for index, path in enumerate(self.paths) if path.disjoint_from]

    def slos_named(self, name: str, where: str = "") -> dict[str, Slo]:
        """By name the SLO that is called so, or all those for the selector of this name. Raises UnknownNameError."""
        by_name = {slo.name or f"slos[{index}]": slo for index, slo in enumerate(self.slos)}
        if name in by_name:
            return {name: by_name[name]}
        found = {key: slo for key, slo in by_name.items() if slo.selected == name}
        if not found:
            raise UnknownNameError.among("SLO", name, [*by_name, *(slo.selected for slo in self.slos)], where=where)
        return found
