"""From the steady state of all queues to a Performance."""

import numpy as np

from nettwin.performance import LinkPerformance, Performance, QueuePerformance
from nettwin.queueing.demand_figures import demand_figures
from nettwin.queueing.fixed_point import NetworkState
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray

_TRUSTED_UTILIZATION = 1.0


def performance_of(scenario: Scenario, state: NetworkState) -> Performance:
    """All figures of one scenario. A demand is trusted while no port on its paths is offered more than it can carry."""
    return Performance(
        demands=demand_figures(scenario, state),
        queues=_queues(state),
        links=_links(state),
        is_trusted=_is_trusted(scenario, state),
        engine="queueing",
    )


def _queues(state: NetworkState) -> QueuePerformance:
    packets, bits = state.carried.sent_packet_rate, state.carried.sent_bit_rate
    used = packets > 0
    size = np.where(used, bits / np.maximum(packets, 1e-300), 0.0)
    delay = np.where(used, state.queues.wait_s + size / state.network.ports.queue_capacity_bps, np.nan)
    occupancy = np.where(used, packets * np.nan_to_num(delay), 0.0)
    return QueuePerformance(
        utilization=np.minimum(bits / state.network.ports.queue_capacity_bps, 1.0),
        occupancy_packets=occupancy,
        occupancy_bits=occupancy * size,
        loss_ratio=_loss(packets, state.carried.arriving.packet_rate),
        delay_s=delay,
    )


def _links(state: NetworkState) -> LinkPerformance:
    ports = state.network.ports
    carried = np.minimum(ports.per_link(state.carried.sent_bit_rate), ports.capacity_bps)
    return LinkPerformance(
        utilization=carried / ports.capacity_bps,
        loss_ratio=_loss(ports.per_link(state.carried.sent_packet_rate), ports.per_link(state.carried.arriving.packet_rate)),
        throughput_bps=carried,
    )


def _loss(sent: FloatArray, arriving: FloatArray) -> FloatArray:
    return np.where(arriving > 0, np.clip(1 - sent / np.maximum(arriving, 1e-300), 0.0, 1.0), 0.0)


def _is_trusted(scenario: Scenario, state: NetworkState) -> BoolArray:  # [demand]
    ports, hops = state.network.ports, state.network.hops
    offered = ports.per_link(state.carried.arriving.bit_rate) / ports.capacity_bps
    demand = hops.demand[hops.path[offered[hops.link] >= _TRUSTED_UTILIZATION]]
    return np.asarray(np.bincount(demand, minlength=scenario.traffic.n_demands) == 0)
