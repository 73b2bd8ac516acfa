"""The variability that one port passes to the next, on tensors: ``nettwin.queueing.smoothing``."""

import torch
from torch import Tensor

from nettwin.queueing.burstiness import _LOG_STEP, _N_WINDOWS
from nettwin.queueing.differentiable.gathering import at, over, sums
from nettwin.queueing.differentiable.values import Arrivals, Network
from nettwin.queueing.smoothing import _FULL


def place_of(windows: Tensor) -> Tensor:
    """The place in the table of burstiness, between its columns, of windows in units."""
    return (torch.log(windows) / _LOG_STEP).clamp(0.0, _N_WINDOWS - 1.001)


def between(table: Tensor, place: Tensor) -> Tensor:
    """Entries [..., window] of a table at places [...] between its columns."""
    left = place.detach().floor().long().unsqueeze(-1)
    part = place - left.squeeze(-1)
    low, high = table.gather(-1, torch.cat([left, left + 1], dim=-1)).unbind(-1)
    return low * (1 - part) + high * part


def smoothed_excess(network: Network, arriving: Arrivals, carried: Tensor, known: tuple[Tensor, Tensor, Tensor]) -> Tensor:  # [queue]
    """What upstream ports change in the excess of each queue's arrivals, before losses.

    ``carried`` is the utilization per queue; ``known`` [queue] each: the window, the share of the excess that losses leave, and what
    upstream changed so far.
    """
    ports, into, (window_s, left, smoothed) = network.ports, network.into_queues, known
    columns = torch.stack([arriving.packet_rate, arriving.bit_rate, arriving.second_moment_rate, carried, smoothed])
    rate, bits, second, load, excess = ports.per_link(columns).unbind()
    rate = rate.clamp_min(1e-12)
    mean, load = (bits / rate).clamp_min(1e-12), load.clamp_max(1.0)
    service = (second / rate / mean**2 - 1).clamp_min(network.calibration.least_departure_variability)
    table = (at(network.table.excess, ports.slots) * ports.padded(left)[..., None]).sum(dim=1)
    unit = network.table.unit_s
    relaxation_s = unit * (1 + 1 / (1 - load.clamp_max(_FULL)) ** 2)
    links = torch.stack([unit, relaxation_s, load**2, service, rate * mean**2, network.port_rate, excess])
    unit, relaxation_s, load2, service, work, port_rate, excess = links.index_select(-1, into.from_link).unbind()
    window_s = at(window_s, into.to)
    column = place_of(torch.maximum(torch.minimum(relaxation_s, window_s), unit) / unit)
    arriving_excess = (1 + (excess + between(at(table, into.from_link), column)) / work).clamp_min(0.0)
    moved = load2 * (service - arriving_excess) * (relaxation_s / window_s).clamp_max(1.0)
    change = torch.maximum(moved, -arriving_excess) * over(into.packet_rate, port_rate) * into.mean_square_rate
    return sums(change, into.to, ports.n_queues)
