"""How the flows of a line send: constant rate, multi-burst, on-off or Poisson."""

import numpy as np

from nettwin.formats.coverage import CoverageLog
from nettwin.formats.testbed.columns import column, rows
from nettwin.formats.testbed.files import Record
from nettwin.scenario import ArrivalProcess, ConstantBitRate, OnOff, Poisson

MULTI_BURST = OnOff(on_s=0.6, off_s=0.4)
"""The lines do not say how long bursts are. Means over what explains packet counts and delays: 2 to 10 cycles in the 5 s of an
experiment, ON for 0.4 to 0.8 of a cycle (docs/hardware.md)."""


def arrivals_of(record: Record, n_flows: int, coverage: CoverageLog) -> list[ArrivalProcess]:
    """One process per flow."""
    if "window" in record:
        return _steady(record, n_flows, coverage)
    if "flow_ON_time" in record:
        return _on_off(record, n_flows, coverage)
    return _typed(record, n_flows, coverage)


def _typed(record: Record, n_flows: int, coverage: CoverageLog) -> list[ArrivalProcess]:
    """``flow_type``: [1, 0] constant bit rate, [0, 1] multi-burst."""
    is_burst = rows(record, "flow_type", n_flows)[:, -1] > 0
    coverage.modelled("flow_type", "flow_type", "constant bit rate", int(np.sum(~is_burst)))
    note = f"multi-burst: on-off with assumed means of {MULTI_BURST.on_s:g} s and {MULTI_BURST.off_s:g} s"
    coverage.modelled("flow_type", "flow_type", note, int(is_burst.sum()))
    return [MULTI_BURST if burst else ConstantBitRate() for burst in is_burst]


def _on_off(record: Record, n_flows: int, coverage: CoverageLog) -> list[ArrivalProcess]:
    """ON and OFF times where both are given, Poisson where ``flow_lambda`` is."""
    on_s, off_s = column(record, "flow_ON_time", n_flows), column(record, "flow_OFF_time", n_flows)
    coverage.modelled("flow_ON_time", "flow_ON_time", "its mean, of exponential periods", int(np.sum(on_s > 0)))
    is_on_off = (on_s > 0) & (off_s > 0)
    return [OnOff(on, off) if both else Poisson() for on, off, both in zip(on_s.tolist(), off_s.tolist(), is_on_off, strict=True)]


def _steady(record: Record, n_flows: int, coverage: CoverageLog) -> list[ArrivalProcess]:
    """Within a window an on-off flow sends at a constant rate, or not at all."""
    is_on_off = column(record, "flow_ON_time", n_flows) > 0
    coverage.modelled("window", "flow_traffic_per_seg", "one window of time, its rates taken as steady")
    return [ConstantBitRate() if flag else Poisson() for flag in is_on_off.tolist()]
