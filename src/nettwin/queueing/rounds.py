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
from nettwin.queueing.long_ways import LONG, WAIT, fresh_line_compiled, mean_line_compiled
from nettwin.queueing.network import Network
from nettwin.queueing.port_model import DRR, LEAST_FREE, QueueWork, all_views
from nettwin.queueing.precedence import PortLoads
from nettwin.queueing.room import MOST_PLACES, places_in_bits, variation_of
from nettwin.queueing.smoothing import smoothed_compiled
from nettwin.queueing.streams import FULL
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_DAMPING = 0.5
_LOSSY = 1e-6
_RARELY = 3.1  # deviations that a Gaussian exceeds once in a thousand
_LEAST_SERVICE = 1e-6  # of the port's mean packet time
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
    long_ways: FloatArray  # [queue, 7] as in LongWays
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
        long_ways=network.long_ways.queues,
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
    own = _own_loads(queues, links, carried, now, room)
    loads = _port_loads(links, own)
    work = _queue_work(links, paths, loads, (moments, own[4], now.smoothed, now.window_s))
    precedence, seen = all_views(links.codes, loads, work, now.precedence, 2 / (count + 1), fitted.tie_width)
    columns, in_platoons = _columns(queues, links, seen, own, (packets, variation_of(packets, bits, moments), room))
    solved = solve_compiled(columns)
    loss = _within_capacity(queues, len(links.unit_s), columns, solved[0])
    window_s, longest_s, moved = _time_scales(given, columns, now, loss, weight)
    change = _smoothed(given, (packets, bits, moments, own[1]), (window_s, own[4], now.smoothed))
    smoothed, per_moment = now.smoothed.copy(), np.zeros(len(packets))
    for queue in range(len(packets)):
        smoothed[queue] += _DAMPING * (change[queue] - now.smoothed[queue])
        per_moment[queue] = bits[queue] / max(moments[queue], _TINY)
    found = Found(
        lost, carried, delivered, solved, columns[:4].copy(), own[2, :-1].copy(), window_s, longest_s, columns[7].copy(), loads, precedence,
        now.smoothed, in_platoons,
    )  # fmt: skip
    return found, Round(moved, per_moment, precedence, smoothed, window_s, columns[1].copy())


@compiled
def _queue_loss(queues: Queues, now: Round) -> FloatArray:  # [queue, 2] flat, per bit
    """Where bits fill the buffer, a packet is lost in proportion to its size, as far as no demand would lose more than all.

    Nothing passes a closed queue.
    """
    lost = np.zeros((len(queues.link), 2))
    for queue in range(len(lost)):
        if queues.is_closed[queue]:
            lost[queue, 0] = 1.0
            continue
        loss, bias = now.loss[queue], 0.0
        if np.isfinite(queues.buffer_bits[queue]):
            # size-biased mean of a demand over the queue's
            longest = max(now.bits_per_second_moment[queue] * queues.biased_bits[queue], 1 + 1e-9)
            bias = min((1 / max(loss, 1e-9) - 1) / (longest - 1), 1.0)
        lost[queue, 0] = loss * (1 - bias)
        lost[queue, 1] = loss * now.bits_per_second_moment[queue] * bias
    return lost


@compiled
def _own_loads(queues: Queues, links: Links, carried: FloatArray, now: Round, room: FloatArray) -> FloatArray:  # [5, queue + 1]
    """Utilization offered, and carried; packet time; the longest time to empty a full buffer; what losses leave of the excess."""
    n = len(queues.link)
    own = np.zeros((5, n + 1))  # the last column belongs to empty slots
    for queue in range(n):
        packets, bits, unit_s = carried[queue, 0], carried[queue, 1], links.unit_s[queues.link[queue]]
        used = bits / queues.capacity_bps[queue]
        service_s = bits / max(packets, NO_TRAFFIC) / queues.capacity_bps[queue] if packets > NO_TRAFFIC else unit_s
        service_s = max(service_s, unit_s * _LEAST_SERVICE)
        own[0, queue], own[1, queue], own[2, queue] = used, used * (1 - now.loss[queue]), service_s
        own[3, queue] = (_waiting_places(queues, queue, room[queue], now.share[queue]) + 1) * service_s / max(1 - used, 0.02)
        own[4, queue] = (packets / max(queues.offered_packet_rate[queue], _TINY)) ** 2
    return own


@compiled
def _waiting_places(queues: Queues, queue: int, room: float, share: float) -> float:
    """Places for waiting packets of mean size: the packet in service takes one while it is this queue's, where it counts."""
    places = min(queues.buffer_packets[queue], room) - queues.holds_packet_in_service[queue] * share
    return float(min(max(places, 0.0), MOST_PLACES))


@compiled
def _port_loads(links: Links, own: FloatArray) -> PortLoads:
    """A deficit round robin stays with a queue for its quantum, at least a packet, at most until it has emptied a full buffer."""
    visit_s, services_s = np.zeros(links.slots.shape), padded(links.slots, own[2])
    for link in range(len(links.codes)):
        if links.codes[link] == DRR:
            quantum_s = links.quantum_bits[link] / links.capacity_bps[link]
            for slot in range(links.slots.shape[1]):
                longest_s = own[3, links.slots[link, slot]]
                visit_s[link, slot] = min(max(links.weight[link, slot] * quantum_s, services_s[link, slot]), longest_s)
    return PortLoads(padded(links.slots, own[0]), padded(links.slots, own[1]), links.weight, services_s, visit_s)


@compiled
def _queue_work(links: Links, paths: Paths, loads: PortLoads, own: tuple[FloatArray, FloatArray, FloatArray, FloatArray]) -> QueueWork:
    """``own``: second moments, shares of the excess that losses leave, changes of it by upstream ports, windows."""
    moments, left, smoothed, window_s = own
    smooth_s, changed_s, windows = np.zeros(links.slots.shape), np.zeros(links.slots.shape), np.full(links.slots.shape, _SHORTEST)
    spared = _spared_work(links, paths, loads)
    for link in range(links.slots.shape[0]):
        half = 1 / (2 * links.capacity_bps[link] ** 2)
        for slot in range(links.slots.shape[1]):
            queue = links.slots[link, slot]
            if queue < len(moments):
                smooth_s[link, slot] = moments[queue] * half * (1 - spared[link])
                changed_s[link, slot] = smoothed[queue] * half
                windows[link, slot] = max(window_s[queue] / links.unit_s[link], _SHORTEST)
    return QueueWork(smooth_s, links.excess_s, padded(links.slots, left), changed_s, place_of(windows))


@compiled
def _spared_work(links: Links, paths: Paths, loads: PortLoads) -> FloatArray:  # [link]
    """Share of each port's residual work that never arises because its packets came one after another over a wire."""
    busy, spared = np.zeros(len(links.unit_s)), np.zeros(len(links.unit_s))
    for link in range(len(busy)):
        for slot in range(links.slots.shape[1]):
            busy[link] += loads.carried[link, slot]
    for pair in range(len(paths.wire_to)):
        used = min(busy[paths.wire_to[pair]], FULL)
        spared[paths.wire_to[pair]] += paths.wire_spared[pair] * (1 - used) / (1 - min(paths.wire_share[pair] * used, used))
    return spared


@compiled
def _columns(
    queues: Queues, links: Links, seen: FloatArray, own: FloatArray, packets: tuple[FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """What ``solve`` reads [8, queue], and the share of the work that is waits in platoons [queue].

    These are work too, so that a finite buffer bounds them. A queue without traffic sees a vanishing load.
    """
    rate, variation, room = packets
    columns, in_platoons = np.empty((8, len(rate))), np.empty(len(rate))
    for link in range(links.slots.shape[0]):
        for slot in range(links.slots.shape[1]):
            queue = links.slots[link, slot]
            if queue == len(rate):
                continue
            offered = own[0, queue] if rate[queue] > NO_TRAFFIC else 1e-12
            share, work_s = seen[0, link, slot], max(seen[1, link, slot], 1e-30)
            divisor = share * max(share - offered, LEAST_FREE * share)
            more, behind_s = queues.platoon_wait_s[queue] * divisor, queues.platoon_wait_s[queue]
            way = queues.long_ways[queue]
            if way[LONG] > 0:
                line = mean_line_compiled(way, fresh_line_compiled(way, share, offered))
                wait_s = (1 - way[LONG]) * (work_s / divisor + behind_s) + way[LONG] * (line[0] + line[1] * work_s / divisor)
                more, behind_s = wait_s * divisor - work_s, (1 - way[LONG]) * behind_s + way[LONG] * way[WAIT]
            columns[0, queue], columns[1, queue], columns[2, queue], columns[3, queue] = offered, share, work_s + more, seen[2, link, slot]
            columns[4, queue], columns[5, queue], columns[6, queue] = max(rate[queue], NO_TRAFFIC), own[2, queue], variation[queue]
            columns[7, queue] = _waiting_places(queues, queue, room[queue], share)
            in_platoons[queue] = behind_s * divisor / (work_s + more)
    return columns, in_platoons


@compiled
def _within_capacity(queues: Queues, n_links: int, columns: FloatArray, found: FloatArray) -> FloatArray:  # [queue]
    """No port sends more than it can: where views of its queues do not add up (ties), those that lose lose the rest as well."""
    loss, carried, lossy = np.zeros(len(found)), np.zeros(n_links), np.zeros(n_links)
    for queue in range(len(loss)):
        loss[queue] = found[queue] if columns[4, queue] > NO_TRAFFIC else 0.0
        sent = columns[0, queue] * (1 - loss[queue])
        carried[queues.link[queue]] += sent
        lossy[queues.link[queue]] += sent if loss[queue] > _LOSSY else 0.0
    for queue in range(len(loss)):
        link = queues.link[queue]
        kept = 1 - min(max(carried[link] - 1, 0.0) / max(lossy[link], _TINY), 1.0)
        if loss[queue] > _LOSSY:
            loss[queue] = 1 - (1 - loss[queue]) * kept
    return loss


@compiled
def _time_scales(
    given: Given, columns: FloatArray, now: Round, loss: FloatArray, weight: float
) -> tuple[FloatArray, FloatArray, FloatArray]:  # [queue] each
    """Time scales of burstiness, how long full buffers take to drain (infinite where other queues decide), losses, damped.

    The time scale is the relaxation time of the queue: near load 1 a finite buffer bounds it. A buffer drains exactly, if it is filled
    by bits; else in that time but for one in a thousand.
    """
    queues, fitted = given.queues, given.fitted
    window_s, longest_s, moved = now.window_s.copy(), np.full(len(loss), np.inf), now.loss.copy()
    for queue in range(len(loss)):
        used, share, work_s = columns[0, queue], columns[1, queue], columns[2, queue]
        service_s, places = columns[5, queue], columns[7, queue]
        variability = max(work_s / max(used * service_s, _TINY), 0.3)
        open_end = (1 - used / share) ** 2 / (fitted.window_factor * variability)
        closed = variability / (fitted.window_buffer_factor * max(places, 1.0) ** 2)
        scale_s = (fitted.window_floor + 1 / (open_end + closed)) * service_s / share
        window_s[queue] = now.window_s[queue] ** (1 - weight) * scale_s**weight
        moved[queue] += weight * (loss[queue] - now.loss[queue])
        if queues.is_alone[queue]:
            spread = 0.0 if np.isfinite(queues.buffer_bits[queue]) else max(columns[6, queue], 0.0) * (places + 1)
            longest_s[queue] = service_s * (places + 1 + _RARELY * np.sqrt(spread))
    return window_s, longest_s, moved


@compiled
def _smoothed(
    given: Given, arriving: tuple[FloatArray, FloatArray, FloatArray, FloatArray], known: tuple[FloatArray, FloatArray, FloatArray]
) -> FloatArray:  # [queue]
    """What upstream ports change in the excess of arrivals. ``arriving`` [queue]: packets/s, bit/s, second moments, utilization carried;
    ``known``: windows, what losses leave, the last change."""
    queues, links, paths, fitted = given
    packets, bits, moments, carried = arriving
    window_s, left, smoothed = known
    by_link = np.zeros((len(links.unit_s), 6))
    for queue in range(len(packets)):
        row = by_link[queues.link[queue]]
        row[1] += carried[queue]
        row[2] += moments[queue]
        row[3] += bits[queue]
        row[4] += packets[queue]
        row[5] += smoothed[queue]
    for link in range(len(by_link)):
        row = by_link[link]
        rate = max(row[4], 1e-12)
        mean = max(row[3] / rate, 1e-12)
        row[0], row[1], row[4] = links.unit_s[link], min(row[1], 1.0), links.port_rate[link]
        row[2] = max(row[2] / rate / mean**2 - 1, fitted.least_departure_variability)
        row[3] = rate * mean**2
    pairs = (paths.stream_from, paths.stream_to, paths.stream_rates)
    change: FloatArray = smoothed_compiled(pairs, by_link, window_s, (links.slots, queues.excess, left))
    for queue in range(len(change)):
        change[queue] *= left[queue]
    return change


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
