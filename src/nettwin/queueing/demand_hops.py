"""Every hop of every path as columns, and what arrives at each queue when some of it was lost before."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.scenario import PacketTrace, Routing, Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_LEAST_KEPT = 1e-12


@dataclass(frozen=True, eq=False)
class DemandHops:
    """Hops in the order of the routing. A packet keeps its size on its way."""

    path: IntArray  # [hop]
    queue: IntArray  # [hop]
    link: IntArray  # [hop]
    previous_link: IntArray  # [hop], -1 at the first
    is_down: BoolArray  # [hop]
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

    @cached_property
    def hop_second_moment_bits2(self) -> FloatArray:  # [hop]
        return self.second_moment_bits2[self.path]

    def sum_over_path(self, per_hop: FloatArray) -> FloatArray:  # [path]
        """The sum of a figure over the hops of each path."""
        return np.bincount(self.path, per_hop, len(self.demand)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class HopLoss:
    """Share of a path's packets, and of its bits, that a hop loses: long packets find less room. [hop]"""

    packets: FloatArray
    bits: FloatArray


@dataclass(frozen=True, eq=False)
class Survival:
    """What is left after loss."""

    reached: FloatArray  # [hop] share of the packets that get to the hop's queue
    reached_bits: FloatArray  # [hop]
    delivered: FloatArray  # [path]
    delivered_bits: FloatArray  # [path]


@dataclass(frozen=True, eq=False)
class Arrivals:
    """What arrives at each queue. [queue]"""

    packet_rate: FloatArray
    bit_rate: FloatArray
    second_moment_rate: FloatArray  # sum of rate * E[size**2]


def demand_hops(scenario: Scenario, routing: Routing) -> DemandHops:
    """The hops of a scenario's demands under a routing."""
    traffic, topology = scenario.traffic, scenario.topology
    mean, second = size_moments(scenario)
    demand, link = routing.path_demand, routing.hop_link
    queue_of = topology.queue_by_class(traffic.n_classes)
    return DemandHops(
        path=routing.hop_path.astype(np.int64),
        queue=queue_of[link, traffic.traffic_class[routing.hop_demand]].astype(np.int64),
        link=link.astype(np.int64),
        previous_link=_previous(link, routing.hop_offsets),
        is_down=~topology.link_is_up[link],
        offsets=routing.hop_offsets,
        demand=demand.astype(np.int64),
        share=routing.path_share,
        packet_rate=(traffic.rate_bps / mean)[demand] * routing.path_share,
        mean_bits=mean[demand],
        second_moment_bits2=second[demand],
    )


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


def survival(hops: DemandHops, loss: HopLoss) -> Survival:
    """How much of each path is left at each hop and at its end."""
    reached, delivered = _product(hops, loss.packets)
    reached_bits, delivered_bits = _product(hops, loss.bits)
    return Survival(reached, reached_bits, delivered, delivered_bits)


def arrivals(hops: DemandHops, left: Survival | None, n_queues: int) -> Arrivals:
    """Rates at the queues; without losses where ``left`` is None."""
    packets, bits = hops.hop_packet_rate, hops.hop_packet_rate * hops.hop_mean_bits
    second = hops.hop_packet_rate * hops.hop_second_moment_bits2
    if left is not None:
        packets, bits = packets * left.reached, bits * left.reached_bits
        second = second * left.reached_bits**2 / np.maximum(left.reached, _LEAST_KEPT)
    return Arrivals(*(np.bincount(hops.queue, column, n_queues).astype(np.float64) for column in (packets, bits, second)))


def _product(hops: DemandHops, loss: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Product of what is kept before each hop [hop], and over each path [path]."""
    kept = np.log(np.maximum(1 - np.where(hops.is_down, 1.0, loss), _LEAST_KEPT))
    total = np.concatenate([[0.0], np.cumsum(kept)])
    start = total[hops.offsets]
    return np.exp(total[:-1] - start[hops.path]), np.exp(np.diff(start))


def _previous(link: IntArray, offsets: IntArray) -> IntArray:
    previous = np.full(len(link), -1, dtype=np.int64)
    previous[1:] = link[:-1]
    starts = offsets[:-1]
    previous[starts[starts < len(link)]] = -1
    return previous
