"""``Arrays`` of tensors: nothing here waits for the device, or has a shape that depends on data."""

import numpy as np
import torch
from torch import Tensor

from nettwin.predict.neural.arrays import Arrays


class TensorArrays:
    """On the device where the tensors are."""

    exp = staticmethod(torch.exp)
    log = staticmethod(torch.log)
    sqrt = staticmethod(torch.sqrt)
    is_finite = staticmethod(torch.isfinite)

    @staticmethod
    def where(condition: Tensor, one: Tensor | float, other: Tensor | float) -> Tensor:
        return torch.where(condition, one, other)

    @staticmethod
    def at_least(values: Tensor, least: Tensor | float) -> Tensor:
        return torch.maximum(values, least) if isinstance(least, Tensor) else values.clamp_min(least)

    @staticmethod
    def at_most(values: Tensor, most: Tensor | float) -> Tensor:
        return torch.minimum(values, most) if isinstance(most, Tensor) else values.clamp_max(most)

    @classmethod
    def between(cls, values: Tensor, least: Tensor | float, most: Tensor | float) -> Tensor:
        return cls.at_most(cls.at_least(values, least), most)

    @staticmethod
    def known(values: Tensor) -> Tensor:
        return torch.nan_to_num(values, nan=0.0)

    @staticmethod
    def joined(columns: list[Tensor]) -> Tensor:
        return torch.cat(columns, dim=1)

    @staticmethod
    def sums(values: Tensor, group: Tensor, n_groups: int) -> Tensor:
        values = values.double()
        return values.new_zeros(n_groups).index_add(0, group, values)

    @staticmethod
    def largest(values: Tensor, group: Tensor, n_groups: int) -> Tensor:
        return values.new_zeros(n_groups).scatter_reduce(0, group, values, "amax")

    @staticmethod
    def places(edges: tuple[float, ...], values: Tensor, *, is_inside: bool) -> Tensor:
        inside = (values >= edge if is_inside else values > edge for edge in edges)
        return torch.stack(list(inside)).sum(0)

    def __init__(self) -> None:
        self._tables: dict[bytes, Tensor] = {}

    def rows(self, table: np.ndarray, index: Tensor) -> Tensor:
        key = table.tobytes() + str(index.device).encode()
        if key not in self._tables:
            self._tables[key] = torch.from_numpy(np.array(table)).to(index.device)
        return self._tables[key][index]


TENSORS: Arrays = TensorArrays()
