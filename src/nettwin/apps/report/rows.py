"""The report's tables: headers, cells as people read them, and the figures by which they sort."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nettwin.apps.report.cases import Case
from nettwin.performance.quantities import quantity
from nettwin.scenario.arrays import FloatArray

_NOTHING = 1e-9
MAX_ROWS = 1000
"""More than this is not for reading; the command line writes all rows as CSV or Parquet."""
LINK_FIGURES = (("utilization", "utilization"), ("loss_ratio", "loss"))
DEMAND_FIGURES = (("delay_s", "delay"), ("port_delay_s", "at the ports"), ("delay_p99_s", "p99 delay"), ("loss_ratio", "loss"))
SHORT_DEMAND_FIGURES = (("delay_s", "delay"), ("port_delay_s", "at the ports"), ("loss_ratio", "loss"))


@dataclass(frozen=True, slots=True)
class Cell:
    """What is shown and what is sorted by."""

    text: str
    value: float | str


@dataclass(frozen=True)
class ReportTable:
    """One sortable table."""

    key: str
    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]  # id and cells


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    header: str
    table: pd.DataFrame

    def values(self, ids: "pd.Index[Any]") -> FloatArray:
        return self.table[self.name].reindex(ids).to_numpy(float)


def link_rows(cases: Sequence[Case]) -> ReportTable:
    """All links, the most utilized of the last case first."""
    tables = [case.view.links for case in cases]
    return _table("links", "Links", [_Column("capacity_bps", "capacity", tables[0]), *_columns(cases, tables, LINK_FIGURES)])


def demand_rows(cases: Sequence[Case]) -> ReportTable:
    """All demands, the unreachable and the slowest of the last case first."""
    tables = [case.view.demands for case in cases]
    figures = DEMAND_FIGURES if len(cases) <= 2 else SHORT_DEMAND_FIGURES
    return _table("demands", "Demands", [_Column("rate_bps", "rate", tables[0]), *_columns(cases, tables, figures)])


def _columns(cases: Sequence[Case], tables: Sequence[pd.DataFrame], figures: Sequence[tuple[str, str]]) -> list[_Column]:
    """One column per figure and case; a figure that is zero or unknown everywhere is left out."""
    labels = [f", {case.label}" if len(cases) > 1 else "" for case in cases]
    shown = [(name, word) for name, word in figures if any((table[name].abs() > _NOTHING).any() for table in tables)]
    return [_Column(name, f"{word}{label}", table) for name, word in shown for label, table in zip(labels, tables, strict=True)]


def _table(key: str, caption: str, columns: Sequence[_Column]) -> ReportTable:
    ids = _worst_first(columns)
    values = [column.values(ids) for column in columns]
    n_kept = min(len(ids), MAX_ROWS)
    note = f" ({len(ids)})" if n_kept == len(ids) else f" (the worst {n_kept} of {len(ids)})"
    rows = tuple(
        (str(ids[i]), tuple(_cell(column.name, float(v[i])) for column, v in zip(columns, values, strict=True))) for i in range(n_kept)
    )
    return ReportTable(key, caption + note, (key[:-1], *(column.header for column in columns)), rows)


def _worst_first(columns: Sequence[_Column]) -> "pd.Index[Any]":
    """In the last case: what is lost wholly first, then by the first figure; what nothing is known of comes last."""
    ids = columns[0].table.index
    for column in columns[1:]:
        ids = ids.union(column.table.index, sort=False)
    if len(columns) == 1:
        return ids
    chief = [column for column in columns if column.name == columns[1].name][-1]
    is_lost = chief.table["loss_ratio"].reindex(ids).to_numpy(float) >= 1.0
    known = np.nan_to_num(chief.values(ids), nan=-math.inf)
    return ids[np.lexsort((-known, ~is_lost))]


def _cell(column: str, value: float) -> Cell:
    return Cell(quantity(column, value), value if math.isfinite(value) else -1.0)
