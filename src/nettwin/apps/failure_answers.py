"""What an engine answers to every failure of a sweep: delay and loss, where loads alone say too little."""

from collections.abc import Callable

import pandas as pd

from nettwin.apps.sweep import SweepResult
from nettwin.apps.tables import PerformanceView
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor

Progress = Callable[[float], None]
_TOGETHER = 16
"""Failures asked about at once: some engines answer many for less than one by one."""


def failure_answers(result: SweepResult, predictor: Predictor, progress: Progress | None = None) -> pd.DataFrame:
    """One row per failure, in the order of the sweep: the network-wide figures, and which link and demand are worst."""
    rows: list[dict[str, float | str]] = []
    for start in range(0, len(result.failures), _TOGETHER):
        changed = [failure.change.apply(result.scenario) for failure in result.failures[start : start + _TOGETHER]]
        answers = predict_all(predictor, changed)
        rows += [_row(PerformanceView(scenario, answer)) for scenario, answer in zip(changed, answers, strict=True)]
        if progress is not None:
            progress(len(rows) / len(result.failures))
    return pd.DataFrame(rows, index=pd.Index([failure.id for failure in result.failures], name="failure", dtype=object))


def _row(view: PerformanceView) -> dict[str, float | str]:
    summary, links, demands = view.summary, view.links["utilization"], view.demands["delay_s"]
    return {
        "max_utilization": summary.max_utilization,
        "most_utilized_link": str(links.idxmax()) if links.notna().any() else "",
        "mean_delay_s": summary.mean_delay_s,
        "worst_delay_s": summary.worst_delay_s,
        "slowest_demand": str(demands.idxmax()) if demands.notna().any() else "",
        "loss_ratio": summary.loss_ratio,
        "worst_loss_ratio": float(view.demands.loc[demands.notna(), "loss_ratio"].max()) if demands.notna().any() else 0.0,
        "n_unreachable": summary.n_unreachable,
    }
