"""Is the answer good enough? Objectives (exit code 1) and confidence (exit code 4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from nettwin.cli.console import note
from nettwin.cli.exit_codes import ExitCode
from nettwin.cli.options import MaxDelay, MaxLoss, MaxUtilization

if TYPE_CHECKING:
    import pandas as pd

    from nettwin.apps.tables import PerformanceView

WIDE_INTERVAL = 0.1
"""An interval that reaches further than this share of the mean delay to either side is called wide."""


@dataclass(frozen=True, slots=True)
class Objectives:
    """What must hold; None: no such objective."""

    max_utilization: MaxUtilization = None
    max_delay_s: MaxDelay = None
    max_loss_ratio: MaxLoss = None

    @property
    def need_an_engine(self) -> bool:
        """Loads alone tell neither delay nor loss."""
        return self.max_delay_s is not None or self.max_loss_ratio is not None

    def violations(self, view: "PerformanceView") -> list[str]:
        """One line per objective that is violated, with the worst case. A demand that is lost wholly violates a delay objective too."""
        from nettwin.performance.quantities import percent, seconds

        lines = self.utilization_violations(view.links["utilization"])
        if self.max_delay_s is not None:
            lines += _above(view.demands["delay_s"], self.max_delay_s, "demands have a mean delay above", seconds)
            lines += _unreachable(view.demands)
        if self.max_loss_ratio is not None:
            lines += _above(view.demands["loss_ratio"], self.max_loss_ratio, "demands lose more than", percent)
        return lines

    def utilization_violations(self, utilization: "pd.Series") -> list[str]:
        """Of the utilization objective alone, by link."""
        from nettwin.performance.quantities import percent

        return [] if self.max_utilization is None else _above(utilization, self.max_utilization, "links are utilized above", percent)

    def failure_violations(self, answers: "pd.DataFrame", n_newly_unreachable: "pd.Series") -> list[str]:
        """Of the delay and loss objectives, by failure; demands that a failure cuts off violate both."""
        from nettwin.performance.quantities import number, percent, seconds

        lines = []
        if self.max_delay_s is not None:
            lines += _above(answers["worst_delay_s"], self.max_delay_s, "failures raise a mean delay above", seconds)
        if self.max_loss_ratio is not None:
            lines += _above(answers["worst_loss_ratio"], self.max_loss_ratio, "failures make a demand lose more than", percent)
        if self.need_an_engine:
            lines += _above(n_newly_unreachable, 0, "failures cut off more demands than", number)
        return lines


def judge(view: "PerformanceView", objectives: Objectives, is_strict: bool = False) -> None:
    """Say what is violated or doubtful and leave with its exit code; return if all is well."""
    doubts = doubts_about(view) if is_strict else view.performance.doubts
    for line in doubts:
        note(f"nettwin: low confidence: {line}")
    leave_if_violated(objectives.violations(view))
    if is_strict and doubts:
        raise typer.Exit(ExitCode.LOW_CONFIDENCE)


def leave_if_violated(violations: list[str]) -> None:
    """Say what is violated and leave with exit code 1; return if nothing is."""
    for line in violations:
        note(f"nettwin: objective violated: {line}")
    if violations:
        raise typer.Exit(ExitCode.OBJECTIVE_VIOLATED)


def doubts_about(view: "PerformanceView") -> list[str]:
    """Why the answer should not be trusted blindly, in lines."""
    doubts = [*view.performance.doubts]
    is_trusted, interval = view.performance.is_trusted, view.performance.interval
    if is_trusted is not None and not is_trusted.all():
        doubts.append(f"{int((~is_trusted).sum())} of {len(is_trusted)} demands are outside what the engine knows")
    if interval is not None:
        mean = view.performance.demands.delay_s
        half_width = (interval.upper.delay_s - interval.lower.delay_s) / 2
        n_wide = int((half_width > WIDE_INTERVAL * mean).sum())
        if n_wide:
            what = f"the {interval.coverage:.0%} interval of the mean delay is wider than ±{WIDE_INTERVAL:.0%}"
            doubts.append(f"{what} for {n_wide} of {len(mean)} demands")
    return doubts


def _above(column: "pd.Series", limit: float, what: str, shown: Callable[[float], str]) -> list[str]:
    too_high = column[column > limit]
    if too_high.empty:
        return []
    worst = str(too_high.idxmax())
    return [f"{len(too_high)} {what} {shown(limit)}; worst {worst}: {shown(too_high[worst])}"]


def _unreachable(demands: "pd.DataFrame") -> list[str]:
    lost = demands.index[(demands["loss_ratio"] >= 1.0) & (demands["rate_bps"] > 0)]
    return [f"{len(lost)} demands are unreachable, {lost[0]} first"] if len(lost) else []
