"""A scenario as the theory needs it: everything that stays the same while losses are sought."""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.burstiness import Burstiness, burstiness, hop_sources
from nettwin.queueing.calibration import DEFAULT, Calibration
from nettwin.queueing.carrying import Arrivals, QueueLoss, carry
from nettwin.queueing.demand_hops import DemandHops, demand_hops
from nettwin.queueing.dispersion import Sources
from nettwin.queueing.long_ways import LongWays, long_ways
from nettwin.queueing.platoons import Platoons, platoons
from nettwin.queueing.port_model import discipline_codes
from nettwin.queueing.ports import Ports, ports_of
from nettwin.queueing.size_atoms import SizeAtoms, atoms_of, fine_atoms_of
from nettwin.queueing.streams import Streams, Wires, link_streams, queue_streams, wires
from nettwin.scenario import Routing, Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Network:
    """Ports, hops and what the sources send."""

    ports: Ports
    hops: DemandHops
    sources: Sources  # behind each hop
    offered: Arrivals  # before losses
    is_closed: BoolArray  # [queue] nothing gets through
    biased_bits: FloatArray  # [queue] largest E[size**2] / E[size] of a demand
    table: Burstiness
    port_rate: FloatArray  # [link] packets/s before losses
    disciplines: IntArray  # [link] as numbers
    excess_s: FloatArray  # [link, slot, window] the table as work, in seconds of the server
    atoms: SizeAtoms
    platoons: Platoons
    long_ways: LongWays
    into_links: Wires
    into_queues: Streams
    calibration: Calibration


def network_of(scenario: Scenario, routing: Routing, calibration: Calibration = DEFAULT) -> Network:
    """Everything about a scenario that the rounds need."""
    topology = scenario.topology
    ports, hops = ports_of(topology), demand_hops(scenario, routing)
    behind, nothing = hop_sources(hops, scenario.traffic), np.zeros(ports.n_queues)
    offered = carry(hops, QueueLoss(nothing, nothing)).arriving
    rate = ports.per_link(offered.packet_rate)
    atoms, streams = atoms_of(scenario.traffic), (link_streams(hops, topology), queue_streams(hops, topology, ports))
    found = platoons(ports, hops, atoms, streams, rate)
    unit_s = np.where(rate > 0, ports.per_link(offered.bit_rate) / np.maximum(rate, 1e-300), 1.0) / ports.capacity_bps
    table = burstiness(hops, behind, ports, unit_s)
    return Network(
        ports=ports,
        hops=hops,
        sources=behind,
        offered=offered,
        is_closed=_is_closed(scenario, ports, hops),
        biased_bits=_largest(hops, hops.second_moment_bits2 / hops.mean_bits, ports.n_queues),
        table=table,
        port_rate=rate,
        disciplines=discipline_codes(ports),
        excess_s=table.excess[ports.slots] / 2 / ports.capacity_bps[:, None, None] ** 2,
        atoms=atoms,
        platoons=found,
        long_ways=long_ways(ports, hops, fine_atoms_of(scenario.traffic), offered, streams, found.spacing_bps),
        into_links=wires(streams[0], ports, rate, found.spacing_bps),
        into_queues=streams[1],
        calibration=calibration,
    )


def _is_closed(scenario: Scenario, ports: Ports, hops: DemandHops) -> BoolArray:  # [queue]
    """The link is down, or the buffer is too small for even the smallest packet that comes."""
    traffic = scenario.traffic
    smallest = np.array([sizes.smallest_bits for sizes in traffic.packet_sizes])[traffic.packet_size_index]
    least = np.full(ports.n_queues, np.inf)
    np.minimum.at(least, hops.queue, smallest[hops.demand][hops.path])
    is_too_small = np.isfinite(least) & (ports.buffer_bits < least)
    return np.asarray(~scenario.topology.link_is_up[ports.link_of_queue] | is_too_small | (ports.buffer_packets < 1))


def _largest(hops: DemandHops, per_path: FloatArray, n_queues: int) -> FloatArray:  # [queue]
    result = np.zeros(n_queues)
    np.maximum.at(result, hops.queue, per_path[hops.path])
    return result
