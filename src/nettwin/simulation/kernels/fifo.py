"""FIFO ports: the departure is known on arrival, so a hop costs one event."""

from nettwin.simulation.kernels.compiled import inner
from nettwin.simulation.kernels.delivery import book_service
from nettwin.simulation.records import NONE, Record, State


@inner
def _leave_until(state: State, queue: Record, time: float) -> None:
    """Free the places of the packets that have left the buffer by now."""
    clock = state.clock[0]
    while queue.head != NONE:
        place = queue.head
        stay = state.stays[place]
        if stay.until > time:
            return
        queue.n -= 1
        queue.bits -= stay.size
        queue.head = stay.next
        stay.next = clock.free_stay
        clock.free_stay = place
        clock.n_free_stays += 1
    queue.bits = 0.0  # no rounding errors gather


@inner
def _stay(state: State, queue: Record, until: float, size: float) -> None:
    clock = state.clock[0]
    place = clock.free_stay
    stay = state.stays[place]
    clock.free_stay = stay.next
    clock.n_free_stays -= 1
    stay.until, stay.size, stay.next = until, size, NONE
    if queue.head == NONE:
        queue.head = place
    else:
        state.stays[queue.tail].next = place
    queue.tail = place
    queue.n += 1
    queue.bits += size


@inner
def pass_fifo(state: State, port: Record, queue: Record, size: float, time: float) -> float:
    """When the last bit leaves the port; -1 if the packet is dropped (Lindley's recursion)."""
    if queue.is_finite:
        _leave_until(state, queue, time)
        if queue.n + 1 > queue.buffer_packets or queue.bits + size > queue.buffer_bits:
            return -1.0
    start = max(time, port.free_at)
    departure = start + size * port.seconds_per_bit
    port.free_at = departure
    if queue.is_finite:
        _stay(state, queue, departure if port.holds_service else start, size)
    book_service(state, queue, (time, start, departure), size)
    return departure
