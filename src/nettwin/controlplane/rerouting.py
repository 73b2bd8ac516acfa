"""Compiled: how loads change when links fail, touching only the nodes whose traffic moves.

For every target whose shortest paths use a failed link: find the nodes that become farther (all their next links are gone or
lead to such nodes; Ramalingam & Reps, "An incremental algorithm for a generalization of the shortest-path problem", 1996), find
their new distances by Dijkstra among them, then send the traffic anew from the farthest node to the nearest. What arrives at a
node is summed up anew rather than changed by a difference, so that the loads are as exact as if computed from scratch.

Each step is one function without inner calls that take tuples: numba counts a reference for every array in a tuple that is handed
over, which made this ten times slower.
"""

from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np

from nettwin.compiled import compiled
from nettwin.controlplane.kernels import Columns, add, leads_nearer
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

UNTOUCHED, RECEIVES, LOSES_A_LINK, FARTHER = 0, 1, 2, 3
"""What a failure does to a node: nothing; another amount of traffic; other next links as well; a longer way as well."""

SAME_FLOW = 1e-14
"""Relative difference below which traffic counts as unchanged, so that nothing behind the place where it meets again is touched."""


class Ways(NamedTuple):
    """The paths to every target, laid out for walking along them."""

    order: IntArray  # [target, position] nodes, the nearest first
    position: IntArray  # [target, node]
    n_next: IntArray  # [target, node] next links
    previous_offsets: IntArray  # [target, node + 1]
    previous_nodes: IntArray  # ragged: the nodes for which a node is next, once per link


class Intact(NamedTuple):
    """Forwarding and traffic before the failure."""

    graph: Columns
    distance: FloatArray  # [target, node]
    is_next: BoolArray  # [target, link]
    ways: Ways
    entering: FloatArray  # [target, node] bit/s that enter the network at the node
    flow: FloatArray  # [target, node] bit/s that pass through the node, those included
    passing: FloatArray  # [target, node] demands that pass through the node, also those of rate 0
    load: FloatArray  # [2, link] as from push_flows
    tolerance: float
    has_ecmp: bool
    is_fixed: bool  # a table, which knows no other way


class Workspace(NamedTuple):
    """What one thread writes on. ``is_down``, ``state``, ``is_due`` and ``extra`` are clean between failures and targets."""

    is_down: BoolArray  # [link]
    state: IntArray  # [node]
    is_due: BoolArray  # [position] nodes that still have to be looked at
    distance: FloatArray  # [node] new, of nodes that become farther
    share: FloatArray  # [node] bit/s on each of its next links, as far as these are the same as before
    extra: FloatArray  # [node] bit/s that arrive from nodes with other next links than before
    touched: IntArray  # [node] in the order they were found
    farther: IntArray  # [node] the nearest first
    heap: list[tuple[float, Any]]


@compiled
def lay_out(graph: Columns, order: IntArray, is_next: BoolArray) -> Ways:
    """The ways that ``is_next`` [target, link] describes."""
    n_nodes = len(order)
    position = np.empty((n_nodes, n_nodes), dtype=np.int32)
    n_next = np.zeros((n_nodes, n_nodes), dtype=np.int32)
    offsets, previous = np.zeros((n_nodes, n_nodes + 1), dtype=np.int64), np.empty(is_next.sum(), dtype=np.int32)
    n_previous = 0
    for target in range(n_nodes):
        for node in range(n_nodes):
            position[target, order[target, node]] = node
            offsets[target, node] = n_previous
            for place in range(graph.in_offsets[node], graph.in_offsets[node + 1]):
                link = graph.in_links[place]
                if is_next[target, link]:
                    n_next[target, graph.source[link]] += 1
                    previous[n_previous] = graph.source[link]
                    n_previous += 1
        offsets[target, n_nodes] = n_previous
    return Ways(order, position, n_next, offsets, previous)


@compiled
def loads_without_links(
    intact: Intact, cut_off: FloatArray, offsets: IntArray, links: IntArray, load: FloatArray, lost: FloatArray
) -> None:
    """Write the ``load`` [failure, link] after each failure, and add to ``lost`` [failure, quantity] what becomes unreachable.

    ``cut_off`` [quantity, target, node] says what to add up; failure i consists of ``links[offsets[i]:offsets[i + 1]]``.
    """
    n_nodes, n_links = len(intact.distance), len(intact.graph.source)
    work = _workspace(n_nodes, n_links)
    sums = _repeated(intact.load, len(load))
    for target in range(n_nodes):  # outside, so that what belongs to it stays in the cache
        _share_out(intact.flow[target], intact.ways.n_next[target], work.share)
        for row in range(len(load)):
            failed = links[offsets[row] : offsets[row + 1]]
            n_affected = 0
            for link in failed:
                n_affected += intact.is_next[target, link] and intact.passing[target, intact.graph.source[link]] > 0.0
            if n_affected > 0:
                _mark(work.is_down, failed, True)
                n_moved = _find_moved(intact, target, failed, work)
                _find_distances(intact, target, n_moved, work)
                n_touched = _send_anew(intact, target, n_moved, work, sums[row])
                _clean_up(intact, target, n_touched, work, cut_off, lost[row])
                _mark(work.is_down, failed, False)
    for row in range(len(load)):
        _read_loads(sums[row], intact.load, load[row])


@compiled
def _workspace(n_nodes: int, n_links: int) -> Workspace:
    heap = [(0.0, 0)]
    heap.pop()
    return Workspace(
        np.zeros(n_links, dtype=np.bool_),
        np.zeros(n_nodes, dtype=np.int8),
        np.zeros(n_nodes, dtype=np.bool_),
        np.zeros(n_nodes),
        np.zeros(n_nodes),
        np.zeros(n_nodes),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        heap,
    )


@compiled
def _repeated(load: FloatArray, n_rows: int) -> FloatArray:  # [row, 2, link]
    rows = np.empty((n_rows, 2, load.shape[1]))
    for row in range(n_rows):
        for link in range(load.shape[1]):
            rows[row, 0, link], rows[row, 1, link] = load[0, link], load[1, link]
    return rows


@compiled
def _share_out(flow: FloatArray, n_next: IntArray, share: FloatArray) -> None:
    for node in range(len(share)):
        share[node] = flow[node] / max(n_next[node], 1)


@compiled
def _mark(marks: BoolArray, links: IntArray, value: bool) -> None:
    for link in links:
        marks[link] = value


@compiled
def _find_moved(intact: Intact, target: int, failed: IntArray, work: Workspace) -> int:
    """Nodes that lose a next link, the nearest first, so that the fate of all nodes before them is known; how many."""
    (source, head, metric, is_up, out_offsets, out_links, _, _) = intact.graph
    distance, is_next = intact.distance[target], intact.is_next[target]
    order, place_of = intact.ways.order[target], intact.ways.position[target]
    previous_offsets, previous_nodes = intact.ways.previous_offsets[target], intact.ways.previous_nodes
    state, is_due, is_down, touched = work.state, work.is_due, work.is_down, work.touched
    position, n_due, n_moved = len(state), 0, 0
    for link in failed:
        node = source[link]
        if is_next[link] and state[node] == UNTOUCHED:
            state[node] = LOSES_A_LINK
            is_due[place_of[node]] = True
            n_due += 1
            position = min(position, place_of[node])
    while n_due > 0:
        if is_due[position]:
            is_due[position] = False
            n_due -= 1
            node = order[position]
            touched[n_moved] = node
            n_moved += 1
            keeps_distance = False
            for place in range(out_offsets[node], out_offsets[node + 1]):
                link = out_links[place]
                if is_down[link] or not is_up[link] or state[head[link]] == FARTHER:
                    continue
                if is_next[link] if intact.is_fixed else leads_nearer(distance, node, head[link], metric[link], intact.tolerance):
                    keeps_distance = True
                    break
            if not keeps_distance:
                state[node] = FARTHER
                for place in range(previous_offsets[node], previous_offsets[node + 1]):
                    previous = previous_nodes[place]
                    if state[previous] == UNTOUCHED:
                        state[previous] = LOSES_A_LINK
                        is_due[place_of[previous]] = True
                        n_due += 1
        position += 1
    return n_moved


@compiled
def _find_distances(intact: Intact, target: int, n_moved: int, work: Workspace) -> None:
    """Dijkstra among the nodes that became farther, from those around them that did not. Those without a way come last."""
    (source, head, metric, is_up, out_offsets, out_links, in_offsets, in_links) = intact.graph
    distance, new_distance, heap = intact.distance[target], work.distance, work.heap
    state, is_down, touched, farther = work.state, work.is_down, work.touched, work.farther
    for index in range(n_moved):
        node = touched[index]
        if state[node] != FARTHER:
            continue
        nearest = np.inf
        for place in range(out_offsets[node], out_offsets[node + 1]):
            link = out_links[place]
            if is_up[link] and not is_down[link] and state[head[link]] != FARTHER and not intact.is_fixed:
                nearest = min(nearest, distance[head[link]] + metric[link])
        new_distance[node] = nearest
        if nearest < np.inf:
            heappush(heap, (nearest, node))
    n_farther = 0
    while heap:
        near, node = heappop(heap)
        if near > new_distance[node]:
            continue
        farther[n_farther] = node
        n_farther += 1
        for place in range(in_offsets[node], in_offsets[node + 1]):
            link = in_links[place]
            if state[source[link]] == FARTHER and is_up[link] and not is_down[link] and near + metric[link] < new_distance[source[link]]:
                new_distance[source[link]] = near + metric[link]
                heappush(heap, (near + metric[link], np.int64(source[link])))
    for index in range(n_moved):
        node = touched[index]
        if state[node] == FARTHER and new_distance[node] == np.inf:
            farther[n_farther] = node
            n_farther += 1


@compiled
def _send_anew(  # noqa: PLR0912, PLR0915 (see above)
    intact: Intact, target: int, n_moved: int, work: Workspace, load: FloatArray
) -> int:
    """From the farthest node to the nearest, so that all that arrives at a node is known before it sends; how many were touched."""
    (_, head, metric, is_up, out_offsets, out_links, _, _) = intact.graph
    distance, is_next, has_ecmp, reach = intact.distance[target], intact.is_next[target], intact.has_ecmp, 1.0 + intact.tolerance
    order, place_of, n_next_before = intact.ways.order[target], intact.ways.position[target], intact.ways.n_next[target]
    previous_offsets, previous_nodes = intact.ways.previous_offsets[target], intact.ways.previous_nodes
    entering, flow_before = intact.entering[target], intact.flow[target]
    state, is_due, is_down, touched, farther = work.state, work.is_due, work.is_down, work.touched, work.farther
    new_distance, share, extra = work.distance, work.share, work.extra
    position, n_due, n_farther, n_touched = 0, 0, 0, n_moved
    for index in range(n_moved):
        node = touched[index]
        if state[node] == FARTHER:
            n_farther += 1
        else:
            is_due[place_of[node]] = True
            n_due += 1
            position = max(position, place_of[node])
    while n_due > 0 or n_farther > 0:
        while n_due > 0 and not is_due[position]:
            position -= 1
        if n_farther > 0 and (n_due == 0 or new_distance[farther[n_farther - 1]] > distance[order[position]]):
            n_farther -= 1
            node = farther[n_farther]
            here = new_distance[node]
        else:
            node = order[position]
            here = distance[node]
            is_due[position] = False
            n_due -= 1
        flow = entering[node] + extra[node] + _unmoved_arrivals(previous_offsets, previous_nodes, node, state, share)
        has_moved = state[node] != RECEIVES
        if not has_moved and abs(flow - flow_before[node]) <= SAME_FLOW * flow_before[node]:
            continue
        n_next = 0 if has_moved else n_next_before[node]
        if has_moved and here < np.inf:
            for place in range(out_offsets[node], out_offsets[node + 1]):
                link = out_links[place]
                there = new_distance[head[link]] if state[head[link]] == FARTHER else distance[head[link]]
                n_next += is_up[link] and not is_down[link] and there < here and there + metric[link] <= here * reach
            n_next = n_next if has_ecmp else 1
        rate, old_rate, n_left = flow / max(n_next, 1), share[node], n_next
        share[node] = rate
        for place in range(out_offsets[node], out_offsets[node + 1]):
            link = out_links[place]
            neighbor = head[link]
            is_used = is_next[link]
            if has_moved:
                there = new_distance[neighbor] if state[neighbor] == FARTHER else distance[neighbor]
                is_used = is_up[link] and not is_down[link] and n_left > 0 and there < here and there + metric[link] <= here * reach
                n_left -= is_used
            if has_moved and is_used:
                extra[neighbor] += rate
            if is_used == is_next[link] and (not is_used or abs(rate - old_rate) <= SAME_FLOW * old_rate):
                continue
            if is_next[link]:
                add(load, link, -old_rate)
            if is_used:
                add(load, link, rate)
            if state[neighbor] == UNTOUCHED and neighbor != target:
                state[neighbor] = RECEIVES
                touched[n_touched] = neighbor
                n_touched += 1
                is_due[place_of[neighbor]] = True
                n_due += 1
                position = max(position, place_of[neighbor])
    return n_touched


@compiled
def _unmoved_arrivals(offsets: IntArray, previous_nodes: IntArray, node: int, state: IntArray, share: FloatArray) -> float:
    """What a node gets from nodes that send over the same links as before."""
    total = 0.0
    for place in range(offsets[node], offsets[node + 1]):
        if state[previous_nodes[place]] <= RECEIVES:
            total += share[previous_nodes[place]]
    return total


@compiled
def _clean_up(intact: Intact, target: int, n_touched: int, work: Workspace, cut_off: FloatArray, lost: FloatArray) -> None:
    """Forget one target, but add up what no longer reaches it."""
    flow, n_next = intact.flow[target], intact.ways.n_next[target]
    state, share, extra, touched, distance = work.state, work.share, work.extra, work.touched, work.distance
    for index in range(n_touched):
        node = touched[index]
        if state[node] == FARTHER and distance[node] == np.inf:
            for quantity in range(len(lost)):
                lost[quantity] += cut_off[quantity, target, node]
        share[node] = flow[node] / n_next[node]
        state[node] = UNTOUCHED
        extra[node] = 0.0
    extra[target] = 0.0


@compiled
def _read_loads(sums: FloatArray, before: FloatArray, load: FloatArray) -> None:
    for link in range(len(load)):
        total = sums[0, link] + sums[1, link]
        load[link] = 0.0 if total < 1e-20 * before[0, link] else total  # all of it has left, but for rounding
