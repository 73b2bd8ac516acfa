"""The operations that an answer takes, on numpy arrays and on tensors alike, so that its formulas are stated once."""

from typing import Any, Protocol

import numpy as np

Column = Any
"""A numpy array or a tensor."""


def known(values: Column, otherwise: float = 0.0) -> Column:
    """Another number for NaN: a fraction of the time of numpy's ``nan_to_num``, which looks for infinities as well."""
    return np.where(np.isnan(values), values.dtype.type(otherwise), values)


class Arrays(Protocol):
    """Element by element as numpy's functions, and sums by group. NaN stays NaN."""

    def where(self, condition: Column, one: Column, other: Column) -> Column: ...
    def exp(self, values: Column) -> Column: ...
    def log(self, values: Column) -> Column: ...
    def sqrt(self, values: Column) -> Column: ...
    def is_finite(self, values: Column) -> Column: ...
    def at_least(self, values: Column, least: Column) -> Column: ...
    def at_most(self, values: Column, most: Column) -> Column: ...
    def between(self, values: Column, least: Column, most: Column) -> Column: ...
    def known(self, values: Column) -> Column:
        """0 for NaN."""

    def joined(self, columns: list[Column]) -> Column:
        """Matrices beside each other."""

    def sums(self, values: Column, group: Column, n_groups: int) -> Column:
        """Sums by group."""

    def largest(self, values: Column, group: Column, n_groups: int) -> Column:
        """The largest value of each group, at least 0."""

    def places(self, edges: tuple[float, ...], values: Column, *, is_inside: bool) -> Column:
        """How many edges lie below each value (``is_inside``: or at it)."""

    def rows(self, table: np.ndarray, index: Column) -> Column:
        """Entries of a table that is not a tensor."""


class NumpyArrays:
    """On the processor."""

    where = staticmethod(np.where)
    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    sqrt = staticmethod(np.sqrt)
    is_finite = staticmethod(np.isfinite)
    at_least = staticmethod(np.maximum)
    at_most = staticmethod(np.minimum)
    between = staticmethod(np.clip)
    known = staticmethod(known)

    @staticmethod
    def joined(columns: list[Column]) -> Column:
        return np.concatenate(columns, axis=1)

    @staticmethod
    def sums(values: Column, group: Column, n_groups: int) -> Column:
        return np.bincount(group, values, n_groups)

    @staticmethod
    def largest(values: Column, group: Column, n_groups: int) -> Column:
        result = np.zeros(n_groups)
        np.maximum.at(result, group, values)
        return result

    @staticmethod
    def places(edges: tuple[float, ...], values: Column, *, is_inside: bool) -> Column:
        return np.searchsorted(edges, values, side="right" if is_inside else "left")

    @staticmethod
    def rows(table: np.ndarray, index: Column) -> Column:
        return table[index]


NUMPY: Arrays = NumpyArrays()
