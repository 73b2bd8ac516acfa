"""What gets where: packets along their paths, thinned by the loss of every queue they enter."""

from dataclasses import dataclass

import numba
import numpy as np

from nettwin.queueing.demand_hops import DemandHops
from nettwin.scenario.arrays import FloatArray, IntArray

NO_TRAFFIC = 1e-12
"""Packets/s that count as none."""

LEAST_SIZE = 0.02
"""A queue never shrinks the mean size of its packets further than to this part."""


@dataclass(frozen=True, eq=False)
class QueueLoss:
    """Probability that a packet is lost: flat + per_bit * its size. [queue]"""

    flat: FloatArray
    per_bit: FloatArray


@dataclass(frozen=True, eq=False)
class Arrivals:
    """What arrives at each queue. [queue]"""

    packet_rate: FloatArray
    bit_rate: FloatArray
    second_moment_rate: FloatArray  # sum of rate * E[size**2]


@dataclass(frozen=True, eq=False)
class Carried:
    """Traffic with its losses. Sizes shrink on the way, because long packets find less room."""

    arriving: Arrivals
    sent_packet_rate: FloatArray  # [queue]
    sent_bit_rate: FloatArray  # [queue]
    delivered: FloatArray  # [path] share of the packets
    delivered_bits: FloatArray  # [path] share of the bits


def carry(hops: DemandHops, loss: QueueLoss) -> Carried:
    """Follow every path from its source to its end."""
    sources = np.column_stack([hops.packet_rate, hops.mean_bits, hops.second_moment_bits2])
    queues, delivered = carry_compiled(hops.offsets, hops.queue, sources, np.column_stack([loss.flat, loss.per_bit]))
    arriving = Arrivals(*(np.ascontiguousarray(queues[:, column]) for column in range(3)))
    return Carried(arriving, queues[:, 3], queues[:, 4], delivered[:, 0], delivered[:, 1])


def _carry_all(offsets: IntArray, queue: IntArray, sources: FloatArray, loss: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A product along ragged paths, and sums at random places: one compiled pass instead of ten over all hops."""
    n_paths = len(offsets) - 1
    queues, delivered = np.zeros((len(loss), 5)), np.ones((n_paths, 2))
    for path in range(n_paths):
        rate, mean, second = sources[path, 0], sources[path, 1], sources[path, 2]
        packets, bits = 1.0, 1.0
        for hop in range(offsets[path], offsets[path + 1]):
            q = queue[hop]
            queues[q, 0] += rate * packets
            queues[q, 1] += rate * mean * bits
            queues[q, 2] += rate * second * bits * bits / max(packets, 1e-300)
            shrunk = bits / max(packets, 1e-300)  # mean size here over mean size sent
            kept = 1 - min(loss[q, 0] + loss[q, 1] * mean * shrunk, 1.0)
            kept_bits = 1 - min(loss[q, 0] + loss[q, 1] * second / mean * shrunk, 1.0)
            packets *= kept
            bits *= min(max(kept_bits, LEAST_SIZE * kept), kept)  # long packets are lost more often, but for rounding
            queues[q, 3] += rate * packets
            queues[q, 4] += rate * mean * bits
        delivered[path, 0], delivered[path, 1] = packets, bits
    return queues, delivered


carry_compiled = numba.njit(cache=True)(_carry_all)
