"""Every hop of every path as columns: which queue it enters, and what the source sends."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.scenario import PacketTrace, Routing, Scenario
from nettwin.scenario.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class DemandHops:
    """Hops in the order of the routing. A packet keeps its size on its way."""

    path: IntArray  # [hop]
    queue: IntArray  # [hop]
    link: IntArray  # [hop]
    previous_link: IntArray  # [hop], -1 at the first
    offsets: IntArray  # [path + 1]
    demand: IntArray  # [path]
    share: FloatArray  # [path]
    packet_rate: FloatArray  # [path]
    mean_bits: FloatArray  # [path]
    second_moment_bits2: FloatArray  # [path]

    @cached_property
    def hop_packet_rate(self) -> FloatArray:  # [hop], before any loss
        return self.packet_rate[self.path]

    @cached_property
    def hop_mean_bits(self) -> FloatArray:  # [hop]
        return self.mean_bits[self.path]

    def sum_over_path(self, per_hop: FloatArray) -> FloatArray:  # [path]
        """The sum of a figure over the hops of each path."""
        return np.bincount(self.path, per_hop, len(self.demand)).astype(np.float64)


def demand_hops(scenario: Scenario, routing: Routing) -> DemandHops:
    """The hops of a scenario's demands under a routing."""
    traffic = scenario.traffic
    mean, second = size_moments(scenario)
    demand, link = routing.path_demand, routing.hop_link
    return DemandHops(
        path=routing.hop_path.astype(np.int64),
        queue=queue_of_hop(scenario, routing),
        link=link.astype(np.int64),
        previous_link=_previous(link, routing.hop_offsets),
        offsets=routing.hop_offsets,
        demand=demand.astype(np.int64),
        share=routing.path_share,
        packet_rate=(traffic.rate_bps / mean)[demand] * routing.path_share,
        mean_bits=mean[demand],
        second_moment_bits2=second[demand],
    )


def queue_of_hop(scenario: Scenario, routing: Routing) -> IntArray:  # [hop]
    """The queue that each hop enters."""
    traffic = scenario.traffic
    queues = scenario.topology.queue_by_class(traffic.n_classes)
    return np.asarray(queues[routing.hop_link, traffic.traffic_class[routing.hop_demand]], dtype=np.int64)


def size_moments(scenario: Scenario) -> tuple[FloatArray, FloatArray]:  # [demand] each
    """Mean and second moment of the packet sizes in bits; those of a trace are its own."""
    traffic = scenario.traffic
    mean = np.array([sizes.mean_bits for sizes in traffic.packet_sizes])[traffic.packet_size_index]
    second = np.array([sizes.second_moment_bits2 for sizes in traffic.packet_sizes])[traffic.packet_size_index]
    for row, process in enumerate(traffic.arrivals):
        if isinstance(process, PacketTrace):
            here = traffic.arrival_index == row
            mean[here], second[here] = process.sizes_bits.mean(), (process.sizes_bits**2).mean()
    return mean, second


def _previous(link: IntArray, offsets: IntArray) -> IntArray:
    previous = np.full(len(link), -1, dtype=np.int64)
    previous[1:] = link[:-1]
    starts = offsets[:-1]
    previous[starts[starts < len(link)]] = -1
    return previous
