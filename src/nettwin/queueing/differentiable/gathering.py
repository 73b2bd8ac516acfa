"""Rows by index and sums by group, with derivatives that need no sorting; and quotients whose derivatives are finite.

Nothing here waits for the device, or has a shape that depends on data.
"""

import math

import torch
from torch import Tensor

TINY = 1e-300
"""As in the compiled theory: the least divisor."""


def at(values: Tensor, index: Tensor) -> Tensor:
    """``values[index]`` along the first axis; the index may have any shape."""
    return values.index_select(0, index.reshape(-1)).reshape(*index.shape, *values.shape[1:])


def sums(values: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """Sums by group along the last axis: [..., row] to [..., group]."""
    result = values.new_zeros((*values.shape[:-1], n_groups))
    return result.scatter_add(-1, group.expand(values.shape), values)


def largest(values: Tensor, group: Tensor, n_groups: int) -> Tensor:  # [group]
    """The largest value [row] of each group, at least 0."""
    return values.new_zeros(n_groups).scatter_reduce(0, group, values, "amax")


def over(one: Tensor, other: Tensor) -> Tensor:
    """one / other, 0 where there is nothing to divide by. Derivatives are finite everywhere."""
    return one / torch.where(other > TINY, other, math.inf)


def root(values: Tensor) -> Tensor:
    """The square root, 0 of what is not above 0, with a derivative of 0 there."""
    some = values > 0
    return torch.where(some, torch.sqrt(torch.where(some, values, 1.0)), 0.0)
