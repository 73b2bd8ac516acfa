"""From theory's state to features, on tensors: the columns of ``nettwin.predict.neural.features``, in the same order."""

import torch
from torch import Tensor

from nettwin.predict.neural.differentiable.facts import Solved
from nettwin.predict.neural.features import (
    _ENDLESS,
    _FULL_BUFFERS,
    _KNOWN_PLATOONS,
    _LEAST,
    _LOGIT_LIMIT,
    _MOST_FEATURE,
    _THIN,
    LESS_ON_LONG_WAYS,
    PROCESSES,
)
from nettwin.queueing.differentiable.gathering import at, over, root, sums
from nettwin.queueing.long_ways import LONG

_ENDLESS_BITS = 1e18  # as good as infinite, with finite derivatives


def queue_plain(solved: Solved, share: Tensor) -> Tensor:  # [queue, feature]
    """Loads, buffers, the discipline and the queue's part in it, what kinds of traffic come."""
    facts, network = solved.facts, solved.state.network
    ports, hops, offered = network.ports, network.hops, network.offered
    n, used = ports.n_queues, (offered.packet_rate > 0) * 1.0
    load, weight = offered.bit_rate / ports.queue_capacity_bps, ports.flat(ports.weight)
    of_port = ports.of_link(ports.per_link(torch.stack([load, weight, offered.bit_rate, offered.packet_rate])))
    port_load, port_weight, port_bits, port_packets = of_port.unbind(0)
    weight_share = over(weight, port_weight)
    size = torch.where(used > 0, over(offered.bit_rate, offered.packet_rate), 1.0)
    port_size = over(port_bits, port_packets)
    room = torch.minimum(ports.buffer_packets, ports.buffer_bits.clamp_max(_ENDLESS_BITS) / size.clamp_min(_LEAST)).clamp_max(_ENDLESS)
    # a visit sends no more than a full buffer and what comes meanwhile, however large the quantum is
    quantum = torch.minimum(ports.of_link(ports.quantum_bits) * weight / size.clamp_min(_LEAST), _FULL_BUFFERS * room)
    port_quantum = ports.of_link(ports.per_link(quantum))
    squares, firsts = sums(torch.stack([share**2, share * facts.is_first]), hops.queue, n).unbind(0)
    columns = [
        _log(load, 1e-3), load.clamp_max(3.0), _log(port_load, 1e-3), port_load.clamp_max(3.0), _ahead(solved, load).clamp_max(3.0),
        (port_load - load).clamp_max(3.0), weight_share, _log(load / weight_share.clamp_min(1e-6), 1e-3),
        facts.n_slots - 2, facts.slot / (facts.n_slots - 1).clamp_min(1), torch.log1p(room), torch.isfinite(ports.buffer_bits) * 1.0,
        ports.holds_packet_in_service * 1.0, facts.is_drr * torch.log1p(quantum.clamp_max(1e5)),
        facts.is_drr * torch.log1p(port_quantum.clamp_max(1e5)), _size_variation(solved).clamp(0, 3),
        used * _log(size / port_size.clamp_min(_LEAST), 1e-3), -_log(squares, _THIN), firsts, used,
    ]  # fmt: skip
    composition = sums(share, facts.process_at_queue, n * len(PROCESSES)).reshape(n, -1)
    return _rows([torch.stack(columns, dim=1), facts.is_discipline, composition, _dispersion(solved)])


def queue_theory(solved: Solved) -> Tensor:  # [queue, feature]
    """How the theory sees each queue: its share of the server, the work ahead, the wait, the loss."""
    state, network = solved.state, solved.state.network
    view, queues, ports, loads = state.view, state.queues, network.ports, state.loads
    service = state.service_s.clamp_min(1e-300)
    load = view.utilization / view.share.clamp_min(1e-9)
    wait, places = queues.wait_s / service, state.places.clamp_max(_ENDLESS)
    ahead = torch.stack([loads.carried, loads.carried * loads.service_s])
    first, work = (state.precedence * ahead[:, :, None, :]).sum(3).unbind(0)  # [link, slot]
    work = work / first.clamp_min(1e-9)
    first, visit, work = ports.flat(torch.stack([first, loads.visit_s, work])).unbind(0)
    carried = ports.of_link(ports.per_link(state.carried.sent_bit_rate / ports.queue_capacity_bps))
    columns = [
        view.share, _log(view.share, 1e-3), load.clamp_max(4.0), _log(load, 1e-3), torch.log1p(1 / (1 - load).abs().clamp_min(1e-3)),
        torch.sign(1 - load), _log(over(view.work_s, view.utilization * service), 1e-2), view.idle_ratio, queues.no_wait,
        torch.log1p(wait.clamp_max(1e5)), _log(wait * view.share, 1e-3), logit(queues.loss_ratio) / 5, root(queues.loss_ratio),
        over(root(queues.wait_variance_s2), queues.wait_s), torch.log1p((state.window_s / service).clamp_max(1e8)),
        torch.log1p(places), (wait * view.share / places.clamp_min(0.5)).clamp_max(2.0), first.clamp_max(3.0),
        torch.log1p((visit / service).clamp_max(1e5)), _signed_log(over(state.smoothed, network.offered.second_moment_rate)),
        carried.clamp_max(1.0), _log(work / service, 1e-3),
        state.in_platoons.clamp_max(_KNOWN_PLATOONS), network.platoons.size_share.clamp_max(_KNOWN_PLATOONS),
    ]  # fmt: skip
    used = (view.utilization > 1e-11)[:, None]
    return _rows([torch.where(used, torch.stack(columns, dim=1), 0.0)])


def queue_correctable(solved: Solved) -> Tensor:  # [queue]
    """How far corrections learned on small networks apply."""
    network = solved.state.network
    if network.long_ways is None:
        return torch.ones_like(network.ports.queue_capacity_bps, dtype=torch.float32)
    return (1 - LESS_ON_LONG_WAYS * network.long_ways.queues.select(1, LONG)).float()


def hop_plain(solved: Solved, share: Tensor) -> Tensor:  # [hop, feature]
    """The demand's part in the queue, its packets beside the others', the speed of the link before."""
    facts, network = solved.facts, solved.state.network
    hops, capacity, offered = network.hops, network.ports.capacity_bps, network.offered
    here = at(torch.stack([over(offered.bit_rate, offered.packet_rate), network.ports.queue_capacity_bps], dim=1), hops.queue)
    size, link_bps = here.unbind(1)
    speedup = (1 - facts.is_first) * torch.log(at(capacity, facts.previous) / link_bps)
    relative = torch.log((hops.hop_mean_bits / size.clamp_min(1e-9)).clamp(1e-2, 1e2))
    return _rows([torch.stack([_log(share, _THIN), share.clamp_max(1.0), relative, facts.is_first, speedup.clamp(-5, 5)], dim=1)])


def hop_theory(solved: Solved) -> Tensor:  # [hop, feature]
    """How bursty the demand is on the queue's own time scale, how much of it gets here, how busy the port before is."""
    facts, state, network = solved.facts, solved.state, solved.state.network
    hops = network.hops
    window_s, mean_s = at(torch.stack([state.window_s, state.queues.wait_s], dim=1), hops.queue).unbind(1)
    excess = network.sources.excess(window_s.clamp_min(1e-30)) * at(hops.share, hops.path)
    packets = hops.hop_packet_rate * window_s
    load = network.ports.per_link(state.carried.sent_bit_rate / network.ports.queue_capacity_bps)
    before = (1 - facts.is_first) * at(load, facts.previous)
    own = torch.log(over(solved.waits.wait_s, mean_s).clamp(0.1, 10.0))
    return _rows([torch.stack([_signed_log(excess), torch.log1p(packets.clamp_max(1e6)), before.clamp_max(1.0), own], dim=1)])


def demand_plain(solved: Solved) -> Tensor:  # [demand, feature]
    """Sizes, the kind of arrivals, and the index of dispersion - 1 over windows of 1, 8, 64 packets of the demand in the mean."""
    senders = solved.senders
    variation = (senders.second_moment_bits2 / senders.mean_bits.clamp_min(1e-9) ** 2 - 1).clamp(0.0, 3.0)
    rate = senders.packet_rate.clamp_min(1e-12)
    windows = torch.stack([1 / rate, 8 / rate, 64 / rate])
    return _rows([variation[:, None], solved.facts.is_process, _signed_log(solved.sources.excess(windows)).T])


def demand_theory(solved: Solved) -> Tensor:  # [demand, feature]
    """Spread, IPDV and an upper quantile relative to the mean delay, and the loss."""
    figures = solved.figures
    times = torch.stack([figures.delay_variation_s, figures.ipdv_s, figures.delay_quantiles_s[:, -2]])
    spread, ipdv, high = torch.where(figures.has_delay, over(times, figures.delay_s.expand_as(times)), 0.0).unbind(0)
    columns = [spread.clamp(0, 5), ipdv.clamp(0, 5), torch.log1p(high.clamp(0, 20)), root(figures.loss_ratio.clamp(0, 1))]
    return _rows([torch.stack(columns, dim=1)])


def logit(share: Tensor) -> Tensor:
    """Log odds, within limits."""
    clipped = share.clamp(1e-12, 1 - 1e-12)
    return torch.log(clipped / (1 - clipped)).clamp(-_LOGIT_LIMIT, _LOGIT_LIMIT)


def _dispersion(solved: Solved) -> Tensor:  # [queue, window]
    """Index of dispersion - 1 of the queue's arrivals over windows of 4**k packet times of the port, compressed."""
    offered = solved.state.network.offered
    scale = over(offered.bit_rate**2, offered.packet_rate)
    excess = solved.state.network.table.excess[:-1]
    return _signed_log(over(excess, scale[:, None].expand_as(excess)))


def _ahead(solved: Solved, load: Tensor) -> Tensor:  # [queue]
    """Load of the queues with a lower index on the same port."""
    ports = solved.state.network.ports
    padded = ports.padded(load)
    return ports.flat(torch.cumsum(padded, dim=1) - padded)


def _size_variation(solved: Solved) -> Tensor:  # [queue]
    """Squared coefficient of variation of the sizes of the packets that are offered."""
    offered = solved.state.network.offered
    return (over(offered.second_moment_rate, offered.bit_rate) * over(offered.packet_rate, offered.bit_rate) - 1).clamp_min(0)


def _rows(columns: list[Tensor]) -> Tensor:
    most = float(_MOST_FEATURE)
    return torch.nan_to_num(torch.cat(columns, dim=1).float(), nan=0.0).clamp(-most, most)


def _log(values: Tensor, least: float) -> Tensor:
    return torch.log(values.clamp_min(least))


def _signed_log(values: Tensor) -> Tensor:
    return torch.sign(values) * torch.log1p(values.abs())
