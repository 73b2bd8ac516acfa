"""Two performances side by side, rows matched by the ids of links and demands."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from nettwin.apps.tables import PerformanceView

LINK_FIGURES = ("utilization", "loss_ratio", "throughput_bps")
DEMAND_FIGURES = ("delay_s", "port_delay_s", "delay_variation_s", "delay_p90_s", "delay_p99_s", "loss_ratio", "throughput_bps")
SUMMARY_FIGURES = (
    "max_utilization",
    "mean_utilization",
    "mean_delay_s",
    "worst_delay_s",
    "worst_p99_delay_s",
    "loss_ratio",
    "n_unreachable",
    "offered_bps",
    "throughput_bps",
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Before and after: two times, two scenarios, or two engines."""

    before: PerformanceView
    after: PerformanceView

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The network-wide figures: one row each, with before, after and change."""
        rows = [(getattr(self.before.summary, name), getattr(self.after.summary, name)) for name in SUMMARY_FIGURES]
        table = pd.DataFrame(rows, columns=["before", "after"], index=pd.Index(SUMMARY_FIGURES, name="figure"), dtype=float)
        table["change"] = table["after"] - table["before"]
        return table

    @cached_property
    def links(self) -> pd.DataFrame:
        """Every link that exists before or after: figures ``_before``, ``_after`` and ``_change``."""
        table = _side_by_side(self.before.links, self.after.links, LINK_FIGURES)
        table["is_up_before"] = self.before.links["is_up"].reindex(table.index, fill_value=False)
        table["is_up_after"] = self.after.links["is_up"].reindex(table.index, fill_value=False)
        return table

    @cached_property
    def demands(self) -> pd.DataFrame:
        """Every demand that exists before or after: figures ``_before``, ``_after`` and ``_change``."""
        return _side_by_side(self.before.demands, self.after.demands, DEMAND_FIGURES)

    def worst_links(self, n: int = 10) -> pd.DataFrame:
        """The ``n`` most utilized links after; ``is_newly_worst``: not among the ``n`` most utilized before, and risen."""
        return _worst(self.links, "utilization", n)

    def worst_demands(self, n: int = 10, figure: str = "delay_s") -> pd.DataFrame:
        """The ``n`` slowest demands after; ``is_newly_worst``: not among the ``n`` slowest before, and slower than before."""
        return _worst(self.demands, figure, n)

    def most_changed_demands(self, n: int = 10, figure: str = "delay_s") -> pd.DataFrame:
        """The ``n`` demands whose figure rose most."""
        rows: pd.DataFrame = self.demands.nlargest(n, f"{figure}_change")
        return rows[rows[f"{figure}_change"] > 0]

    def relative_differences(self, figure: str = "delay_s") -> dict[str, float]:
        """How far the figures of the demands lie apart, as shares of the figure before: median, mean, 95 % below."""
        both = self.demands[[f"{figure}_before", f"{figure}_change"]].dropna()
        share = (both[f"{figure}_change"] / both[f"{figure}_before"]).abs()
        return {"median": float(share.median()), "mean": float(share.mean()), "p95": float(share.quantile(0.95))}

    @cached_property
    def newly_unreachable(self) -> tuple[str, ...]:
        """Demands of which nothing arrives after, while something did before."""
        return _ids(self.demands, _arrives(self.demands, "before") & ~_arrives(self.demands, "after"))

    @cached_property
    def newly_reachable(self) -> tuple[str, ...]:
        return _ids(self.demands, ~_arrives(self.demands, "before") & _arrives(self.demands, "after"))


def _side_by_side(before: pd.DataFrame, after: pd.DataFrame, figures: Sequence[str]) -> pd.DataFrame:
    ids = before.index.union(after.index, sort=False).rename(before.index.name)
    ends = {name: after[name].reindex(ids).fillna(before[name].reindex(ids)) for name in ("source", "target")}
    columns: dict[str, pd.Series] = {}
    for name in figures:
        if name in before and name in after:
            old, new = before[name].reindex(ids), after[name].reindex(ids)
            columns |= {f"{name}_before": old, f"{name}_after": new, f"{name}_change": new - old}
    table = pd.DataFrame(ends | columns, index=ids)
    table.attrs["units"] = {
        f"{name}_{side}": unit for name, unit in before.attrs["units"].items() for side in ("before", "after", "change")
    }
    return table


def _worst(table: pd.DataFrame, figure: str, n: int) -> pd.DataFrame:
    rows = table.nlargest(n, f"{figure}_after")
    were_worst = table.nlargest(n, f"{figure}_before").index
    is_risen = ~(rows[f"{figure}_change"] <= 0)
    return rows.assign(is_newly_worst=~rows.index.isin(were_worst) & is_risen.to_numpy())


def _arrives(table: pd.DataFrame, side: str) -> np.ndarray:
    return (table[f"loss_ratio_{side}"] < 1.0).to_numpy()


def _ids(table: pd.DataFrame, chosen: np.ndarray) -> tuple[str, ...]:
    return tuple(str(name) for name in table.index[chosen])
