"""What must still hold when something fails."""

from dataclasses import dataclass
from enum import StrEnum

from nettwin.errors import ScenarioError
from nettwin.intents.limits import check_utilization


class FailureKind(StrEnum):
    """What fails alone."""

    LINK = "link"
    """Any circuit, in both directions."""
    NODE = "node"
    RISK_GROUP = "risk-group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survive:
    """Requirements under any single failure of one kind; the IGP reroutes, nothing is optimized anew."""

    single: FailureKind = FailureKind.LINK
    only: tuple[str, ...] = ()
    """Ids or patterns of what may fail; empty: anything of this kind."""
    max_utilization: float | None = 1.0
    slos: tuple[str, ...] = ()
    """Names of SLOs that must hold too; the name of a selector means all SLOs for it."""
    connected: bool = True
    """Whether every demand that both its ends survive must still arrive."""

    def __post_init__(self) -> None:
        check_utilization(self.max_utilization, "survive")
        if self.max_utilization is None and not self.slos and not self.connected:
            raise ScenarioError("nothing is required", where="survive", hint="require max_utilization, slos or connected")
