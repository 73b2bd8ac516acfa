"""Small networks for the tests of the simulator."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nettwin.controlplane import route
from nettwin.scenario import (
    ArrivalProcess,
    Demand,
    Discipline,
    FixedSize,
    Link,
    Node,
    Observation,
    PacketSizes,
    Poisson,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)
from nettwin.simulation import SimulationResult, SimulationSettings, simulate

MEAN_BITS = 1000.0
FIXED = FixedSize(MEAN_BITS)


def line(
    n_hops: int, demands: Sequence[Demand], scheduling: Scheduling = Scheduling(), *, capacity_bps: float = 1e6, propagation_s: float = 0.0
) -> Scenario:
    """Nodes ``0`` to ``n_hops`` in a row, one way."""
    nodes = tuple(Node(str(i)) for i in range(n_hops + 1))
    links = tuple(Link(f"{i}->{i + 1}", str(i), str(i + 1), capacity_bps, propagation_s, scheduling=scheduling) for i in range(n_hops))
    topology = Topology(nodes, links)
    return Scenario(topology, Traffic.of(demands, topology))


def one_queue(load: float, sizes: PacketSizes = FIXED, queue: Queue = Queue(), arrivals: ArrivalProcess = Poisson()) -> Scenario:
    """One port of 1 Mb/s."""
    demand = Demand("0", "1", load * 1e6, arrivals=arrivals, packet_sizes=sizes)
    return line(1, [demand], Scheduling(queues=(queue,)))


def mesh(
    discipline: Discipline = Discipline.FIFO,
    queue: Queue = Queue(),
    arrivals: Sequence[ArrivalProcess] = (Poisson(),),
    *,
    load: float = 0.8,
    propagation_s: float = 1e-3,
    sizes: PacketSizes = FIXED,
) -> Scenario:
    """Five nodes, two-way links, equal-cost paths, a demand between all pairs in one of three classes."""
    n = 5
    scheduling = Scheduling(discipline, (queue,) * (1 if discipline is Discipline.FIFO else 3))
    pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (1, 3)]
    ends = [(str(a), str(b)) for pair in pairs for a, b in (pair, pair[::-1])]
    links = tuple(Link(f"{a}->{b}", a, b, 1e6, propagation_s, scheduling=scheduling) for a, b in ends)
    topology = Topology(tuple(Node(str(i)) for i in range(n)), links)
    wanted = [(a, b) for a in range(n) for b in range(n) if a != b]
    demands = [Demand(str(a), str(b), 1e5 * (1 + i % 3), i % 3, arrivals[i % len(arrivals)], sizes) for i, (a, b) in enumerate(wanted)]
    scenario = Scenario(topology, Traffic.of(demands, topology))
    busiest = route(scenario).link_load_bps(scenario.traffic.rate_bps, topology.n_links).max()
    return replace(scenario, traffic=replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * load * 1e6 / busiest))


def observed(scenario: Scenario, duration_s: float, warm_up_s: float = 0.0) -> Scenario:
    return replace(scenario, observation=Observation(duration_s, warm_up_s))


def run(scenario: Scenario, **settings: object) -> SimulationResult:
    """Simulate on the control plane's paths."""
    return simulate(scenario, route(scenario), SimulationSettings(**settings))


def assert_same(one: SimulationResult, two: SimulationResult, tolerance: float = 0.0) -> None:
    """All figures of two results agree; with tolerance 0, to the last bit."""
    for part in ("demands", "queues", "links"):
        for name, values in vars(getattr(one.performance, part)).items():
            others = vars(getattr(two.performance, part))[name]
            np.testing.assert_allclose(values, others, rtol=tolerance, atol=tolerance * 1e-6, err_msg=f"{part}.{name}")
