"""Index of dispersion for counts of every arrival process, on tensors: the formulas of ``nettwin.queueing.dispersion``."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nettwin.queueing.dispersion import exponential_hermite_shares

_HERMITE_SHARES = tuple(float(share) for share in exponential_hermite_shares())


@dataclass(frozen=True, eq=False)
class SourceGroup:
    """Sources with one kind of arrival process. [row]"""

    rows: Tensor
    packet_rate: Tensor
    kind: str
    parameters: tuple[Tensor, ...]  # [row] each


@dataclass(frozen=True, eq=False)
class Sources:
    """Many sources, grouped by the kind of their arrival process; one without packets counts as Poisson."""

    n_sources: int
    groups: tuple[SourceGroup, ...]

    def excess(self, window_s: Tensor) -> Tensor:  # [..., source]
        """IDC - 1 of each source over its windows [..., source]; 0 for Poisson."""
        result = torch.zeros_like(window_s)
        for group in self.groups:
            result = result.index_copy(-1, group.rows, group_excess(group, window_s.index_select(-1, group.rows)))
        return result


def group_excess(group: SourceGroup, window_s: Tensor) -> Tensor:  # [..., row]
    """IDC - 1 of the sources of a group over windows [..., row]."""
    sends = group.packet_rate > 0
    rate = torch.where(sends, group.packet_rate, 1.0)
    return torch.where(sends, FORMULAS[group.kind](rate, window_s, *group.parameters) - 1, 0.0)


def constant_bit_rate(packet_rate: Tensor, window_s: Tensor) -> Tensor:
    """Equal gaps from a random phase: the count is one of two neighbours."""
    packets = packet_rate * window_s
    phase = packets - torch.floor(packets)
    return phase * (1 - phase) / packets


def on_off(packet_rate: Tensor, window_s: Tensor, on_s: Tensor, off_s: Tensor) -> Tensor:
    """The fluid on-off source, plus the grain of equal gaps with a fresh phase per ON period."""
    share_off, memory_s = off_s / (on_s + off_s), on_s * off_s / (on_s + off_s)
    peak = packet_rate / (1 - share_off)
    fluid = 2 * peak * share_off * memory_s * _ramp(window_s / memory_s)
    fresh_phases = _phase_variance(peak * on_s) / (peak * on_s) * -torch.expm1(-window_s / on_s)
    return fluid + constant_bit_rate(peak, window_s) + fresh_phases


def carried_on_off(packet_rate: Tensor, window_s: Tensor, on_s: Tensor, off_s: Tensor) -> Tensor:
    """Renewal-reward limit of a cycle of 1 + a x packets in on x + off y seconds, reached like on-off."""
    packets_on = (packet_rate * (on_s + off_s) - 1).clamp_min(1e-9)
    limit = ((packets_on - packet_rate * on_s) ** 2 + (packet_rate * off_s) ** 2) / (1 + packets_on)
    memory_s = on_s * off_s / (on_s + off_s)
    return limit * _ramp(window_s / memory_s) + constant_bit_rate(packets_on / on_s, window_s)


def modulated_exponential(packet_rate: Tensor, window_s: Tensor, rate_ratio: Tensor, high_s: Tensor, low_s: Tensor) -> Tensor:
    """Two states: exact."""
    cycle_s = high_s + low_s
    spread = (rate_ratio - 1) * cycle_s / (rate_ratio * high_s + low_s)
    memory_s = high_s * low_s / cycle_s
    return 1 + 2 * packet_rate * spread**2 * high_s * low_s / cycle_s**2 * memory_s * _ramp(window_s / memory_s)


def autocorrelated_exponential(packet_rate: Tensor, window_s: Tensor, correlation: Tensor) -> Tensor:
    """Index of dispersion for intervals at n = 1 + rate * t."""
    n = 1 + packet_rate * window_s
    total = torch.ones_like(n)
    for power, weight in enumerate(_HERMITE_SHARES, start=1):
        r = correlation**power
        total = total + 2 * weight * (r / (1 - r) - r * (1 - torch.where(r > 0, r, 1e-300) ** n) / (n * (1 - r) ** 2))
    return total


def measured(packet_rate: Tensor, window_s: Tensor, first_log_s: Tensor, step: Tensor, dispersion: Tensor) -> Tensor:
    """Of recorded packets: between the windows of a table [row, window] that are even in their logarithms."""
    place = ((torch.log(window_s) - first_log_s) / step).clamp(0.0, dispersion.shape[-1] - 1.001)
    left = place.detach().floor().long()
    part, table = place - left, dispersion.expand(*window_s.shape, -1)
    low, high = (table.gather(-1, (left + k).unsqueeze(-1)).squeeze(-1) for k in (0, 1))
    return low * (1 - part) + high * part


FORMULAS: dict[str, Callable[..., Tensor]] = {
    formula.__name__: formula
    for formula in (constant_bit_rate, on_off, carried_on_off, modulated_exponential, autocorrelated_exponential, measured)
}
"""By the names that they have in the compiled theory, too."""


_N_PARAMETERS = {"on_off": 2, "carried_on_off": 2, "modulated_exponential": 3, "autocorrelated_exponential": 1}


def n_parameters(kind: str) -> int:
    """How many numbers a kind of arrival process has besides its rate."""
    return _N_PARAMETERS.get(kind, 0)


def _ramp(x: Tensor) -> Tensor:
    """1 - (1 - exp(-x)) / x: how much of a memory of unit length a window of length x sees."""
    small = x < 1e-4
    safe = torch.where(small, 1.0, x)
    return torch.where(small, x / 2, 1 + torch.expm1(-safe) / safe)


def _phase_variance(packets: Tensor) -> Tensor:
    """E[u * (1 - u)] of the fractional part u of an exponential of mean ``packets``: 1/6 for many, ``packets`` for few."""
    a = packets.clamp(1e-2, 1e2)
    tail = 1 / torch.expm1(1 / a)
    exact = (a - tail) * (1 - 2 * a) + tail
    return torch.where(packets > 100, 1 / 6, torch.where(packets < 1e-2, packets, exact))
