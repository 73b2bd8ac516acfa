"""Several scenarios as one network without anything between its parts: what is computed for all at once costs less than one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from nettwin.scenario import ArrivalProcess, PacketSizes, Routing, RoutingPolicy, Scenario, Topology, Traffic
from nettwin.scenario.arrays import IntArray

Case = tuple[Scenario, Routing]


@dataclass(frozen=True, eq=False)
class SideBySide:
    """The whole, and where each part's rows begin. Observation and names are the first part's and nobody's."""

    scenario: Scenario
    routing: Routing
    demands: tuple[int, ...]  # [part + 1] first demand of each part, and the end
    queues: tuple[int, ...]
    links: tuple[int, ...]
    n_nodes: tuple[int, ...]  # [part]

    @property
    def nodes_by_demand(self) -> IntArray:  # [demand] number of nodes of its part
        return np.repeat(np.array(self.n_nodes), np.diff(self.demands))

    @property
    def nodes_by_queue(self) -> IntArray:  # [queue]
        return np.repeat(np.array(self.n_nodes), np.diff(self.queues))


def side_by_side(cases: Sequence[Case]) -> SideBySide:
    """Parts in order; all must be observed alike."""
    scenarios, routings = [scenario for scenario, _ in cases], [routing for _, routing in cases]
    ends = {
        "demands": _ends([scenario.traffic.n_demands for scenario in scenarios]),
        "queues": _ends([scenario.topology.n_queues for scenario in scenarios]),
        "links": _ends([scenario.topology.n_links for scenario in scenarios]),
    }
    n_nodes = tuple(scenario.topology.n_nodes for scenario in scenarios)
    if len(cases) == 1:
        return SideBySide(scenarios[0], routings[0], **ends, n_nodes=n_nodes)
    whole = Scenario(_topology(scenarios), _traffic(scenarios), RoutingPolicy(), scenarios[0].observation)
    return SideBySide(whole, _routing(routings, ends["links"]), **ends, n_nodes=n_nodes)


def _topology(scenarios: Sequence[Scenario]) -> Topology:
    nodes, links = [], []
    for number, scenario in enumerate(scenarios):
        names = {node.id: f"{number}/{node.id}" for node in scenario.topology.nodes}
        nodes += [replace(node, id=names[node.id]) for node in scenario.topology.nodes]
        links += [
            replace(link, id=f"{number}/{link.id}", source=names[link.source], target=names[link.target], circuit="", risk_groups=())
            for link in scenario.topology.links
        ]
    return Topology(tuple(nodes), tuple(links))


def _traffic(scenarios: Sequence[Scenario]) -> Traffic:
    traffics = [scenario.traffic for scenario in scenarios]
    first_node = _ends([scenario.topology.n_nodes for scenario in scenarios])
    arrivals: dict[ArrivalProcess, int] = {}
    sizes: dict[PacketSizes, int] = {}
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("arrival_index", "packet_size_index")}
    for traffic in traffics:
        arrival = np.array([arrivals.setdefault(process, len(arrivals)) for process in traffic.arrivals], dtype=np.int32)
        size = np.array([sizes.setdefault(one, len(sizes)) for one in traffic.packet_sizes], dtype=np.int32)
        columns["arrival_index"].append(arrival[traffic.arrival_index])
        columns["packet_size_index"].append(size[traffic.packet_size_index])
    return Traffic(
        source=np.concatenate([traffic.source + shift for traffic, shift in zip(traffics, first_node, strict=False)]),
        target=np.concatenate([traffic.target + shift for traffic, shift in zip(traffics, first_node, strict=False)]),
        rate_bps=np.concatenate([traffic.rate_bps for traffic in traffics]),
        traffic_class=np.concatenate([traffic.traffic_class for traffic in traffics]),
        arrival_index=np.concatenate(columns["arrival_index"]),
        packet_size_index=np.concatenate(columns["packet_size_index"]),
        arrivals=tuple(arrivals),
        packet_sizes=tuple(sizes),
    )


def _routing(routings: Sequence[Routing], first_link: tuple[int, ...]) -> Routing:
    first_demand = _ends([routing.n_demands for routing in routings])
    first_hop = _ends([len(routing.hop_link) for routing in routings])
    offsets = [routing.hop_offsets[:-1] + shift for routing, shift in zip(routings, first_hop, strict=False)]
    return Routing(
        n_demands=first_demand[-1],
        path_demand=np.concatenate([routing.path_demand + shift for routing, shift in zip(routings, first_demand, strict=False)]),
        path_share=np.concatenate([routing.path_share for routing in routings]),
        hop_offsets=np.concatenate([*offsets, [first_hop[-1]]]),
        hop_link=np.concatenate([routing.hop_link + shift for routing, shift in zip(routings, first_link, strict=False)]),
    )


def _ends(counts: Sequence[int]) -> tuple[int, ...]:
    return tuple(accumulate(counts, initial=0))
