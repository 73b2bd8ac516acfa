"""Compiled: damped rounds towards the fixed point of a network, in which losses and time scales of queues move each other.

A network has a few hundred queues, so that a round in numpy is a hundred small calls: here all rounds are one.
"""

from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.burstiness import place_of
from nettwin.queueing.calibration import Calibration
from nettwin.queueing.carrying import NO_TRAFFIC, carry_compiled
from nettwin.queueing.finite_queue import solve_compiled
from nettwin.queueing.network import Network
from nettwin.queueing.port_model import _DRR, QueueWork, all_views
from nettwin.queueing.precedence import PortLoads
from nettwin.queueing.room import _MOST_PLACES, places_in_bits, variation_of
from nettwin.queueing.smoothing import smoothed_compiled
from nettwin.queueing.streams import _FULL
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_DAMPING = 0.5
_LOSSY = 1e-6
_RARELY = 3.1  # deviations that a Gaussian exceeds once in a thousand
_LEAST_SERVICE = 1e-6  # of the port's mean packet time
_LEAST_FREE = 0.02  # of a queue's share of the server
_SHORTEST = 1e-3  # packet times of a port: a window is no shorter
_LEAST_ROUNDS = 3
_TINY = 1e-300


class Queues(NamedTuple):
    """What stays the same about queues. [queue]"""

    link: IntArray
    capacity_bps: FloatArray
    buffer_bits: FloatArray
    buffer_packets: FloatArray
    holds_packet_in_service: FloatArray  # 1 or 0
    is_closed: BoolArray
    is_alone: BoolArray  # on its port
    biased_bits: FloatArray  # largest E[size**2] / E[size] of a demand
    offered_packet_rate: FloatArray
    platoon_wait_s: FloatArray
    excess: FloatArray  # [queue + 1, window] as in Burstiness


class Links(NamedTuple):
    """What stays the same about ports. [link]"""

    slots: IntArray  # [link, slot]
    capacity_bps: FloatArray
    quantum_bits: FloatArray
    weight: FloatArray  # [link, slot]
    codes: IntArray
    unit_s: FloatArray
    port_rate: FloatArray
    excess_s: FloatArray  # [link, slot, window]


class Paths(NamedTuple):
    """What stays the same about packets on their way."""

    offsets: IntArray  # [path + 1]
    queue: IntArray  # [hop]
    sources: FloatArray  # [path, 3] packets/s, mean size, second moment
    wire_to: IntArray  # [pair of links]
    wire_share: FloatArray
    wire_spared: FloatArray
    stream_from: IntArray  # [pair of a link and a queue]
    stream_to: IntArray
    stream_rates: FloatArray  # [pair, 2] packets/s, sum of rate * (mean size)**2


class Fitted(NamedTuple):
    """The numbers of a Calibration."""

    window_floor: float
    window_factor: float
    window_buffer_factor: float
    unusable_space: float
    tie_width: float
    least_departure_variability: float


class Given(NamedTuple):
    """All that stays the same."""

    queues: Queues
    links: Links
    paths: Paths
    fitted: Fitted


class Round(NamedTuple):
    """What is known after a round. [queue] unless said otherwise."""

    loss: FloatArray  # of the work
    bits_per_second_moment: FloatArray  # of the packets that arrive
    precedence: FloatArray  # [link, slot, other]
    smoothed: FloatArray
    window_s: FloatArray
    share: FloatArray


class Found(NamedTuple):
    """What a round computes on the way: the parts of a NetworkState."""

    lost: FloatArray  # [queue, 2] flat, per bit
    carried: FloatArray  # [queue, 5] as ``carry``
    delivered: FloatArray  # [path, 2]
    queues: FloatArray  # [4, queue] as ``solve``
    view: FloatArray  # [4, queue] utilization, share, work, idle ratio
    service_s: FloatArray
    window_s: FloatArray
    longest_wait_s: FloatArray
    places: FloatArray
    loads: PortLoads
    precedence: FloatArray
    smoothed: FloatArray
    in_platoons: FloatArray


def given_of(network: Network) -> Given:
    """What the rounds read of a network."""
    return Given(_queues_of(network), _links_of(network), _paths_of(network), _fitted_of(network.calibration))


def _queues_of(network: Network) -> Queues:
    ports = network.ports
    return Queues(
        link=ports.link_of_queue,
        capacity_bps=ports.queue_capacity_bps,
        buffer_bits=np.array(ports.buffer_bits),
        buffer_packets=np.array(ports.buffer_packets),
        holds_packet_in_service=ports.holds_packet_in_service.astype(np.float64),
        is_closed=np.array(network.is_closed),
        is_alone=(ports.per_link(np.ones(ports.n_queues)) == 1)[ports.link_of_queue],
        biased_bits=network.biased_bits,
        offered_packet_rate=network.offered.packet_rate,
        platoon_wait_s=network.platoons.wait_s,
        excess=network.table.excess,
    )


def _links_of(network: Network) -> Links:
    ports = network.ports
    return Links(
        slots=ports.slots,
        capacity_bps=np.array(ports.capacity_bps),
        quantum_bits=np.array(ports.quantum_bits, dtype=np.float64),
        weight=ports.weight,
        codes=network.disciplines,
        unit_s=network.table.unit_s,
        port_rate=network.port_rate,
        excess_s=network.excess_s,
    )


def _paths_of(network: Network) -> Paths:
    hops, wires, streams = network.hops, network.into_links, network.into_queues
    return Paths(
        offsets=np.array(hops.offsets),
        queue=hops.queue,
        sources=np.column_stack([hops.packet_rate, hops.mean_bits, hops.second_moment_bits2]),
        wire_to=wires.to,
        wire_share=wires.share,
        wire_spared=wires.spared,
        stream_from=streams.from_link,
        stream_to=streams.to,
        stream_rates=np.column_stack([streams.packet_rate, streams.mean_square_rate]),
    )


def _fitted_of(calibration: Calibration) -> Fitted:
    c = calibration
    numbers = (c.window_floor, c.window_factor, c.window_buffer_factor, c.unusable_space, c.tie_width, c.least_departure_variability)
    return Fitted(*(float(number) for number in numbers))


@compiled
def rounds(given: Given, first: Round, most: int, tolerance: float) -> tuple[Found, int]:
    """Rounds until neither losses nor time scales move any more, or ``most``; and how many they were."""
    now, count = first, 1
    found, after = _next_round(given, now, 1)
    while count < most and not (count > _LEAST_ROUNDS and _distance(now, after) < tolerance):
        now = after
        count += 1
        found, after = _next_round(given, now, count)
    return found, count


@compiled
def _next_round(given: Given, now: Round, count: int) -> tuple[Found, Round]:
    queues, links, paths, fitted = given
    weight = 1.0 if count == 1 else _DAMPING
    lost = _queue_loss(queues, now)
    carried, delivered = carry_compiled(paths.offsets, paths.queue, paths.sources, lost)
    packets, bits, moments = carried[:, 0].copy(), carried[:, 1].copy(), carried[:, 2].copy()
    room = places_in_bits(queues.buffer_bits, packets, bits, moments, fitted.unusable_space)
    some = packets > NO_TRAFFIC
    rate, unit_s = np.maximum(packets, NO_TRAFFIC), links.unit_s[queues.link]
    service_s = np.maximum(np.where(some, bits / rate / queues.capacity_bps, unit_s), unit_s * _LEAST_SERVICE)
    utilization = bits / queues.capacity_bps
    loads = _port_loads(links, (utilization, now.loss, service_s, _waiting_places(queues, room, now.share)))
    left = np.append((packets / np.maximum(queues.offered_packet_rate, _TINY)) ** 2, 0.0)
    work = _queue_work(links, paths, loads, (moments, left, now.smoothed, now.window_s))
    precedence, seen = all_views(links.codes, loads, work, now.precedence, 2 / (count + 1), fitted.tie_width)
    offered = np.where(some, flat(links.slots, loads.offered, len(packets)), 1e-12)
    share, idle = flat(links.slots, seen[0], len(packets)), flat(links.slots, seen[2], len(packets))
    work_s = np.maximum(flat(links.slots, seen[1], len(packets)), 1e-30)
    # the waits in platoons are work too, so that a finite buffer bounds them
    more = queues.platoon_wait_s * share * np.maximum(share - offered, _LEAST_FREE * share)
    in_platoons, work_s = more / (work_s + more), work_s + more
    places, variation = _waiting_places(queues, room, share), variation_of(packets, bits, moments)
    solved = solve_compiled(np.stack((offered, share, work_s, idle, rate, service_s, variation, places)))
    loss = _within_capacity(queues, len(links.unit_s), offered, np.where(some, solved[0], 0.0))
    scale_s = _time_scale(fitted, (offered, share, work_s), service_s, places)
    window_s = now.window_s ** (1 - weight) * scale_s**weight
    change = _smoothed(given, (packets, bits, moments, utilization * (1 - now.loss)), (window_s, left, now.smoothed))
    longest_s = np.where(queues.is_alone, _drained_s(queues, service_s, variation, places), np.inf)
    view = np.stack((offered, share, work_s, idle))
    found = Found(
        lost, carried, delivered, solved, view, service_s, window_s, longest_s, places, loads, precedence, now.smoothed, in_platoons
    )
    moved = now.loss + weight * (loss - now.loss)
    after = Round(moved, bits / np.maximum(moments, _TINY), precedence, now.smoothed + _DAMPING * (change - now.smoothed), window_s, share)
    return found, after


@compiled
def _queue_loss(queues: Queues, now: Round) -> FloatArray:  # [queue, 2] flat, per bit
    """Where bits fill the buffer, a packet is lost in proportion to its size, as far as no demand would lose more than all.

    Nothing passes a closed queue.
    """
    longest = np.maximum(now.bits_per_second_moment * queues.biased_bits, 1 + 1e-9)  # size-biased mean of a demand over the queue's
    bias = np.minimum((1 / np.maximum(now.loss, 1e-9) - 1) / (longest - 1), 1.0)
    bias = np.where(np.isfinite(queues.buffer_bits) & ~queues.is_closed, bias, 0.0)
    lost = np.empty((len(bias), 2))
    lost[:, 0] = np.where(queues.is_closed, 1.0, now.loss * (1 - bias))
    lost[:, 1] = now.loss * now.bits_per_second_moment * bias
    return lost


@compiled
def _waiting_places(queues: Queues, room: FloatArray, share: FloatArray) -> FloatArray:
    """Places for waiting packets of mean size: the packet in service takes one while it is this queue's, where it counts."""
    places = np.minimum(queues.buffer_packets, room) - queues.holds_packet_in_service * share
    return np.minimum(np.maximum(places, 0.0), _MOST_PLACES)


@compiled
def _port_loads(links: Links, own: tuple[FloatArray, FloatArray, FloatArray, FloatArray]) -> PortLoads:
    """``own`` [queue]: offered utilization, loss, packet time, places.

    A deficit round robin stays with a queue for its quantum, at least a packet, at most until it has emptied a full buffer.
    """
    utilization, loss, service_s, places = own
    longest_s = padded(links.slots, (places + 1) * service_s / np.maximum(1 - utilization, 0.02))
    services_s = padded(links.slots, service_s)
    visit_s = np.zeros(links.slots.shape)
    for link in range(len(visit_s)):
        if links.codes[link] == _DRR:
            quantum_s = links.quantum_bits[link] / links.capacity_bps[link]
            for slot in range(links.slots.shape[1]):
                visit_s[link, slot] = min(max(links.weight[link, slot] * quantum_s, services_s[link, slot]), longest_s[link, slot])
    return PortLoads(padded(links.slots, utilization), padded(links.slots, utilization * (1 - loss)), links.weight, services_s, visit_s)


@compiled
def _queue_work(links: Links, paths: Paths, loads: PortLoads, own: tuple[FloatArray, FloatArray, FloatArray, FloatArray]) -> QueueWork:
    """``own``: second moments, shares of the excess that losses leave, changes of it by upstream ports, windows."""
    # packets that came one after another over a wire do not collide
    moments, left, smoothed, window_s = own
    n_links, n_slots = links.slots.shape
    busy, spared = np.zeros(n_links), np.zeros(n_links)
    for link in range(n_links):
        for slot in range(n_slots):
            busy[link] += loads.carried[link, slot]
    for pair in range(len(paths.wire_to)):
        used = min(busy[paths.wire_to[pair]], _FULL)
        spared[paths.wire_to[pair]] += paths.wire_spared[pair] * (1 - used) / (1 - min(paths.wire_share[pair] * used, used))
    half = 1 / (2 * links.capacity_bps**2)
    left_there = np.zeros(links.slots.shape)
    for link in range(n_links):
        for slot in range(n_slots):
            left_there[link, slot] = left[links.slots[link, slot]]
    windows = np.maximum(padded(links.slots, window_s) / links.unit_s.reshape(-1, 1), _SHORTEST)
    smooth_s = padded(links.slots, moments) * (half * (1 - spared)).reshape(-1, 1)
    return QueueWork(smooth_s, links.excess_s, left_there, padded(links.slots, smoothed) * half.reshape(-1, 1), place_of(windows))


@compiled
def _within_capacity(queues: Queues, n_links: int, utilization: FloatArray, loss: FloatArray) -> FloatArray:  # [queue]
    """No port sends more than it can: where views of its queues do not add up (ties), those that lose lose the rest as well."""
    carried = utilization * (1 - loss)
    excess = np.maximum(per_link(queues.link, carried, n_links) - 1, 0.0)
    lossy = per_link(queues.link, np.where(loss > _LOSSY, carried, 0.0), n_links)
    kept = 1 - np.minimum(excess / np.maximum(lossy, _TINY), 1.0)
    return np.where(loss > _LOSSY, 1 - (1 - loss) * kept[queues.link], loss)


@compiled
def _smoothed(
    given: Given, arriving: tuple[FloatArray, FloatArray, FloatArray, FloatArray], known: tuple[FloatArray, FloatArray, FloatArray]
) -> FloatArray:  # [queue]
    """What upstream ports change in the excess of arrivals. ``arriving`` [queue]: packets/s, bit/s, second moments, utilization carried;
    ``known``: windows, what losses leave, the last change."""
    queues, links, paths, fitted = given
    packets, bits, moments, carried = arriving
    window_s, left, smoothed = known
    n_links = len(links.unit_s)
    rate = np.maximum(per_link(queues.link, packets, n_links), 1e-12)
    mean = np.maximum(per_link(queues.link, bits, n_links) / rate, 1e-12)
    variation = per_link(queues.link, moments, n_links) / rate / mean**2 - 1
    by_link = np.empty((n_links, 6))
    by_link[:, 0] = links.unit_s
    by_link[:, 1] = np.minimum(per_link(queues.link, carried, n_links), 1.0)
    by_link[:, 2] = np.maximum(variation, fitted.least_departure_variability)
    by_link[:, 3] = rate * mean**2
    by_link[:, 4] = links.port_rate
    by_link[:, 5] = per_link(queues.link, smoothed, n_links)
    pairs = (paths.stream_from, paths.stream_to, paths.stream_rates)
    change: FloatArray = smoothed_compiled(pairs, by_link, window_s, (links.slots, queues.excess, left)) * left[:-1]
    return change


@compiled
def _time_scale(fitted: Fitted, view: tuple[FloatArray, FloatArray, FloatArray], service_s: FloatArray, places: FloatArray) -> FloatArray:
    """Relaxation time of the queue: near load 1 a finite buffer bounds it."""
    utilization, share, work_s = view
    load = utilization / share
    variability = np.maximum(work_s / np.maximum(utilization * service_s, _TINY), 0.3)
    open_end = (1 - load) ** 2 / (fitted.window_factor * variability)
    closed = variability / (fitted.window_buffer_factor * np.maximum(places, 1.0) ** 2)
    return (fitted.window_floor + 1 / (open_end + closed)) * service_s / share


@compiled
def _drained_s(queues: Queues, service_s: FloatArray, variation: FloatArray, places: FloatArray) -> FloatArray:  # [queue]
    """How long a full buffer takes to drain: exactly, if it is filled by bits; else but for one in a thousand."""
    spread = np.where(np.isfinite(queues.buffer_bits), 0.0, np.maximum(variation, 0.0) * (places + 1))
    return service_s * (places + 1 + _RARELY * np.sqrt(spread))


@compiled
def _distance(now: Round, after: Round) -> float:
    moved, scaled = 0.0, 0.0
    for queue in range(len(now.loss)):
        moved = max(moved, abs(after.loss[queue] - now.loss[queue]))
        scaled = max(scaled, abs(after.window_s[queue] / now.window_s[queue] - 1))
    return max(moved, scaled / 10)


@compiled
def padded(slots: IntArray, per_queue: FloatArray) -> FloatArray:  # [link, slot]
    """A figure per queue in its slots, 0 in empty ones."""
    result = np.zeros(slots.shape)
    for link in range(slots.shape[0]):
        for slot in range(slots.shape[1]):
            if slots[link, slot] < len(per_queue):
                result[link, slot] = per_queue[slots[link, slot]]
    return result


@compiled
def flat(slots: IntArray, per_slot: FloatArray, n_queues: int) -> FloatArray:  # [queue]
    """The inverse of ``padded``."""
    result = np.zeros(n_queues)
    for link in range(slots.shape[0]):
        for slot in range(slots.shape[1]):
            if slots[link, slot] < n_queues:
                result[slots[link, slot]] = per_slot[link, slot]
    return result


@compiled
def per_link(link_of_queue: IntArray, per_queue: FloatArray, n_links: int) -> FloatArray:  # [link]
    """Sums over the queues of each port."""
    result = np.zeros(n_links)
    for queue in range(len(per_queue)):
        result[link_of_queue[queue]] += per_queue[queue]
    return result
