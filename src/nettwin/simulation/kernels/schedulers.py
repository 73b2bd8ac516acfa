"""Ports with several queues: who sends next. Non-preemptive and work-conserving."""

import math

from nettwin.simulation.kernels.compiled import inner
from nettwin.simulation.kernels.delivery import book_service
from nettwin.simulation.records import DRR, LEAST_SERVED, NONE, VIRTUAL_CLOCK, WFQ, Record, State


@inner
def _highest_priority(state: State, port: Record) -> int:
    queue = port.first_queue
    while state.queues[queue].head == NONE:
        queue += 1
    return queue


@inner
def _smallest_tag(state: State, port: Record) -> int:
    """Self-clocked fair queueing and virtual clock: the smallest finish tag among the queues' first packets."""
    best, smallest = NONE, math.inf
    for queue in range(port.first_queue, port.first_queue + port.n_queues):
        head = state.queues[queue].head
        if head != NONE and (best == NONE or state.packets[head].tag < smallest):
            best, smallest = queue, state.packets[head].tag
    return best


@inner
def _least_served(state: State, port: Record) -> int:
    """The backlogged queue with the smallest account of bits served per weight."""
    best, smallest = NONE, math.inf
    for queue in range(port.first_queue, port.first_queue + port.n_queues):
        if state.queues[queue].head != NONE and (best == NONE or state.queues[queue].account < smallest):
            best, smallest = queue, state.queues[queue].account
    return best


@inner
def _skip_rounds(state: State, port: Record) -> None:
    """Grant at once the rounds in which no queue could send (quanta far below the packet sizes)."""
    rounds = math.inf
    for row in range(port.first_queue, port.first_queue + port.n_queues):
        queue = state.queues[row]
        if queue.head != NONE:
            lacking = state.packets[queue.head].size - queue.account
            rounds = min(rounds, math.ceil(lacking / queue.quantum_bits) - 1.0)
    if rounds > 0:
        for row in range(port.first_queue, port.first_queue + port.n_queues):
            queue = state.queues[row]
            if queue.head != NONE:
                queue.account += rounds * queue.quantum_bits


@inner
def _next_in_round(state: State, port: Record) -> int:
    """Deficit round robin: on its visit a backlogged queue gains its quantum and sends what the deficit covers."""
    fruitless = 0
    while True:
        queue = state.queues[port.visited]
        if queue.head == NONE:
            queue.account = 0.0
        else:
            if not port.is_granted:
                queue.account += queue.quantum_bits
                port.is_granted = 1
            size = state.packets[queue.head].size
            if size <= queue.account:
                queue.account -= size
                return port.visited
        port.is_granted = 0
        port.visited += 1
        if port.visited == port.first_queue + port.n_queues:
            port.visited = port.first_queue
        fruitless += 1
        if fruitless == port.n_queues + 1:
            _skip_rounds(state, port)


@inner
def _pick(state: State, port: Record) -> int:
    if port.kind in (WFQ, VIRTUAL_CLOCK):
        return _smallest_tag(state, port)
    if port.kind == DRR:
        return _next_in_round(state, port)
    if port.kind == LEAST_SERVED:
        return _least_served(state, port)
    return _highest_priority(state, port)


@inner
def start_service(state: State, port: Record, time: float) -> int:
    """Take the next waiting packet into service: its row. Its last bit leaves at ``port.free_at``."""
    chosen = _pick(state, port)
    queue = state.queues[chosen]
    slot = queue.head
    packet = state.packets[slot]
    queue.head = packet.next
    port.backlog -= 1
    port.in_service = chosen
    port.service_size = packet.size
    port.free_at = time + packet.size * port.seconds_per_bit
    if port.kind == WFQ:
        port.virtual_time = packet.tag
    elif port.kind == LEAST_SERVED:
        queue.account += packet.size / queue.weight
    if not port.holds_service:
        _leave(queue, packet.size)
    book_service(state, queue, (packet.arrived, time, port.free_at), packet.size)
    return slot


@inner
def _leave(queue: Record, size: float) -> None:
    queue.n -= 1
    queue.bits = queue.bits - size if queue.n > 0 else 0.0


@inner
def finish_service(state: State, port: Record) -> None:
    """The last bit of the packet in service has left."""
    if port.holds_service:
        _leave(state.queues[port.in_service], port.service_size)
    port.in_service = NONE


@inner
def _forget_idle_period(state: State, port: Record) -> None:
    """Fair queueing and deficits start afresh with every busy period; what least-served and virtual clock remember never does."""
    port.virtual_time = 0.0
    port.is_granted = 0
    for queue in range(port.first_queue, port.first_queue + port.n_queues):
        state.queues[queue].account = 0.0


@inner
def enqueue(state: State, port: Record, row: int, slot: int, time: float) -> bool:
    """Put a packet into its queue; False if it is dropped."""
    queue = state.queues[row]
    packet = state.packets[slot]
    if queue.n + 1 > queue.buffer_packets or queue.bits + packet.size > queue.buffer_bits:
        return False
    if port.in_service == NONE and port.kind in (WFQ, DRR):
        _forget_idle_period(state, port)
    if port.kind == WFQ:
        packet.tag = max(queue.account, port.virtual_time) + packet.size / queue.weight
        queue.account = packet.tag
    elif port.kind == VIRTUAL_CLOCK:
        packet.tag = max(queue.account, time) + packet.size * port.seconds_per_bit / queue.weight
        queue.account = packet.tag
    else:
        packet.tag = 0.0  # the port may turn to fair queueing while the packet waits
    packet.arrived = time
    packet.next = NONE
    if queue.head == NONE:
        queue.head = slot
    else:
        state.packets[queue.tail].next = slot
    queue.tail = slot
    queue.n += 1
    queue.bits += packet.size
    port.backlog += 1
    return True
