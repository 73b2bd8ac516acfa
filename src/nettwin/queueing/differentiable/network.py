"""A scenario as the rounds need it, on tensors: ``nettwin.queueing.network``. Nothing here waits for the device."""

import torch
from torch import Tensor

from nettwin.queueing.burstiness import _N_WINDOWS, _STEP
from nettwin.queueing.calibration import DEFAULT, Calibration
from nettwin.queueing.differentiable.dispersion import SourceGroup, Sources, group_excess, n_parameters
from nettwin.queueing.differentiable.gathering import at, largest, over, sums
from nettwin.queueing.differentiable.long_ways import long_ways
from nettwin.queueing.differentiable.platoons import platoons, size_classes
from nettwin.queueing.differentiable.streams import streams, wires
from nettwin.queueing.differentiable.values import Arrivals, Burstiness, DemandHops, Inputs, Network, Ports, SizeAtoms, Structure

_MOST_AT_ONCE = 1 << 22
"""Hops times windows that are computed at once: more would need memory, fewer would not fill a GPU."""


def network_of(structure: Structure, inputs: Inputs, calibration: Calibration = DEFAULT) -> Network:
    """Everything about a scenario that the rounds need."""
    ports, hops, strands = _ports(structure, inputs), _hops(structure, inputs), structure.strands
    rate = sums(hops.hop_packet_rate, strands.of_hop, len(strands.queue))  # packets/s of each strand
    mean, second = at(inputs.mean_bits, strands.size_row), at(inputs.second_moment_bits2, strands.size_row)
    columns = torch.stack([rate, rate * mean, rate * second, rate * mean**2])
    arriving = Arrivals(*sums(columns[:3], strands.queue, structure.n_queues).unbind())
    into_links = streams(structure.into_links, columns, strands.link_pair)
    into_queues = streams(structure.into_queues, columns, strands.queue_pair)
    port_rate, port_bits = ports.per_link(torch.stack([arriving.packet_rate, arriving.bit_rate])).unbind()
    unit_s = torch.where(port_rate > 0, over(port_bits, port_rate), 1.0) / ports.capacity_bps
    atoms = SizeAtoms(inputs.atom_bits, inputs.atom_weights, structure.size_row)
    sizes = size_classes(structure, rate, _mean_bits(arriving), atoms)
    found = platoons(ports, sizes, (into_links, into_queues), port_rate)
    behind = _sources(structure, inputs, hops)
    table = _burstiness(structure, hops, behind, unit_s)
    return Network(
        ports=ports,
        hops=hops,
        sources=behind,
        offered=arriving,
        is_closed=structure.is_down | (ports.buffer_bits < _at_least(structure)) | (ports.buffer_packets < 1),
        biased_bits=largest(second / mean, strands.queue, structure.n_queues),
        table=table,
        port_rate=port_rate,
        disciplines=structure.disciplines,
        excess_s=at(table.excess, ports.slots) / 2 / ports.capacity_bps[:, None, None] ** 2,
        atoms=atoms,
        platoons=found,
        long_ways=long_ways(structure, (ports, hops, arriving), (into_links, into_queues), (port_rate, found.spacing_bps)),
        into_links=wires(into_links, ports, port_rate, found.spacing_bps),
        into_queues=into_queues,
        calibration=calibration,
        structure=structure,
        inputs=inputs,
    )


def _ports(structure: Structure, inputs: Inputs) -> Ports:
    return Ports(
        slots=structure.slots,
        slot_of_queue=structure.slot_of_queue,
        link_of_queue=structure.link_of_queue,
        capacity_bps=inputs.capacity_bps,
        queue_capacity_bps=at(inputs.capacity_bps, structure.link_of_queue),
        quantum_bits=inputs.quantum_bits,
        weight=inputs.weight,
        buffer_bits=inputs.buffer_bits,
        buffer_packets=inputs.buffer_packets,
        holds_packet_in_service=structure.holds_packet_in_service,
    )


def _hops(structure: Structure, inputs: Inputs) -> DemandHops:
    row, demand = at(structure.size_row, structure.demand), structure.demand
    mean = at(inputs.mean_bits, row)
    packet_rate = at(inputs.rate_bps, demand) / mean * inputs.path_share
    return DemandHops(
        path=structure.path,
        queue=structure.queue,
        link=structure.link,
        previous_link=structure.previous_link,
        offsets=structure.offsets,
        demand=demand,
        share=inputs.path_share,
        packet_rate=packet_rate,
        mean_bits=mean,
        second_moment_bits2=at(inputs.second_moment_bits2, row),
        hop_packet_rate=at(packet_rate, structure.path),
        hop_mean_bits=at(mean, structure.path),
    )


def _mean_bits(arriving: Arrivals) -> Tensor:  # [queue]
    mean = over(arriving.bit_rate, arriving.packet_rate)
    return torch.where(mean > 0, mean, 1.0)


def _at_least(structure: Structure) -> Tensor:  # [queue] bits that the smallest packet needs, if any comes
    return torch.where(torch.isfinite(structure.smallest_bits), structure.smallest_bits, 0.0)


def _sources(structure: Structure, inputs: Inputs, hops: DemandHops) -> Sources:
    """The source behind each hop."""
    rate = over(hops.packet_rate, hops.share)
    groups = []
    for rows in structure.sources:
        parameters = tuple(at(inputs.arrivals, rows.demand).unbind(1)[: n_parameters(rows.kind)])
        if rows.kind == "measured" and structure.traces is not None:
            traces = structure.traces
            parameters = (torch.full_like(rate, traces.first_log_s), torch.full_like(rate, traces.step))
            parameters = tuple(at(one, at(hops.path, rows.hops)) for one in parameters)
            parameters += (at(traces.dispersion, at(traces.of_demand, rows.demand)).to(rate.dtype),)
        groups.append(SourceGroup(rows.hops, at(rate, at(hops.path, rows.hops)), rows.kind, parameters))
    return Sources(structure.n_hops, tuple(groups))


def _burstiness(structure: Structure, hops: DemandHops, behind: Sources, unit_s: Tensor) -> Burstiness:
    """The table of all queues before any loss. A share of a demand is a random selection of its packets."""
    per_path, n_queues = hops.share * hops.packet_rate * hops.mean_bits**2, structure.n_queues
    excess = unit_s.new_zeros((_N_WINDOWS, n_queues + 1))
    for group in behind.groups:
        weight, queue = at(per_path, at(hops.path, group.rows)), at(hops.queue, group.rows)
        unit = at(unit_s, at(hops.link, group.rows))
        at_once = max(min(_MOST_AT_ONCE // max(len(queue), 1), _N_WINDOWS), 1)
        parts = [_of_windows(group, unit, columns) for columns in _chunks(at_once)]
        excess = excess + torch.cat([sums(weight * part, queue, n_queues + 1) for part in parts])
    return Burstiness(unit_s, excess.T)


def _chunks(at_once: int) -> list[range]:
    return [range(first, min(first + at_once, _N_WINDOWS)) for first in range(0, _N_WINDOWS, at_once)]


def _of_windows(group: SourceGroup, unit_s: Tensor, columns: range) -> Tensor:  # [column, row]
    return group_excess(group, torch.stack([unit_s * _STEP**column for column in columns]))
