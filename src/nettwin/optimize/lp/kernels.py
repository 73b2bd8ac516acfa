"""Compiled: paths out of the predecessors of shortest path trees."""

from pathlib import Path

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.scenario.arrays import IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))


@compiled
def tree_paths(  # type: ignore[no-untyped-def]
    before, link_between, source, target
) -> tuple[IntArray, IntArray]:
    """Offsets [demand + 1] and links, in order, of the path of each demand; ``before`` [source, node] is -9999 where there is none."""
    n_demands = len(source)
    offsets = np.zeros(n_demands + 1, dtype=np.int64)
    for demand in range(n_demands):
        node, n_hops = target[demand], 0
        while node != source[demand] and before[source[demand], node] >= 0:
            node = before[source[demand], node]
            n_hops += 1
        offsets[demand + 1] = offsets[demand] + n_hops
    links = np.empty(offsets[n_demands], dtype=np.int32)
    for demand in range(n_demands):
        node = target[demand]
        for place in range(offsets[demand + 1] - 1, offsets[demand] - 1, -1):
            previous = before[source[demand], node]
            links[place] = link_between[previous, node]
            node = previous
    return offsets, links
