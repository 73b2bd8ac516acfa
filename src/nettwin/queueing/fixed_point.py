"""The fixed point of a network: losses thin what arrives downstream, which changes the losses."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.queueing.burstiness import place_of
from nettwin.queueing.calibration import Calibration
from nettwin.queueing.carrying import NO_TRAFFIC, Arrivals, Carried, QueueLoss, carry
from nettwin.queueing.finite_queue import Packets, QueueState, ServerView, solve
from nettwin.queueing.network import Network
from nettwin.queueing.port_model import QueueWork, server_views
from nettwin.queueing.ports import Ports
from nettwin.queueing.precedence import PortLoads
from nettwin.queueing.room import size_variation, waiting_places
from nettwin.queueing.smoothing import Variability, port_traffic, smoothed_excess
from nettwin.queueing.streams import spared_work
from nettwin.scenario import Discipline
from nettwin.scenario.arrays import BoolArray, FloatArray

MOST_ROUNDS = 40
_DAMPING = 0.5
TOLERANCE = 1e-4
_LOSSY = 1e-6
_RARELY = 3.1  # deviations that a Gaussian exceeds once in a thousand
_LEAST_SERVICE = 1e-6  # of the port's mean packet time
_LEAST_FREE = 0.02  # of a queue's share of the server
_SHORTEST = 1e-3  # packet times of a port: a window is no shorter


@dataclass(frozen=True, eq=False)
class Round:
    """What is known after a round. [queue] unless said otherwise."""

    loss: FloatArray  # of the work
    bits_per_second_moment: FloatArray  # of the packets that arrive
    precedence: FloatArray  # [link, slot, other]
    smoothed: FloatArray
    window_s: FloatArray
    share: FloatArray


@dataclass(frozen=True, eq=False)
class NetworkState:
    """The steady state of all queues, and what reaches them."""

    network: Network
    loss: QueueLoss  # under which the packets are carried
    carried: Carried
    queues: QueueState
    view: ServerView
    service_s: FloatArray  # [queue] mean packet time at full rate
    window_s: FloatArray  # [queue] time scale on which its burstiness counts
    longest_wait_s: FloatArray  # [queue] of a full FIFO buffer; infinite where other queues decide
    places: FloatArray  # [queue] room for waiting packets of mean size
    loads: PortLoads
    precedence: FloatArray  # [link, slot, other]
    smoothed: FloatArray  # [queue] what upstream ports change in the excess of the arrivals
    in_platoons: FloatArray  # [queue] share of the work that is waits behind longer packets from earlier hops
    n_rounds: int


def solve_network(network: Network, most_rounds: int = MOST_ROUNDS, tolerance: float = TOLERANCE) -> NetworkState:
    """Damped rounds until neither losses nor time scales move any more, or the limit of rounds; tolerance 0: as many as allowed."""
    now = _first_round(network)
    for count in range(1, most_rounds + 1):
        state, after = _next_round(network, now, count)
        if _distance(now, after) < tolerance and count > 3:
            break
        now = after
    return state


def _first_round(network: Network) -> Round:
    ports = network.ports
    n, n_slots = ports.n_queues, ports.slots.shape[1]
    none = np.zeros(n)
    unit_s = network.table.unit_s[ports.link_of_queue]
    return Round(none, _bits_per_second_moment(network.offered), np.zeros((ports.n_links, n_slots, n_slots)), none, unit_s, np.ones(n))


def _next_round(network: Network, now: Round, count: int) -> tuple[NetworkState, Round]:
    ports = network.ports
    lost = _queue_loss(network, now)
    carried = carry(network.hops, lost)
    arriving = carried.arriving
    loads = _port_loads(network, arriving, now)
    weight = 1.0 if count == 1 else _DAMPING
    work = _queue_work(network, arriving, loads, now)
    seen, precedence = server_views(network.disciplines, loads, work, now.precedence, count, network.calibration)
    view = _flat(ports, seen, arriving)
    view, in_platoons = _with_platoons(network, view)
    service_s = ports.flat(loads.service_s)
    places = waiting_places(ports, arriving, view.share, network.calibration)
    packets = Packets(np.maximum(arriving.packet_rate, NO_TRAFFIC), service_s, size_variation(arriving))
    queues = solve(view, packets, places)
    loss = _within_capacity(ports, view.utilization, np.where(arriving.packet_rate > NO_TRAFFIC, queues.loss_ratio, 0.0))
    window_s = now.window_s ** (1 - weight) * _time_scale(view, service_s, places, network.calibration) ** weight
    longest_s = np.where(_is_alone(ports), _drained_s(ports, packets, places), np.inf)
    after = Round(
        loss=now.loss + weight * (loss - now.loss),
        bits_per_second_moment=_bits_per_second_moment(arriving),
        precedence=precedence,
        smoothed=now.smoothed + _DAMPING * (_smoothed(network, arriving, now, window_s) - now.smoothed),
        window_s=window_s,
        share=view.share,
    )
    state = NetworkState(
        network=network,
        loss=lost,
        carried=carried,
        queues=queues,
        view=view,
        service_s=service_s,
        window_s=window_s,
        longest_wait_s=longest_s,
        places=places,
        loads=loads,
        precedence=precedence,
        smoothed=now.smoothed,
        in_platoons=in_platoons,
        n_rounds=count,
    )
    return state, after


def _queue_loss(network: Network, now: Round) -> QueueLoss:
    """Where bits fill the buffer, a packet is lost in proportion to its size, as far as no demand would lose more than all.

    Nothing passes a closed queue.
    """
    longest = np.maximum(now.bits_per_second_moment * network.biased_bits, 1 + 1e-9)  # size-biased mean of a demand over the queue's
    bias = np.minimum((1 / np.maximum(now.loss, 1e-9) - 1) / (longest - 1), 1.0)
    bias = np.where(np.isfinite(network.ports.buffer_bits) & ~network.is_closed, bias, 0.0)
    return QueueLoss(np.where(network.is_closed, 1.0, now.loss * (1 - bias)), now.loss * now.bits_per_second_moment * bias)


def _bits_per_second_moment(arriving: Arrivals) -> FloatArray:
    return arriving.bit_rate / np.maximum(arriving.second_moment_rate, 1e-300)


def _port_loads(network: Network, arriving: Arrivals, now: Round) -> PortLoads:
    ports = network.ports
    rate = np.maximum(arriving.packet_rate, NO_TRAFFIC)
    unit_s = network.table.unit_s[ports.link_of_queue]
    service_s = np.where(arriving.packet_rate > NO_TRAFFIC, arriving.bit_rate / rate / ports.queue_capacity_bps, unit_s)
    service_s = np.maximum(service_s, unit_s * _LEAST_SERVICE)
    utilization = arriving.bit_rate / ports.queue_capacity_bps
    places = waiting_places(ports, arriving, now.share, network.calibration) + 1
    longest = places * service_s / np.maximum(1 - utilization, 0.02)
    return PortLoads(
        offered=ports.padded(utilization),
        carried=ports.padded(utilization * (1 - now.loss)),
        weight=ports.weight,
        service_s=ports.padded(service_s),
        visit_s=_visit_s(ports, ports.padded(service_s), ports.padded(longest)),
    )


def _visit_s(ports: Ports, service_s: FloatArray, longest_s: FloatArray) -> FloatArray:  # [link, slot]
    """How long a deficit round robin stays with a queue: its quantum, at least a packet, at most until it has emptied a full buffer."""
    visit = np.zeros(ports.slots.shape)
    links = ports.links_by_discipline.get(Discipline.DRR, np.zeros(0, dtype=np.int64))
    quantum = ports.weight[links] * (ports.quantum_bits / ports.capacity_bps)[links, None]
    visit[links] = np.clip(quantum, service_s[links], longest_s[links])
    return visit


def _within_capacity(ports: Ports, utilization: FloatArray, loss: FloatArray) -> FloatArray:  # [queue]
    """No port sends more than it can: where views of its queues do not add up (ties), those that lose lose the rest as well."""
    carried = utilization * (1 - loss)
    lossy = np.where(loss > _LOSSY, carried, 0.0)
    excess = np.maximum(ports.per_link(carried) - 1, 0.0)
    kept = 1 - np.minimum(excess / np.maximum(ports.per_link(lossy), 1e-300), 1.0)
    return np.where(loss > _LOSSY, 1 - (1 - loss) * kept[ports.link_of_queue], loss)


def _queue_work(network: Network, arriving: Arrivals, loads: PortLoads, now: Round) -> QueueWork:
    ports, unit_s = network.ports, network.table.unit_s[:, None]
    capacity = ports.capacity_bps[:, None]
    spared = spared_work(network.into_links, loads.carried.sum(axis=1))
    return QueueWork(
        smooth_s=ports.padded(arriving.second_moment_rate) / 2 / capacity**2 * (1 - spared)[:, None],
        excess_s=network.excess_s,
        left=_left(network, arriving)[ports.slots],
        changed_s=ports.padded(now.smoothed) / 2 / capacity**2,
        window=place_of(np.maximum(ports.padded(now.window_s) / unit_s, _SHORTEST)),
    )


def _left(network: Network, arriving: Arrivals) -> FloatArray:  # [queue + 1]
    """Thinning by losses: rate and excess of the dispersion both shrink by it."""
    return np.append((arriving.packet_rate / np.maximum(network.offered.packet_rate, 1e-300)) ** 2, 0.0)


def _smoothed(network: Network, arriving: Arrivals, now: Round, window_s: FloatArray) -> FloatArray:
    ports = network.ports
    traffic = port_traffic(ports, arriving, arriving.bit_rate / ports.queue_capacity_bps * (1 - now.loss))
    left = _left(network, arriving)
    known = Variability(network.table, network.port_rate, left, now.smoothed)
    return smoothed_excess(ports, network.into_queues, traffic, window_s, known, network.calibration) * left[:-1]


def _time_scale(view: ServerView, service_s: FloatArray, places: FloatArray, calibration: Calibration) -> FloatArray:
    """Relaxation time of the queue: near load 1 a finite buffer bounds it."""
    load = view.utilization / view.share
    variability = np.maximum(view.work_s / np.maximum(view.utilization * service_s, 1e-300), 0.3)
    open_end = (1 - load) ** 2 / (calibration.window_factor * variability)
    closed = variability / (calibration.window_buffer_factor * np.maximum(places, 1.0) ** 2)
    return np.asarray((calibration.window_floor + 1 / (open_end + closed)) * service_s / view.share)


def _flat(ports: Ports, view: ServerView, arriving: Arrivals) -> ServerView:
    """The views per queue; a queue without traffic sees a vanishing load."""
    used = arriving.packet_rate > NO_TRAFFIC
    return ServerView(
        utilization=np.where(used, ports.flat(view.utilization), 1e-12),
        share=ports.flat(view.share),
        work_s=np.maximum(ports.flat(view.work_s), 1e-30),
        idle_ratio=ports.flat(view.idle_ratio),
    )


def _with_platoons(network: Network, view: ServerView) -> tuple[ServerView, FloatArray]:
    """The same with the waits in platoons as work, so that a finite buffer bounds them, and their share of the work."""
    divisor = view.share * np.maximum(view.share - view.utilization, _LEAST_FREE * view.share)
    more = network.platoons.wait_s * divisor
    return replace(view, work_s=view.work_s + more), more / (view.work_s + more)


def _drained_s(ports: Ports, packets: Packets, places: FloatArray) -> FloatArray:  # [queue]
    """How long a full buffer takes to drain: exactly, if it is filled by bits; else but for one in a thousand."""
    spread = np.where(np.isfinite(ports.buffer_bits), 0.0, np.maximum(packets.size_variation, 0.0) * (places + 1))
    return packets.service_s * (places + 1 + _RARELY * np.sqrt(spread))


def _is_alone(ports: Ports) -> BoolArray:  # [queue]
    """Whether a port has this queue only."""
    return np.asarray(ports.per_link(np.ones(ports.n_queues))[ports.link_of_queue] == 1)


def _distance(now: Round, after: Round) -> float:
    moved = np.abs(after.loss - now.loss).max(initial=0.0)
    scaled = np.abs(after.window_s / now.window_s - 1).max(initial=0.0) / 10
    return float(max(moved, scaled))
