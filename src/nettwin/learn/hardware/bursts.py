"""What the mean delays could be, when flows burst and nobody says how: fluid simulations over drawn bursts.

Bursts of the testbed last for tenths of a second and a full buffer for 15 to 140 ms, so packets do not matter and a fluid does: in each
bin of time a port takes what flows in, sends at most what it can, and loses what does not fit. All flows begin a burst at time 0.
"""

from dataclasses import dataclass

import numpy as np

from nettwin.compiled import compiled
from nettwin.learn.hardware.contention import Contention
from nettwin.scenario.arrays import FloatArray, IntArray

BIN_S = 0.01
DRAIN_S = 0.6
"""Simulated beyond the experiment, until what was sent has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstPrior:
    """How an on-off flow may burst. The constants were found by the score (CRPS) of the delays of 120 training experiments."""

    least_on: float = 0.37
    most_on: float = 0.74
    """Share of the time in which it sends."""
    skew: float = 0.69
    """Power of the uniform draw between the two."""
    common: float = 0.49
    """Probability that a flow has the draw of its source."""
    most_bursts: int = 10
    """Bursts in an experiment, from 1."""
    draws: int = 32


def drawn_waits(contention: Contention, duration_s: float, prior: BurstPrior, rng: np.random.Generator) -> FloatArray:  # [draw, hop]
    """Mean wait of the packets of each flow at each hop in seconds, for each draw of bursts."""
    waits = [_simulated(contention, duration_s, *_bursts(contention, duration_s, prior, rng)) for _ in range(prior.draws)]
    return np.stack(waits)


def _bursts(
    contention: Contention, duration_s: float, prior: BurstPrior, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:  # [flow] seconds ON, period
    n = contention.n_flows
    first = np.zeros(n, dtype=np.int64)
    starts = contention.hop_position == 0
    first[contention.hop_flow[starts]] = contention.hop_port[starts] + 1
    of_source = rng.uniform(size=contention.n_ports + 1)[first]
    draw = np.where(rng.uniform(size=n) < prior.common, of_source, rng.uniform(size=n)) ** prior.skew
    period = duration_s / rng.integers(1, prior.most_bursts + 1, n)
    return (prior.least_on + (prior.most_on - prior.least_on) * draw) * period, period


def _simulated(contention: Contention, duration_s: float, on_s: FloatArray, period_s: FloatArray) -> FloatArray:  # [hop]
    shape = _shapes(contention, duration_s, on_s, period_s)
    ends = np.cumsum(np.bincount(contention.hop_flow, minlength=contention.n_flows))
    hops = np.stack([contention.hop_flow, contention.hop_port, ends[contention.hop_flow]])
    waits: FloatArray = _fluid(shape, contention.load, hops, contention.buffer_s, int(DRAIN_S / BIN_S))
    return waits


def _shapes(contention: Contention, duration_s: float, on_s: FloatArray, period_s: FloatArray) -> FloatArray:  # [bin, flow]
    """The rate of each flow in each bin of time, relative to its mean."""
    bins = max(round(duration_s / BIN_S), 1)
    phase = np.mod((np.arange(bins)[:, None] + 0.5) * BIN_S, period_s)
    shape = np.clip((on_s - phase) / BIN_S + 0.5, 0.0, 1.0)
    shape[:, ~contention.is_burst] = 1.0
    return np.asarray(shape / np.maximum(shape.mean(axis=0), 1e-9))


def _fluid_of(shape: FloatArray, load: FloatArray, hops: IntArray, buffer_s: FloatArray, drain: int) -> FloatArray:
    """Mean wait at each hop, in seconds; ``hops``: flow, port, and one past the flow's last hop. Volumes are in seconds of sending."""
    hop_flow, hop_port, hop_end = hops[0], hops[1], hops[2]
    n_bins, n_hops, n_ports = len(shape) + drain, len(load), len(buffer_s)
    volume = np.zeros((n_bins + 2, n_hops))
    for hop in range(n_hops):
        if hop == 0 or hop_flow[hop] != hop_flow[hop - 1]:
            for time in range(len(shape)):
                volume[time, hop] = shape[time, hop_flow[hop]] * load[hop] * BIN_S
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
