"""Search on arrays: sweeps under sharper and sharper prices until the fullest link meets the bound that the prices prove."""

import math
from dataclasses import dataclass, field

import numpy as np

from nettwin.intents.limits import Limits
from nettwin.optimize.budget import Clock
from nettwin.optimize.local_search.kernels import Prices, Ways, price, price_pairs, sweep
from nettwin.optimize.local_search.tables import Sharing, Tables
from nettwin.optimize.steering.detours import Steering
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.scenario.arrays import FloatArray

NAME = "local-search"
_SOFTEST = 20.0
_GROWTH = 1.5
_STALL = 0.03
"""A sweep that lowers the smooth maximum by less than this share of its blur (1 / sharpness) stalls."""
_DEPTH = 2
"""Places of a new detour to begin with: three pay rarely, and take half as long again."""
_OPERATIONS = 20_000_000
"""Of a compiled call, about 20 ms: a search can be interrupted between two."""
_PATIENCE = 3
"""So many times the prices are softened again without a better network before the search gives up."""
_GAIN = 1e-6
"""Relative; less is no better network."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """The best steering of a search."""

    steering: dict[int, Sharing]
    """Of the demands that do not simply go direct, by row of the traffic."""
    load_bps: FloatArray  # [link]
    max_utilization: float
    bound: float
    """No steering of the problem's demands over any segment lists of ``depth`` places has a lower maximum utilization."""
    depth: int
    price: FloatArray  # [link] of utilization, adds up to 1; they prove the bound
    stopped_by: str
    """``optimum``, ``deadline``, ``evaluations``, ``interrupt`` or ``no improvement``."""


def search(problem: SteeringProblem, start: Steering, limits: Limits, clock: Clock, precision: float = 1e-4) -> Found:
    """Lower the maximum utilization until it is within ``precision`` of the proven bound, or the clock stops.

    A number of changes and a maximum utilization, if the limits give them, are not looked at.
    """
    depth = min(_DEPTH, limits.max_segments)
    tables = Tables.of(problem, start, max(limits.max_splits, 1), max(limits.max_segments, 0))
    run = Run(tables, clock, precision, depth=depth, max_depth=limits.max_segments)
    run.to_the_end()
    return run.found()


@dataclass
class Run:
    """A search under way. Changes the ways of its tables."""

    tables: Tables
    clock: Clock
    precision: float
    depth: int
    max_depth: int
    sharpness: float = _SOFTEST
    bound: float = 0.0
    stopped_by: str = ""
    best: Ways = field(init=False)
    top: float = field(init=False, default=math.inf)
    proof: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        network, n_nodes = self.tables.network, self.tables.problem.vectors.n_nodes
        self._rng = np.random.default_rng(self.clock.budget.seed)
        self._pair = np.empty((n_nodes, n_nodes), dtype=np.float32)
        self._toll = np.empty(len(network.leg), dtype=np.float32)
        work = max(1, n_nodes * len(network.leg) * max(self.depth, 1))
        self._chunk = max(1, _OPERATIONS // work)
        self._sharpest = max(2 * _SOFTEST, math.log(1 + len(network.capacity)) / self.precision)
        self._n_softened, self._soft = 0, math.inf
        self.proof = np.full(len(network.capacity), 1.0 / max(1, len(network.capacity)))
        self.remember()

    def to_the_end(self) -> None:
        """Sweep until the clock stops, the optimum is proven or nothing improves any more."""
        while not self.stopped_by:
            self.round()

    def round(self) -> None:
        """One sweep over all demands, and a new sharpness for the next."""
        self.stopped_by = self.clock.stopped_by
        if self.stopped_by or not self._has_load():
            return
        prices, link_price = self._priced()
        is_complete, paid = self._swept(prices)
        if is_complete:
            self._prove(paid, link_price)
        self.remember()
        self._settle()
        self._sharpen()

    def remember(self) -> None:
        """Keep the network if it is the best so far."""
        top = self.utilization
        if top < self.top * (1 - _GAIN):
            self.top = top
            self.best = Ways(*(each.copy() for each in self.tables.ways))
            self._n_softened = 0
            self.clock.tell(NAME, self.top, self.bound or None)

    @property
    def utilization(self) -> float:
        """Of the fullest link now."""
        return float((self.tables.ways.load / self.tables.network.capacity).max(initial=0.0))

    def found(self) -> Found:
        """The best network so far."""
        best = Tables(self.tables.problem, self.tables.network, self.tables.demands, self.best, self.tables.order)
        return Found(
            steering=best.steering(),
            load_bps=self.best.load,
            max_utilization=self.top,
            bound=min(self.bound, self.top),
            depth=self.depth,
            price=self.proof,
            stopped_by=self.stopped_by,
        )

    def _has_load(self) -> bool:
        if len(self.tables.order) and self.utilization > 0:
            return True
        self.stopped_by = "optimum"
        return False

    def _priced(self) -> tuple[Prices, FloatArray]:
        network = self.tables.network
        link_price, top = price(network, self.tables.ways.load, self.sharpness)
        price_pairs(network, self.tables.problem.vectors.is_reachable, link_price, self._pair, self._toll)
        return Prices(self._pair, self._toll, link_price, self.sharpness, top), link_price

    def _swept(self, prices: Prices) -> tuple[bool, float]:
        sources = self._rng.permutation(len(self._pair)).astype(np.int32)
        tables, total = self.tables, 0.0
        for first in range(0, len(sources), self._chunk):
            part = sources[first : first + self._chunk]
            total += sweep(tables.network, tables.demands, tables.ways, prices, part, self.depth)[0]
            self.clock.spend(int(np.sum(tables.demands.first[part + 1] - tables.demands.first[part])))
            if self.clock.stopped_by:
                return False, total
        return True, total

    def _prove(self, paid: float, link_price: FloatArray) -> None:
        """Lagrange: whatever the sharing, the fullest link is at least as full as the links on average, weighted by their prices."""
        bound = (paid + float(self.tables.problem.background_bps @ link_price)) * (1 - _GAIN)
        if bound > self.bound:
            self.bound, self.proof = bound, link_price * self.tables.network.capacity

    def _settle(self) -> None:
        if self.top > self.bound * (1 + self.precision):
            return
        if self.depth == self.max_depth:
            self.stopped_by = "optimum"
        else:
            self.depth, self.bound, self.sharpness = self.depth + 1, 0.0, self.sharpness / _GROWTH

    def _sharpen(self) -> None:
        """Harder prices when the sweeps gain little; soft ones again when they are as hard as makes sense."""
        utilization = self.tables.ways.load / self.tables.network.capacity
        top = float(utilization.max())
        blur = top / self.sharpness
        soft = top + blur * math.log(float(np.exp((utilization - top) / blur).sum()))
        has_stalled, self._soft = self._soft - soft < _STALL * blur, soft
        if not has_stalled:
            return
        self._soft = math.inf
        self.sharpness *= _GROWTH
        if self.sharpness > self._sharpest:
            self._n_softened += 1
            self.sharpness = _SOFTEST * 2.0**self._n_softened
            if self._n_softened > _PATIENCE:
                self.stopped_by = self.stopped_by or "no improvement"
