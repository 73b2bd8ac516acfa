"""From the theory's steady state to a Graph. Nothing here depends on a network's size or speed."""

import numpy as np

from nettwin.performance import Performance
from nettwin.predict.neural.arrays import known
from nettwin.predict.neural.graph import Floats, Graph, Physics
from nettwin.queueing.delays import hop_delays, size_s_per_bit
from nettwin.queueing.demand_hops import size_moments
from nettwin.queueing.fixed_point import NetworkState
from nettwin.queueing.hop_figures import hop_losses
from nettwin.queueing.long_ways import LONG
from nettwin.queueing.room import size_variation
from nettwin.scenario import (
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    Discipline,
    ModulatedExponential,
    OnOff,
    PacketTrace,
    Poisson,
    Scenario,
)
from nettwin.scenario.arrays import FloatArray

PROCESSES = (Poisson, ConstantBitRate, OnOff, CarriedOnOff, AutocorrelatedExponential, ModulatedExponential, PacketTrace)
DISCIPLINES = tuple(Discipline)
_LEAST = 1e-9
_LOGIT_LIMIT = 20.0
_MOST_FEATURE = np.float32(30.0)
_MOST_DELAY = 1e4  # of a hop, relative to the reference: beyond that the theory has lost its footing
_CLOSED = 30.0
_FLOAT32 = 1e30
_THIN = 0.02  # a share of a queue below this is as good as nothing: large networks have many of them
_FULL_BUFFERS = 4.0
_ENDLESS = 512.0  # packets: a larger buffer makes no difference where a queue has a steady state
_WINDOWS = 9
LESS_ON_LONG_WAYS = 0.75
"""By how much corrections shrink where many packets share long ways, which no small network has: chosen on 19 such networks (rings, a
few grids) of 80 to 150 nodes, simulated for this, on which theory alone and half of the correction do nearly as well."""
_KNOWN_PLATOONS = 0.3  # more than small networks have: long paths must not look strange for what theory knows about them


def graph_of(scenario: Scenario, state: NetworkState, answer: Performance) -> Graph:
    """The graph of a scenario, from the theory's state of its queues and the theory's answer for its demands."""
    network, hops = state.network, state.network.hops
    weights = hops.hop_packet_rate * hops.hop_mean_bits
    total = np.maximum(np.bincount(hops.queue, weights, network.ports.n_queues), 1e-300)
    share = weights / total[hops.queue]
    return Graph(
        queue_plain=_stack(_queue_plain(scenario, state, share)),
        queue_theory=_stack(_queue_theory(state)),
        queue_correctable=_f(1 - LESS_ON_LONG_WAYS * network.long_ways.queues[:, LONG]),
        queue_link=network.ports.link_of_queue,
        n_links=network.ports.n_links,
        hop_plain=_stack(_hop_plain(state, share)),
        hop_theory=_stack(_hop_theory(state)),
        hop_queue=hops.queue,
        hop_weight=share.astype(np.float32),
        path_length=np.diff(hops.offsets).astype(np.int64),
        path_demand=hops.demand,
        path_share=hops.share.astype(np.float32),
        demand_plain=_stack(_demand_plain(scenario)),
        demand_theory=_stack(_demand_theory(answer)),
        physics=physics_of(scenario, state, answer),
    )


def physics_of(scenario: Scenario, state: NetworkState, answer: Performance) -> Physics:
    """The theory's figures, relative to the mean delay of each demand by theory (before a cap)."""
    network, hops, queue, demands = state.network, state.network.hops, state.network.hops.queue, answer.demands
    mean, second = size_moments(scenario)
    per_bit = 1 / network.ports.capacity_bps[hops.link]
    shrunk = state.carried.delivered_bits / np.maximum(state.carried.delivered, 1e-300)
    propagation = hops.sum_over_path(scenario.topology.propagation_delay_s[hops.link])
    s_per_bit = hops.sum_over_path(per_bit)
    fixed = propagation + s_per_bit * hops.mean_bits * np.where(state.carried.delivered > 0, shrunk, 1.0)
    waits = hop_delays(state)
    reference = _reference(scenario, hops.demand, hops.share, fixed + hops.sum_over_path(waits.wait_s))
    ref_hop, ref_path = reference[hops.demand[hops.path]], reference[hops.demand]
    least = np.full(len(reference), np.inf)
    smallest = np.array([sizes.smallest_bits for sizes in scenario.traffic.packet_sizes])[scenario.traffic.packet_size_index]
    np.minimum.at(least, hops.demand, propagation + s_per_bit * smallest[hops.demand])
    s_per_bit_demand = np.bincount(hops.demand, hops.share * hops.sum_over_path(size_s_per_bit(state)), len(reference))
    loss = hop_losses(hops, state.loss)
    floor = np.where(np.isfinite(least), least, 0.0) / reference
    quantiles = known(demands.delay_quantiles_s) / reference[:, None]
    return Physics(
        reference_s=reference,
        path_fixed=_f(fixed / ref_path),
        hop_wait=_f(_at_most(waits.wait_s / ref_hop, _MOST_DELAY)),
        hop_variance=_f(_at_most(waits.variance_s2 / ref_hop**2, _MOST_DELAY**2)),
        hop_unit=_f(state.service_s[queue] / ref_hop),
        hop_loss_logit=_f(np.where(network.is_closed[queue], _CLOSED, _logit(loss))),
        hop_room=_f(_at_most(_room_s(state)[queue] / ref_hop, 1e6)),
        demand_size_variance=_f(np.maximum(second - mean**2, 0.0) * s_per_bit_demand**2 / reference**2),
        demand_ipdv=_f(known(demands.ipdv_s) / reference),
        demand_floor=_f(floor),
        demand_quantiles=_f(np.maximum(quantiles, floor[:, None])),
        demand_packet_rate=_f(scenario.traffic.packet_rate),
    )


def _room_s(state: NetworkState) -> FloatArray:  # [queue]
    """The mean wait at which the buffer would be full all the time (Little's law on the packets that get through)."""
    ports, sent = state.network.ports, np.maximum(state.carried.sent_packet_rate, 1e-12)
    size = np.maximum(state.carried.sent_bit_rate / sent, 1e-9)
    packets = np.minimum(ports.buffer_packets + np.where(ports.holds_packet_in_service, 0.0, 1.0), ports.buffer_bits / size + 1)
    return np.minimum(packets, 1e9) / sent


def _reference(scenario: Scenario, demand: np.ndarray, share: FloatArray, path_delay_s: FloatArray) -> FloatArray:
    n = scenario.traffic.n_demands
    total = np.bincount(demand, share, n)
    mean = np.bincount(demand, share * path_delay_s, n) / np.maximum(total, 1e-300)
    return np.where((total > 0) & (mean > 0), mean, 1.0)


def _queue_plain(scenario: Scenario, state: NetworkState, share: FloatArray) -> list[FloatArray]:
    """Loads, buffers, the discipline and the queue's part in it, what kinds of traffic come."""
    network, ports, hops = state.network, state.network.ports, state.network.hops
    link, offered = ports.link_of_queue, network.offered
    load = offered.bit_rate / ports.queue_capacity_bps
    port_load = ports.per_link(load)[link]
    weight = ports.flat(ports.weight)
    weight_share = weight / np.maximum(ports.per_link(weight)[link], 1e-300)
    n_slots = ports.per_link(np.ones(ports.n_queues))[link]
    slot = np.arange(ports.n_queues) - ports.slots[link, 0]
    ahead = _ports_cumulative(ports, load)
    size = np.maximum(offered.bit_rate, 1e-300) / np.maximum(offered.packet_rate, 1e-300)
    port_size = ports.per_link(offered.bit_rate)[link] / np.maximum(ports.per_link(offered.packet_rate)[link], 1e-300)
    used = offered.packet_rate > 0
    size = np.where(used, size, 1.0)
    room = np.minimum(np.minimum(ports.buffer_packets, ports.buffer_bits / np.maximum(size, _LEAST)), _ENDLESS)
    # a visit sends no more than a full buffer and what comes meanwhile, however large the quantum is
    quantum = np.minimum(ports.quantum_bits[link] * weight / np.maximum(size, _LEAST), _FULL_BUFFERS * room)
    is_drr = _is(ports, Discipline.DRR)
    variation = size_variation(offered)
    composition = _composition(scenario, state, share)
    columns = [
        _log(load, 1e-3), np.minimum(load, 3.0), _log(port_load, 1e-3), np.minimum(port_load, 3.0), np.minimum(ahead, 3.0),
        np.minimum(port_load - load, 3.0), weight_share, _log(load / np.maximum(weight_share, 1e-6), 1e-3),
        n_slots - 2, slot / np.maximum(n_slots - 1, 1), np.log1p(room), np.isfinite(ports.buffer_bits) * 1.0,
        ports.holds_packet_in_service * 1.0, is_drr * np.log1p(np.minimum(quantum, 1e5)),
        is_drr * np.log1p(np.minimum(ports.per_link(quantum)[link], 1e5)), np.clip(variation, 0, 3),
        np.where(used, np.log(np.maximum(size / np.maximum(port_size, _LEAST), 1e-3)), 0.0),
        np.log(1 / np.maximum(np.bincount(hops.queue, share**2, ports.n_queues), _THIN)),
        np.bincount(hops.queue, share * (hops.previous_link < 0), ports.n_queues),
        used * 1.0,
    ]  # fmt: skip
    return columns + [_is(ports, d) * 1.0 for d in DISCIPLINES] + composition + _dispersion(state)


def _composition(scenario: Scenario, state: NetworkState, share: FloatArray) -> list[FloatArray]:
    """Share of each kind of arrival process in the queue's load."""
    traffic, hops = scenario.traffic, state.network.hops
    kind = np.array([PROCESSES.index(type(process)) for process in traffic.arrivals])[traffic.arrival_index][hops.demand[hops.path]]
    key = hops.queue * len(PROCESSES) + kind
    sums = np.bincount(key, share, state.network.ports.n_queues * len(PROCESSES)).reshape(-1, len(PROCESSES))
    return list(sums.T)


def _dispersion(state: NetworkState) -> list[FloatArray]:
    """Index of dispersion - 1 of the queue's arrivals over windows of 4**k packet times of the port, compressed."""
    network = state.network
    excess, offered = network.table.excess[:-1], network.offered
    scale = np.maximum(offered.bit_rate**2 / np.maximum(offered.packet_rate, 1e-300), 1e-300)
    used = offered.packet_rate > 0
    return [np.where(used, _signed_log(excess[:, k] / scale), 0.0) for k in range(excess.shape[1])]


def _queue_theory(state: NetworkState) -> list[FloatArray]:
    """How the theory sees each queue: its share of the server, the work ahead, the wait, the loss."""
    view, queues, ports = state.view, state.queues, state.network.ports
    service = np.maximum(state.service_s, 1e-300)
    load = view.utilization / np.maximum(view.share, 1e-9)
    variability = view.work_s / np.maximum(view.utilization * service, 1e-300)
    used = view.utilization > 1e-11
    places = np.minimum(state.places, _ENDLESS)
    wait = queues.wait_s / service
    first = np.einsum("pkl,pl->pk", state.precedence, state.loads.carried)
    relative = state.smoothed / np.maximum(state.network.offered.second_moment_rate, 1e-300)
    carried = ports.per_link(state.carried.sent_bit_rate / ports.queue_capacity_bps)[ports.link_of_queue]
    columns = [
        view.share, _log(view.share, 1e-3), np.minimum(load, 4.0), _log(load, 1e-3), np.log1p(1 / np.maximum(np.abs(1 - load), 1e-3)),
        np.sign(1 - load), _log(variability, 1e-2), view.idle_ratio, queues.no_wait, np.log1p(np.minimum(wait, 1e5)),
        _log(wait * view.share, 1e-3), _logit(queues.loss_ratio) / 5, np.sqrt(queues.loss_ratio),
        np.sqrt(queues.wait_variance_s2) / np.maximum(queues.wait_s, 1e-300), np.log1p(np.minimum(state.window_s / service, 1e8)),
        np.log1p(places), np.minimum(wait * view.share / np.maximum(places, 0.5), 2.0), np.minimum(ports.flat(first), 3.0),
        np.log1p(np.minimum(ports.flat(state.loads.visit_s) / service, 1e5)), _signed_log(relative), np.minimum(carried, 1.0),
        _log(ports.flat(_work_ahead(state)) / service, 1e-3),
        *_platoon_columns(state),
    ]  # fmt: skip
    return [np.where(used, column, 0.0) for column in columns]


def _platoon_columns(state: NetworkState) -> list[FloatArray]:
    """How much of the work is behind longer packets from earlier hops, and how far these undo a packet's own size."""
    return [np.minimum(state.in_platoons, _KNOWN_PLATOONS), np.minimum(state.network.platoons.size_share, _KNOWN_PLATOONS)]


def _work_ahead(state: NetworkState) -> FloatArray:  # [link, slot]
    """Mean packet time of the queues that go first, weighted by their load."""
    carried, service = state.loads.carried, state.loads.service_s
    weight = np.einsum("pkl,pl->pk", state.precedence, carried)
    return np.asarray(np.einsum("pkl,pl->pk", state.precedence, carried * service) / np.maximum(weight, 1e-9))


def _hop_plain(state: NetworkState, share: FloatArray) -> list[FloatArray]:
    network, hops = state.network, state.network.hops
    capacity = network.ports.capacity_bps
    previous = np.maximum(hops.previous_link, 0)
    is_first = hops.previous_link < 0
    speedup = np.where(is_first, 0.0, np.log(capacity[previous] / capacity[hops.link]))
    size = network.offered.bit_rate / np.maximum(network.offered.packet_rate, 1e-300)
    ratio = np.log(np.clip(hops.hop_mean_bits / np.maximum(size[hops.queue], 1e-9), 1e-2, 1e2))
    return [_log(share, _THIN), np.minimum(share, 1.0), ratio, is_first * 1.0, np.clip(speedup, -5, 5)]


def _hop_theory(state: NetworkState) -> list[FloatArray]:
    """How bursty the demand is on the queue's own time scale, how much of it gets here, how busy the port before is."""
    network, hops, queue = state.network, state.network.hops, state.network.hops.queue
    excess = network.sources.excess(np.maximum(state.window_s[queue], 1e-30)) * hops.share[hops.path]
    packets = hops.hop_packet_rate * state.window_s[queue]
    load = network.ports.per_link(state.carried.sent_bit_rate / network.ports.queue_capacity_bps)
    before = np.where(hops.previous_link < 0, 0.0, load[np.maximum(hops.previous_link, 0)])
    waits = hop_delays(state)
    own = np.log(np.clip(waits.wait_s / np.maximum(state.queues.wait_s[queue], 1e-300), 0.1, 10.0))
    return [_signed_log(excess), np.log1p(np.minimum(packets, 1e6)), np.minimum(before, 1.0), own]


def _demand_plain(scenario: Scenario) -> list[FloatArray]:
    traffic = scenario.traffic
    mean, second = size_moments(scenario)
    kind = np.array([PROCESSES.index(type(process)) for process in traffic.arrivals])[traffic.arrival_index]
    columns = [np.clip(second / np.maximum(mean, 1e-9) ** 2 - 1, 0.0, 3.0)]
    return columns + [(kind == k) * 1.0 for k in range(len(PROCESSES))] + _demand_dispersion(scenario)


def _demand_dispersion(scenario: Scenario) -> list[FloatArray]:
    """Index of dispersion - 1 over windows that hold 1, 8, 64 packets of the demand in the mean."""
    from nettwin.queueing.dispersion import sources

    traffic = scenario.traffic
    rate = traffic.packet_rate
    behind = sources(traffic.arrivals, traffic.arrival_index, rate)
    windows = np.array([[1.0], [8.0], [64.0]]) / np.maximum(rate, 1e-12)
    return list(_signed_log(behind.excess(windows)))


def _demand_theory(answer: Performance) -> list[FloatArray]:
    demands = answer.demands
    delay = np.maximum(demands.delay_s, 1e-300)
    spread = np.clip(known(demands.delay_variation_s / delay), 0, 5)
    ipdv = np.clip(known(demands.ipdv_s / delay), 0, 5)
    high = np.clip(known(demands.delay_quantiles_s[:, -2]) / np.maximum(known(delay), 1e-30), 0, 20)
    return [spread, ipdv, np.log1p(high), np.sqrt(np.clip(demands.loss_ratio, 0, 1))]


def _ports_cumulative(ports: "object", load: FloatArray) -> FloatArray:  # [queue]
    """Load of the queues with a lower index on the same port."""
    padded = ports.padded(load)  # type: ignore[attr-defined]
    return np.asarray(ports.flat(np.cumsum(padded, axis=1) - padded))  # type: ignore[attr-defined]


def _is(ports: "object", discipline: Discipline) -> np.ndarray:  # [queue]
    chosen = np.zeros(ports.n_links, dtype=np.bool_)  # type: ignore[attr-defined]
    chosen[ports.links_by_discipline.get(discipline, np.zeros(0, dtype=np.int64))] = True  # type: ignore[attr-defined]
    return np.asarray(chosen[ports.link_of_queue])  # type: ignore[attr-defined]


def _stack(columns: list[FloatArray]) -> Floats:
    rows = np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)
    return np.asarray(np.clip(known(rows), -_MOST_FEATURE, _MOST_FEATURE), dtype=np.float32)


def _at_most(values: FloatArray, most: float) -> FloatArray:
    return np.asarray(np.minimum(known(values, most), most))


def _f(values: FloatArray) -> Floats:
    return np.asarray(known(np.clip(values, -_FLOAT32, _FLOAT32)), dtype=np.float32)


def _log(values: FloatArray, least: float) -> FloatArray:
    return np.log(np.maximum(values, least))


def _signed_log(values: FloatArray) -> FloatArray:
    return np.sign(values) * np.log1p(np.abs(values))


def _logit(share: FloatArray) -> FloatArray:
    clipped = np.clip(share, 1e-12, 1 - 1e-12)
    return np.clip(np.log(clipped / (1 - clipped)), -_LOGIT_LIMIT, _LOGIT_LIMIT)
