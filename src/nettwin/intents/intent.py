"""An intent: everything that the operator wants, in one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nettwin.intents.limits import Limits
from nettwin.intents.objectives import Objective
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
