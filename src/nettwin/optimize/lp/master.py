"""A restricted master problem in a live HiGHS model: how to share demands among known ways.

    minimize  t                          subject to   utilization_l + sum_j change_lj x_j <= t  for each link l,
    (or the cost of the ways, t given)                sum of x_j of one demand <= 1,   x >= 0   (and the cost <= a budget)

Every demand has a base way, and x_j is the share that leaves it for way j. So a demand needs a row of its own only when it would
leave its base by more than all of itself: such rows are added when they are violated (generalized upper bounds; Dantzig & Van Slyke
1967), and the basis stays about as large as the number of links, however many demands there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from nettwin.errors import MissingDependencyError
from nettwin.scenario.arrays import FloatArray, IntArray

_EXCESS = 1e-9
"""Shares above 1 by less than this are rounding of the simplex method."""
_SLICE = 300_000
"""Simplex iterations between two looks at the clock, times the number of links: a number, not a time, so that equal problems take
equal steps. About a quarter of a second."""
_NO_INDEX = np.empty(0, dtype=np.int32)
_NO_VALUE = np.empty(0)


@dataclass(frozen=True, slots=True)
class Aim:
    """What is minimized: the maximum utilization; or, where that has a ceiling, the cost of the ways."""

    ceiling: float | None = None
    """Most utilization of any link; with it, the cost is minimized."""
    budget: float | None = None
    """Most total cost of the ways."""
    tolerance: float = 1e-4
    """Relative gap between value and bound that counts as the optimum."""
    target: float = 0.0
    """A bound that is known from elsewhere: the search ends when it is reached."""


class Master:
    """The live model. Columns and rows are only added."""

    def __init__(self, base_utilization: FloatArray, base_cost: FloatArray, aim: Aim = Aim()) -> None:
        self._highs = quiet_highs(max(50, _SLICE // max(len(base_utilization), 1)))
        self._infinity = self._highs.getInfinity()
        self._n_links = n = len(base_utilization)
        self._n_rows = n + (aim.budget is not None)
        self._base_cost, self._aim = base_cost, aim  # [demand]
        self._row_of = np.full(len(base_cost), -1, dtype=np.int64)
        self.owner = np.empty(0, dtype=np.int64)  # [column] demand
        self.share = _NO_VALUE  # [column]
        self.price = np.full(n, 1.0 / max(n, 1))  # [link], of utilization
        self.cost_price = float(aim.ceiling is not None)
        self.maximum = float(base_utilization.max(initial=0.0)) if aim.ceiling is None else aim.ceiling
        bounds = (0.0, self._infinity) if aim.ceiling is None else (aim.ceiling, aim.ceiling)
        self._highs.addCol(float(aim.ceiling is None), *bounds, 0, _NO_INDEX, _NO_VALUE)
        ends = np.full(n, -self._infinity), -base_utilization
        self._highs.addRows(n, *ends, n, np.arange(n, dtype=np.int32), np.zeros(n, dtype=np.int32), np.full(n, -1.0))
        if aim.budget is not None:
            self._highs.addRow(-self._infinity, aim.budget - float(base_cost.sum()), 0, _NO_INDEX, _NO_VALUE)

    @property
    def n_rows_of_demands(self) -> int:
        return int(np.sum(self._row_of >= 0))

    def add(self, change: csc_array, owner: IntArray, cost: FloatArray) -> None:
        """Ways of demands: what each changes in utilization [link, way], and its cost, when its demand moves there altogether."""
        n = len(owner)
        more = cost - self._base_cost[owner]
        own = np.flatnonzero(self._row_of[owner] >= 0)
        rows = self._row_of[owner[own]] - self._n_rows
        parts = [change, csc_array((np.ones(len(own)), (rows, own)), shape=(self.n_rows_of_demands, n))]
        if self._aim.budget is not None:
            parts.insert(1, csc_array(more[None, :]))
        entries = csc_array(vstack(parts, format="csc"))
        starts, index = entries.indptr[:-1].astype(np.int32), entries.indices.astype(np.int32)
        price = np.zeros(n) if self._aim.ceiling is None else more
        self._highs.addCols(n, price, np.zeros(n), np.ones(n), entries.nnz, starts, index, entries.data)
        self.owner = np.concatenate([self.owner, owner])
        self.share = np.concatenate([self.share, np.zeros(n)])

    def solve(self, must_stop: Callable[[], str]) -> bool:
        """Work out shares, link prices and the maximum. False: stopped before the optimum (or there is none), nothing has changed."""
        while self._run(must_stop):
            solution = self._highs.getSolution()
            values = np.array(solution.col_value)
            if not self._add_violated(values[1:]):
                self.share = np.clip(values[1:], 0.0, 1.0)
                dual = np.maximum(-np.array(solution.row_dual), 0.0)
                self.price = dual[: self._n_links]
                if self._aim.budget is not None:
                    self.cost_price = float(self._aim.ceiling is not None) + float(dual[self._n_links])
                self.maximum = float(values[0])
                return True
        return False

    def _run(self, must_stop: Callable[[], str]) -> bool:
        from highspy import HighsModelStatus

        while not must_stop():
            self._highs.run()
            status = self._highs.getModelStatus()
            if status != HighsModelStatus.kIterationLimit:
                return bool(status == HighsModelStatus.kOptimal)
        return False

    def _add_violated(self, share: FloatArray) -> bool:
        moved = np.bincount(self.owner, weights=share, minlength=len(self._row_of))
        violated = np.flatnonzero((moved > 1.0 + _EXCESS) & (self._row_of < 0))
        n = len(violated)
        if not n:
            return False
        rank = np.full(len(self._row_of), -1, dtype=np.int64)
        rank[violated] = np.arange(n)
        column = np.flatnonzero(rank[self.owner] >= 0)
        rows = csr_array((np.ones(len(column)), (rank[self.owner[column]], column + 1)), shape=(n, len(self.owner) + 1))
        self._row_of[violated] = self._n_rows + self.n_rows_of_demands + np.arange(n)
        entries = rows.nnz, rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), rows.data
        self._highs.addRows(n, np.full(n, -self._infinity), np.ones(n), *entries)
        return True


def quiet_highs(max_iterations: int = 2**31 - 1) -> Any:
    """A model without output, on one thread. Raises MissingDependencyError."""
    try:
        from highspy._core import _Highs  # what highspy.Highs extends: that one prints a banner before it can be told not to
    except ImportError as missing:
        raise MissingDependencyError("linear programs need highspy", hint="pip install 'nettwin[optimize]'") from missing
    highs = _Highs()
    options: dict[str, bool | int | str] = {"output_flag": False, "threads": 1, "random_seed": 0, "presolve": "off", "solver": "simplex"}
    for option, value in {**options, "simplex_iteration_limit": max_iterations}.items():
        highs.setOptionValue(option, value)
    return highs
