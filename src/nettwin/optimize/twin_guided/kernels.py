"""Compiled: a descent over detours on a response surface of all queues."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.scenario.arrays import FloatArray, IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))

FIFO, STRICT, SHARED = 0, 1, 2
DIRECT, FIXED = -1, -2
"""Ways of a demand that are no node: along the forwarding; as it is now, by several lists or segments."""
LEAST_SHARE = 1e-3
MOST_FILL = 4.0
UTILIZATION_POWER = 8


class Ports(NamedTuple):
    """Output ports and their queues, numbered as in ``Topology.queues``."""

    capacity_bps: FloatArray  # [link]
    fixed_s: FloatArray  # [link] propagation and transmission of a mean packet
    first_queue: IntArray  # [link + 1]
    kind: IntArray  # [link]
    share: FloatArray  # [queue] of the capacity that it is sure to get
    room: FloatArray  # [queue] packets
    packet_bits: FloatArray  # [queue] mean
    wait_factor: FloatArray  # [queue] what the twin says over what the formula says
    loss_factor: FloatArray  # [queue]
    most_utilization: float
    """Links above it cost dearly."""
    utilization_weight: float


class Flows(NamedTuple):
    """Demands: what they load, and how much their figures matter."""

    source: IntArray  # [demand]
    target: IntArray  # [demand]
    rate_bps: FloatArray  # [demand]
    queue: IntArray  # [link, demand's class] by traffic class
    traffic_class: IntArray  # [demand]
    wait_weight: FloatArray  # [demand] price of a second in queues
    fixed_weight: FloatArray  # [demand] price of a second of propagation and transmission
    loss_weight: FloatArray  # [demand] price of losing everything


class Pairs(NamedTuple):
    """Links and fractions of each ordered pair of nodes (``SegmentVectors``), and of the demands that go ``FIXED`` ways."""

    n_nodes: int
    offsets: IntArray
    link: IntArray
    fraction: FloatArray
    fixed_offsets: IntArray  # [demand + 1]
    fixed_link: IntArray
    fixed_fraction: FloatArray


class State(NamedTuple):
    """What flows where, and how much it matters."""

    load_bps: FloatArray  # [queue]
    wait_weight: FloatArray  # [queue]
    loss_weight: FloatArray  # [queue]
    fixed_weight: FloatArray  # [link]
    link_bps: FloatArray  # [link]


class Model(NamedTuple):
    """What does not change during a descent."""

    ports: Ports
    flows: Flows
    pairs: Pairs


class Scratch(NamedTuple):
    """A sparse vector over links that is built up and cleared again."""

    amount: FloatArray  # [link] zero between uses
    touched: IntArray  # [link]
    has: IntArray  # [link] whether it is among the touched


class Work(NamedTuple):
    """What changes during a descent."""

    state: State
    scratch: Scratch
    cost: FloatArray  # [link]
    moving: FloatArray  # [link] the part of the cost that less load would spare


@compiled
def fill_figures(fill: float, room: float) -> tuple[float, float]:
    """Mean wait in units of the service time, and loss, of M/M/1/K (Kleinrock I, section 3.6)."""
    fill = min(fill, MOST_FILL)
    if fill < 1e-9:
        return 0.0, 0.0
    if abs(fill - 1.0) < 1e-6:
        number, loss = room / 2, 1 / (room + 1)
    else:
        power = fill**room
        loss = power * (1 - fill) / (1 - power * fill)
        number = fill / (1 - fill) - (room + 1) * power * fill / (1 - power * fill)
    return max(number / (fill * (1 - loss)) - 1.0, 0.0), loss


@compiled
def queue_figures(ports, link: int, queue: int, load_bps) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Wait in seconds and loss of one queue, by the share of the port that the others leave to it."""
    capacity = ports.capacity_bps[link]
    others = 0.0
    if ports.kind[link] == STRICT:
        for other in range(ports.first_queue[link], queue):
            others += load_bps[other]
    elif ports.kind[link] == SHARED:
        for other in range(ports.first_queue[link], ports.first_queue[link + 1]):
            others += load_bps[other] if other != queue else 0.0
    left = max(1.0 - others / capacity, LEAST_SHARE)
    if ports.kind[link] == SHARED:
        left = max(left, ports.share[queue])
    wait, loss = fill_figures(load_bps[queue] / capacity / left, ports.room[queue])
    return wait * ports.packet_bits[queue] / (capacity * left), loss


@compiled
def port_cost(ports, state, link: int) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """What the port costs in all, and the part of it that less load would spare."""
    moving = 0.0
    for queue in range(ports.first_queue[link], ports.first_queue[link + 1]):
        if state.wait_weight[queue] > 0.0 or state.loss_weight[queue] > 0.0:
            wait, loss = queue_figures(ports, link, queue, state.load_bps)
            moving += state.wait_weight[queue] * wait * ports.wait_factor[queue]
            moving += state.loss_weight[queue] * min(loss * ports.loss_factor[queue], 1.0)
    utilization = state.link_bps[link] / ports.capacity_bps[link]
    moving += ports.utilization_weight * utilization**UTILIZATION_POWER
    if utilization > ports.most_utilization:
        moving += 1e3 * (utilization - ports.most_utilization)
    return moving + state.fixed_weight[link] * ports.fixed_s[link], moving


@compiled
def _add(scratch, n_touched: int, vectors, pair: int, factor: float):  # type: ignore[no-untyped-def]
    offsets, links, fractions = vectors
    for entry in range(offsets[pair], offsets[pair + 1]):
        link = links[entry]
        if scratch.has[link] == 0:
            scratch.has[link] = 1
            scratch.touched[n_touched] = link
            n_touched += 1
        scratch.amount[link] += factor * fractions[entry]
    return n_touched


@compiled
def add_way(model, scratch, n_touched: int, demand: int, way: int, factor: float):  # type: ignore[no-untyped-def]
    """Adds the vector of a demand's way; returns how many links are touched."""
    pairs, source, target = model.pairs, model.flows.source[demand], model.flows.target[demand]
    if way == FIXED:
        return _add(scratch, n_touched, (pairs.fixed_offsets, pairs.fixed_link, pairs.fixed_fraction), demand, factor)
    vectors = (pairs.offsets, pairs.link, pairs.fraction)
    if way == DIRECT:
        return _add(scratch, n_touched, vectors, source * pairs.n_nodes + target, factor)
    n_touched = _add(scratch, n_touched, vectors, source * pairs.n_nodes + way, factor)
    return _add(scratch, n_touched, vectors, way * pairs.n_nodes + target, factor)


@compiled
def shift(model, state, demand: int, link: int, fraction: float) -> None:  # type: ignore[no-untyped-def]
    """So much more of a demand on a link."""
    flows = model.flows
    queue = flows.queue[link, flows.traffic_class[demand]]
    state.load_bps[queue] += fraction * flows.rate_bps[demand]
    state.link_bps[link] += fraction * flows.rate_bps[demand]
    state.wait_weight[queue] += fraction * flows.wait_weight[demand]
    state.loss_weight[queue] += fraction * flows.loss_weight[demand]
    state.fixed_weight[link] += fraction * flows.fixed_weight[demand]


@compiled
def clear(scratch, n_touched: int) -> None:  # type: ignore[no-untyped-def]
    """An empty vector again."""
    for index in range(n_touched):
        scratch.amount[scratch.touched[index]] = 0.0
        scratch.has[scratch.touched[index]] = 0


@compiled
def begun(model, way):  # type: ignore[no-untyped-def]
    """All demands on their ways."""
    n_links, n_queues = len(model.ports.capacity_bps), len(model.ports.share)
    state = State(np.zeros(n_queues), np.zeros(n_queues), np.zeros(n_queues), np.zeros(n_links), np.zeros(n_links))
    scratch = Scratch(np.zeros(n_links), np.zeros(n_links, dtype=np.int64), np.zeros(n_links, dtype=np.int64))
    work = Work(state, scratch, np.zeros(n_links), np.zeros(n_links))
    for demand in range(len(way)):
        n_touched = add_way(model, scratch, 0, demand, way[demand], 1.0)
        for index in range(n_touched):
            link = scratch.touched[index]
            shift(model, state, demand, link, scratch.amount[link])
        clear(scratch, n_touched)
    for link in range(n_links):
        work.cost[link], work.moving[link] = port_cost(model.ports, state, link)
    return work


@compiled
def saving(model, work, demand: int, old: int, new: int) -> float:  # type: ignore[no-untyped-def]
    """What a demand's change of way spares; the state is left as it was."""
    scratch = work.scratch
    n_touched = add_way(model, scratch, 0, demand, old, -1.0)
    n_touched = add_way(model, scratch, n_touched, demand, new, 1.0)
    saved = 0.0
    for index in range(n_touched):
        link = scratch.touched[index]
        amount = scratch.amount[link]
        if abs(amount) < 1e-9:
            continue
        shift(model, work.state, demand, link, amount)
        saved += work.cost[link] - port_cost(model.ports, work.state, link)[0]
        shift(model, work.state, demand, link, -amount)
    clear(scratch, n_touched)
    return saved


@compiled
def _make(model, work, demand: int, old: int, new: int) -> None:  # type: ignore[no-untyped-def]
    """A demand changes its way."""
    scratch = work.scratch
    n_touched = add_way(model, scratch, 0, demand, old, -1.0)
    n_touched = add_way(model, scratch, n_touched, demand, new, 1.0)
    for index in range(n_touched):
        link = scratch.touched[index]
        shift(model, work.state, demand, link, scratch.amount[link])
        work.cost[link], work.moving[link] = port_cost(model.ports, work.state, link)
    clear(scratch, n_touched)


@compiled
def _worst_of(model, work, way, link: int, most: int):  # type: ignore[no-untyped-def]
    """The demands that cost a port the most, the worst first."""
    price = np.zeros(len(way))
    for demand in range(len(way)):
        n_touched = add_way(model, work.scratch, 0, demand, way[demand], 1.0)
        fraction = work.scratch.amount[link]
        clear(work.scratch, n_touched)
        if fraction > 1e-9:
            shift(model, work.state, demand, link, -fraction)
            price[demand] = work.cost[link] - port_cost(model.ports, work.state, link)[0]
            shift(model, work.state, demand, link, fraction)
    order = np.argsort(-price)[:most]
    return order[price[order] > 0.0]


@compiled
def descend(model, may_pass, way, original, limits):  # type: ignore[no-untyped-def]
    """Best moves one after the other: demands, their new ways, the total cost after each.

    ``may_pass`` [demand, node + 1]: whether a demand may make a detour over a node, and (last) go directly. ``original`` are the ways
    before any plan; at most ``limits[1]`` demands may differ from them, in at most ``limits[0]`` moves, of the ``limits[2]`` worst
    demands of the ``limits[3]`` worst ports.
    """
    most_moves, most_changed, most_demands, most_ports = limits
    n_links, n_nodes = len(model.ports.capacity_bps), model.pairs.n_nodes
    way = way.copy()
    work = begun(model, way)
    moved, to, total = np.zeros(most_moves, dtype=np.int64), np.zeros(most_moves, dtype=np.int64), np.zeros(most_moves + 1)
    total[0] = work.cost.sum()
    n_changed = 0
    for demand in range(len(way)):
        n_changed += way[demand] != original[demand]
    for move in range(most_moves):
        best, best_demand, best_way = 1e-6 * abs(total[move]), -1, 0
        order = np.argsort(-work.moving)
        for rank in range(min(most_ports, n_links)):
            for demand in _worst_of(model, work, way, order[rank], most_demands):
                is_free = way[demand] != original[demand] or n_changed < most_changed
                for place in range(n_nodes + 1):
                    new = place if place < n_nodes else DIRECT
                    if new == way[demand] or not may_pass[demand, place] or not (is_free or new == original[demand]):
                        continue
                    saved = saving(model, work, demand, way[demand], new)
                    if saved > best:
                        best, best_demand, best_way = saved, demand, new
            if best_demand >= 0 and rank >= 1:
                break
        if best_demand < 0:
            return moved[:move], to[:move], total[: move + 1]
        n_changed += (best_way != original[best_demand]) - (way[best_demand] != original[best_demand])
        _make(model, work, best_demand, way[best_demand], best_way)
        way[best_demand] = best_way
        moved[move], to[move], total[move + 1] = best_demand, best_way, work.cost.sum()
    return moved, to, total


@compiled
def figures_of_queues(ports, load_bps):  # type: ignore[no-untyped-def]
    """Waits and losses [queue] of all queues by the formula alone."""
    wait, loss = np.zeros(len(ports.share)), np.zeros(len(ports.share))
    for link in range(len(ports.capacity_bps)):
        for queue in range(ports.first_queue[link], ports.first_queue[link + 1]):
            wait[queue], loss[queue] = queue_figures(ports, link, queue, load_bps)
    return wait, loss


@compiled
def tune_shares(model, way, factors, least: float):  # type: ignore[no-untyped-def]
    """The shares [queue] of weighted ports that cost least, by coordinate search port by port, and what each link [link] saves by them.

    Overwrites the shares of the model.
    """
    ports = model.ports
    work = begun(model, way)
    saved = np.zeros(len(ports.capacity_bps))
    for link in range(len(ports.capacity_bps)):
        first, last = ports.first_queue[link], ports.first_queue[link + 1]
        if ports.kind[link] != SHARED or last - first < 2:
            continue
        best = work.cost[link]
        for _ in range(3):
            for queue in range(first, last):
                for factor in factors:
                    old = ports.share[first:last].copy()
                    ports.share[queue] *= factor
                    ports.share[first:last] = np.maximum(ports.share[first:last] / ports.share[first:last].sum(), least)
                    ports.share[first:last] /= ports.share[first:last].sum()
                    cost = port_cost(ports, work.state, link)[0]
                    if cost < best - 1e-6 * abs(best):
                        best = cost
                    else:
                        ports.share[first:last] = old
        saved[link] = work.cost[link] - best
    return ports.share, saved
