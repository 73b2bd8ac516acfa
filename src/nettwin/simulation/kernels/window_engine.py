"""The fast engine where links take time: port after port, a window of time at once.

Within a window no longer than any link's propagation plus the transmission of the smallest packet, no port can influence another
(conservative lookahead: Chandy & Misra, CACM 24(4), 1981). So each port sorts the arrivals of the window and works through them, with
all of its state in the cache. Exact: the sample paths are those of the event engine.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nettwin.simulation.kernels.compiled import inner, kernel
from nettwin.simulation.kernels.event_engine import OUT_OF_MEMORY, REACHED
from nettwin.simulation.kernels.hops import LEAVES, WAITS, depart, enter_port
from nettwin.simulation.kernels.prefetch import prefetch
from nettwin.simulation.kernels.schedulers import finish_service, start_service
from nettwin.simulation.kernels.sources import emit
from nettwin.simulation.records import FIFO, NONE, Record, State

_INSERTION_UP_TO = 24


class Boxes(NamedTuple):
    """Packets on their way, by port and window of arrival; and room to sort one port's arrivals.

    A box is a list of chunks of arrivals, each with its time and its packet's row: a list through the packets themselves would wait for
    the memory once per packet.
    """

    heads: npt.NDArray[np.int32]  # [port, window modulo size] first chunk, size a power of two
    chunk_times: npt.NDArray[np.float64]  # [chunk, place]
    chunk_slots: npt.NDArray[np.int32]  # [chunk, place]
    chunk_counts: npt.NDArray[np.int32]
    chunk_next: npt.NDArray[np.int32]
    times: npt.NDArray[np.float64]
    slots: npt.NDArray[np.int32]
    sorted_times: npt.NDArray[np.float64]
    sorted_slots: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]
    windows_ahead: npt.NDArray[np.int64]  # one entry: for how many windows sources send at a time


@inner
def _put(state: State, boxes: Boxes, slot: int, earliest: int) -> None:
    """Into the box of the window of its next arrival."""
    clock = state.clock[0]
    packet = state.packets[slot]
    window = max(int(min(packet.time * clock.per_width, 4e18)), earliest)
    size = boxes.heads.shape[1]
    if window - clock.bucket >= size:
        packet.next = clock.overflow
        clock.overflow = slot
        return
    port = state.hops[packet.hop].link
    box = window & (size - 1)
    chunk = boxes.heads[port, box]
    if chunk == NONE or boxes.chunk_counts[chunk] == boxes.chunk_slots.shape[1]:
        fresh = clock.free_chunk
        clock.free_chunk = boxes.chunk_next[fresh]
        boxes.chunk_next[fresh] = chunk
        boxes.chunk_counts[fresh] = 0
        boxes.heads[port, box] = fresh
        chunk = fresh
    place = boxes.chunk_counts[chunk]
    boxes.chunk_times[chunk, place] = packet.time
    boxes.chunk_slots[chunk, place] = slot
    boxes.chunk_counts[chunk] = place + 1


@inner
def _put_overflow(state: State, boxes: Boxes) -> None:
    clock = state.clock[0]
    slot = clock.overflow
    clock.overflow = NONE
    while slot != NONE:
        following = state.packets[slot].next
        _put(state, boxes, slot, clock.bucket)
        slot = following


@inner
def _send_until(state: State, boxes: Boxes, until: float) -> bool:
    """All sources send their packets before ``until`` into the boxes; False when rows run out (``resume`` says where)."""
    clock = state.clock[0]
    while clock.resume < len(state.sources):
        source = state.sources[clock.resume]
        while source.time < until:
            if clock.n_free_packets == 0:
                return False
            time = source.time
            slot = emit(state, clock.resume, time)
            if slot != NONE:
                state.packets[slot].time = time
                _put(state, boxes, slot, clock.bucket)
        clock.resume += 1
    clock.resume = 0
    clock.sent_until = until
    return True


@inner
def _gather(state: State, boxes: Boxes, port: int) -> int:
    """The arrivals in the port's box, unsorted: how many. Their rows are on the way to the cache."""
    clock = state.clock[0]
    box = clock.bucket & (boxes.heads.shape[1] - 1)
    chunk = boxes.heads[port, box]
    boxes.heads[port, box] = NONE
    n = 0
    while chunk != NONE:
        for place in range(boxes.chunk_counts[chunk]):
            boxes.times[n], boxes.slots[n] = boxes.chunk_times[chunk, place], boxes.chunk_slots[chunk, place]
            prefetch(state.packets, boxes.slots[n])
            n += 1
        following = boxes.chunk_next[chunk]
        boxes.chunk_next[chunk] = clock.free_chunk
        clock.free_chunk = chunk
        chunk = following
    return n


@inner
def _spread(boxes: Boxes, n: int, start: float, scale: float) -> None:
    """Counting sort by the time within the window, so that insertion has little left to do."""
    counts = boxes.counts
    for i in range(n + 1):
        counts[i] = 0
    for i in range(n):
        counts[min(max(int((boxes.times[i] - start) * scale), 0), n - 1) + 1] += 1
    for i in range(n):
        counts[i + 1] += counts[i]
    for i in range(n):
        place = min(max(int((boxes.times[i] - start) * scale), 0), n - 1)
        boxes.sorted_times[counts[place]], boxes.sorted_slots[counts[place]] = boxes.times[i], boxes.slots[i]
        counts[place] += 1
    for i in range(n):
        boxes.times[i], boxes.slots[i] = boxes.sorted_times[i], boxes.sorted_slots[i]


@inner
def _comes_before(state: State, slot: int, other: int) -> bool:
    """Order among arrivals at the same time, as in the event engine."""
    one, two = state.packets[slot], state.packets[other]
    if one.demand != two.demand:
        return one.demand < two.demand
    return one.sequence < two.sequence


@inner
def _insert(state: State, boxes: Boxes, n: int) -> None:
    times, slots = boxes.times, boxes.slots
    for i in range(1, n):
        time, slot = times[i], slots[i]
        j = i
        while j > 0 and (time < times[j - 1] or (time == times[j - 1] and _comes_before(state, slot, slots[j - 1]))):
            times[j], slots[j] = times[j - 1], slots[j - 1]
            j -= 1
        times[j], slots[j] = time, slot


@inner
def _forward(state: State, boxes: Boxes, slot: int, departure: float) -> None:
    if depart(state, slot, departure):
        _put(state, boxes, slot, state.clock[0].bucket + 1)


@inner
def _serve_before(state: State, boxes: Boxes, port: Record, limit: float, is_inclusive: bool) -> None:
    """Finish and start services as long as they begin before ``limit``, or at it."""
    while port.in_service != NONE and (port.free_at < limit or (is_inclusive and port.free_at == limit)):
        time = port.free_at
        finish_service(state, port)
        if port.backlog > 0:
            slot = start_service(state, port, time)
            _forward(state, boxes, slot, port.free_at)


@inner
def _take(state: State, boxes: Boxes, port: Record, slot: int, time: float) -> None:
    """One arrival at a port that is up to date."""
    fate, departure = enter_port(state, slot, time)
    if fate == LEAVES:
        _forward(state, boxes, slot, departure)
    elif fate == WAITS and port.in_service == NONE:
        first = start_service(state, port, time)
        _forward(state, boxes, first, port.free_at)


@inner
def _work_through(state: State, boxes: Boxes, row: int, n: int, limit: float) -> None:
    """The port's arrivals before ``limit``, in order; later ones go back into the box."""
    port = state.ports[row]
    is_fifo = port.kind == FIFO
    for i in range(n):
        time, slot = boxes.times[i], boxes.slots[i]
        if time >= limit:
            _put(state, boxes, slot, state.clock[0].bucket)
            continue
        if not is_fifo:
            _serve_before(state, boxes, port, time, True)
        _take(state, boxes, port, slot, time)
    if not is_fifo:
        _serve_before(state, boxes, port, limit, False)


@inner
def _visit_ports(state: State, boxes: Boxes, limit: float) -> bool:
    """All ports up to ``limit``; False when rows run out (``resume`` says where)."""
    clock = state.clock[0]
    place = clock.bucket & (boxes.heads.shape[1] - 1)
    while clock.resume < len(state.ports):
        row = clock.resume
        if boxes.heads[row, place] != NONE or state.ports[row].backlog > 0:
            n = _gather(state, boxes, row)
            if n > clock.n_free_stays:
                for i in range(n):
                    _put(state, boxes, boxes.slots[i], clock.bucket)
                return False
            if n > _INSERTION_UP_TO:
                _spread(boxes, n, clock.bucket * clock.width, n / clock.width)
            _insert(state, boxes, n)
            _work_through(state, boxes, row, n, limit)
        clock.resume += 1
    clock.resume = 0
    return True


@kernel
def run_windows(state: State, boxes: Boxes, until: float) -> int:
    """All that happens before ``until``: REACHED, or OUT_OF_MEMORY when there is no row left (enlarge and call again)."""
    clock = state.clock[0]
    while clock.bucket * clock.width < until:
        end = (clock.bucket + 1) * clock.width
        limit = min(end, until)
        if clock.sent_until < limit and not _send_until(state, boxes, min((clock.bucket + boxes.windows_ahead[0]) * clock.width, until)):
            return OUT_OF_MEMORY
        if not _visit_ports(state, boxes, limit):
            return OUT_OF_MEMORY
        if limit < end:
            return REACHED
        clock.bucket += 1
        if clock.bucket & (boxes.heads.shape[1] // 2 - 1) == 0:
            _put_overflow(state, boxes)
    return REACHED
