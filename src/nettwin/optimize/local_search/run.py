"""A search under way: sweeps under sharper and sharper prices until the fullest link meets the bound that the prices prove."""

import math
from dataclasses import dataclass, field

import numpy as np

from nettwin.optimize.budget import Clock
from nettwin.optimize.local_search.kernels import Prices, Scope, Ways, price, price_pairs, sweep
from nettwin.optimize.local_search.tables import Tables, copied, heaviest, without_slivers
from nettwin.optimize.local_search.taking_back import changed, take_back_below
from nettwin.scenario.arrays import FloatArray, IntArray

NAME = "local-search"
SOFTEST = 20.0
_SOFT_LARGE = 100.0
"""Where a large network begins: soft prices make every link count, and every demand that crosses it."""
_GROWTH, _GROWTH_LARGE = 1.5, 2.0
"""Of the sharpness; more patience proves better bounds."""
_STALL = 0.03
"""A sweep that lowers the smooth maximum by less than this share of its blur (1 / sharpness) stalls."""
_LARGE = 5_000_000
"""Operations to price all detours of two places; from so many on, a search begins with detours over one node, and looks at those
demands only that pay much."""
_LITTLE_AT_FIRST, _LITTLE = 1.0, 0.1
"""Relative to what demands pay on average."""
_UNPROVEN = 12
"""Sweeps of a large network before the next proof, which looks at all demands and takes as long as a few sweeps."""
_NEARLY = 5e-3
"""Relative distance to the bound of simple detours at which more of them are looked at."""
_OPERATIONS = 20_000_000
"""Of a compiled call, about 20 ms: a search can be interrupted between two."""
_IDLE, _IDLE_LARGE = 100, 30
"""Sweeps with the sharpest prices that neither lower the network nor raise the bound before they are softened again."""
_WORTH = 1e-2
"""Share of the gap; closing less of it is idle."""
_PATIENCE = 3
"""So many times the prices are softened again without a better network before the search gives up."""
_SLIVER, _ROUNDING = 1e-4, 1e-9
"""Share of a demand that is not worth a way of its own, and what its loss may add to a full link, relative."""
_GAIN = 1e-6
"""Relative; less is no better network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """When a search may end."""

    precision: float = 1e-4
    """It ends when the maximum utilization is proven to be this close to the least possible, relative."""
    enough: float = 0.0
    """It ends when no link is fuller than this."""
    slack: float = 0.0
    """Width of the classes, relative, within which fewer changes count more than a lower maximum utilization."""
    share: float = 1.0
    """Of the budget; the search ends when it is spent."""


@dataclass(eq=False)
class Run:
    """Changes the ways of its tables; ``best`` are the best ones so far."""

    tables: Tables
    clock: Clock
    aim: Aim
    max_depth: int
    sharpness: float = field(init=False)
    bound: float = 0.0
    stopped_by: str = ""
    best: Ways = field(init=False)
    top: float = field(init=False, default=math.inf)
    """Maximum utilization of the best."""
    proof: FloatArray = field(init=False)
    """[link] prices of utilization that prove the bound."""

    def __post_init__(self) -> None:
        network, n_nodes = self.tables.network, self.tables.problem.vectors.n_nodes
        self._rng, self._begun = np.random.default_rng(self.clock.budget.seed), spent(self.clock)
        self._pair, self._behind = (np.empty((n_nodes, n_nodes), dtype=np.float32) for _ in range(2))
        self._toll = np.empty(len(network.leg), dtype=np.float32)
        self._scopes = _scopes(n_nodes, len(network.leg), self.max_depth)
        self._is_large = self._scopes[0].floor > 0
        self._softest = _SOFT_LARGE if self._is_large else SOFTEST
        self._growth, self._idle = (_GROWTH_LARGE, _IDLE_LARGE) if self._is_large else (_GROWTH, _IDLE)
        self.sharpness = self._softest
        work = max(1, n_nodes * len(network.leg) * self._scopes[-1].depth)
        self._chunk, self._n_unproven = max(1, _OPERATIONS // work), 0
        self._sharpest = max(2 * _SOFT_LARGE, 0.3 * math.log(1 + len(network.capacity)) / self.aim.precision)
        self._n_softened, self._soft = 0, math.inf
        self._gap, self._n_idle = math.inf, 0
        self._sum = np.zeros(len(network.capacity))
        self.proof = np.full(len(network.capacity), 1.0 / max(1, len(network.capacity)))
        self.remember()

    @property
    def depth(self) -> int:
        """Most places of the detours that the bound is about."""
        return self._scopes[0].depth

    @property
    def is_complete(self) -> bool:
        """Whether the bound is about all detours that are allowed."""
        return len(self._scopes) == 1

    @property
    def scope(self) -> Scope:
        """Of a sweep now."""
        scope = self._scopes[0]
        return scope._replace(floor=scope.floor * self.utilization / max(1, len(self.tables.order)))

    @property
    def utilization(self) -> float:
        """Of the fullest link now."""
        return float((self.tables.ways.load / self.tables.network.capacity).max(initial=0.0))

    def to_the_end(self, share: float) -> None:
        """Sweep until this share of what was left at the start is spent, the optimum is proven or nothing improves any more."""
        self.stopped_by = ""
        while not self.stopped_by and spent(self.clock) < self._begun + share * (self.aim.share - self._begun):
            self.round()
        self.return_to(self.best)

    def round(self) -> None:
        """One sweep over all demands, and a new sharpness for the next."""
        self.stopped_by = self.clock.stopped_by
        if not len(self.tables.order) or self.top <= self.aim.enough:
            self.stopped_by = "optimum"
        if self.stopped_by:
            return
        prices = self.priced(self.sharpness)
        is_complete, paid = self._swept(prices)
        if is_complete and not self._is_large:
            self._prove(paid, prices.link)
        self._sum += prices.link
        self._n_unproven += 1
        self.remember()
        self._settle()
        self._sharpen()

    def remember(self) -> None:
        """Keep the network if it is the best so far."""
        top = self.utilization
        if top < self.top * (1 - _GAIN):
            self.top, self.best, self._n_softened = top, copied(self.tables.ways), 0
            self.clock.tell(NAME, self.top, self.bound or None)

    def return_to(self, ways: Ways) -> None:
        """Go on from other ways."""
        for mine, other in zip(self.tables.ways, ways, strict=True):
            mine[:] = other

    def narrow(self, n_ways: int, home: Ways) -> Ways:
        """Start again with the heaviest ways of each demand alone; returns the home in the same shape."""
        n_ways = max(1, n_ways, int(home.n_ways.max(initial=1)))
        self.tables = heaviest(self.tables, n_ways)
        self.top, self.sharpness, self._n_softened = math.inf, self._softest, 0
        self.remember()
        return home._replace(legs=home.legs[:, :n_ways].copy(), weight=home.weight[:, :n_ways].copy())

    @property
    def is_over(self) -> bool:
        """Whether all that may be spent is."""
        return bool(self.clock.stopped_by) or spent(self.clock) >= self.aim.share

    def priced(self, sharpness: float) -> Prices:
        """Prices for a sweep; they hold until the next ones are asked for."""
        link_price, top = price(self.tables.network, self.tables.ways.load, sharpness)
        return self._spread(link_price, sharpness, top)

    def polish(self, rows: IntArray, sharpness: float) -> None:
        """Sweep over some demands alone."""
        tables, may_move = self.tables, np.zeros(len(self.tables.order), dtype=np.bool_)
        may_move[rows] = True
        sources = np.unique(tables.demands.source[rows])
        self._rng.shuffle(sources)
        scope = self.scope._replace(floor=1e-300)  # passes over those that may not move
        sweep(tables.network, tables.demands._replace(may_move=may_move), tables.ways, self.priced(sharpness), sources, scope)
        self.clock.spend(len(rows))

    def _spread(self, link_price: FloatArray, sharpness: float, top: float) -> Prices:
        prices = Prices(self._pair, self._behind, self._toll, link_price, sharpness, top)
        price_pairs(self.tables.network, self.tables.problem.vectors.is_reachable, prices)
        return prices

    def _swept(self, prices: Prices) -> tuple[bool, float]:
        sources = self._rng.permutation(len(self._pair)).astype(np.int32)
        tables, scope, total = self.tables, self.scope, 0.0
        for first in range(0, len(sources), self._chunk):
            part = sources[first : first + self._chunk]
            paid, n_seen = sweep(tables.network, tables.demands, tables.ways, prices, part, scope)
            total += paid
            self.clock.spend(n_seen + len(part))
            if self.clock.stopped_by:
                return False, total
        return True, total

    @property
    def mean_price(self) -> FloatArray:  # [link] per unit of traffic
        """Of the sweeps since the prices became sharper."""
        total = float(self._sum @ self.tables.network.capacity)
        return self._sum / total if total > 0 else self.proof / self.tables.network.capacity

    def _prove(self, paid: float, link_price: FloatArray) -> None:
        """Lagrange: whatever the sharing, the fullest link is at least as full as the links on average, weighted by their prices."""
        bound = (paid + float(self.tables.problem.background_bps @ link_price)) * (1 - _GAIN)
        if bound > self.bound:
            self.bound, self.proof = bound, link_price * self.tables.network.capacity

    def _prove_by(self, link_price: FloatArray) -> None:
        """Work out the bound of other prices than those of a sweep: [link] per unit of traffic, times capacity they add up to 1."""
        tables = self.tables
        still = tables.demands._replace(may_move=np.zeros(len(tables.order), dtype=np.bool_))
        sources = np.arange(len(self._pair), dtype=np.int32)
        total, prices = 0.0, self._spread(link_price, SOFTEST, 1.0)
        for first in range(0, len(sources), self._chunk):
            paid, n_seen = sweep(
                tables.network, still, tables.ways, prices, sources[first : first + self._chunk], self._scopes[0]._replace(floor=0.0)
            )
            total += paid
            self.clock.spend(n_seen)
            if self.clock.stopped_by:
                return
        self._n_unproven = 0
        self._prove(total, link_price)

    def _settle(self) -> None:
        """Stop, or look at more detours, where the bound is met."""
        if self.is_complete and self.top <= self.bound * (1 + self.aim.precision):
            self.stopped_by = "optimum"
        elif not self.is_complete and self.top <= self.bound * (1 + (_NEARLY if self._is_large else self.aim.precision)):
            self._widen()

    def _widen(self) -> None:
        self._scopes = self._scopes[1:]
        self.bound, self.sharpness = 0.0, self.sharpness / self._growth
        if not self._is_large:
            self._prove_by(self.proof / self.tables.network.capacity)

    def _sharpen(self) -> None:
        """Sharper prices when the sweeps gain little."""
        utilization = self.tables.ways.load / self.tables.network.capacity
        top = float(utilization.max())
        blur = top / self.sharpness
        soft = top + blur * math.log(float(np.exp((utilization - top) / blur).sum()))
        has_stalled, self._soft = self._soft - soft < _STALL * blur, soft
        if not has_stalled or self.stopped_by:
            return
        self._soft = math.inf
        is_due = not self._is_large or self._n_unproven >= _UNPROVEN
        if is_due and self.bound < self.top * (1 - self.aim.precision):  # prices swing around those that prove most
            self._prove_by(self.mean_price)
            self._settle()
        self._sum[:] = 0.0
        if self.sharpness < self._sharpest:
            self.sharpness = min(self.sharpness * self._growth, self._sharpest)
        elif not self.is_complete:
            self._widen()
        elif self._is_idle():
            self._soften()

    def _is_idle(self) -> bool:
        gap = self.top - self.bound
        is_closer = gap < self._gap * (1 - _WORTH)
        self._gap, self._n_idle = (gap, 0) if is_closer else (self._gap, self._n_idle + 1)
        return self._n_idle >= self._idle

    def _soften(self) -> None:
        """Soft prices move traffic that sharp ones hold fast."""
        self._n_softened, self._n_idle = self._n_softened + 1, 0
        self.sharpness = self._softest * 2.0**self._n_softened
        if self._n_softened > _PATIENCE:
            self.stopped_by = "no improvement"


def _scopes(n_nodes: int, n_places: int, max_depth: int) -> list[Scope]:
    """What is looked at, the simplest detours first."""
    is_large = n_nodes * n_nodes * n_places * 2 > _LARGE
    floor = _LITTLE if is_large else 0.0
    first = [Scope(1, n_nodes, _LITTLE_AT_FIRST)] if is_large and max_depth >= 1 else []
    depths = range(min(2, max_depth), max_depth + 1)
    return [*first, *(Scope(depth, n_places, floor) for depth in depths)]


def spent(clock: Clock) -> float:
    """Share of the budget that is spent."""
    budget = clock.budget
    return max(clock.seconds / budget.seconds, clock.evaluations / (budget.evaluations or math.inf))


def spare_changes(run: Run, home: Ways) -> None:
    """Take back the changes that the best network does not need; small demands first, for most changes are theirs."""
    run.return_to(run.best)
    tables = run.tables
    limit = np.maximum(ceiling(run) * tables.network.capacity * (1 + _SLIVER / 10), tables.ways.load)
    rows = np.flatnonzero(changed(tables.ways, home))
    rows = rows[np.argsort(tables.demands.rate[rows], kind="stable")]
    take_back_below(tables.network, tables.demands, tables.ways, home, rows, limit)
    tidy = without_slivers(tables, changed(tables.ways, home), _SLIVER).ways
    if bool(np.all(tidy.load <= np.maximum(limit, tables.ways.load) * (1 + _ROUNDING))):
        run.return_to(tidy)
    run.top, run.best = run.utilization, copied(tables.ways)


def ceiling(run: Run) -> float:
    """The maximum utilization that is as good as the lowest: by the precision, by being enough, or by the width of its class."""
    aim, top = run.aim, run.top
    proven = run.bound * (1 + aim.precision) if run.is_complete else 0.0
    if not aim.slack or not top > 0:
        return max(top, proven, aim.enough)
    width = math.log1p(aim.slack)
    edge = math.exp((math.floor(math.log(top) / width + 0.5) + 0.5) * width) * (1 - _GAIN)  # as intents.preference draws them
    return max(top, proven, aim.enough, edge)
