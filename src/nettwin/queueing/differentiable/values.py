"""A network on tensors: what is fixed, what one may differentiate by, and everything that the theory computes between and after.

``Structure`` holds whole numbers and truths that follow from topology, routing and kinds; ``Inputs`` the numbers. ``Network``, ``State``
and their parts have the names and shapes of the dataclasses of ``nettwin.queueing`` and hold tensors on one device. Hops and paths are
in the order of the routing.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from nettwin.queueing.calibration import Calibration
from nettwin.queueing.differentiable.dispersion import Sources
from nettwin.queueing.differentiable.gathering import sums
from nettwin.queueing.long_ways import _LONE, FREE, JOINING, SINGLE, WORK_FREE
from nettwin.scenario import Discipline


@dataclass(frozen=True, eq=False)
class Layout:
    """Hops by their position on the path, paths by length, longest first: the hops at one position belong to the first paths."""

    path_order: Tensor  # [sorted path] row in the routing
    path_place: Tensor  # [path] its row among the sorted
    hop_order: Tensor  # [sorted hop] row in the routing
    hop_place: Tensor  # [hop] its row among the sorted
    n_at: tuple[int, ...]  # [position] number of paths with a hop there
    queue: Tensor  # [sorted hop]
    path: Tensor  # [sorted hop] row among the sorted


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which link hands on to what. [pair]"""

    from_link: Tensor
    to: Tensor  # a link or a queue


@dataclass(frozen=True, eq=False)
class Strands:
    """Hops that come from one link into one queue with sizes of one row: what streams are made of. [strand]"""

    of_hop: Tensor  # [hop]
    queue: Tensor
    size_row: Tensor
    link_pair: Tensor  # row of the pairs into links; their number where a path begins
    queue_pair: Tensor  # row of the pairs into queues, likewise


@dataclass(frozen=True, eq=False)
class Laws:
    """Laws of sizes in queues, as ``nettwin.queueing.paces.Strands`` and ``fine_atoms_of`` have them. [law]"""

    of_hop: Tensor  # [hop]
    queue: Tensor
    bits: Tensor  # [law, atom]
    weights: Tensor  # [law, atom]
    edges: Tensor  # of the classes of sizes
    reaches: Tensor  # for which figures are computed


@dataclass(frozen=True, eq=False)
class SourceRows:
    """The hops whose demands send with one kind of arrival process."""

    kind: str  # as the formulas in ``dispersion`` are called
    hops: Tensor  # [row]
    demand: Tensor  # [row]


@dataclass(frozen=True, eq=False)
class Traces:
    """Measured dispersion of recorded packets; windows are even in their logarithms."""

    first_log_s: float
    step: float
    dispersion: Tensor  # [trace, window]
    of_demand: Tensor  # [demand] row, 0 for those that are no trace


@dataclass(frozen=True, eq=False)
class Structure:
    """What does not change with capacities, rates, sizes, buffers and weights."""

    n_demands: int
    n_links: int
    n_queues: int
    delay_cap_s: float
    kinds: frozenset[Discipline]  # that occur
    disciplines: Tensor  # [link] as numbers
    slots: Tensor  # [link, slot]; an empty slot points at queue n_queues
    slot_of_queue: Tensor  # [queue] row of its slot among all [link * slot]
    link_of_queue: Tensor  # [queue]
    holds_packet_in_service: Tensor  # [queue]
    is_alone: Tensor  # [queue] the only one of its port
    is_down: Tensor  # [queue] its link is
    smallest_bits: Tensor  # [queue] smallest packet that comes; infinite where none does
    path: Tensor  # [hop]
    queue: Tensor  # [hop]
    link: Tensor  # [hop]
    previous_link: Tensor  # [hop], -1 at the first
    offsets: Tensor  # [path + 1]
    demand: Tensor  # [path]
    path_share: Tensor  # [path] as routed
    size_row: Tensor  # [demand]
    size_edges: Tensor  # of the classes of sizes in platoons
    layout: Layout
    strands: Strands
    laws: Laws
    into_links: Pairs
    into_queues: Pairs
    sources: tuple[SourceRows, ...]
    traces: Traces | None

    @property
    def n_hops(self) -> int:
        return len(self.path)

    @property
    def n_paths(self) -> int:
        return len(self.demand)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What one may differentiate by."""

    capacity_bps: Tensor  # [link]
    propagation_delay_s: Tensor  # [link]
    quantum_bits: Tensor  # [link]
    weight: Tensor  # [link, slot], next to nothing in empty slots
    buffer_bits: Tensor  # [queue]
    buffer_packets: Tensor  # [queue]
    rate_bps: Tensor  # [demand]
    arrivals: Tensor  # [demand, 3] parameters of its arrival process in the order of their declaration; 1 where it has fewer
    path_share: Tensor  # [path]
    mean_bits: Tensor  # [size row]
    second_moment_bits2: Tensor  # [size row]
    atom_bits: Tensor  # [size row, atom]
    atom_weights: Tensor  # [size row, atom]


@dataclass(frozen=True, eq=False)
class Ports:
    """As ``nettwin.queueing.ports.Ports``."""

    slots: Tensor  # [link, slot]
    slot_of_queue: Tensor  # [queue]
    link_of_queue: Tensor  # [queue]
    capacity_bps: Tensor  # [link]
    queue_capacity_bps: Tensor  # [queue]
    quantum_bits: Tensor  # [link]
    weight: Tensor  # [link, slot]
    buffer_bits: Tensor  # [queue]
    buffer_packets: Tensor  # [queue]
    holds_packet_in_service: Tensor  # [queue]

    @property
    def n_queues(self) -> int:
        return len(self.link_of_queue)

    @property
    def n_links(self) -> int:
        return len(self.capacity_bps)

    def padded(self, per_queue: Tensor) -> Tensor:  # [..., link, slot]
        """Figures per queue [..., queue] in their slots, 0 in empty ones."""
        nothing = per_queue.new_zeros((*per_queue.shape[:-1], 1))
        found = torch.cat([per_queue, nothing], dim=-1).index_select(-1, self.slots.reshape(-1))
        return found.reshape(*per_queue.shape[:-1], *self.slots.shape)

    def flat(self, per_slot: Tensor) -> Tensor:  # [..., queue]
        """The inverse of ``padded``."""
        return per_slot.reshape(*per_slot.shape[:-2], -1).index_select(-1, self.slot_of_queue)

    def per_link(self, per_queue: Tensor) -> Tensor:  # [..., link]
        """Sums over the queues of each port."""
        return self.padded(per_queue).sum(dim=-1)

    def of_link(self, per_link: Tensor) -> Tensor:  # [..., queue]
        """What each queue's port has."""
        return per_link.index_select(-1, self.link_of_queue)


@dataclass(frozen=True, eq=False)
class DemandHops:
    """As ``nettwin.queueing.demand_hops.DemandHops``."""

    path: Tensor  # [hop]
    queue: Tensor  # [hop]
    link: Tensor  # [hop]
    previous_link: Tensor  # [hop], -1 at the first
    offsets: Tensor  # [path + 1]
    demand: Tensor  # [path]
    share: Tensor  # [path]
    packet_rate: Tensor  # [path]
    mean_bits: Tensor  # [path]
    second_moment_bits2: Tensor  # [path]
    hop_packet_rate: Tensor  # [hop], before any loss
    hop_mean_bits: Tensor  # [hop]

    def sum_over_path(self, per_hop: Tensor) -> Tensor:  # [..., path]
        """The sums of figures [..., hop] over the hops of each path."""
        return sums(per_hop, self.path, len(self.demand))


@dataclass(frozen=True, eq=False)
class QueueLoss:
    """Probability that a packet is lost: flat + per_bit * its size. [queue]"""

    flat: Tensor
    per_bit: Tensor


@dataclass(frozen=True, eq=False)
class Arrivals:
    """What arrives at each queue. [queue]"""

    packet_rate: Tensor
    bit_rate: Tensor
    second_moment_rate: Tensor


@dataclass(frozen=True, eq=False)
class Carried:
    """As ``nettwin.queueing.carrying.Carried``."""

    arriving: Arrivals
    sent_packet_rate: Tensor  # [queue]
    sent_bit_rate: Tensor  # [queue]
    delivered: Tensor  # [path]
    delivered_bits: Tensor  # [path]


@dataclass(frozen=True, eq=False)
class Burstiness:
    """As ``nettwin.queueing.burstiness.Burstiness``."""

    unit_s: Tensor  # [link]
    excess: Tensor  # [queue + 1, window]


@dataclass(frozen=True, eq=False)
class SizeAtoms:
    """As ``nettwin.queueing.size_atoms.SizeAtoms``."""

    bits: Tensor  # [size row, atom]
    weights: Tensor  # [size row, atom]
    row: Tensor  # [demand]


@dataclass(frozen=True, eq=False)
class Streams:
    """As ``nettwin.queueing.streams.Streams``; pairs without traffic stay. [pair]"""

    from_link: Tensor
    to: Tensor
    packet_rate: Tensor
    bit_rate: Tensor
    second_moment_rate: Tensor
    mean_square_rate: Tensor


@dataclass(frozen=True, eq=False)
class Wires:
    """As ``nettwin.queueing.streams.Wires``. [pair]"""

    to: Tensor
    share: Tensor
    spared: Tensor


@dataclass(frozen=True, eq=False)
class Platoons:
    """As ``nettwin.queueing.platoons.Platoons``."""

    wait_s: Tensor  # [queue]
    size_share: Tensor  # [queue]
    spread_s: Tensor  # [queue]
    spacing_bps: Tensor  # [link]


@dataclass(frozen=True, eq=False)
class Ways:
    """As ``nettwin.queueing.paces.Ways``. [hop]"""

    lasting: Tensor
    hops: Tensor
    s_per_bit: Tensor


@dataclass(frozen=True, eq=False)
class Paces:
    """As ``nettwin.queueing.paces.Paces``. [hop]"""

    wait: Tensor
    free: Tensor
    size_share: Tensor
    spread: Tensor
    single: Tensor
    bits_wait: Tensor
    bits_free: Tensor


@dataclass(frozen=True, eq=False)
class LongWays:
    """As ``nettwin.queueing.long_ways.LongWays``."""

    ways: Ways
    paces: Paces
    queues: Tensor  # [queue, 7]

    @cached_property
    def others(self) -> tuple[Tensor, Tensor]:
        """Wait behind what joins, and of those who follow nobody, relative to that at the port alone: by work, by packets. [queue]"""
        queue = self.queues.unbind(1)
        lone = _LONE * (1 - queue[JOINING]) * queue[SINGLE]
        return queue[JOINING] * (1 - queue[WORK_FREE]) + lone, queue[JOINING] * (1 - queue[FREE]) + lone


@dataclass(frozen=True, eq=False)
class ServerView:
    """As ``nettwin.queueing.finite_queue.ServerView``."""

    utilization: Tensor
    share: Tensor
    work_s: Tensor
    idle_ratio: Tensor


@dataclass(frozen=True, eq=False)
class Packets:
    """As ``nettwin.queueing.finite_queue.Packets``."""

    rate: Tensor
    service_s: Tensor
    size_variation: Tensor


@dataclass(frozen=True, eq=False)
class QueueState:
    """As ``nettwin.queueing.finite_queue.QueueState``. [queue]"""

    loss_ratio: Tensor
    wait_s: Tensor
    wait_variance_s2: Tensor
    no_wait: Tensor


@dataclass(frozen=True, eq=False)
class PortLoads:
    """As ``nettwin.queueing.precedence.PortLoads``. [link, slot]"""

    offered: Tensor
    carried: Tensor
    weight: Tensor
    service_s: Tensor
    visit_s: Tensor


@dataclass(frozen=True, eq=False)
class Network:
    """As ``nettwin.queueing.network.Network``, with the propagation delays of the links."""

    ports: Ports
    hops: DemandHops
    sources: Sources
    offered: Arrivals
    is_closed: Tensor  # [queue]
    biased_bits: Tensor  # [queue]
    table: Burstiness
    port_rate: Tensor  # [link]
    disciplines: Tensor  # [link]
    excess_s: Tensor  # [link, slot, window]
    atoms: SizeAtoms
    platoons: Platoons
    long_ways: LongWays | None  # where ways can be long
    into_links: Wires
    into_queues: Streams
    calibration: Calibration
    structure: Structure
    inputs: Inputs


@dataclass(frozen=True, eq=False)
class State:
    """As ``nettwin.queueing.fixed_point.NetworkState``."""

    network: Network
    loss: QueueLoss
    carried: Carried
    queues: QueueState
    view: ServerView
    service_s: Tensor  # [queue]
    window_s: Tensor  # [queue]
    longest_wait_s: Tensor  # [queue]
    places: Tensor  # [queue]
    loads: PortLoads
    precedence: Tensor  # [link, slot, other]
    smoothed: Tensor  # [queue]
    in_platoons: Tensor  # [queue]
    n_rounds: int
