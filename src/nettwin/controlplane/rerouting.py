"""Compiled: how loads change when links fail, touching only the nodes whose traffic moves.

For every target whose shortest paths use a failed link: find the nodes that become farther (all their next links are gone or
lead to such nodes; Ramalingam & Reps, "An incremental algorithm for a generalization of the shortest-path problem", 1996), find
their new distances by Dijkstra among them, then move the traffic: take away what nodes with other next links than before have
sent, and send anew from the farthest node to the nearest.
"""

from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np

from nettwin.controlplane.kernels import Columns, add, compiled, leads_nearer
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

UNTOUCHED, RECEIVES, LOSES_A_LINK, FARTHER = 0, 1, 2, 3
"""What a failure does to a node: nothing; another amount of traffic; other next links as well; a longer way as well."""

SAME_FLOW = 1e-14
"""Relative difference below which traffic counts as unchanged, so that nothing behind the place where it meets again is touched."""


class Intact(NamedTuple):
    """Forwarding and traffic before the failure."""

    graph: Columns
    distance: FloatArray  # [target, node]
    is_next: BoolArray  # [target, link]
    n_next: IntArray  # [target, node]
    entering: FloatArray  # [target, node] bit/s that enter the network at the node
    flow: FloatArray  # [target, node] bit/s that pass through the node, those included
    passing: FloatArray  # [target, node] demands that pass through the node, also those of rate 0
    load: FloatArray  # [2, link] as from push_flows
    tolerance: float
    has_ecmp: bool
    is_fixed: bool  # a table, which knows no other way


class Workspace(NamedTuple):
    """What one thread writes on; of nodes, only what ``state`` says is meaningful."""

    is_down: BoolArray  # [link]
    load: FloatArray  # [2, link]
    state: IntArray  # [node]
    distance: FloatArray  # [node] new, of nodes that become farther
    n_next: IntArray  # [node] new, of nodes that lose a link
    only_next: IntArray  # [node] new without ECMP, -1 with it
    flow: FloatArray  # [node] new, of all touched nodes
    touched: IntArray  # [node] in the order they were found
    heap: list[tuple[float, Any]]


@compiled
def loads_without_links(
    intact: Intact, cut_off: FloatArray, offsets: IntArray, links: IntArray, load: FloatArray, lost: FloatArray
) -> None:
    """Write the ``load`` [failure, link] after each failure, and add to ``lost`` [failure, quantity] what becomes unreachable.

    ``cut_off`` [quantity, target, node] says what to add up; failure i consists of ``links[offsets[i]:offsets[i + 1]]``.
    """
    work = _workspace(len(intact.distance), len(intact.graph.source))
    for row in range(len(offsets) - 1):
        failed = links[offsets[row] : offsets[row + 1]]
        work.is_down[failed] = True
        work.load[:] = intact.load
        for target in range(len(intact.distance)):
            if _is_affected(intact, target, failed):
                _reroute(intact, target, failed, work, cut_off, lost[row])
        _read_loads(work.load, intact.load, load[row])
        work.is_down[failed] = False


@compiled
def _workspace(n_nodes: int, n_links: int) -> Workspace:
    heap = [(0.0, 0)]
    heap.pop()
    return Workspace(
        np.zeros(n_links, dtype=np.bool_),
        np.zeros((2, n_links)),
        np.zeros(n_nodes, dtype=np.int8),
        np.zeros(n_nodes),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes),
        np.zeros(n_nodes, dtype=np.int64),
        heap,
    )


@compiled
def _read_loads(load: FloatArray, base_load: FloatArray, result: FloatArray) -> None:
    for link in range(len(result)):
        total = load[0, link] + load[1, link]
        result[link] = 0.0 if total < 1e-20 * base_load[0, link] else total  # all of it has left, but for rounding


@compiled
def _is_affected(intact: Intact, target: int, failed: IntArray) -> bool:
    n_affected = 0
    for link in failed:
        n_affected += intact.is_next[target, link] and intact.passing[target, intact.graph.source[link]] > 0.0
    return n_affected > 0


@compiled
def _reroute(intact: Intact, target: int, failed: IntArray, work: Workspace, cut_off: FloatArray, lost: FloatArray) -> None:
    n_moved = _find_moved(intact, target, failed, work)
    _find_distances(intact, target, n_moved, work)
    for index in range(n_moved):
        node = work.touched[index]
        if work.state[node] == FARTHER and work.distance[node] == np.inf:
            for quantity in range(len(lost)):
                lost[quantity] += cut_off[quantity, target, node]
        else:
            _find_next_links(intact, target, node, work)
            heappush(work.heap, (-_distance(intact, target, node, work), node))
    n_touched = n_moved
    for index in range(n_moved):
        n_touched = _send_as_before(intact, target, work.touched[index], -1.0, n_touched, work)
    n_touched = _send_anew(intact, target, n_touched, work)
    for index in range(n_touched):
        work.state[work.touched[index]] = UNTOUCHED


@compiled
def _find_moved(intact: Intact, target: int, failed: IntArray, work: Workspace) -> int:
    """Nodes that lose a next link, in the order of their distance, so that the fate of all nodes before them is known."""
    distance, graph = intact.distance[target], intact.graph
    for link in failed:
        if intact.is_next[target, link]:
            _visit(graph.source[link], distance, work)
    n_moved = 0
    while work.heap:
        node = heappop(work.heap)[1]
        work.touched[n_moved] = node
        n_moved += 1
        if _keeps_distance(intact, target, node, work):
            continue
        work.state[node] = FARTHER
        for place in range(graph.in_offsets[node], graph.in_offsets[node + 1]):
            link = graph.in_links[place]
            if intact.is_next[target, link]:
                _visit(graph.source[link], distance, work)
    return n_moved


@compiled
def _visit(node: int, distance: FloatArray, work: Workspace) -> None:
    if work.state[node] == UNTOUCHED:
        work.state[node] = LOSES_A_LINK
        heappush(work.heap, (distance[node], np.int64(node)))


@compiled
def _keeps_distance(intact: Intact, target: int, node: int, work: Workspace) -> bool:
    graph = intact.graph
    for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
        link = graph.out_links[place]
        neighbor = graph.target[link]
        if work.is_down[link] or not graph.is_up[link] or work.state[neighbor] == FARTHER:
            continue
        if intact.is_fixed:
            if intact.is_next[target, link]:
                return True
        elif leads_nearer(intact.distance[target], node, neighbor, graph.metric[link], intact.tolerance):
            return True
    return False


@compiled
def _find_distances(intact: Intact, target: int, n_moved: int, work: Workspace) -> None:
    """Dijkstra among the nodes that became farther, from those around them that did not."""
    graph = intact.graph
    for index in range(n_moved):
        node = work.touched[index]
        if work.state[node] == FARTHER:
            work.distance[node] = np.inf if intact.is_fixed else _nearest_around(intact, target, node, work)
            if work.distance[node] < np.inf:
                heappush(work.heap, (work.distance[node], node))
    while work.heap:
        distance, node = heappop(work.heap)
        if distance > work.distance[node]:
            continue
        for place in range(graph.in_offsets[node], graph.in_offsets[node + 1]):
            link = graph.in_links[place]
            source = graph.source[link]
            farther = distance + graph.metric[link]
            if work.state[source] == FARTHER and graph.is_up[link] and not work.is_down[link] and farther < work.distance[source]:
                work.distance[source] = farther
                heappush(work.heap, (farther, np.int64(source)))


@compiled
def _nearest_around(intact: Intact, target: int, node: int, work: Workspace) -> float:
    graph, nearest = intact.graph, np.inf
    for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
        link = graph.out_links[place]
        neighbor = graph.target[link]
        if graph.is_up[link] and not work.is_down[link] and work.state[neighbor] != FARTHER:
            nearest = min(nearest, intact.distance[target, neighbor] + graph.metric[link])
    return nearest


@compiled
def _distance(intact: Intact, target: int, node: int, work: Workspace) -> float:
    return float(work.distance[node] if work.state[node] == FARTHER else intact.distance[target, node])


@compiled
def _find_next_links(intact: Intact, target: int, node: int, work: Workspace) -> None:
    work.n_next[node], work.only_next[node] = 0, -1
    for place in range(intact.graph.out_offsets[node], intact.graph.out_offsets[node + 1]):
        link = intact.graph.out_links[place]
        if _is_new_next(intact, target, link, work):
            work.n_next[node] += 1
            if not intact.has_ecmp:
                work.only_next[node] = link
                break


@compiled
def _is_new_next(intact: Intact, target: int, link: int, work: Workspace) -> bool:
    """Whether a node that loses a link now uses this one."""
    graph = intact.graph
    source = graph.source[link]
    if work.is_down[link] or not graph.is_up[link]:
        return False
    if work.only_next[source] >= 0:
        return bool(work.only_next[source] == link)
    here, there = _distance(intact, target, source, work), _distance(intact, target, graph.target[link], work)
    return bool(here < np.inf and there < here and there + graph.metric[link] <= here * (1.0 + intact.tolerance))


@compiled
def _send_as_before(intact: Intact, target: int, node: int, sign: float, n_touched: int, work: Workspace) -> int:
    """Load the links that the node has used until now with its new traffic, or (sign -1) take its old traffic off them."""
    graph = intact.graph
    flow = intact.flow[target, node] if sign < 0.0 else work.flow[node]
    share = sign * flow / intact.n_next[target, node]
    for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
        link = graph.out_links[place]
        if intact.is_next[target, link]:
            add(work.load, link, share)
            n_touched = _touch(intact, target, graph.target[link], n_touched, work)
    return n_touched


@compiled
def _touch(intact: Intact, target: int, node: int, n_touched: int, work: Workspace) -> int:
    if work.state[node] != UNTOUCHED or node == target:
        return n_touched
    work.state[node] = RECEIVES
    work.touched[n_touched] = node
    heappush(work.heap, (-intact.distance[target, node], np.int64(node)))
    return n_touched + 1


@compiled
def _send_anew(intact: Intact, target: int, n_touched: int, work: Workspace) -> int:
    """From the farthest node to the nearest, so that all that arrives at a node is known before it sends."""
    while work.heap:
        node = heappop(work.heap)[1]
        work.flow[node] = intact.entering[target, node] + _arriving(intact, target, node, work)
        if work.state[node] != RECEIVES:
            n_touched = _send_on_new_links(intact, target, node, n_touched, work)
        elif abs(work.flow[node] - intact.flow[target, node]) > SAME_FLOW * intact.flow[target, node]:
            n_touched = _send_as_before(intact, target, node, -1.0, n_touched, work)
            n_touched = _send_as_before(intact, target, node, 1.0, n_touched, work)
    return n_touched


@compiled
def _arriving(intact: Intact, target: int, node: int, work: Workspace) -> float:
    graph, total = intact.graph, 0.0
    for place in range(graph.in_offsets[node], graph.in_offsets[node + 1]):
        link = graph.in_links[place]
        source = graph.source[link]
        state = work.state[source]
        if state <= RECEIVES:
            if intact.is_next[target, link]:
                flow = intact.flow[target, source] if state == UNTOUCHED else work.flow[source]
                total += flow / intact.n_next[target, source]
        elif _distance(intact, target, source, work) < np.inf and _is_new_next(intact, target, link, work):
            total += work.flow[source] / work.n_next[source]
    return total


@compiled
def _send_on_new_links(intact: Intact, target: int, node: int, n_touched: int, work: Workspace) -> int:
    graph = intact.graph
    share = work.flow[node] / work.n_next[node]
    for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
        link = graph.out_links[place]
        if _is_new_next(intact, target, link, work):
            add(work.load, link, share)
            n_touched = _touch(intact, target, graph.target[link], n_touched, work)
    return n_touched
