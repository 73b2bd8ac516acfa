"""A failure sweep as pandas tables."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from nettwin.apps.sweep import LinkWorstCase, SweepResult, failure_effects, link_worst_cases


@dataclass(frozen=True, eq=False)
class SweepView:
    """A sweep, and what an engine answered to each of its failures if one was asked."""

    result: SweepResult
    answers: pd.DataFrame | None = None

    @cached_property
    def links(self) -> pd.DataFrame:
        """One row per link: utilization offered now, in the worst case, and the failure that causes it."""
        cases = self.worst_cases(1)
        columns = {
            "utilization": [case.base_utilization for case in cases],
            "worst_utilization": [case.worst_utilization for case in cases],
            "worst_failure": [case.causes[0][0] if case.causes else "" for case in cases],
        }
        return pd.DataFrame(columns, index=pd.Index([case.link for case in cases], name="link", dtype=object))

    @cached_property
    def failures(self) -> pd.DataFrame:
        """One row per failure, the gravest first; with an engine's answers also delay and loss."""
        effects = pd.DataFrame(failure_effects(self.result), columns=_EFFECT_COLUMNS).set_index("failure")
        if self.answers is None:
            return effects
        return effects.join(self.answers[["mean_delay_s", "worst_delay_s", "slowest_demand", "loss_ratio"]])

    def worst_cases(self, n_causes: int = 10) -> list[LinkWorstCase]:
        """Each link's worst case with up to ``n_causes`` failures that cause it, in the order of the topology."""
        return link_worst_cases(self.result, n_causes)


_EFFECT_COLUMNS = [
    "failure",
    "max_utilization",
    "most_utilized_link",
    "n_overloaded",
    "n_newly_unreachable",
    "newly_unreachable_bps",
]
