"""IGP metrics that lower the maximum utilization: simulated annealing over single metrics, as far as they carry traffic elsewhere."""

from dataclasses import dataclass, field

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.controlplane.itineraries import plan_itineraries
from nettwin.controlplane.kernels import columns_of
from nettwin.controlplane.loads import entering_flows
from nettwin.optimize.budget import Clock
from nettwin.optimize.local_search.metric_kernels import Igp, Routes, restore, try_metrics
from nettwin.optimize.local_search.run import NAME, spent
from nettwin.scenario import Scenario, ShortestPaths
from nettwin.scenario.arrays import FloatArray

_TRIALS = 200
"""Metrics tried per compiled call."""
_LARGEST = 65_535.0
"""The largest metric of OSPF (RFC 2328); a network with larger ones keeps to its own largest."""
_SHARPNESS = 60.0
_EXACT = 1e6
"""Sharpness at which the fullest link alone counts."""
_HOT, _COLD = 3e-3, 1e-5
"""Temperatures, relative to the maximum utilization."""
_ROUND = 15_000
"""Trials from hot to cold."""
_PATIENCE = 6
"""Rounds without a better network before the search gives up."""


@dataclass(frozen=True, eq=False)
class Metrics:
    """The best metrics found."""

    metric: FloatArray  # [link]
    max_utilization: float
    stopped_by: str


def search_metrics(scenario: Scenario, clock: Clock, share: float, enough: float, most_changes: int | None = None) -> Metrics:
    """Metrics under which the fullest link is as empty as could be found; until a share of the budget is spent or it is empty enough.

    Demands keep their segment policies and explicit paths. Nothing changes where a fixed table forwards.
    """
    annealing = _Annealing(scenario, clock, most_changes)
    if not annealing.can_search:
        return Metrics(annealing.best, annealing.top, "no improvement")
    n_idle = 0
    while spent(clock) < share and not clock.stopped_by and annealing.top > enough and n_idle < _PATIENCE:
        before = annealing.top
        annealing.cool(share)
        n_idle = 0 if annealing.top < before else n_idle + 1
    annealing.spare()
    return Metrics(annealing.best, annealing.top, clock.stopped_by or ("optimum" if annealing.top <= enough else "no improvement"))


@dataclass(eq=False)
class _Annealing:
    scenario: Scenario
    clock: Clock
    most_changes: int | None
    best: FloatArray = field(init=False)
    top: float = field(init=False)

    def __post_init__(self) -> None:
        forwarding, topology = forwarding_of(self.scenario), self.scenario.topology
        flow, self._fixed = entering_flows(plan_itineraries(self.scenario, forwarding), self.scenario.traffic.rate_bps, forwarding)
        graph, base, n = columns_of(forwarding.graph), self.scenario.policy.base, topology.n_nodes
        metric = graph.metric.astype(np.float64)
        is_whole = bool(np.all(metric == np.floor(metric)))
        self._igp = Igp(
            graph._replace(metric=metric.copy()),
            topology.capacity_bps,
            flow,
            metric,
            unit=1.0 if is_whole else float(metric[metric > 0].min(initial=1.0)) / 100,
            largest=max(_LARGEST, float(metric.max(initial=0.0))),
            tolerance=forwarding.graph.tolerance,
            has_ecmp=isinstance(base, ShortestPaths) and base.has_ecmp,
        )
        self._routes = Routes(np.empty((n, n)), np.empty((n, topology.n_links)), np.empty(topology.n_links))
        self._rng = np.random.default_rng(self.clock.budget.seed)
        self.best, self.top = metric.copy(), np.inf
        self._return(metric)
        self._remember()

    @property
    def can_search(self) -> bool:
        return isinstance(self.scenario.policy.base, ShortestPaths) and self.top > 0

    def cool(self, share: float) -> None:
        """One round from hot to cold, from the best metrics so far."""
        self._return(self.best)
        n_calls = _ROUND // _TRIALS
        most = self._igp.capacity.size if self.most_changes is None else self.most_changes
        for call in range(n_calls):
            if self.clock.stopped_by or spent(self.clock) >= share:
                return
            temperature = _HOT * (_COLD / _HOT) ** (call / max(1, n_calls - 1))
            try_metrics(self._igp, self._routes, self._rng.random((_TRIALS, 10)), _SHARPNESS, temperature, most)
            self.clock.spend(_TRIALS)
            self._remember()

    def spare(self) -> None:
        """Take back the metrics that the best network does not need, the same way that others are tried."""
        self._return(self.best)
        changed = np.flatnonzero(self.best != self._igp.home)
        chances = np.zeros((len(changed), 10))
        chances[:, 4], chances[:, 5] = 1.0, (changed + 0.5) / len(self.best)
        try_metrics(self._igp, self._routes, chances, _EXACT, 0.0, len(self.best))
        top = float((self._routes.load / self._igp.capacity).max(initial=0.0))
        if top <= self.top * (1 + 1e-9):
            self.best, self.top = self._igp.graph.metric.copy(), top

    def _return(self, metric: FloatArray) -> None:
        restore(self._igp, self._routes, self._fixed, metric)

    def _remember(self) -> None:
        top = float((self._routes.load / self._igp.capacity).max(initial=0.0))
        if top < self.top * (1 - 1e-9):
            self.best, self.top = self._igp.graph.metric.copy(), top
            self.clock.tell(NAME, top)
