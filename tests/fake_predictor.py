"""A predictor so simple that its answers can be checked by hand, and a network of three nodes to ask it about."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.changes.timeline import phases
from nettwin.controlplane import route
from nettwin.performance import (
    QUANTILE_LEVELS,
    DemandPerformance,
    Interval,
    LinkPerformance,
    Performance,
    PerformanceSeries,
    QueuePerformance,
)
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

CAPACITY_BPS = 1e6


@dataclass(frozen=True)
class FakePredictor:
    """Utilization is offered load; delay is one millisecond per link plus one per ten percent of utilization on the way."""

    half_width_s: float | None = None
    n_untrusted: int = 0
    name: str = "fake"

    def predict(self, scenario: Scenario) -> Performance:
        topology, traffic, routing = scenario.topology, scenario.traffic, route(scenario)
        utilization = routing.link_load_bps(traffic.rate_bps, topology.n_links) / topology.capacity_bps
        per_hop_s = 1e-3 + 1e-2 * utilization
        weights = routing.path_share[routing.hop_path] * per_hop_s[routing.hop_link]
        delay_s = np.bincount(routing.hop_demand, weights=weights, minlength=traffic.n_demands).astype(float)
        delay_s[routing.routed_share == 0] = np.nan
        demands = replace(
            DemandPerformance.unknown(traffic.n_demands),
            delay_s=delay_s,
            delay_quantiles_s=delay_s[:, None] * (1 + np.array(QUANTILE_LEVELS)),
            loss_ratio=1 - routing.routed_share,
            offered_bps=traffic.rate_bps,
            throughput_bps=traffic.rate_bps * routing.routed_share,
        )
        return Performance(
            demands=demands,
            queues=replace(QueuePerformance.unknown(topology.n_queues), delay_s=per_hop_s[topology.queues.link]),
            links=LinkPerformance(
                utilization=utilization, loss_ratio=np.zeros(topology.n_links), throughput_bps=utilization * topology.capacity_bps
            ),
            interval=self._interval(demands),
            is_trusted=np.arange(traffic.n_demands) >= self.n_untrusted if self.n_untrusted else None,
            engine=self.name,
        )

    def predict_timeline(self, timeline) -> PerformanceSeries:
        answer = self.predict(phases(timeline)[0].scenario)
        return PerformanceSeries(window_edges_s=np.array([0.0, 1.0, 2.0]), windows=(answer, answer))

    def _interval(self, demands: DemandPerformance) -> Interval | None:
        if self.half_width_s is None:
            return None
        low, high = (replace(demands, delay_s=demands.delay_s + sign * self.half_width_s) for sign in (-1, 1))
        return Interval(coverage=0.95, lower=low, upper=high)


def triangle(names: tuple[str, str, str] = ("A", "B", "C"), *, has_positions: bool = False) -> Scenario:
    """Three nodes, three circuits; A->B 400 kbit/s, B->A 100, A->C 200; every link carries 1 Mbit/s."""
    places = ((0.0, 50.0), (10.0, 52.0), (5.0, 45.0))
    nodes = tuple(Node(name, position=place if has_positions else None) for name, place in zip(names, places, strict=True))
    a, b, c = names
    links = [
        Link(f"{x}->{y}", x, y, CAPACITY_BPS, 1e-3, circuit=f"{p}--{q}") for p, q in ((a, b), (b, c), (a, c)) for x, y in ((p, q), (q, p))
    ]
    topology = Topology(nodes, tuple(links))
    traffic = Traffic.of([Demand(a, b, 4e5), Demand(b, a, 1e5), Demand(a, c, 2e5)], topology)
    return Scenario(topology, traffic, name="triangle")
