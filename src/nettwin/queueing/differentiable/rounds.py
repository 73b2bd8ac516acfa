"""A fixed number of rounds towards the fixed point, on tensors: ``nettwin.queueing.fixed_point`` with a tolerance of 0."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nettwin.queueing.carrying import NO_TRAFFIC
from nettwin.queueing.differentiable.carrying import Senders, carry, senders
from nettwin.queueing.differentiable.finite_queue import solve
from nettwin.queueing.differentiable.gathering import over, root
from nettwin.queueing.differentiable.long_ways import lines
from nettwin.queueing.differentiable.port_model import QueueWork, Rules, server_views
from nettwin.queueing.differentiable.room import room_in_bits, size_variation, waiting_places
from nettwin.queueing.differentiable.smoothing import place_of, smoothed_excess
from nettwin.queueing.differentiable.streams import spared_work
from nettwin.queueing.differentiable.values import Arrivals, Network, Packets, PortLoads, Ports, QueueLoss, ServerView, State
from nettwin.queueing.long_ways import WAIT
from nettwin.queueing.port_model import DRR, LEAST_FREE
from nettwin.queueing.rounds import _DAMPING, _LEAST_SERVICE, _LOSSY, _RARELY, _SHORTEST
from nettwin.scenario import Discipline


@dataclass(frozen=True, eq=False)
class Round:
    """What is known after a round. [queue] unless said otherwise."""

    loss: Tensor  # of the work
    bits_per_second_moment: Tensor  # of the packets that arrive
    precedence: Tensor  # [link, slot, other]
    smoothed: Tensor
    window_s: Tensor
    share: Tensor


def solve_network(network: Network, rounds: int = 8) -> State:
    """Damped rounds, as many as said."""
    sent, now = senders(network.hops, network.structure.layout), _first_round(network)
    for count in range(1, rounds + 1):
        state, now = _next_round(network, sent, now, count)
    return state


def _first_round(network: Network) -> Round:
    ports = network.ports
    none = torch.zeros_like(ports.buffer_bits)
    pairs = torch.zeros_like(ports.weight[:, :, None] * ports.weight[:, None, :])
    unit_s = ports.of_link(network.table.unit_s)
    return Round(none, _bits_per_second_moment(network.offered), pairs, none, unit_s, torch.ones_like(none))


def _next_round(network: Network, sent: Senders, now: Round, count: int) -> tuple[State, Round]:
    ports, structure = network.ports, network.structure
    lost = _queue_loss(network, now)
    carried = carry(sent, lost)
    arriving = carried.arriving
    variation = size_variation(arriving)
    room = room_in_bits(ports, arriving, variation, network.calibration)
    service_s, loads, columns = _port_loads(network, arriving, now, waiting_places(ports, room, now.share))
    weight = 1.0 if count == 1 else _DAMPING
    rules = Rules(network.disciplines, structure.kinds)
    seen, precedence = server_views(rules, loads, _queue_work(network, loads, columns), now.precedence, count, network.calibration)
    view, in_platoons = _with_platoons(network, _flat(ports, seen, arriving))
    places = waiting_places(ports, room, view.share)
    packets = Packets(arriving.packet_rate.clamp_min(NO_TRAFFIC), service_s, variation)
    queues = solve(view, packets, places)
    loss = _within_capacity(ports, view.utilization, torch.where(arriving.packet_rate > NO_TRAFFIC, queues.loss_ratio, 0.0))
    window_s = _time_scale(network, view, service_s, places)
    window_s = window_s if count == 1 else now.window_s ** (1 - weight) * window_s**weight
    smoothed = _smoothed(network, arriving, now, window_s)
    after = Round(
        loss=now.loss + weight * (loss - now.loss),
        bits_per_second_moment=_bits_per_second_moment(arriving),
        precedence=precedence,
        smoothed=now.smoothed + _DAMPING * (smoothed - now.smoothed),
        window_s=window_s,
        share=view.share,
    )
    state = State(
        network=network,
        loss=lost,
        carried=carried,
        queues=queues,
        view=view,
        service_s=service_s,
        window_s=window_s,
        longest_wait_s=torch.where(structure.is_alone, _drained_s(ports, packets, places), torch.inf),
        places=places,
        loads=loads,
        precedence=precedence,
        smoothed=now.smoothed,
        in_platoons=in_platoons,
        n_rounds=count,
    )
    return state, after


def _queue_loss(network: Network, now: Round) -> QueueLoss:
    """Where bits fill the buffer, a packet is lost in proportion to its size; nothing passes a closed queue."""
    longest = (now.bits_per_second_moment * network.biased_bits).clamp_min(1 + 1e-9)
    bias = ((1 / now.loss.clamp_min(1e-9) - 1) / (longest - 1)).clamp_max(1.0)
    bias = torch.where(torch.isfinite(network.ports.buffer_bits) & ~network.is_closed, bias, 0.0)
    flat = torch.where(network.is_closed, 1.0, now.loss * (1 - bias))
    return QueueLoss(flat, now.loss * now.bits_per_second_moment * bias)


def _bits_per_second_moment(arriving: Arrivals) -> Tensor:
    return over(arriving.bit_rate, arriving.second_moment_rate)


def _port_loads(network: Network, arriving: Arrivals, now: Round, places: Tensor) -> tuple[Tensor, PortLoads, Tensor]:
    """Mean packet times [queue], loads, and for the work of queues [4, link, slot]: second moments, losses, changes, windows."""
    ports = network.ports
    unit_s = ports.of_link(network.table.unit_s)
    some = arriving.packet_rate > NO_TRAFFIC
    service_s = arriving.bit_rate / arriving.packet_rate.clamp_min(NO_TRAFFIC) / ports.queue_capacity_bps
    service_s = torch.maximum(torch.where(some, service_s, unit_s), unit_s * _LEAST_SERVICE)
    utilization = arriving.bit_rate / ports.queue_capacity_bps
    longest_s = (places + 1) * service_s / (1 - utilization).clamp_min(0.02)
    own = [utilization, utilization * (1 - now.loss), service_s, longest_s]
    work = [arriving.second_moment_rate, _left(network, arriving), now.smoothed, now.window_s]
    found = ports.padded(torch.stack(own + work))
    visit_s = _visit_s(network, found[2], found[3])
    return service_s, PortLoads(found[0], found[1], ports.weight, found[2], visit_s), found[4:]


def _visit_s(network: Network, service_s: Tensor, longest_s: Tensor) -> Tensor:  # [link, slot]
    """How long a deficit round robin stays with a queue; 0 for the others."""
    ports = network.ports
    if Discipline.DRR not in network.structure.kinds:
        return torch.zeros_like(service_s)
    quantum_s = ports.weight * (ports.quantum_bits / ports.capacity_bps)[:, None]
    visit_s = torch.minimum(torch.maximum(quantum_s, service_s), longest_s)
    return torch.where((network.disciplines == DRR)[:, None], visit_s, 0.0)


def _within_capacity(ports: Ports, utilization: Tensor, loss: Tensor) -> Tensor:  # [queue]
    """No port sends more than it can: where views of its queues do not add up, those that lose lose the rest as well."""
    carried = utilization * (1 - loss)
    lossy = loss > _LOSSY
    sent, shrinkable = ports.per_link(torch.stack([carried, torch.where(lossy, carried, 0.0)])).unbind()
    kept = 1 - over((sent - 1).clamp_min(0.0), shrinkable).clamp_max(1.0)
    return torch.where(lossy, 1 - (1 - loss) * ports.of_link(kept), loss)


def _queue_work(network: Network, loads: PortLoads, columns: Tensor) -> QueueWork:
    second_moment, left, changed, window_s = columns.unbind()
    half = 1 / (2 * network.ports.capacity_bps[:, None] ** 2)
    spared = spared_work(network.into_links, loads.carried.sum(dim=1))
    return QueueWork(
        smooth_s=second_moment * half * (1 - spared)[:, None],
        excess_s=network.excess_s,
        left=left,
        changed_s=changed * half,
        window=place_of((window_s / network.table.unit_s[:, None]).clamp_min(_SHORTEST)),
    )


def _left(network: Network, arriving: Arrivals) -> Tensor:  # [queue]
    """Thinning by losses: rate and excess of the dispersion both shrink by it."""
    return over(arriving.packet_rate, network.offered.packet_rate) ** 2


def _smoothed(network: Network, arriving: Arrivals, now: Round, window_s: Tensor) -> Tensor:
    left = _left(network, arriving)
    carried = arriving.bit_rate / network.ports.queue_capacity_bps * (1 - now.loss)
    return smoothed_excess(network, arriving, carried, (window_s, left, now.smoothed)) * left


def _time_scale(network: Network, view: ServerView, service_s: Tensor, places: Tensor) -> Tensor:
    """Relaxation time of the queue: near load 1 a finite buffer bounds it."""
    calibration = network.calibration
    variability = over(view.work_s, view.utilization * service_s).clamp_min(0.3)
    open_end = (1 - view.utilization / view.share) ** 2 / (calibration.window_factor * variability)
    closed = variability / (calibration.window_buffer_factor * places.clamp_min(1.0) ** 2)
    return (calibration.window_floor + 1 / (open_end + closed)) * service_s / view.share


def _flat(ports: Ports, view: ServerView, arriving: Arrivals) -> ServerView:
    """The views per queue; a queue without traffic sees a vanishing load."""
    found = ports.flat(torch.stack([view.utilization, view.share, view.work_s, view.idle_ratio]))
    utilization = torch.where(arriving.packet_rate > NO_TRAFFIC, found[0], 1e-12)
    return ServerView(utilization, found[1], found[2].clamp_min(1e-30), found[3])


def _with_platoons(network: Network, view: ServerView) -> tuple[ServerView, Tensor]:
    """The same with the waits in platoons as work, so that a finite buffer bounds them, and their share of the work."""
    divisor = view.share * torch.maximum(view.share - view.utilization, LEAST_FREE * view.share)
    more = behind = network.platoons.wait_s * divisor
    if network.long_ways is not None:
        long, _, many = lines(network.long_ways, view)
        more = more + long * (many[0] * divisor + (many[1] - 1) * view.work_s - more)
        behind = behind + long * (network.long_ways.queues.select(1, WAIT) * divisor - behind)
    return replace(view, work_s=view.work_s + more), behind / (view.work_s + more)


def _drained_s(ports: Ports, packets: Packets, places: Tensor) -> Tensor:  # [queue]
    """How long a full buffer takes to drain: exactly, if it is filled by bits; else but for one in a thousand."""
    spread = torch.where(torch.isfinite(ports.buffer_bits), 0.0, packets.size_variation * (places + 1))
    return packets.service_s * (places + 1 + _RARELY * root(spread))
