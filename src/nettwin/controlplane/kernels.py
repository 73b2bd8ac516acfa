"""Compiled loops over nodes and links. Rows of matrices are targets."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.controlplane.graph import LinkGraph
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


class Columns(NamedTuple):
    """The arrays of a LinkGraph, in the shape that compiled code takes."""

    source: IntArray  # [link]
    target: IntArray  # [link]
    metric: FloatArray  # [link]
    is_up: BoolArray  # [link]
    out_offsets: IntArray  # [node + 1]
    out_links: IntArray  # [link]
    in_offsets: IntArray  # [node + 1]
    in_links: IntArray  # [link]


def columns_of(graph: LinkGraph) -> Columns:
    """The arrays of a graph."""
    g = graph
    return Columns(g.source, g.target, g.metric, g.is_up, g.out_offsets, g.out_links, g.in_offsets, g.in_links)


_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))


@compiled
def mark_next_links(graph: Columns, distance: FloatArray, tolerance: float, has_ecmp: bool) -> BoolArray:
    """Which links lie on a shortest path to each target [target, link]; without ECMP the first of each node."""
    n_nodes, n_links = len(distance), len(graph.source)
    is_next = np.zeros((n_nodes, n_links), dtype=np.bool_)
    for target in range(n_nodes):
        for node in range(n_nodes):
            for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
                link = graph.out_links[place]
                if graph.is_up[link] and leads_nearer(distance[target], node, graph.target[link], graph.metric[link], tolerance):
                    is_next[target, link] = True
                    if not has_ecmp:
                        break
    return is_next


@compiled
def leads_nearer(distance: FloatArray, node: int, neighbor: int, metric: float, tolerance: float) -> bool:
    """Whether a link lies on a shortest path. Strictly nearer, so that tiny metrics cannot close a loop."""
    own = distance[node]
    return bool(own < np.inf and distance[neighbor] < own and distance[neighbor] + metric <= own * (1.0 + tolerance))


@compiled
def count_paths(graph: Columns, order: IntArray, is_next: BoolArray) -> FloatArray:
    """Number of paths [target, node]; a float, for it grows exponentially. ``order`` [target, position]: nodes, the nearest first."""
    n_nodes = len(order)
    n_paths = np.zeros((n_nodes, n_nodes))
    for target in range(n_nodes):
        n_paths[target, target] = 1.0
        for node in order[target]:
            for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
                link = graph.out_links[place]
                if is_next[target, link]:
                    n_paths[target, node] += n_paths[target, graph.target[link]]
    return n_paths


@compiled
def follow_table(graph: Columns, next_link: IntArray) -> FloatArray:
    """Hops to each target [target, node] by a table [node, target]; infinite after a loop, a gap or a link that is down."""
    n_nodes = len(next_link)
    hops = np.full((n_nodes, n_nodes), np.nan)
    trail = np.empty(n_nodes, dtype=np.int64)
    for target in range(n_nodes):
        hops[target, target] = 0.0
        for start in range(n_nodes):
            length, node = 0, start
            while np.isnan(hops[target, node]):
                hops[target, node] = np.inf  # until it is known to arrive: meeting it again is a loop
                trail[length] = node
                length += 1
                link = next_link[node, target]
                if link < 0 or not graph.is_up[link]:
                    break
                node = graph.target[link]
            for step in range(length):
                hops[target, trail[length - 1 - step]] = hops[target, node] + step + 1
    return hops


@compiled
def mark_table_links(next_link: IntArray, hops: FloatArray, n_links: int) -> BoolArray:
    """Which links the table uses towards each target [target, link], where they lead there."""
    n_nodes = len(next_link)
    is_next = np.zeros((n_nodes, n_links), dtype=np.bool_)
    for target in range(n_nodes):
        for node in range(n_nodes):
            if node != target and hops[target, node] < np.inf:
                is_next[target, next_link[node, target]] = True
    return is_next


@compiled
def push_flows(graph: Columns, order: IntArray, is_next: BoolArray, flow: FloatArray) -> FloatArray:
    """Loads [2, link] (see ``add``) of the flows [target, node] that enter at each node.

    ``flow``, which must be 0 where no way leads to the target, becomes what passes through each node.
    """
    load = np.zeros((2, len(graph.source)))
    for target in range(len(order)):
        for position in range(len(order) - 1, 0, -1):
            node = order[target, position]
            if node != target and flow[target, node] > 0.0:
                _push(graph, is_next[target], flow[target], load, node)
    return load


@compiled
def _push(graph: Columns, is_next: BoolArray, flow: FloatArray, load: FloatArray, node: int) -> None:
    first, last = graph.out_offsets[node], graph.out_offsets[node + 1]
    n_next = 0
    for place in range(first, last):
        n_next += is_next[graph.out_links[place]]
    share = flow[node] / n_next
    for place in range(first, last):
        link = graph.out_links[place]
        if is_next[link]:
            add(load, link, share)
            flow[graph.target[link]] += share


@compiled
def add(load: FloatArray, link: int, rate: float) -> None:
    """Add to a sum [0, link] and keep what rounding takes in [1, link] (Neumaier 1974).

    So what was added can be taken away again and leaves nothing behind.
    """
    before = load[0, link]
    after = before + rate
    added = after - before
    load[0, link] = after
    load[1, link] += (before - (after - added)) + (rate - added)
