"""The text that our ns-3 program reads and writes."""

import io
from dataclasses import dataclass

import numpy as np

from nettwin.errors import PredictionError
from nettwin.performance import QUANTILE_LEVELS, DemandPerformance, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario import (
    CarriedOnOff,
    ConstantBitRate,
    Discipline,
    EmpiricalSizes,
    FixedSize,
    Link,
    OnOff,
    PacketSizes,
    Poisson,
    Routing,
    Scenario,
)
from nettwin.scenario.arrays import FloatArray

PPP_BYTES = 2
LARGEST_PACKETS = 2**32 - 1
KINDS = (Poisson, ConstantBitRate, OnOff, CarriedOnOff)


@dataclass(frozen=True, slots=True)
class Window:
    """What part of the run is counted."""

    warm_up_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.warm_up_s


def question(scenario: Scenario, routing: Routing, window: Window, seed: int) -> str:
    """The scenario as text. Raises PredictionError for what this adapter does not model."""
    topology, traffic = scenario.topology, scenario.traffic
    counts = (topology.n_nodes, topology.n_links, routing.n_paths, len(traffic.packet_sizes), traffic.n_demands)
    lines = [f"{seed} {window.warm_up_s!r} {window.end_s!r} " + " ".join(map(str, counts))]
    fixed = _fixed_size_bits(scenario)
    ends = zip(topology.link_source.tolist(), topology.link_target.tolist(), topology.links, strict=True)
    lines += [f"{s} {t} {round(link.capacity_bps)} {link.propagation_delay_s!r} {_limit(link, fixed)}" for s, t, link in ends]
    for share, first, last in zip(routing.path_share.tolist(), routing.hop_offsets[:-1], routing.hop_offsets[1:], strict=True):
        lines.append(f"{share!r} {last - first} " + " ".join(map(str, routing.hop_link[first:last].tolist())))
    used = set(traffic.packet_size_index.tolist())
    lines += [_sizes(sizes) if index in used else "1 3 1.0" for index, sizes in enumerate(traffic.packet_sizes)]
    lines += [_demand(scenario, routing, index) for index in range(traffic.n_demands)]
    return "\n".join(lines) + "\n"


def answer(text: str, scenario: Scenario, routing: Routing, window: Window) -> Performance:
    """The performance that the program measured."""
    n_demands, topology = scenario.traffic.n_demands, scenario.topology
    lines = text.splitlines()
    if len(lines) != n_demands + topology.n_links:
        raise PredictionError(f"{len(lines)} lines of output", where="engine 'ns3'", hint="the program ended too early")
    demands = np.full((n_demands, 16), np.nan)
    for row, line in enumerate(lines[:n_demands]):
        values = line.split()
        demands[row, : len(values)] = [float(value) for value in values]
    arrived, dropped, sent_bits = np.loadtxt(io.StringIO("\n".join(lines[n_demands:])), ndmin=2).T if topology.n_links else np.empty((3, 0))
    loss = np.divide(dropped, arrived, out=np.zeros_like(arrived), where=arrived > 0)
    throughput = sent_bits / window.duration_s
    links = LinkPerformance(
        utilization=np.minimum(throughput / topology.capacity_bps, 1.0),  # packets are counted when they are taken
        loss_ratio=loss,
        throughput_bps=throughput,
    )
    queues = QueuePerformance.unknown(topology.n_queues)
    return Performance(demands=_demands(demands, scenario, routing, window), queues=queues, links=links, engine="ns3")


def _demands(columns: FloatArray, scenario: Scenario, routing: Routing, window: Window) -> DemandPerformance:
    sent, dropped, sent_bits, delivered_bits = columns[:, :4].T
    delays = np.minimum(columns[:, 5:], scenario.observation.delay_cap_s)
    is_cut_off = (routing.routed_share == 0) & (scenario.traffic.rate_bps > 0)
    loss = np.divide(dropped, sent, out=np.zeros_like(sent), where=sent > 0)
    offered = np.where(is_cut_off, scenario.traffic.rate_bps, sent_bits / window.duration_s)
    return DemandPerformance(
        delay_s=delays[:, 0],
        delay_variation_s=delays[:, 1],
        ipdv_s=delays[:, 2],
        delay_quantiles_s=delays[:, 3 : 3 + len(QUANTILE_LEVELS)],
        loss_ratio=np.where(is_cut_off, 1.0, loss),
        offered_bps=offered,
        throughput_bps=np.minimum(delivered_bits / window.duration_s, offered),
    )


def _fixed_size_bits(scenario: Scenario) -> float | None:
    """The size of every packet, if they are all alike."""
    traffic = scenario.traffic
    used = {traffic.packet_sizes[index] for index in traffic.packet_size_index.tolist()} or {FixedSize(8.0)}
    size = used.pop()
    return size.size_bits if isinstance(size, FixedSize) and not used else None


def _limit(link: Link, fixed_size_bits: float | None) -> str:
    """The device's queue does not count the packet on the wire; where ours does, one packet's room is taken off."""
    port, queue = link.scheduling, link.scheduling.queues[0]
    if port.discipline is not Discipline.FIFO:
        raise PredictionError(f"{port.discipline} is not modelled", where=f"link {link.id!r}", hint="ns-3 is asked about FIFO ports only")
    bits = queue.buffer_bits
    if bits < np.inf and fixed_size_bits:
        return _in_packets(min(queue.buffer_packets, bits // fixed_size_bits), link)
    if bits < np.inf and (port.buffer_holds_packet_in_service or queue.buffer_packets < np.inf):
        what = "a buffer in bits that counts the packet on the wire is not modelled for packets of several sizes"
        raise PredictionError(what, where=f"link {link.id!r}", hint="give the buffer in packets")
    return f"{int(bits // 8)}B" if bits < np.inf else _in_packets(queue.buffer_packets, link)


def _in_packets(packets: float, link: Link) -> str:
    waiting = packets - 1 if link.scheduling.buffer_holds_packet_in_service else packets
    if waiting < 1:
        raise PredictionError("no room to wait", where=f"link {link.id!r}", hint="ns-3 needs a buffer of at least one waiting packet")
    return f"{int(min(waiting, LARGEST_PACKETS))}p"


def _sizes(sizes: PacketSizes) -> str:
    if not isinstance(sizes, FixedSize | EmpiricalSizes):
        raise PredictionError(f"{type(sizes).__name__} is not modelled", where="packet sizes", hint="give fixed or empirical sizes")
    bits = (sizes.size_bits,) if isinstance(sizes, FixedSize) else sizes.sizes_bits
    shares = (1.0,) if isinstance(sizes, FixedSize) else sizes.probabilities
    if any(size % 8 or size <= 8 * PPP_BYTES or size > 8 * 65_535 for size in bits):
        raise PredictionError(f"sizes of {bits} bits", where="packet sizes", hint="ns-3 sends whole bytes, 3 to 65535")
    cumulative = np.cumsum(shares) / sum(shares)
    return f"{len(bits)} " + " ".join(f"{int(size // 8)} {share!r}" for size, share in zip(bits, cumulative.tolist(), strict=True))


def _demand(scenario: Scenario, routing: Routing, index: int) -> str:
    traffic = scenario.traffic
    process = traffic.arrivals[traffic.arrival_index[index]]
    if type(process) not in KINDS:
        raise PredictionError(f"{type(process).__name__} is not modelled", where="arrival process", hint="Poisson, constant or on-off")
    rate = peak = float(traffic.packet_rate[index])
    on_s = off_s = 0.0
    if isinstance(process, OnOff | CarriedOnOff):
        on_s, off_s = process.on_s, process.off_s
        peak = process.peak_packet_rate(rate) if isinstance(process, CarriedOnOff) else rate * (on_s + off_s) / on_s
    peak = peak if rate > 0 else 0.0
    first, last = routing.path_offsets[index], routing.path_offsets[index + 1]
    return f"{KINDS.index(type(process))} {peak!r} {on_s!r} {off_s!r} {first} {last - first} {traffic.packet_size_index[index]}"
