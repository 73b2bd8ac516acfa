"""What becomes of packets: delivered or lost; and what is booked about it."""

import math

import numpy as np

from nettwin.simulation.kernels.compiled import inner
from nettwin.simulation.records import Record, State

_MANTISSA = np.int64(0xFFFFFFFFFFFFF)
_TO_FRACTION = 2.0**-52
CURVATURE = 0.34375
"""log2(1 + m) is m + CURVATURE * m * (1 - m) to within 0.01: cheap, and its slope is that of the logarithm to within 9 %."""


@inner
def sketch_bin(value: float, bins_per_octave: float, n_bins: int) -> int:
    """Bin of a value >= 1 among bins that are even in (almost) the logarithm; the last one takes all that is larger."""
    bits = np.float64(value).view(np.int64)
    octave = (bits >> np.int64(52)) - np.int64(1023)
    fraction = (bits & _MANTISSA) * _TO_FRACTION
    position = octave + fraction + CURVATURE * fraction * (1.0 - fraction)
    return min(max(int(position * bins_per_octave), 0), n_bins - 1)


@inner
def release(state: State, slot: int) -> None:
    """Give the packet's row back."""
    clock = state.clock[0]
    state.packets[slot].next = clock.free_packet
    clock.free_packet = slot
    clock.n_free_packets += 1


@inner
def deliver(state: State, packet: Record, time: float) -> None:
    """Book the arrival of a packet's last bit at its target."""
    clock = state.clock[0]
    if time < clock.measure_from or time > clock.measure_until:
        return
    demand = packet.demand
    tally = state.tallies[demand]
    path = state.paths[packet.path]
    delay = min(time - packet.created + path.shift_s, clock.delay_cap)
    excess = delay - tally.sketch_offset
    tally.delivered += 1.0
    tally.delivered_bits += packet.size
    tally.delay_sum += excess
    tally.delay_square_sum += excess * excess
    tally.delay_max = max(tally.delay_max, delay)
    if not math.isnan(path.last_delay):
        tally.ipdv_sum += abs(delay - path.last_delay)
        tally.ipdv_pairs += 1.0
    path.last_delay = delay
    if state.sketch.shape[1] > 0:
        place = sketch_bin(excess * tally.sketch_scale, clock.bins_per_octave, state.sketch.shape[1])
        state.sketch[demand, place] += np.uint32(1)


@inner
def lose(state: State, packet: Record, queue: Record, time: float) -> None:
    """Book a packet that is dropped at a queue."""
    if time >= state.clock[0].measure_from:
        queue.dropped += 1.0
        state.tallies[packet.demand].lost += 1.0


@inner
def book_arrival(state: State, queue: Record, size: float, time: float) -> None:
    """Book a packet that reaches a queue, whether it is taken or not."""
    clock = state.clock[0]
    clock.n_hops += 1
    if time >= clock.measure_from:
        queue.arrived += 1.0
        queue.arrived_bits += size


@inner
def book_service(state: State, queue: Record, span: tuple[float, float, float], size: float) -> None:
    """Book a packet whose (arrival, start of service, departure) are known; only what falls into the measurement counts."""
    clock = state.clock[0]
    arrived, start, departure = span
    since, until = clock.measure_from, clock.measure_until
    if departure <= since:
        return
    stay = min(departure, until) - max(arrived, since)
    queue.packet_seconds += stay
    queue.bit_seconds += stay * size
    queue.busy_s += max(min(departure, until) - max(start, since), 0.0)
    if since <= start < until:
        queue.served += 1.0
        queue.served_bits += size
        queue.sojourn_s += departure - arrived
