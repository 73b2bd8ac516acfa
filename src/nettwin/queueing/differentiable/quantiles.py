"""Quantiles of delays as tensors: the same distribution as ``nettwin.queueing.quantiles``, inverted for all demands and levels at once.

Between two neighbouring packet sizes the distribution function has no jump, so that first the two are found, then the place between
them by bisection over the square root of the wait, in which the table of gamma distributions is made, and a straight line at the end:
exact to 1e-6, where the other stops at 1e-4. The derivatives are those of the implicit function.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor

from nettwin.queueing.quantiles import _LARGEST_SHAPE, _LEAST_SHAPE, _N_POINTS, _N_SHAPES, _gamma_table

_STEPS = 12  # to a quarter of a cell of the table, then a straight line
_LAST = _N_POINTS - 1
_VALUES_AT_ONCE = {"cpu": 1 << 18, "cuda": 1 << 24}  # demands times levels times sizes: what a cache, or the memory, holds
_LEAST_SLOPE = 1e-12
_LEAST_SPREAD = 1e-12
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class WaitMoments:
    """[row]"""

    mean_s: Tensor
    variance_s2: Tensor
    no_wait: Tensor  # probability of no wait at all


@dataclass(frozen=True, eq=False)
class _Mixes:
    """Distributions of delays: sizes with weights, plus a wait. [row] unless said otherwise."""

    atoms_s: Tensor  # [row, atom]
    weights: Tensor  # [row, atom]
    no_wait: Tensor
    given_s: Tensor  # mean of a wait that is one
    place: Tensor  # of its shape in the table, a real number

    @property
    def shape(self) -> Tensor:
        return torch.round(self.place.detach()).long()

    def parts(self, n: int) -> "list[_Mixes]":
        """The same in parts of ``n`` rows."""
        columns = (self.atoms_s, self.weights, self.no_wait, self.given_s, self.place)
        return [_Mixes(*part) for part in zip(*(torch.split(column, n) for column in columns), strict=True)]


@dataclass(frozen=True, eq=False)
class _Found:
    """[row, level]"""

    delay_s: Tensor
    below: Tensor  # number of sizes that are certainly too small
    is_jump: Tensor  # the quantile is a packet that does not wait


def delay_quantiles(levels: tuple[float, ...], wait: WaitMoments, atoms_s: Tensor, weights: Tensor) -> Tensor:
    """Quantiles [row, level], levels ascending, of a wait plus one of the ``atoms_s`` [row, atom], which ascend."""
    mixes = _mixes(wait, atoms_s, weights)
    goals = _goals(levels, atoms_s.device)
    n = max(_VALUES_AT_ONCE.get(atoms_s.device.type, 1 << 18) // (len(levels) * atoms_s.shape[1]), 1)
    return torch.cat([_quantiles(part, goals) for part in mixes.parts(n)])


def _mixes(wait: WaitMoments, atoms_s: Tensor, weights: Tensor) -> _Mixes:
    waits = (1 - wait.no_wait).clamp_min(1e-9)
    given = wait.mean_s / waits
    spread = torch.maximum((wait.variance_s2 + wait.mean_s**2) / waits - given**2, _LEAST_SPREAD * given**2)
    waited = spread > _TINY
    shape = torch.where(waited, given**2 / torch.where(waited, spread, 1.0), 0.0).clamp(_LEAST_SHAPE, _LARGEST_SHAPE)
    place = torch.log(shape / _LEAST_SHAPE) / float(np.log(_LARGEST_SHAPE / _LEAST_SHAPE)) * (_N_SHAPES - 1)
    return _Mixes(atoms_s, weights, wait.no_wait, given, place)


@cache
def _goals(levels: tuple[float, ...], device: torch.device) -> Tensor:
    return torch.tensor(levels, dtype=torch.float64, device=device)


@cache
def _tables(device: torch.device) -> tuple[Tensor, Tensor]:
    """How far the table of each shape reaches [shape], and the distribution function [shape * point] on this device."""
    reach, table = _gamma_table()
    return torch.from_numpy(reach).to(device), torch.from_numpy(table).reshape(-1).to(device)


def _quantiles(mixes: _Mixes, levels: Tensor) -> Tensor:
    with torch.no_grad():
        found = _search(mixes, levels)
    return _with_derivatives(mixes, found) if torch.is_grad_enabled() else found.delay_s


def _search(mixes: _Mixes, levels: Tensor) -> _Found:
    """Between which sizes each quantile lies, and where."""
    reach, table = _tables(levels.device)
    atoms, weights, shape, n_atoms = mixes.atoms_s, mixes.weights, mixes.shape, mixes.atoms_s.shape[1]
    stretch = (mixes.given_s * reach[shape]).clamp_min(_TINY)
    first = (shape * _N_POINTS)[:, None, None]
    apart = (atoms[:, :, None] - atoms[:, None, :]) / stretch[:, None, None]  # [row, atom, other]
    at_atoms = _distribution(table, first, apart.clamp(0, 1), weights[:, None, :] * (apart >= 0), mixes.no_wait)
    below = (at_atoms[:, None, :] < levels[:, None]).sum(2)  # [row, level]
    lower, upper = (below - 1).clamp_min(0), below.clamp_max(n_atoms - 1)
    counts = weights[:, None, :] * (torch.arange(n_atoms, device=levels.device) < below[:, :, None])  # [row, level, atom]
    lower_s, upper_s = atoms.gather(1, lower), atoms.gather(1, upper)
    past = (lower_s[:, :, None] - atoms[:, None, :]) / stretch[:, None, None]
    room = torch.where(below < n_atoms, ((upper_s - lower_s) / stretch[:, None]).clamp(0, 1), 1.0)

    def share(x: Tensor) -> Tensor:  # [row, level], of the delays up to x**2 stretches beyond the lower size
        return _distribution(table, first, (past + (x * x)[:, :, None]).clamp(0, 1), counts, mixes.no_wait)

    high = torch.sqrt(room)
    ends = (at_atoms.gather(1, lower), share(high))
    is_jump = (below == 0) | ((below < n_atoms) & (ends[1] < levels))
    x = _bisected(share, high, ends, levels)
    jump_s = torch.where(below == 0, lower_s, upper_s)
    return _Found(torch.where(is_jump, jump_s, lower_s + x**2 * stretch[:, None]), below, is_jump)


def _bisected(share: Callable[[Tensor], Tensor], high: Tensor, ends: tuple[Tensor, Tensor], levels: Tensor) -> Tensor:
    low, (at_low, at_high) = torch.zeros_like(high), ends
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        here = share(middle)
        is_enough = here >= levels
        low, at_low = torch.where(is_enough, low, middle), torch.where(is_enough, at_low, here)
        high, at_high = torch.where(is_enough, middle, high), torch.where(is_enough, here, at_high)
    part = ((levels - at_low) / (at_high - at_low).clamp_min(_TINY)).clamp(0, 1)
    return low + part * (high - low)


def _distribution(table: Tensor, first: Tensor, stretches: Tensor, weights: Tensor, no_wait: Tensor) -> Tensor:
    """[row, column] Sum over the last axis of ``weights`` times the chance of a wait up to ``stretches`` in 0 .. 1."""
    x = torch.sqrt(stretches) * _LAST
    left = x.long().clamp_max(_LAST - 1)
    index = first + left
    low = table[index]
    inside = low + (x - left) * (table[index + 1] - low)
    never = no_wait[:, None]
    return never * weights.sum(2) + (1 - never) * (weights * inside).sum(2)


def _with_derivatives(mixes: _Mixes, found: _Found) -> Tensor:
    """The same values; derivatives by one step of Newton's method from the solution: d delay = - d share / density."""
    delay, n_atoms = found.delay_s, mixes.atoms_s.shape[1]
    counts = mixes.weights[:, None, :] * (torch.arange(n_atoms, device=delay.device) < found.below[:, :, None])
    waits = (delay[:, :, None] - mixes.atoms_s[:, None, :]).clamp_min(0)
    shares, density = _gamma(mixes, waits)
    never = mixes.no_wait[:, None]
    total = never * counts.sum(2) + (1 - never) * (counts * shares).sum(2)
    with torch.no_grad():
        slope = (1 - never) * (counts * density).sum(2)
        is_flat = found.is_jump | (slope * delay <= _LEAST_SLOPE)
        per_share = 1 / torch.where(is_flat, 1.0, slope)
    moved = delay - (total - total.detach()) * per_share
    target = torch.where(found.below == 0, 0, found.below.clamp_max(n_atoms - 1))
    jump = mixes.atoms_s.gather(1, target)
    return torch.where(is_flat, delay + (jump - jump.detach()), moved)


def _gamma(mixes: _Mixes, waits_s: Tensor) -> tuple[Tensor, Tensor]:  # [row, level, atom] each
    """Share of the waits up to these, and its derivative by the wait; in the shape between the rows of the table."""
    shape = mixes.shape
    middle, density = _row_of_table(mixes, waits_s, shape)
    with torch.no_grad():
        constant = replace(mixes, given_s=mixes.given_s.detach())
        above, _ = _row_of_table(constant, waits_s.detach(), (shape + 1).clamp_max(_N_SHAPES - 1))
        under, _ = _row_of_table(constant, waits_s.detach(), (shape - 1).clamp_min(0))
    return middle + (mixes.place - mixes.place.detach())[:, None, None] * (above - under) / 2, density


def _row_of_table(mixes: _Mixes, waits_s: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
    """The same, with the shapes of rows of the table."""
    reach, table = _tables(waits_s.device)
    stretch = (mixes.given_s * reach[shape]).clamp_min(_TINY)[:, None, None]
    relative = waits_s / stretch
    is_inside = (relative > 0) & (relative < 1)
    x = torch.sqrt(torch.where(is_inside, relative, 0.25))
    left = (x.detach() * _LAST).long().clamp_max(_LAST - 1)
    index = (shape * _N_POINTS)[:, None, None] + left
    low = table[index]
    rise = table[index + 1] - low
    share = torch.where(is_inside, low + (x * _LAST - left) * rise, (relative >= 1).to(x.dtype))
    density = torch.where(is_inside, (rise * _LAST / (2 * x * stretch)).detach(), 0.0)
    return share, density
