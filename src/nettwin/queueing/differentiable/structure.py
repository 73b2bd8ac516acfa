"""From a scenario to tensors: what follows from topology, routing and kinds, and the numbers that one may differentiate by.

What has the size of hops is computed on the device, the rest on the CPU. This is the only place that waits for the device.
"""

from dataclasses import fields

import numpy as np
import torch
from torch import Tensor

from nettwin.queueing.differentiable.trace_tables import trace_tables
from nettwin.queueing.differentiable.values import Inputs, Laws, Layout, Pairs, SourceRows, Strands, Structure
from nettwin.queueing.paces import _EDGES as _PACE_EDGES
from nettwin.queueing.paces import _REACHES
from nettwin.queueing.platoons import _EDGES
from nettwin.queueing.port_model import discipline_codes
from nettwin.queueing.ports import ports_of
from nettwin.queueing.size_atoms import demand_sizes, fine_atoms_of, size_atoms
from nettwin.scenario import (
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    ModulatedExponential,
    OnOff,
    PacketTrace,
    Poisson,
    Routing,
    Scenario,
)

Device = str | torch.device

_FORMULA_OF = {
    ConstantBitRate: "constant_bit_rate",
    OnOff: "on_off",
    CarriedOnOff: "carried_on_off",
    ModulatedExponential: "modulated_exponential",
    AutocorrelatedExponential: "autocorrelated_exponential",
    PacketTrace: "measured",
}
_MOST_PARAMETERS = 3


def structure_of(scenario: Scenario, routing: Routing, device: Device = "cpu") -> Structure:
    """All indices of a scenario under a routing."""
    topology, traffic = scenario.topology, scenario.traffic
    ports = ports_of(topology)

    def put(values: np.ndarray) -> Tensor:
        kind = {"i": torch.int64, "b": torch.bool, "f": torch.float64}[values.dtype.kind]
        return torch.from_numpy(np.array(values)).to(device=device, dtype=kind)

    offsets, demand, link = put(routing.hop_offsets), put(routing.path_demand), put(routing.hop_link)
    length = offsets.diff()
    path = torch.repeat_interleave(torch.arange(routing.n_paths, device=device), length)
    of_hop = demand[path]
    queue = put(topology.queue_by_class(traffic.n_classes))[link, put(traffic.traffic_class)[of_hop]]
    previous = torch.cat([link.new_full((1,), -1), link[:-1]])[: len(link)]
    previous[offsets[:-1][length > 0]] = -1
    size_row = put(demand_sizes(traffic)[1])
    strands, into_links, into_queues = _strands(previous, queue, size_row[of_hop], put(ports.link_of_queue))
    smallest = put(np.array([sizes.smallest_bits for sizes in traffic.packet_sizes])[traffic.packet_size_index])[of_hop]
    used = np.flatnonzero(ports.slots.ravel() < ports.n_queues)
    return Structure(
        n_demands=traffic.n_demands,
        n_links=ports.n_links,
        n_queues=ports.n_queues,
        delay_cap_s=scenario.observation.delay_cap_s,
        kinds=frozenset(ports.links_by_discipline),
        disciplines=put(discipline_codes(ports)),
        slots=put(ports.slots),
        slot_of_queue=put(used[np.argsort(ports.slots.ravel()[used])]),
        link_of_queue=put(ports.link_of_queue),
        holds_packet_in_service=put(ports.holds_packet_in_service),
        is_alone=put(np.bincount(ports.link_of_queue, minlength=ports.n_links)[ports.link_of_queue] == 1),
        is_down=put(~topology.link_is_up[ports.link_of_queue]),
        smallest_bits=smallest.new_full((ports.n_queues,), torch.inf).scatter_reduce(0, queue, smallest, "amin"),
        path=path,
        queue=queue,
        link=link,
        previous_link=previous,
        offsets=offsets,
        demand=demand,
        path_share=put(routing.path_share),
        size_row=size_row,
        size_edges=put(_EDGES),
        layout=_layout(offsets, length, path, queue),
        strands=strands,
        laws=_laws(queue, size_row[of_hop], [put(values) for values in (*fine_atoms_of(traffic)[:2], _PACE_EDGES, _REACHES)]),
        into_links=into_links,
        into_queues=into_queues,
        sources=_source_rows(scenario, of_hop),
        traces=trace_tables(traffic, device),
    )


def _layout(offsets: Tensor, length: Tensor, path: Tensor, queue: Tensor) -> Layout:
    order = torch.argsort(-length, stable=True)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    counts = torch.bincount(length)  # of paths by their length
    n_at = len(length) - torch.cumsum(counts, 0)[:-1]  # longer than 0, 1, ... hops
    start = torch.cumsum(n_at, 0) - n_at
    rows = torch.arange(len(path), device=path.device)
    hop_place = start[rows - offsets[path]] + place[path] if len(path) else rows
    hop_order = torch.empty_like(hop_place)
    hop_order[hop_place] = rows
    return Layout(order, place, hop_order, hop_place, tuple(n_at.tolist()), queue[hop_order], place[path[hop_order]])


def _strands(previous: Tensor, queue: Tensor, size_row: Tensor, link_of_queue: Tensor) -> tuple[Strands, Pairs, Pairs]:
    n_queues, n_rows = len(link_of_queue), int(size_row.max()) + 1 if len(size_row) else 1
    key, of_hop = torch.unique(((previous + 1) * n_queues + queue) * n_rows + size_row, return_inverse=True)
    before, to = key // n_rows // n_queues - 1, key // n_rows % n_queues
    link_pairs, link_pair = _pairs(before, link_of_queue[to], len(link_of_queue))
    queue_pairs, queue_pair = _pairs(before, to, n_queues)
    return Strands(of_hop, to, key % n_rows, link_pair, queue_pair), link_pairs, queue_pairs


def _laws(queue: Tensor, size_row: Tensor, constants: list[Tensor]) -> Laws:
    """``constants``: bits and weights [size row, atom], edges, reaches."""
    bits, weights, edges, reaches = constants
    key, of_hop = torch.unique(queue * len(bits) + size_row, return_inverse=True)
    row = key % len(bits)
    return Laws(of_hop, key // len(bits), bits[row], weights[row], edges, reaches)


def _pairs(before: Tensor, to: Tensor, n: int) -> tuple[Pairs, Tensor]:
    """Distinct pairs, and the row of each strand; strands with which paths begin get the number of pairs."""
    key, row = torch.unique((before * n + to)[before >= 0], return_inverse=True)
    rows = torch.full_like(before, len(key))
    rows[before >= 0] = row
    return Pairs(key // n, key % n), rows


def _source_rows(scenario: Scenario, demand_of_hop: Tensor) -> tuple[SourceRows, ...]:
    traffic, device = scenario.traffic, demand_of_hop.device
    found = []
    for kind in sorted({type(process) for process in traffic.arrivals} - {Poisson}, key=lambda kind: kind.__name__):
        is_kind = np.array([type(process) is kind for process in traffic.arrivals], dtype=np.bool_)[traffic.arrival_index]
        hops = torch.from_numpy(is_kind).to(device)[demand_of_hop].nonzero()[:, 0]
        found.append(SourceRows(_FORMULA_OF[kind], hops, demand_of_hop[hops]))
    return tuple(found)


def inputs_of(scenario: Scenario, structure: Structure, dtype: torch.dtype = torch.float64, device: Device = "cpu") -> Inputs:
    """The numbers of a scenario, in float64 for figures as exact as the compiled theory's."""
    topology, traffic = scenario.topology, scenario.traffic
    ports, table = ports_of(topology), demand_sizes(traffic)[0]
    atoms = size_atoms(table)

    def put(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.array(values)).to(device=device, dtype=dtype)

    return Inputs(
        capacity_bps=put(ports.capacity_bps),
        propagation_delay_s=put(topology.propagation_delay_s),
        quantum_bits=put(ports.quantum_bits),
        weight=put(ports.weight),
        buffer_bits=put(ports.buffer_bits),
        buffer_packets=put(ports.buffer_packets),
        rate_bps=put(traffic.rate_bps),
        arrivals=put(_parameters(scenario)[traffic.arrival_index]),
        path_share=structure.path_share.to(device=device, dtype=dtype),
        mean_bits=put(np.array([sizes.mean_bits for sizes in table])),
        second_moment_bits2=put(np.array([sizes.second_moment_bits2 for sizes in table])),
        atom_bits=put(atoms[0]),
        atom_weights=put(atoms[1]),
    )


def _parameters(scenario: Scenario) -> np.ndarray:  # [row of the processes, parameter]
    result = np.ones((len(scenario.traffic.arrivals), _MOST_PARAMETERS))
    for row, process in enumerate(scenario.traffic.arrivals):
        if not isinstance(process, PacketTrace):
            own = [getattr(process, f.name) for f in fields(process)]
            result[row, : len(own)] = own
    return result
