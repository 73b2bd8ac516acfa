"""One step of all paths over one hop as a single kernel of a GPU: what PyTorch's operations would write to memory stays in registers.

The same as ``Gates`` on ``hop_in(hops) + into_path[queue]`` for stacked models, in float32 without TF32. Needs triton, which comes with
PyTorch's CUDA builds.
"""

# mypy: disable-error-code="import-not-found, untyped-decorator, no-untyped-def, unused-ignore"

from functools import lru_cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from nettwin.predict.neural.layers import Gates, StackedLinear

_ROWS = 64  # of paths per block
_LEAST = 16  # sizes of products are powers of two from this


@triton.jit
def _product(rows, weights, is_weight, bias, is_column):
    """A linear layer of a block."""
    return tl.dot(rows, tl.load(weights, is_weight, other=0.0), input_precision="ieee") + tl.load(bias, is_column, other=0.0)[None, :]


@triton.jit(do_not_specialize=["start", "start_before", "n_paths", "n_hops", "n_queues", "n_before"])
def _step(  # noqa: PLR0913, PLR0917 - a kernel takes pointers and numbers, one by one
    hops, into, queue, before, states,  # [model, hop, feature], [model, queue, 3 gates], [hop], [model, row, column], [model, hop, column]
    w_in, b_in, w_own, b_own,  # [model, feature, 3 gates], [model, 3 gates], [model, column, 3 gates], [model, 3 gates]
    start, start_before, n_paths, n_hops, n_queues, n_before,
    n_features: tl.constexpr, size: tl.constexpr, wide_in: tl.constexpr, wide: tl.constexpr, rows: tl.constexpr,
):  # fmt: skip
    model = tl.program_id(1)
    row = tl.program_id(0) * rows + tl.arange(0, rows)
    feature, column = tl.arange(0, wide_in), tl.arange(0, wide)
    is_row, is_column, is_feature = row < n_paths, column < size, feature < n_features
    here = is_row[:, None] & is_column[None, :]
    hop = start + row.to(tl.int64)
    of_model = (model * n_hops + hop)[:, None]
    x = tl.load(hops + of_model * n_features + feature[None, :], is_row[:, None] & is_feature[None, :], other=0.0)
    old = tl.load(before + (model * n_before + start_before + row.to(tl.int64))[:, None] * size + column[None, :], here, other=0.0)
    at_queue = into + (model * n_queues + tl.load(queue + hop, is_row, other=0))[:, None] * (3 * size) + column[None, :]
    w_in += model * n_features * 3 * size + feature[:, None] * (3 * size) + column[None, :]
    w_own += model * size * 3 * size + column[:, None] * (3 * size) + column[None, :]
    b_in += model * 3 * size + column
    b_own += model * 3 * size + column
    is_in, is_own = is_feature[:, None] & is_column[None, :], is_column[:, None] & is_column[None, :]

    told = _product(x, w_in, is_in, b_in, is_column) + tl.load(at_queue, here, other=0.0)
    keep = tl.sigmoid(told + _product(old, w_own, is_own, b_own, is_column))
    told = _product(x, w_in + size, is_in, b_in + size, is_column) + tl.load(at_queue + size, here, other=0.0)
    reset = tl.sigmoid(told + _product(old, w_own + size, is_own, b_own + size, is_column))
    told = _product(x, w_in + 2 * size, is_in, b_in + 2 * size, is_column) + tl.load(at_queue + 2 * size, here, other=0.0)
    own = _product(old, w_own + 2 * size, is_own, b_own + 2 * size, is_column)
    new = 2 * tl.sigmoid(2 * (told + reset * own)) - 1
    tl.store(states + of_model * size + column[None, :], new + keep * (old - new), here)


class FusedSteps:
    """The weights of stacked models as the kernel takes them."""

    def __init__(self, hop_in: StackedLinear, recurrent: StackedLinear) -> None:
        self.size: int = recurrent.weight.shape[1]
        self._weights = tuple(part.contiguous() for part in (hop_in.weight, hop_in.bias, recurrent.weight, recurrent.bias))

    def states(self, hops: Tensor, into_path: Tensor, queue: Tensor, first: Tensor, n_at: tuple[int, ...]) -> Tensor:
        """States after each hop [model, hop, column], hops sorted by position; ``first`` [model, path, column] before the first one."""
        n_models, n_hops, n_features = hops.shape
        states = hops.new_empty((n_models, n_hops, self.size))
        hops, into_path, before = hops.contiguous(), into_path.contiguous(), first.contiguous()
        start, start_before, n_before = 0, 0, first.shape[1]
        for n in n_at:
            _step[triton.cdiv(n, _ROWS), n_models](
                hops, into_path, queue, before, states,
                *self._weights,
                start, start_before, n, n_hops, into_path.shape[1], n_before,
                n_features=n_features, size=self.size, wide_in=_padded(n_features), wide=_padded(self.size), rows=_ROWS,
            )  # fmt: skip
            before, n_before, start_before, start = states, n_hops, start, start + n
        return states


def _padded(n: int) -> int:
    return max(_LEAST, 1 << (n - 1).bit_length())


@lru_cache(maxsize=8)
def fused(hop_in: torch.nn.Module, gates: Gates) -> FusedSteps | None:
    """The kernel with the weights of these layers; None if they are not stacked."""
    recurrent: torch.nn.Module = gates.recurrent
    both = isinstance(hop_in, StackedLinear) and isinstance(recurrent, StackedLinear)
    return FusedSteps(hop_in, recurrent) if both else None  # type: ignore[arg-type]
