"""One packet at one port: what both engines have in common."""

import math

import numpy as np

from nettwin.simulation.kernels.compiled import inner
from nettwin.simulation.kernels.delivery import book_arrival, deliver, lose, release
from nettwin.simulation.kernels.fifo import pass_fifo
from nettwin.simulation.kernels.random import as_unit, mixed
from nettwin.simulation.kernels.schedulers import enqueue
from nettwin.simulation.kernels.sources import size_of
from nettwin.simulation.records import DOWN, FIFO, NONE, Record, State

GONE, WAITS, LEAVES = 0, 1, 2
"""What became of a packet at a port: dropped, waiting in a queue, on its way."""


@inner
def _resample(state: State, packet: Record) -> None:
    """A fresh size at every hop: Kleinrock's independence assumption. Drawn by number, so the order of events does not matter."""
    word = mixed(state.clock[0].salt + np.uint64(packet.demand))
    word = mixed(word + mixed(np.uint64(packet.sequence)))
    word = mixed(word + mixed(np.uint64(packet.hop) + np.uint64(0x9E3779B97F4A7C15)))
    packet.size = size_of(state.size_rows, state.sources[packet.demand], as_unit(word))


@inner
def enter_port(state: State, slot: int, time: float) -> tuple[int, float]:
    """A packet reaches the port of its hop: what became of it, and when its last bit leaves if that is known."""
    packet = state.packets[slot]
    hop = state.hops[packet.hop]
    port = state.ports[hop.link]
    queue = state.queues[hop.queue]
    if state.clock[0].is_size_resampled:
        _resample(state, packet)
    book_arrival(state, queue, packet.size, time)
    if port.kind == FIFO:
        departure = pass_fifo(state, port, queue, packet.size, time)
        if departure >= 0.0:
            return LEAVES, departure
    elif port.kind != DOWN and enqueue(state, port, hop.queue, slot, time):
        return WAITS, math.nan
    lose(state, packet, queue, time)
    release(state, slot)
    return GONE, math.nan


@inner
def depart(state: State, slot: int, departure: float) -> bool:
    """The last bit leaves a port at ``departure``: True if the packet has another event, at ``packet.time``."""
    packet = state.packets[slot]
    hop = state.hops[packet.hop]
    packet.time = departure + state.ports[hop.link].propagation_s
    if not hop.is_last:
        packet.hop += 1
        return True
    if state.clock[0].is_delivery_an_event:
        packet.hop = NONE - packet.hop
        return True
    deliver(state, packet, packet.time)
    release(state, slot)
    return False
