"""The questions that every predictor is asked by ``check_predictor``."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.scenario import (
    CarriedOnOff,
    ConstantBitRate,
    Demand,
    Discipline,
    EmpiricalSizes,
    FixedSize,
    Link,
    Node,
    Observation,
    Poisson,
    Queue,
    Scenario,
    Scheduling,
    ShortestPaths,
    Topology,
    Traffic,
)
from nettwin.scenario.routing import RoutingPolicy

LENGTH = Observation(duration_s=20.0)
"""Short enough for a packet simulator, long enough that every demand sends some thousand packets."""


@dataclass(frozen=True, eq=False)
class Case:
    """One question, and whether a predictor may refuse it with a PredictionError."""

    scenario: Scenario
    may_be_refused: bool = True


def cases() -> list[Case]:
    """From a plain line of three nodes to failures, overload and four schedulers."""
    line = _line()
    return [
        Case(line, may_be_refused=False),
        Case(replace(line, traffic=Traffic.of([], line.topology), name="no traffic"), may_be_refused=False),
        Case(_unreachable(line), may_be_refused=False),
        Case(_silent(line), may_be_refused=False),
        Case(_overloaded(line)),
        Case(_ecmp()),
        *[Case(_scheduled(discipline)) for discipline in Discipline if discipline is not Discipline.FIFO],
    ]


def _line(*, buffer_bits: float = 64_000.0, rate_bps: float = 3e5) -> Scenario:
    port = Scheduling(queues=(Queue(buffer_bits=buffer_bits),))
    topology = _topology("ABC", [("A", "B"), ("B", "C"), ("C", "B"), ("B", "A")], port)
    ends = (("A", "C"), ("B", "C"), ("C", "A"))
    demands = [Demand(a, b, rate_bps, arrivals=Poisson(), packet_sizes=FixedSize(1000.0)) for a, b in ends]
    return Scenario(topology, Traffic.of(demands, topology), observation=LENGTH, name="line")


def _unreachable(line: Scenario) -> Scenario:
    links = tuple(replace(link, is_up=link.id != "B->C") for link in line.topology.links)
    return replace(line, topology=replace(line.topology, links=links), name="link B->C is down")


def _silent(line: Scenario) -> Scenario:
    rates = line.traffic.rate_bps * np.array([0.0, 1.0, 1.0])
    return replace(line, traffic=replace(line.traffic, rate_bps=rates), name="a demand without packets")


def _overloaded(line: Scenario) -> Scenario:
    return replace(line, traffic=replace(line.traffic, rate_bps=line.traffic.rate_bps * 3), name="overload")


def _ecmp() -> Scenario:
    topology = _topology("ABCD", [("A", "B"), ("A", "C"), ("B", "D"), ("C", "D")], Scheduling(queues=(Queue(buffer_packets=32),)))
    demand = Demand("A", "D", 8e5, packet_sizes=EmpiricalSizes((500.0, 1500.0), (0.5, 0.5)))
    policy = RoutingPolicy(ShortestPaths(has_ecmp=True))
    return Scenario(topology, Traffic.of([demand], topology), policy, LENGTH, name="two equal paths")


def _scheduled(discipline: Discipline) -> Scenario:
    queues = tuple(Queue(buffer_bits=32_000.0, weight=weight) for weight in (0.5, 0.3, 0.2))
    topology = _topology("ABC", [("A", "B"), ("B", "C")], Scheduling(discipline, queues, quantum_bits=1500.0 / 0.2))
    kinds = (Poisson(), ConstantBitRate(), CarriedOnOff(0.2, 0.2))
    demands = [Demand("A", "C", 2.8e5, c, kinds[c], EmpiricalSizes((500.0, 1500.0), (0.5, 0.5))) for c in range(3)]
    return Scenario(topology, Traffic.of(demands, topology), observation=LENGTH, name=f"three classes, {discipline}")


def _topology(nodes: str, pairs: list[tuple[str, str]], port: Scheduling) -> Topology:
    links = tuple(Link(f"{a}->{b}", a, b, 1e6, propagation_delay_s=0.001, scheduling=port) for a, b in pairs)
    return Topology(tuple(Node(name) for name in nodes), links)
