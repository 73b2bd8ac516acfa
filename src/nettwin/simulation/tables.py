"""A scenario and its paths as rows of the simulation's arrays."""

from dataclasses import dataclass

import numpy as np

from nettwin.scenario import Discipline, PacketTrace, Scenario, Traffic
from nettwin.scenario.arrays import FloatArray, IntArray
from nettwin.simulation.layout import Layout, Stage
from nettwin.simulation.records import (
    DOWN,
    DRR,
    FIFO,
    HOP,
    LEAST_SERVED,
    NONE,
    PATH,
    PORT,
    QUEUE,
    STRICT_PRIORITY,
    VIRTUAL_CLOCK,
    WFQ,
    Records,
)
from nettwin.simulation.source_rows import SourceRows

_KINDS = {
    Discipline.FIFO: FIFO,
    Discipline.STRICT_PRIORITY: STRICT_PRIORITY,
    Discipline.WFQ: WFQ,
    Discipline.DRR: DRR,
    Discipline.LEAST_SERVED: LEAST_SERVED,
    Discipline.VIRTUAL_CLOCK: VIRTUAL_CLOCK,
}
_WHOLE = 1.0 - 1e-9
"""Shares that add up to this much are taken as all of the traffic."""


@dataclass(frozen=True, eq=False)
class Tables:
    """The rows of one stage: what a simulation starts from, or changes to."""

    ports: Records
    queues: Records
    hops: Records  # of this stage only
    paths: Records  # of this stage only
    sources: Records
    size_rows: Records  # of this stage only
    least_delay_s: FloatArray  # [demand] propagation and transmission of the smallest packet, infinite if unreachable
    transmission_s: FloatArray  # [demand] of a mean packet on that path


def tables_of(stage: Stage, layout: Layout, number: int = 0, first_size_row: int = 0) -> Tables:
    """The rows of the stage with this number."""
    sources = SourceRows(stage.scenario.traffic, first_size_row)
    offsets = stage.routing.path_offsets + layout.first_path[number]
    sources.rows["first_path"], sources.rows["end_path"] = offsets[:-1], offsets[1:]
    least, transmission = _least_delay(stage)
    return Tables(
        ports=_port_rows(stage.scenario, layout),
        queues=_queue_rows(stage.scenario, layout),
        hops=_hop_rows(stage, layout),
        paths=_path_rows(stage, int(layout.first_hop[number])),
        sources=sources.rows,
        size_rows=sources.size_rows,
        least_delay_s=least,
        transmission_s=transmission,
    )


def _port_rows(scenario: Scenario, layout: Layout) -> Records:
    topology = scenario.topology
    rows = np.zeros(topology.n_links, dtype=PORT)
    kinds = [_KINDS[link.scheduling.discipline] for link in topology.links]
    rows["kind"] = np.where(topology.link_is_up, np.array(kinds, dtype=np.int32), DOWN)
    rows["seconds_per_bit"] = 1.0 / topology.capacity_bps
    rows["propagation_s"] = topology.propagation_delay_s
    rows["holds_service"] = [link.scheduling.buffer_holds_packet_in_service for link in topology.links]
    rows["first_queue"] = rows["visited"] = layout.first_queue
    rows["n_queues"] = layout.n_queues
    rows["in_service"] = rows["next"] = NONE
    return rows


def _queue_rows(scenario: Scenario, layout: Layout) -> Records:
    queues = scenario.topology.queues
    rows = np.zeros(layout.n_queues_in_all, dtype=QUEUE)
    rows["weight"], rows["quantum_bits"] = 1.0, 1.0  # of queues that this stage lacks
    rows["buffer_bits"] = rows["buffer_packets"] = np.inf
    own = layout.rows_of_queues(scenario)
    quantum = np.array([link.scheduling.quantum_bits for link in scenario.topology.links])
    rows["weight"][own] = queues.weight / np.bincount(queues.link, queues.weight)[queues.link]
    rows["quantum_bits"][own] = queues.weight * quantum[queues.link]
    rows["buffer_bits"][own], rows["buffer_packets"][own] = queues.buffer_bits, queues.buffer_packets
    rows["is_finite"] = np.isfinite(rows["buffer_bits"]) | np.isfinite(rows["buffer_packets"])
    rows["head"] = rows["tail"] = NONE
    return rows


def hop_queues(scenario: Scenario, layout: Layout, link: IntArray, demand: IntArray) -> IntArray:
    """Row of the queue that serves each of these (link, demand) pairs."""
    traffic_class = scenario.traffic.traffic_class[demand]
    by_class = scenario.topology.queue_by_class(scenario.traffic.n_classes)
    return np.asarray(layout.rows_of_queues(scenario)[by_class[link, traffic_class]], dtype=np.int64)


def _hop_rows(stage: Stage, layout: Layout) -> Records:
    routing = stage.routing
    rows = np.zeros(len(routing.hop_link), dtype=HOP)
    rows["link"] = routing.hop_link
    if len(rows):
        rows["queue"] = hop_queues(stage.scenario, layout, routing.hop_link, routing.hop_demand)
    rows["is_last"][routing.hop_offsets[1:] - 1] = 1
    return rows


def _path_rows(stage: Stage, first_hop: int) -> Records:
    routing = stage.routing
    rows = np.zeros(routing.n_paths, dtype=PATH)
    rows["first_hop"] = routing.hop_offsets[:-1] + first_hop
    rows["last_delay"] = np.nan
    rows["shift_s"] = 0.0 if stage.path_shift_s is None else stage.path_shift_s
    before = np.concatenate([[0.0], np.cumsum(routing.path_share)])
    first, end = routing.path_offsets[:-1], routing.path_offsets[1:]
    rows["cumulative_share"] = before[1:] - before[first[routing.path_demand]]
    has_all = (routing.routed_share >= _WHOLE) & (end > first)
    rows["cumulative_share"][end[has_all] - 1] = 2.0  # no rounding error may black-hole a packet
    return rows


def smallest_bits(traffic: Traffic) -> FloatArray:  # [demand]
    """The smallest packet that each demand can send; 0 where there is no limit."""
    smallest = np.array([sizes.smallest_bits for sizes in traffic.packet_sizes])[traffic.packet_size_index]
    for index, arrivals in enumerate(traffic.arrivals):
        if isinstance(arrivals, PacketTrace):
            smallest[traffic.arrival_index == index] = arrivals.sizes_bits.min()
    return smallest


def _least_delay(stage: Stage) -> tuple[FloatArray, FloatArray]:
    """Of the quickest path of each demand, without waiting."""
    topology, traffic, routing = stage.scenario.topology, stage.scenario.traffic, stage.routing
    smallest = smallest_bits(traffic)
    seconds_per_bit = np.bincount(routing.hop_path, 1 / topology.capacity_bps[routing.hop_link], routing.n_paths)
    propagation = np.bincount(routing.hop_path, topology.propagation_delay_s[routing.hop_link], routing.n_paths).astype(np.float64)
    if stage.path_shift_s is not None:
        propagation = propagation + stage.path_shift_s
    least = propagation + smallest[routing.path_demand] * seconds_per_bit
    order = np.lexsort((least, routing.path_demand))
    quickest = order[np.unique(routing.path_demand[order], return_index=True)[1]]
    demand = routing.path_demand[quickest]
    result, transmission = np.full((2, routing.n_demands), np.inf)
    result[demand] = least[quickest]
    transmission[demand] = traffic.mean_size_bits[demand] * seconds_per_bit[quickest]
    return result, transmission
