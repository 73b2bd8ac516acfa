"""The general engine: one event after the other, in the order of time."""

from nettwin.simulation.kernels.calendar import Calendar, advance, load, schedule, unload
from nettwin.simulation.kernels.compiled import inner, kernel
from nettwin.simulation.kernels.delivery import deliver, release
from nettwin.simulation.kernels.hops import LEAVES, WAITS, depart, enter_port
from nettwin.simulation.kernels.schedulers import finish_service, start_service
from nettwin.simulation.kernels.sources import emit
from nettwin.simulation.records import NONE, State

REACHED, OUT_OF_MEMORY = 0, 1


@inner
def _serve(state: State, calendar: Calendar, row: int, time: float, n: int) -> int:
    """A port takes its next packet into service."""
    port = state.ports[row]
    slot = start_service(state, port, time)
    if port.backlog > 0:
        n = schedule(state, calendar, -2 - row, port.free_at, n)
    if depart(state, slot, port.free_at):
        n = schedule(state, calendar, slot, state.packets[slot].time, n)
    return n


@inner
def _join(state: State, calendar: Calendar, row: int, time: float, n: int) -> int:
    """A packet has joined a queue of this port: serve it at once, or see to it that the port wakes up."""
    port = state.ports[row]
    if port.in_service == NONE:
        return _serve(state, calendar, row, time, n)
    if port.backlog == 1:
        return schedule(state, calendar, -2 - row, port.free_at, n)
    return n


@inner
def _arrive(state: State, calendar: Calendar, slot: int, time: float, n: int) -> int:
    """A packet reaches a port, or its target."""
    packet = state.packets[slot]
    if packet.hop < 0:
        deliver(state, packet, time)
        release(state, slot)
        return n
    row = state.hops[packet.hop].link
    port = state.ports[row]
    if port.in_service != NONE and port.backlog == 0 and port.free_at <= time:
        finish_service(state, port)  # nobody waited, so there was no event
    fate, departure = enter_port(state, slot, time)
    if fate == LEAVES:
        if depart(state, slot, departure):
            return schedule(state, calendar, slot, packet.time, n)
    elif fate == WAITS:
        return _join(state, calendar, row, time, n)
    return n


@inner
def _send(state: State, calendar: Calendar, demand: int, time: float, n: int) -> int:
    """A source sends a packet."""
    slot = emit(state, demand, time)
    following = state.sources[demand].time
    n = schedule(state, calendar, -2 - len(state.ports) - demand, following, n)
    if slot == NONE:
        return n
    return _arrive(state, calendar, slot, time, n)


@inner
def _happen(state: State, calendar: Calendar, event: int, time: float, n: int) -> int:
    if event >= 0:
        return _arrive(state, calendar, event, time, n)
    row = -2 - event
    n_ports = len(state.ports)
    if row < n_ports:
        finish_service(state, state.ports[row])
        return _serve(state, calendar, row, time, n)
    return _send(state, calendar, row - n_ports, time, n)


@kernel
def run_events(state: State, calendar: Calendar, until: float) -> int:
    """All events before ``until``: REACHED, or OUT_OF_MEMORY when there is no row left for a packet (enlarge and call again)."""
    clock = state.clock[0]
    while clock.bucket * clock.width < until:
        n = load(state, calendar)
        clock.done = 0
        while clock.done < n:
            time = calendar.ready_time[clock.done]
            is_full = clock.n_free_packets == 0 or clock.n_free_stays == 0
            if time >= until or is_full:
                unload(state, calendar, clock.done, n)
                return REACHED if time >= until else OUT_OF_MEMORY
            n = _happen(state, calendar, calendar.ready_event[clock.done], time, n)
            clock.done += 1
        advance(state, calendar)
    return REACHED
