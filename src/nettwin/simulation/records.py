"""The state of a running simulation: one record array per kind of thing, shared by all kernels.

Fixed record types keep one compiled signature for every scenario, and put what one event needs into few cache lines.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[Any]
Record = Any
"""One row of a record array as a kernel sees it."""

NONE = -1
"""No packet, no queue, no successor."""

# Kinds of port (column ``kind`` of PORT).
DOWN, FIFO, STRICT_PRIORITY, WFQ, DRR, LEAST_SERVED, VIRTUAL_CLOCK = -1, 0, 1, 2, 3, 4, 5

# Arrival processes (column ``kind`` of SOURCE).
SILENT, POISSON, CONSTANT, ON_OFF, CARRIED_ON_OFF, AUTOCORRELATED, MODULATED, TRACE = range(8)

# Packet sizes (column ``size_kind`` of SOURCE).
FIXED, EXPONENTIAL, TRUNCATED, EMPIRICAL = range(4)

PACKET = np.dtype(
    [
        ("time", "f8"),  # of its next event
        ("created", "f8"),
        ("size", "f8"),  # bits
        ("arrived", "f8"),  # at the queue where it waits
        ("tag", "f8"),  # WFQ and virtual clock: finish tag
        ("hop", "i4"),  # row of HOP that it is about to take; -1 - hop: it is on its last link and only has to arrive
        ("path", "i4"),
        ("demand", "i4"),
        ("sequence", "i4"),
        ("next", "i4"),  # in the list that holds it
        ("_fill", "i4"),
    ],
    align=True,
)

STAY = np.dtype([("until", "f8"), ("size", "f8"), ("next", "i4"), ("_fill", "i4")], align=True)
"""A packet's stay in the buffer of a FIFO port whose departure is known already."""

PORT = np.dtype(
    [
        ("free_at", "f8"),
        ("seconds_per_bit", "f8"),
        ("propagation_s", "f8"),
        ("virtual_time", "f8"),  # WFQ: tag of the packet in service
        ("service_size", "f8"),  # bits of the packet in service
        ("kind", "i4"),
        ("first_queue", "i4"),
        ("n_queues", "i4"),
        ("in_service", "i4"),  # queue of the packet in service, NONE when idle
        ("backlog", "i4"),  # packets waiting
        ("visited", "i4"),  # DRR: queue of the round
        ("is_granted", "i4"),  # DRR: whether the visited queue got its quantum
        ("holds_service", "i4"),  # whether the packet in service occupies its buffer
        ("next", "i4"),
        ("_fill", "i4"),
    ],
    align=True,
)

QUEUE = np.dtype(
    [
        ("bits", "f8"),  # occupied
        ("buffer_bits", "f8"),
        ("buffer_packets", "f8"),
        ("arrived", "f8"),  # packets, within the measurement like all that follow
        ("dropped", "f8"),
        ("served", "f8"),  # packets whose service began
        ("served_bits", "f8"),
        ("sojourn_s", "f8"),  # sum over served packets
        ("busy_s", "f8"),
        ("packet_seconds", "f8"),
        ("bit_seconds", "f8"),
        ("arrived_bits", "f8"),
        ("weight", "f8"),  # share of the port's weights
        ("quantum_bits", "f8"),  # DRR
        ("account", "f8"),  # WFQ, virtual clock: last finish tag; DRR: deficit; least served: bits served / weight
        ("n", "i4"),  # packets that occupy the buffer
        ("is_finite", "i4"),
        ("head", "i4"),  # waiting packets; in a FIFO port: stays
        ("tail", "i4"),
    ],
    align=True,
)

HOP = np.dtype([("link", "i4"), ("queue", "i4"), ("is_last", "i4"), ("_fill", "i4")], align=True)

PATH = np.dtype([("cumulative_share", "f8"), ("last_delay", "f8"), ("shift_s", "f8"), ("first_hop", "i4"), ("_fill", "i4")], align=True)

SOURCE = np.dtype(
    [
        ("state0", "u8"),  # random stream
        ("state1", "u8"),
        ("time", "f8"),  # of the next packet
        ("gap_s", "f8"),  # mean gap, or the gap at peak rate
        ("on_s", "f8"),  # mean stay in the on or high state; trace: period; autocorrelated: correlation
        ("off_s", "f8"),  # mean stay in the off or low state
        ("low_gap_s", "f8"),  # modulated: mean gap in the low state
        ("memory", "f8"),  # end of the ON period, credit left, stay left, last Gaussian, start of the trace's period
        ("size0", "f8"),  # parameters of the size distribution
        ("size1", "f8"),
        ("size2", "f8"),
        ("kind", "i4"),
        ("size_kind", "i4"),
        ("phase", "i4"),  # modulated: 1 in the high state; trace: next packet
        ("table", "i4"),  # first row of the size table or the trace
        ("table_length", "i4"),
        ("first_path", "i4"),
        ("end_path", "i4"),
        ("sequence", "i4"),
        ("next", "i4"),
        ("_fill", "i4"),
    ],
    align=True,
)

TALLY = np.dtype(
    [
        ("delivered", "f8"),  # packets, within the measurement like all here
        ("delivered_bits", "f8"),
        ("delay_sum", "f8"),  # of delay - sketch_offset
        ("delay_square_sum", "f8"),
        ("ipdv_sum", "f8"),
        ("ipdv_pairs", "f8"),
        ("sketch_offset", "f8"),
        ("sketch_scale", "f8"),
        ("delay_max", "f8"),
        ("sent", "f8"),
        ("sent_bits", "f8"),
        ("lost", "f8"),
    ],
    align=True,
)

CLOCK = np.dtype(
    [
        ("measure_from", "f8"),
        ("measure_until", "f8"),
        ("delay_cap", "f8"),
        ("bins_per_octave", "f8"),
        ("width", "f8"),  # of a bucket or window
        ("per_width", "f8"),  # its inverse
        ("bucket", "i8"),  # the one in work
        ("sent_until", "f8"),  # windows: sources have sent their packets up to this time
        ("resume", "i8"),  # windows: where an interrupted pass over sources or ports goes on
        ("done", "i8"),  # calendar: ready events before this one have happened
        ("n_packets", "i8"),
        ("n_hops", "i8"),
        ("salt", "u8"),
        ("free_packet", "i4"),
        ("n_free_packets", "i4"),
        ("free_stay", "i4"),
        ("n_free_stays", "i4"),
        ("overflow", "i4"),  # events too far ahead for the calendar
        ("is_delivery_an_event", "i4"),
        ("is_size_resampled", "i4"),
        ("free_chunk", "i4"),  # windows: of the boxes
    ],
    align=True,
)

SIZE_ROW = np.dtype([("cumulative", "f8"), ("size", "f8")], align=True)
"""Row of a size table, or time and size of a trace's packet."""


class State(NamedTuple):
    """Everything that the kernels read and write. One-dimensional arrays of the record types above, but for the sketch."""

    clock: Records  # one row
    packets: Records
    stays: Records
    ports: Records
    queues: Records
    hops: Records
    paths: Records
    sources: Records
    tallies: Records
    size_rows: Records
    sketch: npt.NDArray[np.uint32]  # [demand, bin]
