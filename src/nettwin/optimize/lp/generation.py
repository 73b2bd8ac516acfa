"""Column generation: ways are invented where the prices of the links say that they pay, until a bound proves that none is missing.

Prices are smoothed towards those of the best bound (in-out separation: Wentges 1997; Pessoa, Sadykov, Uchoa & Vanderbeck 2018).
When many demands have left their base way for another, that becomes the base and the model is built anew without ways that do not
pay: it stays small (0.5 to 1 s instead of 28 to 124 s with a row for every demand on networks of 80 to 104 nodes).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csc_array, hstack

from nettwin.optimize.budget import Clock
from nettwin.optimize.lp.master import Aim, Master
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_SMOOTHING = 0.8
"""Weight of the best known prices. Between 0.5 and 0.9 it hardly matters; at 0 there are about 15 % more rounds."""
_ROWS_PER_LINK = 0.5
"""With more rows of demands than this many times the number of links, the model is built anew."""
_KEPT = 1e-3
"""Ways that cost this much more than the cheapest one of their demand, relative to the dearest base way, are forgotten then."""
_EXCESS = 1e-9
"""Shares below this are rounding."""
_PAYS = 1e-10
"""A way pays when it saves more than this, in units of the objective relative to its present value."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways of demands, and what each adds to the utilization of each link when it takes all of its demand."""

    demand: IntArray  # [way]
    key: IntArray  # [way, column] what the oracle calls it
    usage: csc_array  # [link, way]
    cost: FloatArray  # [way] when it takes all of its demand

    def __len__(self) -> int:
        return len(self.demand)

    def take(self, index: IntArray) -> "Ways":
        """Some of them."""
        return Ways(self.demand[index], self.key[index], csc_array(self.usage[:, index]), self.cost[index])

    def and_also(self, others: "Ways") -> "Ways":
        """These, then others."""
        width = max(self.key.shape[1], others.key.shape[1])
        keys = [_widened(ways.key, width) for ways in (self, others)]
        demand = np.concatenate([self.demand, others.demand])
        usage = csc_array(hstack([self.usage, others.usage], format="csc"))
        return Ways(demand, np.concatenate(keys), usage, np.concatenate([self.cost, others.cost]))

    def price(self, price: FloatArray, cost_price: float) -> FloatArray:  # [way]
        """What each pays for prices of utilization [link] and of cost."""
        return np.asarray(self.usage.T @ price + cost_price * self.cost)


NO_KEY = np.iinfo(np.int32).max
"""Fills the row of a key that is shorter than others."""


def _widened(key: IntArray, width: int) -> IntArray:
    wide = np.full((len(key), width), NO_KEY, dtype=np.int32)
    wide[:, : key.shape[1]] = key
    return wide


class Oracle(Protocol):
    """Knows every way there is."""

    @property
    def background(self) -> FloatArray:  # [link]
        """Utilization by what is not steered."""
        ...

    def cheapest(self, price: FloatArray, cost_price: float) -> tuple[FloatArray, Ways]:
        """What each demand's cheapest way pays for prices of utilization [link] and of cost, and the ways, one per demand in order."""
        ...


@dataclass(frozen=True, eq=False)
class Generated:
    """Shares of demands over ways, their value, and a proven bound on it."""

    shares: "Start"
    value: float
    bound: float
    price: FloatArray  # [link] of utilization, that proves the bound
    is_optimal: bool
    n_rounds: int


@dataclass(frozen=True, eq=False)
class Start:
    """Shares to begin with: of each demand at least one way."""

    ways: Ways
    share: FloatArray  # [way]
    price: FloatArray | None = None  # [link]
    """Prices of utilization, adding up to 1, that prove a bound on its maximum."""

    @classmethod
    def at(cls, base: Ways) -> "Start":
        """All of every demand on one way each."""
        return cls(base, np.ones(len(base)))


def generate(oracle: Oracle, start: Start, clock: Clock, aim: Aim = Aim(), tell: Callable[[float, float], None] | None = None) -> Generated:
    """The best shares found from a start, until the optimum is proven or the clock stops."""
    search = _Search(oracle, start, aim)
    if start.price is not None and aim.ceiling is None and aim.budget is None:
        search.center_on(start.price, clock)
    while search.solve(clock) and search.invent(clock):
        if tell:
            tell(search.value, search.bound)
    return search.result()


@dataclass(frozen=True, eq=False)
class _Prices:
    link: FloatArray  # [link]
    cost: float

    def towards(self, other: "_Prices") -> "_Prices":
        """Smoothed: mostly the other."""
        link = _SMOOTHING * other.link + (1 - _SMOOTHING) * self.link
        return _Prices(link, _SMOOTHING * other.cost + (1 - _SMOOTHING) * self.cost)


class _Search:
    _base: Ways
    _ways: Ways
    _master: Master

    def __init__(self, oracle: Oracle, start: Start, aim: Aim) -> None:
        self._oracle, self._aim = oracle, aim
        self._set_up(start.ways, start.share, np.ones(len(start.ways), dtype=np.bool_))
        self.value, self.bound = self._value(), -np.inf
        self._centre: _Prices | None = None
        self._is_optimal, self._n_rounds = False, 0

    def center_on(self, price: FloatArray, clock: Clock) -> None:
        """Prices and a bound to begin with."""
        self._ask(_Prices(price, 0.0), clock)

    def solve(self, clock: Clock) -> bool:
        """Solve the master; build it anew when it has become large."""
        if not self._master.solve(lambda: clock.stopped_by):
            return False
        self.value = self._value()
        if self._master.n_rows_of_demands > _ROWS_PER_LINK * self._base.usage.shape[0]:
            self._rebase()
            return self._master.solve(lambda: clock.stopped_by)
        return True

    def invent(self, clock: Clock) -> bool:
        """Add the ways that pay most. False: none does, or the bound is near enough."""
        self._n_rounds += 1
        prices = self._prices
        for asked in (prices,) if self._centre is None else (prices.towards(self._centre), prices):
            ways = self._ask(asked, clock)
            if self.value - max(self.bound, self._aim.target) <= self._aim.tolerance * abs(self.value):
                self._is_optimal = True
                return False
            saved = self._cheapest_known() - ways.price(prices.link, prices.cost)
            pays = np.flatnonzero(saved > _PAYS * max(abs(self.value), _PAYS))
            if len(pays):
                self._add(ways.take(pays[np.argsort(-saved[pays], kind="stable")[: self._base.usage.shape[0]]]))
                return True
        self._is_optimal = True
        return False

    def result(self) -> Generated:
        """The ways with a share."""
        every, shares = self._everything()
        used = np.flatnonzero(shares > _EXCESS)
        used = used[np.argsort(every.demand[used], kind="stable")]
        kept = shares[used]
        kept = kept / np.bincount(every.demand[used], weights=kept)[every.demand[used]]
        price = self._prices.link if self._centre is None else self._centre.link
        return Generated(Start(every.take(used), kept), self.value, self.bound, price, self._is_optimal, self._n_rounds)

    @property
    def _prices(self) -> _Prices:
        return _Prices(self._master.price, self._master.cost_price)

    def _everything(self) -> tuple[Ways, FloatArray]:
        """Base ways, then the others, and the shares of all."""
        stays = 1.0 - np.bincount(self._ways.demand, weights=self._master.share, minlength=len(self._base))
        return self._base.and_also(self._ways), np.concatenate([np.maximum(stays, 0.0), self._master.share])

    def _value(self) -> float:
        if self._aim.ceiling is None:
            return self._master.maximum
        more = self._ways.cost - self._base.cost[self._ways.demand]
        return float(self._base.cost.sum() + more @ self._master.share)

    def _ask(self, prices: _Prices, clock: Clock) -> Ways:
        """The cheapest ways, and the bound that they prove: the value of the Lagrangian at these prices."""
        paid, ways = self._oracle.cheapest(prices.link, prices.cost)
        clock.spend(len(paid))
        bound = float(paid.sum() + prices.link @ self._oracle.background)
        if self._aim.budget is not None:
            bound -= (prices.cost - float(self._aim.ceiling is not None)) * self._aim.budget
        total = float(prices.link.sum())
        bound = bound - self._aim.ceiling * total if self._aim.ceiling is not None else bound / max(total, 1e-300)
        if self._centre is None or bound > self.bound:
            self.bound, self._centre = bound, prices
        return ways

    def _cheapest_known(self) -> FloatArray:  # [demand]
        prices = self._prices
        best = self._base.price(prices.link, prices.cost)
        np.minimum.at(best, self._ways.demand, self._ways.price(prices.link, prices.cost))
        return best

    def _add(self, added: Ways) -> None:
        self._master.add(csc_array(added.usage - self._base.usage[:, added.demand]), added.demand, added.cost)
        self._ways = self._ways.and_also(added)

    def _rebase(self) -> None:
        """Make the way with most of a demand its base; keep the ways that are used or nearly pay."""
        prices = self._prices
        every, shares = self._everything()
        paid, known = every.price(prices.link, prices.cost), self._cheapest_known()
        is_near = paid <= known[every.demand] + _KEPT * float(paid.max(initial=0.0))
        is_near[: len(self._base)] = False
        self._set_up(every, shares, is_near | (shares > _EXCESS))

    def _set_up(self, every: Ways, share: FloatArray, is_kept: BoolArray) -> None:
        """A model with the way that has most of a demand as its base, and the others that are kept."""
        order = np.lexsort((share, every.demand))  # of each demand, the largest share comes last
        base = order[np.flatnonzero(np.diff(every.demand[order], append=-1))]
        others = is_kept.copy()
        others[base] = False
        self._base = every.take(base)
        self._ways = self._base.take(np.empty(0, dtype=np.int64))
        utilization = np.asarray(self._base.usage.sum(axis=1)).ravel() + self._oracle.background
        self._master = Master(utilization, self._base.cost, self._aim)
        self._add(every.take(np.flatnonzero(others)))
        self._master.share = share[others]  # feasible already: nothing is lost if the clock stops now
