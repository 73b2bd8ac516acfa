"""What each demand experiences: its paths mixed by the packets that they deliver."""

from dataclasses import dataclass

import numpy as np

from nettwin.performance import QUANTILE_LEVELS, DemandPerformance
from nettwin.queueing.delays import PathDelays, path_delays
from nettwin.queueing.demand_hops import size_moments
from nettwin.queueing.fixed_point import NetworkState
from nettwin.queueing.quantiles import WaitMoments, delay_quantiles
from nettwin.queueing.size_atoms import SizeAtoms
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

_NOTHING = 1e-9


def demand_figures(scenario: Scenario, state: NetworkState) -> DemandPerformance:
    """Delay, its spread and quantiles, loss and throughput of every demand."""
    mixed = _mix(scenario, state, path_delays(scenario, state))
    rate = scenario.traffic.rate_bps
    has_delay = (mixed.delivered > _NOTHING) & (rate > 0)
    least = np.where(has_delay, 0.0, np.nan)
    cap = scenario.observation.delay_cap_s
    mean, second = size_moments(scenario)
    size_variance = np.maximum(second - mean**2, 0.0) * mixed.size_s_per_bit**2
    delay = mixed.base_s + mixed.s_per_bit * mean * mixed.size_ratio + mixed.wait_s
    return DemandPerformance(
        delay_s=np.minimum(delay, cap) + least,
        delay_variation_s=np.sqrt(size_variance + mixed.wait_variance_s2) + least,
        ipdv_s=_ipdv(size_variance, mixed) + least,
        delay_quantiles_s=np.minimum(_quantiles(scenario, state.network.atoms, mixed), cap) + least[:, None],
        loss_ratio=np.where((rate > 0) | (mixed.routed <= 0), np.clip(1 - mixed.delivered, 0.0, 1.0), 0.0),
        offered_bps=rate,
        throughput_bps=rate * np.minimum(mixed.delivered_bits, 1.0),
    )


@dataclass(frozen=True, eq=False)
class _Mixed:
    """Paths of a demand as one: the longer ones add their detour to the wait. [demand]"""

    routed: FloatArray  # share of the packets that have a path
    delivered: FloatArray  # share of the packets
    delivered_bits: FloatArray
    size_ratio: FloatArray  # mean size delivered / mean size sent: long packets are lost more often
    base_s: FloatArray  # propagation of the shortest path
    s_per_bit: FloatArray
    size_s_per_bit: FloatArray  # what of it is due to the packet's own size
    wait_s: FloatArray
    wait_variance_s2: FloatArray
    wait_change_s2: FloatArray
    no_wait: FloatArray
    longest_s: FloatArray  # detour and full buffers


def _mix(scenario: Scenario, state: NetworkState, paths: PathDelays) -> _Mixed:
    hops, left, n = state.network.hops, state.carried, scenario.traffic.n_demands

    def total(per_path: FloatArray) -> FloatArray:
        return np.bincount(hops.demand, per_path, n).astype(np.float64)

    delivered, delivered_bits = total(hops.share * left.delivered), total(hops.share * left.delivered_bits)
    weight = hops.share * left.delivered / np.maximum(delivered, 1e-300)[hops.demand]
    base = np.full(n, np.inf)
    np.minimum.at(base, hops.demand, paths.propagation_s)
    base = np.where(np.isfinite(base), base, 0.0)
    detour = paths.propagation_s - base[hops.demand]
    wait = paths.wait_s + detour
    mean_wait = total(weight * wait)
    longest = np.zeros(n)
    np.maximum.at(longest, hops.demand, paths.longest_wait_s + detour)
    return _Mixed(
        routed=total(hops.share),
        delivered=delivered,
        delivered_bits=delivered_bits,
        size_ratio=delivered_bits / np.maximum(delivered, 1e-300),
        base_s=base,
        s_per_bit=total(weight * paths.transmission_s_per_bit),
        size_s_per_bit=total(weight * paths.size_s_per_bit),
        wait_s=mean_wait,
        wait_variance_s2=total(weight * (paths.wait_variance_s2 + (wait - mean_wait[hops.demand]) ** 2)),
        wait_change_s2=total(weight * (paths.wait_change_s2 + (wait - mean_wait[hops.demand]) ** 2)),
        no_wait=total(weight * paths.no_wait * (detour <= 0)),
        longest_s=longest,
    )


def _ipdv(size_variance: FloatArray, mixed: _Mixed) -> FloatArray:
    """Mean absolute change from packet to packet: sizes as if Gaussian (2/sqrt(pi) deviations), waits as exponentials with an atom.

    For a wait that is 0 with probability p and exponential otherwise, the mean absolute difference of two is sqrt(1 - p**2) deviations.
    """
    return np.asarray(np.sqrt(4 / np.pi * size_variance + (1 - mixed.no_wait**2) * mixed.wait_change_s2))


def _quantiles(scenario: Scenario, sizes: SizeAtoms, mixed: _Mixed) -> FloatArray:  # [demand, level]
    mean, _ = size_moments(scenario)
    common_s = mixed.base_s + (mixed.s_per_bit - mixed.size_s_per_bit) * mean
    atoms = common_s[:, None] + mixed.size_s_per_bit[:, None] * sizes.bits[sizes.row]
    moments = WaitMoments(mixed.wait_s, mixed.wait_variance_s2, np.clip(mixed.no_wait, 0.0, 1.0))
    found = delay_quantiles(QUANTILE_LEVELS, moments, atoms, sizes.weights[sizes.row])
    return np.minimum(found, (atoms[:, -1] + mixed.longest_s)[:, None])
