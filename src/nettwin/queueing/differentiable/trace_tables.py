"""Recorded packets: their dispersion is measured once, over windows from a part of a gap to many periods."""

import numpy as np
import torch

from nettwin.queueing.differentiable.values import Traces
from nettwin.queueing.dispersion import index_of_dispersion
from nettwin.scenario import PacketTrace, Traffic

_N_WINDOWS = 128
_SHORTEST = 1e-3  # of the shortest mean gap between packets
_LONGEST = 1e2  # of the longest period


def trace_tables(traffic: Traffic, device: str | torch.device) -> Traces | None:
    """The tables of all traces of a scenario; None if there is none."""
    traces = {row: process for row, process in enumerate(traffic.arrivals) if isinstance(process, PacketTrace)}
    if not traces:
        return None
    gap_s = min(trace.period_s / len(trace.times_s) for trace in traces.values())
    window_s = np.geomspace(_SHORTEST * gap_s, _LONGEST * max(trace.period_s for trace in traces.values()), _N_WINDOWS)
    row_of = np.zeros(len(traffic.arrivals), dtype=np.int64)
    row_of[list(traces)] = np.arange(len(traces))
    measured = [_measured(trace, window_s) for trace in traces.values()]
    return Traces(
        first_log_s=float(np.log(window_s[0])),
        step=float(np.log(window_s[1] / window_s[0])),
        dispersion=torch.from_numpy(np.array(measured)).to(device),
        of_demand=torch.from_numpy(row_of[traffic.arrival_index]).to(device),
    )


def _measured(trace: PacketTrace, window_s: np.ndarray) -> np.ndarray:
    """One window at a time: the compiled theory interpolates between windows of its own else."""
    rate = np.array([len(trace.times_s) / trace.period_s])
    return np.array([index_of_dispersion(trace, rate, window_s[k : k + 1])[0] for k in range(len(window_s))])
