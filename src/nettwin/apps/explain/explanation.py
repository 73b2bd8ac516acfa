"""An explanation as text and as tables."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

import pandas as pd

from nettwin.apps.explain.parts import Cause, DemandExplanation, Hop, QueueLoad, Remedy, Sensitivity, Slope, Target
from nettwin.apps.scenario_tables import table
from nettwin.performance import Performance
from nettwin.scenario import Scenario

_LOAD = tuple(f.name for f in fields(QueueLoad))
_HOP = (
    "path",
    "path_share",
    "link",
    "position",
    "propagation_s",
    "transmission_s",
    "wait_s",
    "loss_ratio",
    "dropped_ratio",
    "too_long_ratio",
    "utilization",
)
HOP_COLUMNS = (*_HOP, "pressure", *(name for name in _LOAD if name not in _HOP))


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why some demands are as slow and lossy as they are. Print it, or look at its tables; each has a row index of demand ids."""

    scenario: Scenario
    performance: Performance
    target: Target
    demands: tuple[DemandExplanation, ...]

    def __str__(self) -> str:
        return "\n\n".join("\n".join(each.text) for each in self.demands)

    @cached_property
    def hops(self) -> pd.DataFrame:
        """Where time and packets are lost, a row per path and hop; weighted by ``path_share`` the times add up to the delay."""
        return _frame(self.demands, lambda each: each.hops, _hop_row, HOP_COLUMNS)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Who loads the queues that matter."""
        return _frame(self.demands, lambda each: each.causes, _cause_row, ("cause", *(name for name in _names(Cause) if name != "demand")))

    @cached_property
    def sensitivities(self) -> pd.DataFrame:
        """What single changes would do, the largest effect first."""
        return _frame(self.demands, lambda each: each.sensitivities, asdict, _names(Sensitivity))

    @cached_property
    def slopes(self) -> pd.DataFrame:
        """What they hang on in the whole network, the steepest first; empty where the engine has no derivatives."""
        return _frame(self.demands, lambda each: each.slopes, asdict, _names(Slope))

    @cached_property
    def remedies(self) -> pd.DataFrame:
        """What would meet the target alone, the smallest turn first."""
        return _frame(self.demands, lambda each: each.remedies, asdict, _names(Remedy))


def _frame(
    demands: Iterable[DemandExplanation],
    parts: Callable[[DemandExplanation], Iterable[Any]],
    row: Callable[[Any], dict[str, Any]],
    columns: tuple[str, ...],
) -> pd.DataFrame:
    rows = [(each.demand, row(part)) for each in demands for part in parts(each)]
    return table({name: [values[name] for _, values in rows] for name in columns}, [demand for demand, _ in rows], "demand")


def _hop_row(hop: Hop) -> dict[str, Any]:
    own = {name: getattr(hop, name) for name in _names(Hop) if name != "load"}
    return own | asdict(hop.load) | {"pressure": hop.load.pressure}


def _cause_row(cause: Cause) -> dict[str, Any]:
    values = asdict(cause)
    return values | {"cause": values["demand"]}


def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))
