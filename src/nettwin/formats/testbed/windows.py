"""One window of time of a windowed recording, as a line of its own: the rates and delays of the window, all sources steady in it."""

import numpy as np

from nettwin.errors import InputError
from nettwin.formats.testbed.columns import rows
from nettwin.formats.testbed.files import Record

WINDOW_S = 0.1
"""Length of a window of the windowed recordings (the 100 ms of their files' names)."""


def n_windows(record: Record) -> int:
    """0 where a recording has none."""
    per_flow = record.get("flow_traffic_per_seg")
    return len(per_flow[0]) if isinstance(per_flow, list) and per_flow and isinstance(per_flow[0], list) else 0


def window_of(record: Record, window: int) -> Record:
    """The record of one window: silent flows keep their size and offer nothing. Raises InputError where there is no such window."""
    count = n_windows(record)
    if window >= count:
        raise InputError(f"no window {window}", where="flow_traffic_per_seg", hint=f"there are {count}, counted from 0")
    n_flows = len(record["flow_id"])
    traffic = rows(record, "flow_traffic_per_seg", n_flows)[:, [window]]
    delay = rows(record, "flow_avg_delay_per_seg", n_flows)[:, window]
    is_measured = rows(record, "flow_has_delay", n_flows)[:, window] > 0
    sizes = rows(record, "flow_avg_packet_size_per_seg", n_flows).max(axis=1, keepdims=True)
    return {
        **record,
        "flow_traffic_per_seg": traffic.tolist(),
        "flow_avg_packet_size_per_seg": sizes.tolist(),
        "flow_avg_delay": np.where(is_measured, delay, 0.0).tolist(),
        "window": window,
    }
