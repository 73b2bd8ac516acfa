"""Sources: when the next packet comes, how large it is, which path it takes."""

import math

from nettwin.simulation.kernels.compiled import inner, kernel
from nettwin.simulation.kernels.random import as_unit, draw, exponential, mixed, normal, uniform
from nettwin.simulation.records import (
    AUTOCORRELATED,
    CARRIED_ON_OFF,
    CONSTANT,
    EMPIRICAL,
    EXPONENTIAL,
    FIXED,
    MODULATED,
    NONE,
    ON_OFF,
    POISSON,
    SILENT,
    TRACE,
    Record,
    Records,
    State,
)

_BISECT_ABOVE = 12


@inner
def _row_of(size_rows: Records, first: int, length: int, unit: float) -> int:
    if length <= _BISECT_ABOVE:
        row = first
        while row < first + length - 1 and unit >= size_rows[row].cumulative:
            row += 1
        return row
    low, high = first, first + length - 1
    while low < high:
        middle = (low + high) // 2
        if unit >= size_rows[middle].cumulative:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def size_of(size_rows: Records, source: Record, unit: float) -> float:
    """Packet size in bits, by inversion of a uniform number."""
    kind = source.size_kind
    if source.kind == TRACE:
        return size_rows[source.table + source.phase].size
    if kind == EMPIRICAL:
        return size_rows[_row_of(size_rows, source.table, source.table_length, unit)].size
    if kind == FIXED:
        return source.size0
    if kind == EXPONENTIAL:
        return -source.size0 * math.log1p(-unit)
    return source.size1 - source.size0 * math.log1p(-unit * source.size2)  # truncated


@inner
def path_of(paths: Records, source: Record, word: int) -> int:
    """The path of a packet, by the shares of its demand's paths; NONE where a part of the traffic has none."""
    first = source.first_path
    last = source.end_path - 1
    if first > last:
        return NONE
    if first == last and paths[first].cumulative_share >= 1.0:
        return first
    unit = as_unit(mixed(word))  # not a draw of its own: the stream must not depend on the routing
    for path in range(first, last + 1):
        if unit < paths[path].cumulative_share:
            return path
    return NONE


@inner
def _next_on_off(source: Record, time: float) -> float:
    """Equal gaps within exponential ON periods, with a fresh phase in each."""
    following = time + source.gap_s
    while following >= source.memory:
        start = source.memory + source.off_s * exponential(source)
        source.memory = start + source.on_s * exponential(source)
        following = start + source.gap_s * uniform(source)
    return following


@inner
def _next_carried_on_off(source: Record, time: float) -> float:
    """ON credit is carried over; each OFF period ends with a packet."""
    if source.memory >= source.gap_s:
        source.memory -= source.gap_s
        return time + source.gap_s
    source.memory += source.on_s * exponential(source)
    return time + source.off_s * exponential(source)


@inner
def _next_modulated(source: Record, time: float) -> float:
    """Poisson at the rate of a two-state Markov chain: an exponential amount of work is used up at that rate."""
    work = exponential(source)
    while True:
        gap = source.gap_s if source.phase == 1 else source.low_gap_s
        if work * gap < source.memory:
            source.memory -= work * gap
            return time + work * gap
        time += source.memory
        work -= source.memory / gap
        source.phase = 1 - source.phase
        source.memory = (source.on_s if source.phase == 1 else source.off_s) * exponential(source)


@inner
def _next_autocorrelated(source: Record, time: float) -> float:
    correlation = source.on_s
    source.memory = correlation * source.memory + math.sqrt(1.0 - correlation * correlation) * normal(source)
    return time - source.gap_s * math.log(0.5 * math.erfc(source.memory / math.sqrt(2.0)))


@inner
def _next_of_trace(size_rows: Records, source: Record) -> float:
    source.phase += 1
    if source.phase == source.table_length:
        source.phase = 0
        source.memory += source.on_s
    return source.memory + size_rows[source.table + source.phase].cumulative


@inner
def next_time(size_rows: Records, source: Record, time: float) -> float:  # noqa: PLR0911  one per process
    """When the packet after the one at ``time`` is sent."""
    kind = source.kind
    if kind == POISSON:
        return time + source.gap_s * exponential(source)
    if kind == CONSTANT:
        return time + source.gap_s
    if kind == ON_OFF:
        return _next_on_off(source, time)
    if kind == CARRIED_ON_OFF:
        return _next_carried_on_off(source, time)
    if kind == MODULATED:
        return _next_modulated(source, time)
    if kind == AUTOCORRELATED:
        return _next_autocorrelated(source, time)
    return _next_of_trace(size_rows, source)


@inner
def _begin(size_rows: Records, source: Record, time: float) -> float:
    """First packet of a source that starts at ``time`` in its stationary state."""
    kind = source.kind
    if kind == SILENT:
        return math.inf
    if kind == CONSTANT:
        return time + source.gap_s * uniform(source)
    if kind == TRACE:
        cycle = math.floor(time / source.on_s)
        source.memory, source.phase = cycle * source.on_s, -1
        following = _next_of_trace(size_rows, source)
        while following < time:
            following = _next_of_trace(size_rows, source)
        return following
    if kind in (ON_OFF, CARRIED_ON_OFF, MODULATED):
        is_on = uniform(source) * (source.on_s + source.off_s) < source.on_s
        stay = exponential(source) * source.on_s if is_on else exponential(source) * source.off_s
        return _begin_alternating(source, time, is_on, stay)
    if kind == AUTOCORRELATED:
        source.memory = normal(source)
    return next_time(size_rows, source, time)


@inner
def _begin_alternating(source: Record, time: float, is_on: bool, stay: float) -> float:
    if source.kind == MODULATED:
        source.phase, source.memory = (1 if is_on else 0), stay
        return _next_modulated(source, time)
    if source.kind == CARRIED_ON_OFF:
        source.memory = source.on_s * exponential(source)
        return time + (source.gap_s * uniform(source) if is_on else stay)
    source.memory = time + stay if is_on else time
    if is_on:
        return _next_on_off(source, time - source.gap_s * uniform(source))
    source.memory = time + stay
    start = source.memory
    source.memory = start + source.on_s * exponential(source)
    first = start + source.gap_s * uniform(source)
    return first if first < source.memory else _next_on_off(source, first)


@kernel
def begin_sources(state: State, demands: Records, time: float) -> None:
    """Draw the first packet of these sources, from ``time`` on."""
    for demand in demands:
        source = state.sources[demand]
        source.time = _begin(state.size_rows, source, time)


@kernel
def arrival_times(state: State, demand: int, times: Records) -> None:
    """Fill in when the first packets of a demand are sent; nothing else happens."""
    source = state.sources[demand]
    source.time = _begin(state.size_rows, source, 0.0)
    for i in range(len(times)):
        times[i] = source.time
        source.time = next_time(state.size_rows, source, source.time)


@inner
def emit(state: State, demand: int, time: float) -> int:
    """Send the packet that is due: its row in ``packets``, or NONE where no path takes it. Sets the time of the next one."""
    source = state.sources[demand]
    tally = state.tallies[demand]
    clock = state.clock[0]
    word = draw(source)
    size = size_of(state.size_rows, source, as_unit(word))
    path = path_of(state.paths, source, word)
    source.sequence += 1
    source.time = next_time(state.size_rows, source, time)
    clock.n_packets += 1
    if time >= clock.measure_from:
        tally.sent += 1.0
        tally.sent_bits += size
        if path == NONE:
            tally.lost += 1.0
    if path == NONE:
        return NONE
    slot = clock.free_packet
    packet = state.packets[slot]
    clock.free_packet = packet.next
    clock.n_free_packets -= 1
    packet.created = time
    packet.size = size
    packet.hop = state.paths[path].first_hop
    packet.path = path
    packet.demand = demand
    packet.sequence = source.sequence
    return slot
