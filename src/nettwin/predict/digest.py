"""A fingerprint of a scenario's content."""

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np

from nettwin.scenario import ForwardingTable, PacketTrace, RoutingPolicy, Scenario, Traffic


def scenario_digest(scenario: Scenario) -> str:
    """Equal for scenarios that are the same question; name, description and metadata do not count."""
    digest = blake2b(digest_size=16)
    for piece in _pieces(scenario):
        digest.update(len(piece).to_bytes(8, "little"))
        digest.update(piece)
    return digest.hexdigest()


def _pieces(scenario: Scenario) -> Iterator[bytes]:
    yield repr(scenario.topology.nodes).encode()
    yield repr(scenario.topology.links).encode()
    yield repr(scenario.observation).encode()
    yield from _traffic(scenario.traffic)
    yield from _policy(scenario.policy)


def _traffic(traffic: Traffic) -> Iterator[bytes]:
    columns = (traffic.source, traffic.target, traffic.rate_bps, traffic.traffic_class, traffic.arrival_index, traffic.packet_size_index)
    yield from (_bytes(column) for column in columns)
    for process in traffic.arrivals:
        if isinstance(process, PacketTrace):  # its repr shows only the ends of long arrays
            yield repr(process.period_s).encode() + _bytes(process.times_s) + _bytes(process.sizes_bits)
        else:
            yield repr(process).encode()
    yield repr((traffic.packet_sizes, traffic.ids)).encode()


def _policy(policy: RoutingPolicy) -> Iterator[bytes]:
    base = policy.base
    yield _bytes(base.next_link) if isinstance(base, ForwardingTable) else repr(base).encode()
    yield repr(sorted(policy.explicit_paths.items())).encode()
    yield repr(sorted(policy.segment_lists.items())).encode()


def _bytes(column: np.ndarray) -> bytes:
    return np.ascontiguousarray(column).tobytes()
