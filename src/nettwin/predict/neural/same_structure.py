"""Whether two scenarios differ in numbers only: rates, capacities, delays, buffers, weights, parameters of arrivals."""

import numpy as np

from nettwin.queueing.side_by_side import SideBySide
from nettwin.scenario import Routing, Topology, Traffic


def has_same_structure(one: SideBySide, other: SideBySide) -> bool:
    """Whether everything that tensors are shaped and indexed by is the same."""
    return (
        one.n_nodes == other.n_nodes
        and one.scenario.observation == other.scenario.observation
        and _same_paths(one.routing, other.routing)
        and _same_senders(one.scenario.traffic, other.scenario.traffic)
        and _same_ports(one.scenario.topology, other.scenario.topology)
    )


def _same_paths(one: Routing, other: Routing) -> bool:
    columns = ("path_demand", "path_share", "hop_offsets", "hop_link")
    return one is other or all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)


def _same_senders(one: Traffic, other: Traffic) -> bool:
    columns = ("traffic_class", "arrival_index", "packet_size_index")
    same_tables = one.arrivals == other.arrivals and one.packet_sizes == other.packet_sizes
    return one is other or (same_tables and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns))


def _same_ports(one: Topology, other: Topology) -> bool:
    if one is other:
        return True
    if one.n_links != other.n_links or not np.array_equal(one.queues.offsets, other.queues.offsets):
        return False
    columns = ("link_source", "link_target", "link_is_up")
    if not all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns):
        return False
    return all(_port(a) == _port(b) for a, b in zip(one.links, other.links, strict=True))


def _port(link: object) -> tuple[object, ...]:
    scheduling = link.scheduling  # type: ignore[attr-defined]
    return scheduling.discipline, scheduling.buffer_holds_packet_in_service, scheduling.queue_by_class
