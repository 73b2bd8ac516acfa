"""Where on their ways packets end because they are longer than a buffer, and the demands that theory is told instead."""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.size_limits import LEAST_SHARE, LimitedSizes
from nettwin.scenario import Routing, RoutingPolicy, Scenario, Traffic
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Ceilings:
    """The largest packet that gets through, path by path, and where it becomes smaller."""

    path: FloatArray  # [path]
    hop: FloatArray  # [hop] behind it
    cut_path: IntArray  # [cut]
    cut_hops: IntArray  # [cut] hops before the buffer that is too small
    cut_low: FloatArray  # [cut] packets above this end here ...
    cut_high: FloatArray  # [cut] ... up to this: longer ones have ended before


@dataclass(frozen=True, eq=False)
class Parts:
    """Packets of a demand on one path that go another way than the rest, a row each."""

    path: IntArray
    demand: IntArray
    hops: IntArray  # that they go
    is_lost: BoolArray  # at a buffer; else they are delivered, on a path with another ceiling than the main path of their demand
    share: FloatArray  # of the demand's packets
    packet_rate: FloatArray
    size_row: IntArray
    queue: IntArray  # where they are lost

    @property
    def moving(self) -> IntArray:
        """Rows that load a link: the rest is lost at its source."""
        return np.flatnonzero(self.hops > 0)


def ceilings(routing: Routing, queue: IntArray, buffer_bits: FloatArray, longest: FloatArray) -> Ceilings:
    """``queue`` [hop], ``longest`` [demand]. Cuts above the longest packet are none."""
    offsets, length = routing.hop_offsets, np.diff(routing.hop_offsets)
    least, behind = np.full(len(length), np.inf), np.full(len(queue), np.inf)
    longest = longest[routing.path_demand]
    nothing = np.zeros(0)
    found = [(nothing.astype(np.int64), nothing.astype(np.int64), nothing, nothing)]
    for position in range(int(length.max(initial=0))):
        path = np.flatnonzero(length > position)
        buffer = buffer_bits[queue[offsets[path] + position]]
        is_cut = (buffer < least[path]) & (buffer < longest[path])
        cut, low = path[is_cut], buffer[is_cut]
        found.append((cut, np.full(len(cut), position, dtype=np.int64), low, least[cut]))
        least[cut] = low
        behind[offsets[path] + position] = least[path]
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    return Ceilings(least, behind, *columns)


class Cutting:
    """A scenario whose packets do not all fit into the buffers on their ways."""

    def __init__(self, scenario: Scenario, routing: Routing, found: Ceilings, queue: IntArray) -> None:
        self.scenario, self.routing, self.ceilings, self.queue = scenario, routing, found, queue
        self.sizes = LimitedSizes(scenario.traffic.packet_sizes)
        self.row = scenario.traffic.packet_size_index.astype(np.int64)  # [demand]
        self.packet_rate = scenario.traffic.packet_rate
        fits = self._up_to(self.row[routing.path_demand], found.path)
        self.limit, self.share = self._main_limits(fits)  # [demand]
        self.is_main = found.path == self.limit[routing.path_demand]  # [path]
        self.parts = self._parts()

    def told_routing(self) -> Routing:
        """All paths, the beginnings of those on which a part ends, and again those that a part takes."""
        routing, parts = self.routing, self.parts
        path, hops = parts.path[parts.moving], parts.hops[parts.moving]
        within = np.arange(int(hops.sum())) - np.repeat(np.cumsum(hops) - hops, hops)
        return Routing(
            n_demands=routing.n_demands + len(path),
            path_demand=np.concatenate([routing.path_demand, routing.n_demands + np.arange(len(path))]),
            path_share=np.concatenate([routing.path_share * self.is_main, np.ones(len(path))]),
            hop_offsets=np.concatenate([routing.hop_offsets, routing.hop_offsets[-1] + np.cumsum(hops)]),
            hop_link=np.concatenate([routing.hop_link, routing.hop_link[np.repeat(routing.hop_offsets[path], hops) + within]]),
        )

    def told_scenario(self) -> Scenario:
        """Each demand with the sizes that fit, then the parts that load links. Nothing is sent where nothing fits."""
        traffic, routing, parts = self.scenario.traffic, self.routing, self.parts
        rows = self.sizes.rows(self.row, np.zeros(len(self.row)), np.where(self.share > 0, self.limit, np.inf))
        fitting_bps = self.packet_rate * self.share * self.sizes.mean_bits(rows)
        moving = parts.moving
        demand, size_row = parts.demand[moving], parts.size_row[moving]
        last = routing.hop_link[routing.hop_offsets[parts.path[moving]] + parts.hops[moving] - 1]
        source, end = traffic.source[demand], self.scenario.topology.link_target[last]
        told = Traffic(
            source=np.concatenate([traffic.source, source]),
            target=np.concatenate([traffic.target, np.where(end == source, traffic.target[demand], end)]),  # a loop has no end
            rate_bps=np.concatenate(
                [np.where(self.share < 1, fitting_bps, traffic.rate_bps), parts.packet_rate[moving] * self.sizes.mean_bits(size_row)]
            ),
            traffic_class=np.concatenate([traffic.traffic_class, traffic.traffic_class[demand]]),
            arrival_index=np.concatenate([traffic.arrival_index, traffic.arrival_index[demand]]),
            packet_size_index=np.concatenate([rows, size_row]),
            arrivals=traffic.arrivals,
            packet_sizes=tuple(self.sizes.table),
        )
        asked = self.scenario
        return Scenario(asked.topology, told, RoutingPolicy(), asked.observation, name=asked.name)  # the paths are given

    def hop_fits(self) -> FloatArray:  # [hop]
        """Share of the packets that come to a hop which fit there."""
        routing = self.routing
        behind = self._up_to(self.row[routing.hop_demand], self.ceilings.hop)
        before = np.concatenate([[1.0], behind])[: len(behind)]
        first = routing.hop_offsets[:-1]
        before[first[first < len(before)]] = 1.0
        return np.asarray(np.divide(behind, before, out=np.ones(len(behind)), where=before > 0))

    def dropped(self) -> FloatArray:  # [queue]
        """Packets per second that are too long for a queue, if nothing else is lost on the way."""
        lost = self.parts.is_lost
        return np.bincount(self.parts.queue[lost], self.parts.packet_rate[lost], self.scenario.topology.n_queues).astype(np.float64)

    def _main_limits(self, fits: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The largest packet of each demand on the path that delivers most of it, and the share of the packets up to it."""
        demand = self.routing.path_demand
        limit, share = np.full(self.routing.n_demands, np.inf), np.ones(self.routing.n_demands)
        order = np.argsort(self.routing.path_share * fits, kind="stable")
        limit[demand[order]], share[demand[order]] = self.ceilings.path[order], fits[order]
        return limit, share

    def _parts(self) -> Parts:
        routing, found = self.routing, self.ceilings
        beside = np.flatnonzero(~self.is_main)
        path = np.concatenate([found.cut_path, beside])
        low = np.concatenate([found.cut_low, np.zeros(len(beside))])
        high = np.concatenate([found.cut_high, found.path[beside]])
        hops = np.concatenate([found.cut_hops, np.diff(routing.hop_offsets)[beside]])
        is_lost = np.arange(len(path)) < len(found.cut_path)
        row = self.row[routing.path_demand[path]]
        share = routing.path_share[path] * self.sizes.shares(row, low, high)
        some = np.flatnonzero(share >= LEAST_SHARE)
        path, row, low, high, hops, is_lost, share = path[some], row[some], low[some], high[some], hops[some], is_lost[some], share[some]
        demand = routing.path_demand[path].astype(np.int64)
        return Parts(
            path=path,
            demand=demand,
            hops=hops,
            is_lost=is_lost,
            share=share,
            packet_rate=self.packet_rate[demand] * share,
            size_row=self.sizes.rows(row, low, high),
            queue=self.queue[np.minimum(routing.hop_offsets[path] + hops, len(self.queue) - 1)],
        )

    def _up_to(self, row: IntArray, ceiling: FloatArray) -> FloatArray:
        return self.sizes.shares(row, np.zeros(len(row)), ceiling)
