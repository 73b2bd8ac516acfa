"""Compiled: the worst of all paths that the forwarding uses between two nodes."""

from pathlib import Path

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.controlplane.kernels import Columns
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))


@compiled
def longest_paths(graph: Columns, order: IntArray, is_next: BoolArray, distance: FloatArray, length: FloatArray) -> FloatArray:
    """Length of the longest path in use [source, target]; ``length`` [link] of each link. Infinite where nothing leads there."""
    n = len(order)
    longest = np.full((n, n), np.inf)
    for target in range(n):
        longest[target, target] = 0.0
        for position in range(n):
            node = order[target, position]
            if node == target or not distance[target, node] < np.inf:
                continue
            worst = 0.0
            for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
                link = graph.out_links[place]
                if is_next[target, link]:
                    worst = max(worst, length[link] + longest[graph.target[link], target])
            longest[node, target] = worst
    return longest


@compiled
def least_progress(graph: Columns, order: IntArray, is_next: BoolArray, distance: FloatArray, waypoint: BoolArray) -> IntArray:
    """Waypoints of a sequence passed for sure [passed before, source, target], the nodes at both ends included.

    ``waypoint`` [position, node]: the nodes that serve as each waypoint, to be passed in order; one node may serve as several.
    """
    n, n_waypoints = len(order), len(waypoint)
    least = np.zeros((n_waypoints + 1, n, n), dtype=np.int64)
    for target in range(n):
        for position in range(n):
            node = order[target, position]
            for before in range(n_waypoints, -1, -1):
                here = before
                while here < n_waypoints and waypoint[here, node]:
                    here += 1
                if node != target and distance[target, node] < np.inf:
                    worst = n_waypoints
                    for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
                        link = graph.out_links[place]
                        if is_next[target, link]:
                            worst = min(worst, least[here, graph.target[link], target])
                    least[before, node, target] = worst
                else:
                    least[before, node, target] = here
    return least
