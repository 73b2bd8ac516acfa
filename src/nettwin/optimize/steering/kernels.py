"""Compiled: unit flows between all pairs of nodes."""

from pathlib import Path

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.controlplane.kernels import Columns
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))


@compiled
def spread(  # noqa: PLR0912 (numba counts a reference for every array handed to a function)
    graph: Columns, order: IntArray, is_next: BoolArray, distance: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Offsets [source * n + target], links and fractions of a unit of traffic from each source to each target.

    Target by target, the nearest nodes first: the vector of a node is the mean over its next links of the link itself and the vector
    of the node behind it.
    """
    n = len(order)
    start = np.zeros((n, n), dtype=np.int64)  # [target, source]
    count = np.zeros((n, n), dtype=np.int64)
    link_of = np.empty(64 * n, dtype=np.int32)
    fraction_of = np.empty(64 * n, dtype=np.float64)
    amount = np.zeros(len(graph.source))
    touched = np.empty(len(graph.source), dtype=np.int32)
    end = 0
    for target in range(n):
        for position in range(n):
            node = order[target, position]
            start[target, node] = end
            if node == target or not distance[target, node] < np.inf:
                continue
            n_next = 0
            for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
                n_next += is_next[target, graph.out_links[place]]
            n_touched = 0
            for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
                link = graph.out_links[place]
                if not is_next[target, link]:
                    continue
                touched[n_touched] = link
                n_touched += 1
                amount[link] = 1.0 / n_next
                behind = graph.target[link]
                first = start[target, behind]
                for entry in range(first, first + count[target, behind]):
                    other = link_of[entry]
                    if amount[other] == 0.0:
                        touched[n_touched] = other
                        n_touched += 1
                    amount[other] += fraction_of[entry] / n_next
            if end + n_touched > len(link_of):
                link_of = _grown(link_of, end, n_touched)
                fraction_of = _grown(fraction_of, end, n_touched)
            for index in range(n_touched):
                link = touched[index]
                link_of[end + index] = link
                fraction_of[end + index] = amount[link]
                amount[link] = 0.0
            count[target, node] = n_touched
            end += n_touched
    offsets = np.zeros(n * n + 1, dtype=np.int64)
    for source in range(n):
        for target in range(n):
            offsets[source * n + target + 1] = offsets[source * n + target] + count[target, source]
    link_by_pair = np.empty(end, dtype=np.int32)
    fraction_by_pair = np.empty(end, dtype=np.float64)
    for source in range(n):
        for target in range(n):
            first, size = offsets[source * n + target], count[target, source]
            origin = start[target, source]
            link_by_pair[first : first + size] = link_of[origin : origin + size]
            fraction_by_pair[first : first + size] = fraction_of[origin : origin + size]
    return offsets, link_by_pair, fraction_by_pair


@compiled
def _grown(values, end, n_more):  # type: ignore[no-untyped-def]
    larger = np.empty(2 * (end + n_more), dtype=values.dtype)
    larger[:end] = values[:end]
    return larger
