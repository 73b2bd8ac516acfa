"""A two-level calendar of events: buckets about as wide as a few events, then bundles of buckets, then all the rest.

An event is a packet (its row, >= 0), a port that becomes free (-2 - port) or a source (-2 - n_ports - source). Each has at most one
event pending, so lists of events run through the rows themselves and memory is bounded by packets in flight.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nettwin.simulation.kernels.compiled import inner, kernel
from nettwin.simulation.records import NONE, State


class Calendar(NamedTuple):
    """Heads of the lists, and the sorted events of the bucket in work."""

    near: npt.NDArray[np.int32]  # [bucket modulo size], size a power of two
    far: npt.NDArray[np.int32]  # [bundle modulo size], a bundle is as many buckets as near has
    ready_time: npt.NDArray[np.float64]
    ready_event: npt.NDArray[np.int32]


@inner
def _time_of(state: State, event: int) -> float:
    if event >= 0:
        return state.packets[event].time
    row = -2 - event
    n_ports = len(state.ports)
    return state.ports[row].free_at if row < n_ports else state.sources[row - n_ports].time


@inner
def _next_of(state: State, event: int) -> int:
    if event >= 0:
        return state.packets[event].next
    row = -2 - event
    n_ports = len(state.ports)
    return state.ports[row].next if row < n_ports else state.sources[row - n_ports].next


@inner
def _set_next(state: State, event: int, following: int) -> None:
    if event >= 0:
        state.packets[event].next = following
        return
    row = -2 - event
    n_ports = len(state.ports)
    if row < n_ports:
        state.ports[row].next = following
    else:
        state.sources[row - n_ports].next = following


@inner
def _order(state: State, event: int) -> tuple[int, int]:
    """Among events at one time: ports that become free, then packets by demand and number. Independent of all numbering of ports."""
    if event >= 0:
        packet = state.packets[event]
        return int(packet.demand), int(packet.sequence)
    row = -2 - event
    n_ports = len(state.ports)
    if row < n_ports:
        return -1, row
    return row - n_ports, int(state.sources[row - n_ports].sequence) + 1


@inner
def _is_before(state: State, calendar: Calendar, time: float, event: int, place: int) -> bool:
    other = calendar.ready_time[place]
    if time != other:
        return time < other
    return _order(state, event) < _order(state, calendar.ready_event[place])


@inner
def _sort(state: State, calendar: Calendar, n: int) -> None:
    """Shell's sort (gaps of Ciura 2001): insertion alone for the usual handful, tolerable for a burst."""
    times, events = calendar.ready_time, calendar.ready_event
    for gap in (701, 301, 132, 57, 23, 10, 4, 1):
        if gap > 1 and n < 4 * gap:
            continue
        for i in range(gap, n):
            time, event = times[i], events[i]
            j = i
            while j >= gap and _is_before(state, calendar, time, event, j - gap):
                times[j], events[j] = times[j - gap], events[j - gap]
                j -= gap
            times[j], events[j] = time, event


@inner
def _file(state: State, calendar: Calendar, event: int, bucket: int) -> None:
    """Put an event into the list of its bucket, bundle or the overflow."""
    clock = state.clock[0]
    size = len(calendar.near)
    if bucket - clock.bucket < size:
        place = bucket & (size - 1)
        _set_next(state, event, calendar.near[place])
        calendar.near[place] = event
    elif bucket // size - clock.bucket // size < len(calendar.far):
        place = (bucket // size) & (len(calendar.far) - 1)
        _set_next(state, event, calendar.far[place])
        calendar.far[place] = event
    else:
        _set_next(state, event, clock.overflow)
        clock.overflow = event


@inner
def _bucket_of(state: State, time: float) -> int:
    return int(min(time * state.clock[0].per_width, 4e18))


@inner
def schedule(state: State, calendar: Calendar, event: int, time: float, n: int) -> int:
    """File an event; ``n`` is the number of ready events, and so is the result: one more if it falls into the bucket in work."""
    bucket = _bucket_of(state, time)
    if bucket > state.clock[0].bucket:
        _file(state, calendar, event, bucket)
        return n
    times, events = calendar.ready_time, calendar.ready_event
    place = n
    while place > state.clock[0].done + 1 and _is_before(state, calendar, time, event, place - 1):
        times[place], events[place] = times[place - 1], events[place - 1]
        place -= 1
    times[place], events[place] = time, event
    return n + 1


@inner
def _refile(state: State, calendar: Calendar, event: int) -> None:
    while event != NONE:
        following = _next_of(state, event)
        bucket = max(_bucket_of(state, _time_of(state, event)), state.clock[0].bucket)
        _file(state, calendar, event, bucket)
        event = following


@inner
def advance(state: State, calendar: Calendar) -> None:
    """Go to the next bucket; at the start of a bundle, spread its events over the buckets."""
    clock = state.clock[0]
    size = len(calendar.near)
    clock.bucket += 1
    if clock.bucket & (size - 1):
        return
    bundle = clock.bucket // size
    place = bundle & (len(calendar.far) - 1)
    event = calendar.far[place]
    calendar.far[place] = NONE
    _refile(state, calendar, event)
    if place == 0:
        event = clock.overflow
        clock.overflow = NONE
        _refile(state, calendar, event)


@inner
def load(state: State, calendar: Calendar) -> int:
    """Sort the events of the bucket in work into the ready list: how many there are."""
    place = state.clock[0].bucket & (len(calendar.near) - 1)
    event = calendar.near[place]
    calendar.near[place] = NONE
    n = 0
    while event != NONE:
        calendar.ready_time[n] = _time_of(state, event)
        calendar.ready_event[n] = event
        n += 1
        event = _next_of(state, event)
    if n > 1:
        _sort(state, calendar, n)
    return n


@inner
def unload(state: State, calendar: Calendar, first: int, n: int) -> None:
    """Put the ready events from ``first`` on back into the bucket in work."""
    for i in range(first, n):
        _file(state, calendar, calendar.ready_event[i], state.clock[0].bucket)


@kernel
def file_events(state: State, calendar: Calendar, events: npt.NDArray[np.int32]) -> None:
    """File these events by their own times."""
    for i in range(len(events)):
        event = events[i]
        bucket = max(_bucket_of(state, _time_of(state, event)), state.clock[0].bucket)
        _file(state, calendar, event, bucket)


@inner
def _drain_list(state: State, event: int, events: npt.NDArray[np.int32], n: int) -> int:
    while event != NONE:
        events[n] = event
        n += 1
        event = _next_of(state, event)
    return n


@kernel
def drain_events(state: State, calendar: Calendar, events: npt.NDArray[np.int32]) -> int:
    """Take all pending events out of the calendar into ``events``: how many there are."""
    n = 0
    for place in range(len(calendar.near)):
        n = _drain_list(state, calendar.near[place], events, n)
        calendar.near[place] = NONE
    for place in range(len(calendar.far)):
        n = _drain_list(state, calendar.far[place], events, n)
        calendar.far[place] = NONE
    n = _drain_list(state, state.clock[0].overflow, events, n)
    state.clock[0].overflow = NONE
    return n
