"""How many packets a buffer has room for, on tensors: ``nettwin.queueing.room``."""

import math

import torch
from torch import Tensor

from nettwin.queueing.calibration import Calibration
from nettwin.queueing.carrying import NO_TRAFFIC
from nettwin.queueing.differentiable.values import Arrivals, Ports
from nettwin.queueing.room import _ROUNDING, MOST_PLACES

_ENDLESS_BITS = 1e30
"""A number for a buffer without a bound in bits: infinity has no derivative."""


def waiting_places(ports: Ports, room: Tensor, share: Tensor) -> Tensor:  # [queue]
    """Places for waiting packets of mean size, from the ``room`` in bits for them; ``share`` of the server that the queue has."""
    in_service = torch.where(ports.holds_packet_in_service, share, 0.0)
    return (torch.minimum(ports.buffer_packets, room) - in_service).clamp(0.0, MOST_PLACES)


def size_variation(arriving: Arrivals) -> Tensor:  # [queue]
    """Squared coefficient of variation of the sizes of the packets that arrive."""
    used = (arriving.packet_rate > NO_TRAFFIC) & (arriving.bit_rate > 0)
    bits = torch.where(used, arriving.bit_rate, 1.0)
    return torch.where(used, (arriving.second_moment_rate / bits * arriving.packet_rate / bits - 1).clamp_min(0.0), 0.0)


def room_in_bits(ports: Ports, arriving: Arrivals, variation: Tensor, calibration: Calibration) -> Tensor:  # [queue]
    """Buffer over mean size, less the space that stays free because the next packet is too long. Steps count as flat."""
    used = arriving.packet_rate > NO_TRAFFIC
    mean = torch.where(used, (arriving.bit_rate / arriving.packet_rate.clamp_min(NO_TRAFFIC)).clamp_min(1e-6), 1.0)
    buffer = torch.where(torch.isfinite(ports.buffer_bits), ports.buffer_bits, _ENDLESS_BITS)
    places = (buffer / mean).clamp_max(2 * MOST_PLACES)
    lattice = torch.exp(-(2 * math.pi**2 * variation * places).clamp_max(500.0))
    remainder = (places - torch.floor(places + _ROUNDING)).clamp_min(0.0)
    residual = calibration.unusable_space * (1 + variation) / 2
    return places - (lattice * remainder + (1 - lattice) * residual)
