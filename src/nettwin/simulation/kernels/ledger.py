"""Closing the books at the edge of a window, and what is lost when a link goes down."""

from nettwin.simulation.kernels.compiled import inner, kernel
from nettwin.simulation.kernels.delivery import lose, release
from nettwin.simulation.records import FIFO, NONE, State


@inner
def _book_waiting(state: State, row: int, since: float, until: float) -> None:
    queue = state.queues[row]
    slot = queue.head
    while slot != NONE:
        packet = state.packets[slot]
        stay = until - max(packet.arrived, since)
        queue.packet_seconds += stay
        queue.bit_seconds += stay * packet.size
        slot = packet.next


@kernel
def close_window(state: State) -> None:
    """Book the time that packets have waited so far; services were booked when they began, up to the end of the window."""
    clock = state.clock[0]
    for port in range(len(state.ports)):
        if state.ports[port].kind != FIFO:
            for row in range(state.ports[port].first_queue, state.ports[port].first_queue + state.ports[port].n_queues):
                _book_waiting(state, row, clock.measure_from, clock.measure_until)


@kernel
def open_window(state: State) -> None:
    """Book the rest of the services that a new window finds going on."""
    clock = state.clock[0]
    for row in range(len(state.ports)):
        port = state.ports[row]
        if port.in_service != NONE and port.free_at > clock.measure_from:
            queue = state.queues[port.in_service]
            rest = min(port.free_at, clock.measure_until) - clock.measure_from
            queue.busy_s += rest
            queue.packet_seconds += rest
            queue.bit_seconds += rest * port.service_size


@inner
def _clear_queue(state: State, row: int, time: float) -> None:
    """All that waits is lost; its waiting so far counts."""
    queue = state.queues[row]
    _book_waiting(state, row, state.clock[0].measure_from, time)
    while queue.head != NONE:
        slot = queue.head
        queue.head = state.packets[slot].next
        lose(state, state.packets[slot], queue, time)
        release(state, slot)
    queue.n = 0
    queue.bits = 0.0


@kernel
def clear_port(state: State, row: int, time: float) -> None:
    """The link goes down: its port is empty and idle. The packet in service is among those under way."""
    port = state.ports[row]
    if port.in_service != NONE and port.free_at > time:
        queue = state.queues[port.in_service]
        excess = min(port.free_at, state.clock[0].measure_until) - time
        queue.busy_s -= excess
        queue.packet_seconds -= excess
        queue.bit_seconds -= excess * port.service_size
    for queue_row in range(port.first_queue, port.first_queue + port.n_queues):
        _clear_queue(state, queue_row, time)
    port.in_service = NONE
    port.backlog = 0
    port.free_at = time


@kernel
def lose_under_way(state: State, slot: int, time: float) -> None:
    """A packet is lost on the link that it has been sent into."""
    packet = state.packets[slot]
    hop = packet.hop - 1 if packet.hop >= 0 else NONE - packet.hop
    lose(state, packet, state.queues[state.hops[hop].queue], time)
    release(state, slot)
