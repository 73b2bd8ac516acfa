"""The output ports of a topology as columns: one row per link, one slot per queue of the port."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nettwin.scenario import Discipline, Topology
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Ports:
    """Queues sit in padded slots; an empty slot points at queue ``n_queues``, which never has traffic."""

    slots: IntArray  # [link, slot]
    link_of_queue: IntArray  # [queue]
    capacity_bps: FloatArray  # [link]
    quantum_bits: FloatArray  # [link]
    weight: FloatArray  # [link, slot], next to nothing in empty slots
    buffer_bits: FloatArray  # [queue]
    buffer_packets: FloatArray  # [queue]
    holds_packet_in_service: BoolArray  # [queue]
    links_by_discipline: Mapping[Discipline, IntArray]

    @property
    def n_queues(self) -> int:
        return len(self.link_of_queue)

    @property
    def n_links(self) -> int:
        return len(self.capacity_bps)

    @property
    def queue_capacity_bps(self) -> FloatArray:  # [queue]
        return self.capacity_bps[self.link_of_queue]

    def padded(self, per_queue: FloatArray) -> FloatArray:  # [link, slot]
        """A figure per queue in its slots, 0 in empty ones."""
        return np.append(per_queue, 0.0)[self.slots]

    def flat(self, per_slot: FloatArray) -> FloatArray:  # [queue]
        """The inverse of ``padded``."""
        result = np.zeros(self.n_queues + 1)
        result[self.slots.ravel()] = per_slot.ravel()
        return result[:-1]

    def per_link(self, per_queue: FloatArray) -> FloatArray:  # [link]
        """Sums over the queues of each port."""
        return np.bincount(self.link_of_queue, per_queue, self.n_links).astype(np.float64)


def ports_of(topology: Topology) -> Ports:
    """The ports of all links; one that is down keeps its row."""
    queues, schedulings = topology.queues, [link.scheduling for link in topology.links]
    disciplines = np.array([scheduling.discipline.value for scheduling in schedulings], dtype=object)
    holds = np.array([scheduling.buffer_holds_packet_in_service for scheduling in schedulings], dtype=np.bool_)
    slots = _slots(queues.offsets)
    return Ports(
        slots=slots,
        link_of_queue=queues.link.astype(np.int64),
        capacity_bps=topology.capacity_bps,
        quantum_bits=np.array([scheduling.quantum_bits for scheduling in schedulings]),
        weight=np.append(queues.weight, 1e-9)[slots],
        buffer_bits=queues.buffer_bits,
        buffer_packets=queues.buffer_packets,
        holds_packet_in_service=holds[queues.link],
        links_by_discipline={d: np.flatnonzero(disciplines == d.value) for d in Discipline if d.value in disciplines},
    )


def _slots(offsets: IntArray) -> IntArray:
    slot = np.arange(np.diff(offsets).max(initial=1))
    return np.where(slot < np.diff(offsets)[:, None], offsets[:-1, None] + slot, offsets[-1]).astype(np.int64)
