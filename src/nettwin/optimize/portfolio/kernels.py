"""Compiled: which demands may go back to where they were."""

from pathlib import Path

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))


@compiled
def revert(
    offsets: IntArray, link: IntArray, back: FloatArray, utilization: FloatArray, limit: FloatArray, order: IntArray
) -> BoolArray:  # [demand]
    """Take demands back one after the other where no link comes above its limit; ``utilization`` is updated.

    ``back`` is what going back adds to the utilization of a link (ragged, by demand). A demand that must wait is tried again after
    the others, until a round takes none back.
    """
    is_back = np.zeros(len(offsets) - 1, dtype=np.bool_)
    has_changed = True
    while has_changed:
        has_changed = False
        for demand in order:
            if is_back[demand]:
                continue
            fits = True
            for entry in range(offsets[demand], offsets[demand + 1]):
                if back[entry] > 0.0 and utilization[link[entry]] + back[entry] > limit[link[entry]]:
                    fits = False
                    break
            if not fits:
                continue
            is_back[demand] = True
            has_changed = True
            for entry in range(offsets[demand], offsets[demand + 1]):
                utilization[link[entry]] += back[entry]
    return is_back
