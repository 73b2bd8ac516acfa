"""What each demand experiences hop by hop: the terms of the sums in ``demand_figures``."""

import numpy as np

from nettwin.performance import HopPerformance
from nettwin.queueing.carrying import LEAST_SIZE, QueueLoss
from nettwin.queueing.delays import hop_delays
from nettwin.queueing.demand_hops import DemandHops
from nettwin.queueing.fixed_point import NetworkState
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

_TINY = 1e-300


def hop_figures(scenario: Scenario, state: NetworkState) -> HopPerformance:
    """Propagation, transmission, wait and loss at every hop of every path."""
    hops, capacity_bps = state.network.hops, state.network.ports.capacity_bps
    delivered, delivered_bits = (_by_demand(hops, share) for share in (state.carried.delivered, state.carried.delivered_bits))
    size_ratio = np.where(delivered > 0, delivered_bits / np.maximum(delivered, _TINY), 1.0)  # long packets are lost more often
    demand = hops.demand[hops.path]
    return HopPerformance(
        path=hops.path,
        demand=demand,
        link=hops.link,
        queue=hops.queue,
        propagation_s=scenario.topology.propagation_delay_s[hops.link],
        transmission_s=hops.hop_mean_bits * size_ratio[demand] / capacity_bps[hops.link],
        wait_s=hop_delays(state).wait_s,
        loss_ratio=hop_losses(hops, state.loss),
        path_demand=hops.demand,
        delivered_share=hops.share * state.carried.delivered / np.maximum(delivered, _TINY)[hops.demand],
    )


def hop_losses(hops: DemandHops, loss: QueueLoss) -> FloatArray:  # [hop]
    """Share of the packets that arrive at each hop on each path that it drops: what ``carry`` multiplies up, kept apart."""
    lost, length = np.zeros(len(hops.queue)), np.diff(hops.offsets)
    packets, bits = np.ones(len(length)), np.ones(len(length))
    for position in range(int(length.max(initial=0))):
        path = np.flatnonzero(length > position)
        hop = hops.offsets[path] + position
        flat, per_bit = loss.flat[hops.queue[hop]], loss.per_bit[hops.queue[hop]]
        mean, second = hops.mean_bits[path], hops.second_moment_bits2[path]
        shrunk = bits[path] / np.maximum(packets[path], _TINY)
        lost[hop] = np.minimum(flat + per_bit * mean * shrunk, 1.0)
        kept, kept_bits = 1 - lost[hop], 1 - np.minimum(flat + per_bit * second / mean * shrunk, 1.0)
        packets[path] *= kept
        bits[path] *= np.clip(kept_bits, LEAST_SIZE * kept, kept)
    return lost


def _by_demand(hops: DemandHops, per_path: FloatArray) -> FloatArray:  # [demand]
    return np.bincount(hops.demand, hops.share * per_path).astype(np.float64)
