"""What a report shows: answers with a label, and the metrics by which the map colours its links."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettwin.apps.tables import PerformanceView
from nettwin.performance.quantities import UNKNOWN, percent, seconds

UTILIZATION_LIMITS = (0.2, 0.5, 0.7, 0.9)
LOSS_LIMITS = (1e-6, 1e-3, 1e-2, 1e-1)
CHANGE_LIMITS = (-0.1, -0.01, 0.01, 0.1)
N_CLASSES = 5
DOWN, ABSENT = "down", "absent"


@dataclass(frozen=True, eq=False)
class Case:
    """One answer and what to call it. All cases of a report are about the same nodes; links are matched by id."""

    label: str
    view: PerformanceView


@dataclass(frozen=True)
class Metric:
    """How the map colours links: five classes, and for each case and link the class and the figure in words."""

    key: str
    label: str
    palette: str
    """``sequential`` or ``diverging``: names of the style sheet."""
    class_labels: tuple[str, ...]
    classes: tuple[tuple[str, ...], ...]  # [case][link] "0".."4", down or absent
    texts: tuple[tuple[str, ...], ...]  # [case][link]


def metrics(cases: Sequence[Case], link_ids: list[str]) -> list[Metric]:
    """Utilization, loss, time at the port, and with several cases the change of utilization against the first."""
    utilization = [_column(case, "utilization", link_ids) for case in cases]
    loss = [_column(case, "loss_ratio", link_ids) for case in cases]
    port = [_port_delay_s(case, link_ids) for case in cases]
    states = [_states(case, link_ids) for case in cases]
    found = [
        _metric("utilization", "Utilization", utilization, UTILIZATION_LIMITS, states),
        _metric("loss", "Loss", loss, LOSS_LIMITS, states),
    ]
    if limits := _delay_limits(port):
        found.append(_metric("port", "Delay at the port", port, limits, states))
    if len(cases) > 1:
        change = [column - utilization[0] for column in utilization]
        found.append(_metric("change", "Change of utilization", change, CHANGE_LIMITS, states))
    return found


def _metric(key: str, label: str, columns: Sequence[np.ndarray], limits: Sequence[float], states: Sequence[Sequence[str]]) -> Metric:
    shown = {"port": seconds, "change": points}.get(key, percent)
    return Metric(
        key=key,
        label=label,
        palette="diverging" if key == "change" else "sequential",
        class_labels=_class_labels(limits, shown),
        classes=tuple(tuple(_class(v, s, limits) for v, s in zip(c, state, strict=True)) for c, state in zip(columns, states, strict=True)),
        texts=tuple(tuple(s or shown(v) for v, s in zip(c, state, strict=True)) for c, state in zip(columns, states, strict=True)),
    )


def points(value: float) -> str:
    """A difference of two shares, in percentage points."""
    return f"{100 * value:+.1f} pp" if np.isfinite(value) else UNKNOWN


def _class_labels(limits: Sequence[float], shown: Callable[[float], str]) -> tuple[str, ...]:
    names = [shown(limit).replace(".0 ", " ") for limit in limits]
    middle = [f"{low} to {high}" for low, high in pairwise(names)]
    return (f"below {names[0]}", *middle, f"{names[-1]} and more")


def _class(value: float, state: str, limits: Sequence[float]) -> str:
    if state or not np.isfinite(value):
        return state or ABSENT
    return str(int(np.searchsorted(limits, value, side="right")))


def _column(case: Case, name: str, link_ids: list[str]) -> np.ndarray:
    return case.view.links[name].reindex(link_ids).to_numpy(dtype=float)


def _states(case: Case, link_ids: list[str]) -> list[str]:
    is_up = case.view.links["is_up"].to_dict()
    return [ABSENT if link not in is_up else "" if is_up[link] else DOWN for link in link_ids]


def _port_delay_s(case: Case, link_ids: list[str]) -> np.ndarray:
    """The slowest queue of each port: waiting and sending, without propagation."""
    slowest = case.view.queues.groupby("link")["delay_s"].max()
    return slowest.reindex(link_ids).to_numpy(dtype=float)


def _delay_limits(columns: Sequence[np.ndarray]) -> tuple[float, ...]:
    """Four limits, equal steps in the logarithm between the 10th and the 98th percentile; none without data."""
    values = np.concatenate(columns)
    values = values[np.isfinite(values) & (values > 0)]
    if len(values) < N_CLASSES:
        return ()
    low, high = np.quantile(values, [0.1, 0.98])
    limits = np.geomspace(low, max(high, low * 1.5), N_CLASSES + 1)[1:-1]
    return tuple(float(f"{limit:.2g}") for limit in limits)
