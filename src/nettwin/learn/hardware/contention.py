"""Where packets can wait at all: ports that can be fed faster than they send, and the flows that meet there."""

from dataclasses import dataclass

import numpy as np

from nettwin.scenario import OnOff, Routing, Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

BURST_FACTOR = 4.0
"""A source sends at most so many times its mean rate at once. It only decides which ports are looked at."""


@dataclass(frozen=True, eq=False)
class Contention:
    """Flows (paths of demands) over contended ports (links); times in seconds, loads relative to the port's capacity."""

    flow_demand: IntArray  # [flow]
    flow_share: FloatArray  # [flow] of its demand's packets
    load: FloatArray  # [hop] rate of the flow / capacity of the port
    hop_flow: IntArray  # [hop] not decreasing, in the order of the path
    hop_port: IntArray  # [hop]
    hop_position: IntArray  # [hop] 0 is the first contended port of the flow
    hop_feed: IntArray  # [hop] row of the feeds
    feed_port: IntArray  # [feed] the port that it leads into
    feed_from: IntArray  # [feed] the contended port that it comes from; -1: from sources
    buffer_s: FloatArray  # [port] time to send a full buffer
    is_burst: BoolArray  # [flow] on-off with unknown bursts
    packet_s: FloatArray  # [flow] time to send a packet at its slowest port
    packet_rate: FloatArray  # [flow]
    rate_bps: FloatArray  # [flow] mean
    base: FloatArray  # [flow, 4] what the delay without waits is made of: 1, links, sum of transmission times, packet bits

    @property
    def n_flows(self) -> int:
        return len(self.flow_demand)

    @property
    def n_ports(self) -> int:
        return len(self.buffer_s)


def contention_of(scenario: Scenario, routing: Routing) -> Contention:
    """The contended ports of a routed scenario."""
    topology, traffic = scenario.topology, scenario.traffic
    rate = traffic.rate_bps[routing.path_demand] * routing.path_share
    size = traffic.mean_size_bits[routing.path_demand]
    keep = can_queue(routing, rate, topology.capacity_bps)[routing.hop_link]
    link, flow = routing.hop_link[keep], routing.hop_path[keep].astype(np.int64)
    ports, port = np.unique(link, return_inverse=True)
    is_first = np.concatenate([[True], flow[1:] != flow[:-1]]) if len(flow) else np.zeros(0, dtype=np.bool_)
    before = np.where(is_first, -1, np.roll(port, 1))
    feeds, feed = np.unique(np.stack([np.where(is_first, -1 - flow, before), port]), axis=1, return_inverse=True)
    start = np.flatnonzero(is_first)[np.cumsum(is_first) - 1] if len(flow) else np.zeros(0, dtype=np.int64)
    return Contention(
        flow_demand=routing.path_demand.astype(np.int64),
        flow_share=routing.path_share,
        load=rate[flow] / topology.capacity_bps[link],
        hop_flow=flow,
        hop_port=port.astype(np.int64),
        hop_position=np.arange(len(flow)) - start,
        hop_feed=feed.reshape(-1).astype(np.int64),
        feed_port=feeds[1].astype(np.int64),
        feed_from=np.maximum(feeds[0], -1).astype(np.int64),
        buffer_s=_buffer_s(scenario)[ports],
        is_burst=np.array([isinstance(a, OnOff) for a in traffic.arrivals])[traffic.arrival_index[routing.path_demand]],
        packet_s=size / _slowest(routing, topology.capacity_bps),
        packet_rate=rate / size,
        rate_bps=rate,
        base=_base(routing, size, topology.capacity_bps),
    )


def can_queue(routing: Routing, rate_bps: FloatArray, capacity_bps: FloatArray) -> BoolArray:  # [link]
    """Whether the links that lead into a link, and the sources that start there, can together send faster than it does."""
    link, path = routing.hop_link, routing.hop_path
    follows = np.flatnonzero(path[1:] == path[:-1])
    pairs = np.unique(np.stack([link[follows], link[follows + 1]]), axis=1)
    fed = np.bincount(pairs[1], capacity_bps[pairs[0]], len(capacity_bps))
    starts = routing.hop_offsets[:-1][np.diff(routing.hop_offsets) > 0]
    fed += np.bincount(link[starts], BURST_FACTOR * rate_bps[path[starts]], len(capacity_bps))
    return np.asarray(fed > capacity_bps * (1 + 1e-9))


def _buffer_s(scenario: Scenario) -> FloatArray:  # [link]
    topology = scenario.topology
    bits = np.bincount(topology.queues.link, topology.queues.buffer_bits, topology.n_links)
    return np.minimum(bits / topology.capacity_bps, 1.0)


def _slowest(routing: Routing, capacity_bps: FloatArray) -> FloatArray:  # [path]
    slowest = np.full(routing.n_paths, np.inf)
    np.minimum.at(slowest, routing.hop_path, capacity_bps[routing.hop_link])
    return slowest


def _base(routing: Routing, size_bits: FloatArray, capacity_bps: FloatArray) -> FloatArray:
    sending = np.bincount(routing.hop_path, 1 / capacity_bps[routing.hop_link], routing.n_paths) * size_bits
    length = np.diff(routing.hop_offsets).astype(np.float64)
    return np.stack([np.ones(routing.n_paths), length, 1e6 * sending, 1e-4 * size_bits], axis=1)
