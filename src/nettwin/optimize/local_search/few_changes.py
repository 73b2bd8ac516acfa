"""At most so many demands steered anew: the changes that cost least are taken back, then some are exchanged for more promising ones."""

from dataclasses import dataclass

import numpy as np

from nettwin.optimize.local_search.kernels import Ways, savings
from nettwin.optimize.local_search.run import Run
from nettwin.optimize.local_search.tables import copied
from nettwin.optimize.local_search.taking_back import changed, losses, take_all_back
from nettwin.scenario.arrays import IntArray

_SHARPNESS = 100.0
"""While changes are chosen: links within a few percent of the fullest count too, for they are the next to be full."""
_DROP = 0.2
"""Share of the changes that are taken back at a time."""
_SWEEPS = 6
_SHARPENED = 4
"""Times that the prices get twice as sharp once the changes are chosen."""
_EXCHANGE = 0.2
"""Most that is exchanged at a time, as a share of the allowed changes."""
_PATIENCE = 150
"""Exchanges without a better network before the search gives up."""


def few_changes(run: Run, home: Ways, most: int) -> None:
    """Turn the best network of a run into one that steers at most ``most`` demands otherwise than at home."""
    search = _FewChanges(run, home, most, np.random.default_rng(run.clock.budget.seed))
    run.return_to(run.best)
    rows = search.changed()
    if len(rows) <= most:
        return
    search.shrink(rows)
    run.top, run.best = run.utilization, copied(run.tables.ways)
    search.exchange()


def fewest_changes(run: Run, home: Ways, ceiling: float) -> None:
    """Take back as many changes of the best network of a run as a maximum utilization up to the ceiling allows."""
    search = _FewChanges(run, home, 0, np.random.default_rng(run.clock.budget.seed))
    run.return_to(run.best)
    search.lessen(ceiling)
    run.return_to(run.best)


@dataclass(eq=False)
class _FewChanges:
    run: Run
    home: Ways
    most: int
    rng: np.random.Generator

    def changed(self) -> IntArray:
        return np.flatnonzero(changed(self.run.tables.ways, self.home))

    def shrink(self, rows: IntArray) -> None:
        """Take back the changes that cost least, a part at a time, and make the best of the others."""
        while len(rows) > self.most:
            n_gone = min(len(rows) - self.most, max(1, int(_DROP * len(rows))))
            if self.run.is_over:
                n_gone = len(rows) - self.most
            order = np.argsort(self._losses(rows), kind="stable")
            self._take_back(rows[order[:n_gone]])
            rows = np.sort(rows[order[n_gone:]])
            self._polish(rows, _SWEEPS)
        rows = self.changed()
        for doubling in range(_SHARPENED):
            self._polish(rows, _SWEEPS, _SHARPNESS * 2.0**doubling)

    def lessen(self, ceiling: float) -> None:
        """Shrink by a part, by a smaller one where that is too much."""
        run, part = self.run, _DROP
        rows = self.changed()
        while len(rows) and not run.is_over:
            n_gone = max(1, int(part * len(rows)))
            self.most = len(rows) - n_gone
            self.shrink(rows)
            if run.utilization <= ceiling:
                run.top, run.best, rows = run.utilization, copied(run.tables.ways), self.changed()
                continue
            run.return_to(run.best)
            if n_gone == 1:
                return
            part /= 2

    def exchange(self) -> None:
        """Let others change too, then take back what costs least; until the clock stops or it does not help any more."""
        run, n_idle = self.run, 0
        while not run.is_over and n_idle < _PATIENCE and self.most:
            rows = self.changed()
            self.shrink(np.union1d(rows, self._promising(rows)))
            before = run.top
            run.remember()
            n_idle = 0 if run.top < before else n_idle + 1
            if run.top == before and self.rng.random() < 0.5:
                run.return_to(run.best)
        run.return_to(run.best)
        run.stopped_by = run.clock.stopped_by or "no improvement"

    def _promising(self, rows: IntArray) -> IntArray:
        """Demands at home that would gain most by a detour, after the prices of now."""
        run = self.run
        saved = savings(run.tables.network, run.tables.demands, run.tables.ways, run.priced(_SHARPNESS), run.scope)
        run.clock.spend(len(saved))
        saved[rows] = 0.0
        saved *= self.rng.uniform(0.5, 1.0, len(saved))
        n = 1 + int(self.rng.random() * _EXCHANGE * self.most)
        chosen = np.argsort(-saved, kind="stable")[:n]
        chosen = chosen[saved[chosen] > 0]
        self._polish(np.union1d(rows, chosen), _SWEEPS)
        return np.asarray(chosen)

    def _losses(self, rows: IntArray) -> IntArray:
        tables, run = self.run.tables, self.run
        steepness = _SHARPNESS / (run.utilization * tables.network.capacity)
        run.clock.spend(len(rows))
        return np.asarray(losses(tables.network, tables.demands, tables.ways, self.home, rows, steepness))

    def _take_back(self, rows: IntArray) -> None:
        tables = self.run.tables
        take_all_back(tables.network, tables.demands, tables.ways, self.home, rows)

    def _polish(self, rows: IntArray, n_sweeps: int, sharpness: float = _SHARPNESS) -> None:
        for _ in range(n_sweeps):
            if self.run.is_over or not len(rows):
                return
            self.run.polish(rows, sharpness)
