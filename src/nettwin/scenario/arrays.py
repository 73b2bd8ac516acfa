"""Array types of the values, and how they are made immutable."""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.signedinteger[Any]]
BoolArray = npt.NDArray[np.bool_]
Array = TypeVar("Array", bound=npt.NDArray[Any])


def frozen(array: Array) -> Array:
    """The array, no longer writable."""
    array.flags.writeable = False
    return array


def own(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The values as an array of this type that nobody can write to: a copy, unless they are one already."""
    if isinstance(values, np.ndarray) and values.dtype == dtype and values.flags.owndata and not values.flags.writeable:
        return values
    return frozen(np.array(values, dtype=dtype))
