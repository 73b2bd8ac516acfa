"""A first, rough solution for large problems: again and again a random part of the demands moves to what is cheapest for it.

Prices are the gradient of a smooth maximum of the utilizations, ln(sum exp(b u)) / b, which gets sharper with every round; the part
that moves is what lowers that most. The linear program then starts a few per cent from the optimum (on 150 to 200 nodes: a third of
the time), and the prices are a first bound.
"""

import numpy as np

from nettwin.optimize.budget import Clock
from nettwin.optimize.lp.generation import Oracle, Start, Ways
from nettwin.scenario.arrays import FloatArray, IntArray

_SHARPNESS = 10.0
"""Of the smooth maximum at first, relative to the maximum: it also counts links below that by a tenth."""
_GROWTH = 1.06
_PARTS = np.geomspace(0.003, 1.0, 30)
_PATIENCE = 4
"""Rounds without an improvement by ``_IMPROVEMENT`` before it ends."""
_IMPROVEMENT = 0.01
_MAX_ROUNDS = 60
_PAYS = 1e-9


LARGE = 2000
"""From this number of demands on it pays."""


def spread(oracle: Oracle, start: Start, clock: Clock) -> Start:
    """Demands that are split at the start stay as they are."""
    is_single = np.bincount(start.ways.demand) == 1
    way_is_single = is_single[start.ways.demand]
    rest = start.ways.usage[:, ~way_is_single] @ start.share[~way_is_single] + oracle.background
    responses = _Responses(oracle, start.ways.take(np.flatnonzero(way_is_single)), rest, np.random.default_rng(clock.budget.seed))
    while responses.improve(clock):
        pass
    responses.average(clock)
    split = np.flatnonzero(~way_is_single)
    ways = responses.best.and_also(start.ways.take(split))
    order = np.argsort(ways.demand, kind="stable")
    share = np.concatenate([np.ones(len(responses.best)), start.share[split]])
    return Start(ways.take(order), share[order], responses.price)


class _Responses:
    def __init__(self, oracle: Oracle, ways: Ways, rest: FloatArray, rng: np.random.Generator) -> None:
        self._oracle, self._rest, self._rng = oracle, rest, rng
        self._ways = self.best = ways
        self._utilization = self._load(ways)
        self._lowest = self._reference = float(self._utilization.max(initial=0.0))
        self.price, self._bound = np.full(len(rest), 1.0 / max(len(rest), 1)), -np.inf
        self._n_rounds = self._since = 0
        self._prices: list[FloatArray] = []

    def improve(self, clock: Clock) -> bool:
        """One round. False: it is time to end."""
        if self._since >= _PATIENCE or self._n_rounds >= _MAX_ROUNDS or clock.stopped_by or not self._lowest > 0:
            return False
        sharpness = _SHARPNESS * _GROWTH**self._n_rounds / float(self._utilization.max())
        price = _softmax(sharpness * self._utilization)
        self._prices.append(price)
        offered = self._ask(price, clock)
        saved = self._ways.price(price, 0.0) - offered.price(price, 0.0)
        pays = np.flatnonzero(saved > _PAYS * self._lowest / max(len(saved), 1))
        if len(pays):
            self._move(offered, pays, self._part(offered, pays, sharpness))
        self._n_rounds += 1
        return bool(len(pays))

    def average(self, clock: Clock) -> None:
        """Try the mean of the later prices: what multiplicative weights converge to is their mean, not the last ones."""
        if len(self._prices) > 1 and not clock.stopped_by:
            self._ask(np.mean(self._prices[len(self._prices) // 2 :], axis=0), clock)

    def _ask(self, price: FloatArray, clock: Clock) -> Ways:
        paid, ways = self._oracle.cheapest(price, 0.0)
        clock.spend(len(paid))
        bound = float(paid.sum() + price @ self._oracle.background)
        if bound > self._bound:
            self._bound, self.price = bound, price
        return ways.take(self._ways.demand)

    def _part(self, offered: Ways, pays: IntArray, sharpness: float) -> float:
        """Of those that save, how many should move."""
        change = np.asarray(offered.usage[:, pays].sum(axis=1) - self._ways.usage[:, pays].sum(axis=1)).ravel()
        after = sharpness * (self._utilization[:, None] + _PARTS[None, :] * change[:, None])
        top = after.max(axis=0)
        return float(_PARTS[int(np.argmin(top + np.log(np.exp(after - top).sum(axis=0))))])

    def _move(self, offered: Ways, pays: IntArray, part: float) -> None:
        moved = pays[self._rng.random(len(pays)) < part]
        chosen = np.arange(len(self._ways))
        chosen[moved] += len(chosen)
        self._ways = self._ways.and_also(offered).take(chosen)
        self._utilization = self._load(self._ways)
        maximum = float(self._utilization.max())
        if maximum < self._lowest:
            self._lowest, self.best = maximum, self._ways
        is_progress = self._lowest < self._reference * (1 - _IMPROVEMENT)
        self._reference = self._lowest if is_progress else self._reference
        self._since = 0 if is_progress else self._since + 1

    def _load(self, ways: Ways) -> FloatArray:
        return np.asarray(ways.usage.sum(axis=1)).ravel() + self._rest


def _softmax(values: FloatArray) -> FloatArray:
    weight = np.exp(values - values.max())
    return np.asarray(weight / weight.sum())
