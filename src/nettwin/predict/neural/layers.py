"""The parts of the network."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

CLIP = 5.0
ROWS_IN_CACHE = 4096
FIRST_SCALE = -4.0
"""Logarithm of the relative error that an untrained model expects."""


class Scaled(nn.Module):
    """Features to zero mean and unit deviation, as in the training data, and how far they lie outside of its range."""

    mean: Tensor
    deviation: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        for name, value in (("mean", 0.0), ("deviation", 1.0), ("low", -1e9), ("high", 1e9)):
            self.register_buffer(name, torch.full((n_features,), value))

    def fit(self, rows: Tensor) -> None:
        """Take mean, deviation and range (all but one row in a thousand on either side) from data."""
        self.mean.copy_(rows.mean(0))
        self.deviation.copy_(rows.std(0).clamp_min(1e-3))
        rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))[:200_000]]
        self.low.copy_(torch.quantile(rows, 0.001, dim=0))
        self.high.copy_(torch.quantile(rows, 0.999, dim=0))

    def forward(self, rows: Tensor) -> Tensor:
        return ((rows - self.mean) / self.deviation).clamp(-CLIP, CLIP)

    def strangeness(self, rows: Tensor) -> Tensor:
        """[row] Sum over features of the squared distance to the training range, in deviations."""
        beyond = (self.low - rows).clamp_min(0) + (rows - self.high).clamp_min(0)
        return (beyond / self.deviation).square().sum(-1)


class Gates(nn.Module):
    """A gated recurrent unit (Cho et al., EMNLP 2014) whose input is projected by the caller, once for many steps."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.recurrent = nn.Linear(size, 3 * size)
        nn.init.orthogonal_(self.recurrent.weight)

    def forward(self, projected: Tensor, state: Tensor) -> Tensor:
        own = self.recurrent(state)
        both = torch.sigmoid(projected[..., : 2 * self.size] + own[..., : 2 * self.size])
        keep, reset = both[..., : self.size], both[..., self.size :]
        new = tanh(torch.addcmul(projected[..., 2 * self.size :], reset, own[..., 2 * self.size :]))
        return torch.lerp(new, state, keep)


class StackedLinear(nn.Module):
    """The same layer of several models, one product for all: rows of [model, row, column], or [row, column] that all models see."""

    weight: Tensor  # [model, in, out]
    bias: Tensor  # [model, 1, out]

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        nothing = layers[0].weight.new_zeros(layers[0].out_features)
        self.register_buffer("weight", torch.stack([layer.weight.detach() for layer in layers]).transpose(1, 2))
        self.register_buffer("bias", torch.stack([nothing if layer.bias is None else layer.bias.detach() for layer in layers])[:, None])

    def forward(self, rows: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, rows.expand(len(self.weight), -1, -1), self.weight)


def tanh(values: Tensor) -> Tensor:
    """The hyperbolic tangent; without gradients on a processor from the logistic function, which takes a sixth of its time there."""
    if values.is_cuda or torch.is_grad_enabled():
        return torch.tanh(values)
    return torch.sigmoid(values * 2).mul_(2).sub_(1)


def by_side(layer: nn.Module, rows: Tensor) -> tuple[Tensor, Tensor]:
    """A layer that reads two rows beside each other, taken apart: what it makes of each row as the one, and as the other."""
    n = rows.shape[-1]
    if isinstance(layer, StackedLinear):
        return torch.baddbmm(layer.bias, rows, layer.weight[:, :n]), torch.bmm(rows, layer.weight[:, n:])
    weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
    return nn.functional.linear(rows, weight[:, :n], bias), nn.functional.linear(rows, weight[:, n:])


def in_parts(rows: Tensor, n: int) -> list[tuple[int, int]]:
    """``n`` rows in parts that stay in the processor's cache while they are worked on; all at once on a GPU, or for gradients."""
    if rows.is_cuda or torch.is_grad_enabled() or n <= ROWS_IN_CACHE:
        return [(0, n)]
    return [(low, min(low + ROWS_IN_CACHE, n)) for low in range(0, n, ROWS_IN_CACHE)]


def two_layers(n_in: int, n_hidden: int, n_out: int) -> nn.Sequential:
    """A small perceptron."""
    return nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_out))


def starting_at_zero(layer: nn.Linear) -> nn.Linear:
    """A last layer that changes nothing until it is trained."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
