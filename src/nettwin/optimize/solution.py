"""What an optimizer answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nettwin.changes import Plan
from nettwin.intents.verdict import Verdict
from nettwin.scenario import Scenario

NO_BOUND = "none known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A value that the first objective cannot fall below, whatever the plan."""

    value: float
    proof: str
    """What proves it: ``multi-commodity flow LP``, ``column generation``, ...; it says for which kind of plans."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """How the answer was found, and what supports it."""

    method: str
    verdict: Verdict
    """Of the scenario after the plan, by the predictor that was asked."""
    verdict_before: Verdict
    evaluations: int
    """Candidates whose figures were worked out."""
    predictions: int
    """Scenarios that the predictor was asked about."""
    seconds: float
    stopped_by: str
    """``optimum``, ``deadline``, ``evaluations``, ``interrupt`` or ``no improvement``."""
    conflicts: tuple[str, ...] = ()
    """Names of clauses that cannot hold together, as few as possible; empty where none were found."""
    verification: Verdict | None = None
    """Of the same scenario by the engine of the intent's ``verify`` clause, with one clause ``verify.<metric>`` more for each
    comparison with the prediction; None: nobody asked."""
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What else this method has to say, by keyword."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Solution:
    """A plan, the scenario that it leads to, and the price or proof."""

    plan: Plan
    scenario: Scenario
    objective: float
    """Value of the first objective after the plan; NaN where the intent has none."""
    bound: Bound | None
    """None: no bound is known."""
    evidence: Evidence

    @property
    def gap(self) -> float:
        """How far the objective is above the bound, relative; NaN where no bound is known."""
        if self.bound is None:
            return float("nan")
        return self.objective / self.bound.value - 1.0 if self.bound.value > 0 else float(self.objective > 0)
