"""What the mean delays could be, when flows burst and nobody says how: fluid simulations over drawn bursts.

Bursts of the testbed last for tenths of a second and a full buffer for 15 to 140 ms, so packets do not matter and a fluid does: in each
bin of time (20 ms; 10 ms change nothing) a port takes what flows in, sends at most what it can, and loses what does not fit. All flows
begin a burst at time 0.
"""

from dataclasses import dataclass

import numpy as np

from nettwin.compiled import compiled
from nettwin.learn.hardware.contention import Contention
from nettwin.scenario.arrays import FloatArray, IntArray

BIN_S = 0.02
DRAIN_S = 0.6
"""Simulated beyond the experiment, until what was sent has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstPrior:
    """How an on-off flow may burst, drawn for each flow by itself.

    The divisors of the packet counts tell how many bursts there are: of the flows that are OFF at the end, one in eight each has 3, 4,
    ... 10, none more, so cycles in an experiment are even between 2 and 10 and end anywhere. The other constants were found by the score
    (CRPS) of the delays of training experiments.
    """

    least_on: float = 0.38
    most_on: float = 0.81
    """Share of a cycle in which it sends."""
    most_on_bps: float = 0.6e9
    """While it sends; a fast flow sends for most of the time."""
    least_cycles: float = 2.0
    most_cycles: float = 10.0
    """In an experiment; the last one need not end."""
    draws: int = 48


@dataclass(frozen=True, eq=False)
class Bursts:
    """How all flows burst in one draw. [flow]"""

    on_share: FloatArray
    """Of a cycle."""
    cycles: FloatArray
    """In the experiment."""


def drawn_waits(contention: Contention, duration_s: float, prior: BurstPrior, rng: np.random.Generator) -> FloatArray:  # [draw, hop]
    """Mean wait of the packets of each flow at each hop in seconds, for each draw of bursts."""
    return np.stack([simulated_waits(contention, duration_s, drawn_bursts(contention, prior, rng)) for _ in range(prior.draws)])


def drawn_bursts(contention: Contention, prior: BurstPrior, rng: np.random.Generator) -> Bursts:
    """One draw."""
    n = contention.n_flows
    least = np.clip(contention.rate_bps / prior.most_on_bps, prior.least_on, prior.most_on)
    share = least + (prior.most_on - least) * rng.uniform(size=n)
    return Bursts(share, rng.uniform(prior.least_cycles, prior.most_cycles, n))


def simulated_waits(contention: Contention, duration_s: float, bursts: Bursts) -> FloatArray:  # [hop]
    """Mean wait at each hop in seconds when flows burst like this."""
    ends = np.cumsum(np.bincount(contention.hop_flow, minlength=contention.n_flows))
    hops = np.stack([contention.hop_flow, contention.hop_port, ends[contention.hop_flow]])
    period_s = duration_s / bursts.cycles
    times = np.stack([bursts.on_share * period_s, period_s])
    times = np.where(contention.is_burst, times, 2 * duration_s)  # steady: one burst that never ends
    bins = max(round(duration_s / BIN_S), 1), round(DRAIN_S / BIN_S)
    waits: FloatArray = _fluid(times, contention.load, hops, contention.buffer_s, bins)
    return waits


def _sent_of(volume: FloatArray, on_s: float, period_s: float, load: float, n_bins: int) -> None:
    """What a flow offers to its first port in each bin, in seconds of sending; its mean rate is kept."""
    total = 0.0
    for time in range(n_bins):
        inside = (on_s - (time + 0.5) * BIN_S % period_s) / BIN_S + 0.5
        volume[time] = min(max(inside, 0.0), 1.0)
        total += volume[time]
    for time in range(n_bins):
        volume[time] *= load * BIN_S * n_bins / max(total, 1e-9)


_sent = compiled(_sent_of)


def _fluid_of(times: FloatArray, load: FloatArray, hops: IntArray, buffer_s: FloatArray, bins: tuple[int, int]) -> FloatArray:
    """Mean wait at each hop, in seconds. Volumes are in seconds of sending.

    ``times``: seconds ON and period of each flow; ``hops``: flow, port, and one past the flow's last hop; ``bins``: of sending,
    of draining.
    """
    hop_flow, hop_port, hop_end = hops[0], hops[1], hops[2]
    n_bins, n_hops, n_ports = bins[0] + bins[1], len(load), len(buffer_s)
    volume = np.zeros((n_bins + 2, n_hops))
    for hop in range(n_hops):
        if hop == 0 or hop_flow[hop] != hop_flow[hop - 1]:
            _sent(volume[:, hop], times[0, hop_flow[hop]], times[1, hop_flow[hop]], load[hop], bins[0])
    backlog, wait, inflow, kept = np.zeros(n_ports), np.zeros(n_ports), np.zeros(n_ports), np.ones(n_ports)
    waited, carried = np.zeros(n_hops), np.zeros(n_hops)
    for time in range(n_bins):
        inflow[:] = 0.0
        for hop in range(n_hops):
            inflow[hop_port[hop]] += volume[time, hop]
        for port in range(n_ports):
            after = backlog[port] + inflow[port] - BIN_S
            kept[port] = 1.0
            if after > buffer_s[port]:
                kept[port] = 1.0 - min((after - buffer_s[port]) / inflow[port], 1.0) if inflow[port] > 0 else 1.0
                after = buffer_s[port]
            after = max(after, 0.0)
            wait[port] = 0.5 * (backlog[port] + after)
            backlog[port] = after
        for hop in range(n_hops):
            if volume[time, hop] > 0.0:
                here = volume[time, hop] * kept[hop_port[hop]]
                waited[hop] += here * wait[hop_port[hop]]
                carried[hop] += here
                if hop + 1 < hop_end[hop]:
                    # a bin later, shared between the two bins that the wait falls between; capacities may differ
                    later = time + 1 + wait[hop_port[hop]] / BIN_S
                    at = int(later)
                    if at < n_bins:
                        passed = here * load[hop + 1] / load[hop]
                        volume[at, hop + 1] += passed * (1.0 - (later - at))
                        volume[at + 1, hop + 1] += passed * (later - at)
    for hop in range(n_hops):
        waited[hop] = waited[hop] / carried[hop] if carried[hop] > 0.0 else 0.0
    return waited


_fluid = compiled(_fluid_of, fastmath=True)
