"""One simulation's texts, put together: the scenario that was simulated and the performance that was recorded."""

from typing import Literal

import numpy as np

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.datanet.archive import SimulationText
from nettwin.formats.datanet.graph import Graph, parse_graph
from nettwin.formats.datanet.paths import parse_routing
from nettwin.formats.datanet.results import PairResults, parse_results
from nettwin.formats.datanet.traffic import parse_traffic
from nettwin.formats.datanet.usage import parse_link_usage
from nettwin.performance import Performance
from nettwin.scenario import Observation, RoutingPolicy, Scenario, Traffic

DELAY_CAP_2020_S = 20.0
"""The recordings of 2020 saturate there: percentiles stand at exactly 20 s on starved queues."""


def assemble(text: SimulationText, rates: Literal["nominal", "measured"], coverage: CoverageLog) -> tuple[Scenario, Performance | None]:
    """Scenario and recording of one simulation. Raises FormatError with the place of what cannot be understood."""
    graph = parse_graph(text.graph, coverage, counts_packet_in_service=_has_explicit_paths(text.routing))
    traffic, pairs = parse_traffic(text.traffic, graph.topology.n_nodes, coverage)
    policy = parse_routing(text.routing, graph, traffic, coverage)
    results = parse_results(text.results, graph.topology.n_nodes, pairs, coverage) if text.results else None
    if rates == "measured":
        traffic = _with_measured_rates(traffic, results)
    scenario = _scenario(text, graph, traffic, policy)
    return scenario, _performance(text, graph, results, coverage)


def _scenario(text: SimulationText, graph: Graph, traffic: Traffic, policy: RoutingPolicy) -> Scenario:
    is_2020 = not graph.buffers_in_bits and not policy.explicit_paths
    cap = DELAY_CAP_2020_S if is_2020 else np.inf
    year = 2022 if graph.buffers_in_bits else 2020 if is_2020 else 2021
    return Scenario(
        topology=graph.topology,
        traffic=traffic,
        policy=policy,
        observation=Observation(duration_s=_duration_s(text.stability), delay_cap_s=cap),
        name=text.name,
        description=f"datanet {year}, {graph.topology.n_nodes} nodes, traffic intensity {text.traffic.partition('|')[0][:30]}",
    )


def _performance(text: SimulationText, graph: Graph, results: PairResults | None, coverage: CoverageLog) -> Performance | None:
    if results is None:
        return None
    queues, links = parse_link_usage(text.link_usage, graph, coverage)
    return Performance(
        demands=results.demands, queues=queues, links=links, quantile_levels=results.quantile_levels, engine="recorded by BNNetSimulator"
    )


def _with_measured_rates(traffic: Traffic, results: PairResults | None) -> Traffic:
    from dataclasses import replace

    if results is None:
        raise FormatError("no measured rates", where="simulationResults.txt", hint="use the nominal rates")
    return replace(traffic, rate_bps=results.demands.offered_bps)


def _duration_s(stability: str) -> float:
    try:
        return float(stability.split(";", maxsplit=1)[0])
    except ValueError:
        raise FormatError(f"{stability[:40]!r} has no duration", where="stability.txt", hint="expected seconds;...") from None


def _has_explicit_paths(routing: str) -> bool:
    return ";" in routing.partition("\n")[0]
