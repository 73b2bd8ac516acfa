"""What one link hands to the next port, on tensors: ``nettwin.queueing.streams``."""

import math

import torch
from torch import Tensor

from nettwin.queueing.differentiable.gathering import at, over, sums
from nettwin.queueing.differentiable.values import Pairs, Ports, Streams, Wires

_FULL = 0.98
_LEAST_VARIATION = 1e-3


def streams(pairs: Pairs, columns: Tensor, pair_of_strand: Tensor) -> Streams:
    """From ``columns`` [4, strand]: packets/s, bit/s, and the rates of E[size**2] and of E[size]**2."""
    rates = sums(columns, pair_of_strand, len(pairs.to) + 1)[:, :-1]
    return Streams(pairs.from_link, pairs.to, *rates.unbind())


def collision_ratio(slowdown: Tensor, size_variation: Tensor) -> Tensor:
    """Wait that two packets of one incoming wire cause each other here, relative to independent arrivals."""
    mean, deviation = 1 - slowdown, torch.sqrt((1 + slowdown**2) * size_variation)
    z: Tensor = mean / deviation
    density, below = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi), torch.special.ndtr(z)
    first = mean * below + deviation * density
    second = (mean**2 + deviation**2) * below + mean * deviation * density
    collision: Tensor = slowdown * (first + size_variation * below) + second / 2
    return (2 * collision / (1 + size_variation)).clamp_max(1.0)


def wires(into: Streams, ports: Ports, port_rate: Tensor, spacing_bps: Tensor) -> Wires:
    """``port_rate`` [link] in packets/s and ``into`` are before losses; ``spacing_bps`` [link]: the slowest wire passed together."""
    share = over(into.packet_rate, at(port_rate, into.to))
    variation = (over(into.second_moment_rate, into.bit_rate) * over(into.packet_rate, into.bit_rate) - 1).clamp_min(_LEAST_VARIATION)
    collisions = collision_ratio(at(ports.capacity_bps, into.to) / at(spacing_bps, into.from_link), variation)
    return Wires(into.to, share, share**2 * (1 - collisions))


def spared_work(into: Wires, utilization: Tensor) -> Tensor:  # [link]
    """Share of each port's residual work that never arises because its packets came one after another over a wire."""
    busy = at(utilization, into.to).clamp_max(_FULL)
    own = torch.minimum(into.share * busy, busy)
    return sums(into.spared * (1 - busy) / (1 - own), into.to, len(utilization))
