"""Compiled: itineraries spelled out as paths."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nettwin.compiled import compiled
from nettwin.controlplane.kernels import Columns
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

AnyArray = npt.NDArray[Any]

LEG, NODE, LINK, DEPTH = 0, 1, 2, 3
"""Columns of a stack of branches: the leg they are on, where, over which link they came (-1 at the source), links crossed so far."""


class Map(NamedTuple):
    """What a walker looks at: a Forwarding in the shape that compiled code takes."""

    graph: Columns
    next_offsets: IntArray  # [target * nodes + node, and the end]
    next_links: IntArray  # the next links of every node for every target, in the order of their ids
    n_paths: FloatArray  # [target, node]


class Trips(NamedTuple):
    """What is walked: Itineraries in the shape that compiled code takes."""

    source: IntArray  # [itinerary]
    share: FloatArray  # [itinerary]
    leg_offsets: IntArray  # [itinerary + 1]
    legs: IntArray  # [leg]


@compiled
def count_trip_paths(way: Map, trips: Trips) -> FloatArray:  # [itinerary]
    """Number of different paths of each itinerary: the product over its legs."""
    counts = np.ones(len(trips.source))
    for trip in range(len(counts)):
        node = trips.source[trip]
        for place in range(trips.leg_offsets[trip], trips.leg_offsets[trip + 1]):
            leg = trips.legs[place]
            if leg >= 0:
                counts[trip] *= way.n_paths[leg, node]
            node = way.graph.target[~leg] if leg < 0 else leg
    return counts


@compiled
def next_links(graph: Columns, is_next: BoolArray) -> tuple[IntArray, IntArray]:
    """``Map.next_offsets`` and ``Map.next_links`` of a Forwarding: nobody looks twice at links that lead elsewhere."""
    n_nodes = len(is_next)
    offsets, links = np.zeros(n_nodes * n_nodes + 1, dtype=np.int64), np.empty(is_next.sum(), dtype=np.int32)
    found = 0
    for target in range(n_nodes):
        for node in range(n_nodes):
            for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
                if is_next[target, graph.out_links[place]]:
                    links[found] = graph.out_links[place]
                    found += 1
            offsets[target * n_nodes + node + 1] = found
    return offsets, links


@compiled
def walk(way: Map, trips: Trips, n_paths: FloatArray, max_paths: int) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
    """Itinerary and share [path], hop offsets [path + 1] and hop links of all paths, depth first in the order of link ids.

    An itinerary with more than ``max_paths`` paths is walked by as many tokens, dealt evenly at every node.
    """
    most = int(np.minimum(n_paths, max_paths).sum())
    owner, share = np.empty(most, dtype=np.int32), np.empty(most)
    offsets, hops = np.zeros(most + 1, dtype=np.int64), np.empty(max(4096, 5 * most), dtype=np.int32)
    turn = np.zeros(len(way.n_paths), dtype=np.int64)
    longest = _longest_trip(trips, len(way.n_paths))
    trail = np.empty(longest, dtype=np.int32)
    branches, parts = np.empty((longest + 1, 3), dtype=np.int64), np.empty(longest + 1)
    # Every branch on the stack leads to a path of its own, so there are never more than max_paths of them.
    stack, amounts = np.empty((max_paths, 4), dtype=np.int64), np.empty(max_paths)
    found = 0
    for trip in range(len(trips.source)):
        is_dealt = n_paths[trip] > max_paths
        while offsets[found] + min(n_paths[trip], max_paths) * longest > len(hops):
            hops = _doubled(hops)
        first, last = trips.leg_offsets[trip], trips.leg_offsets[trip + 1]
        before = found
        if not is_dealt and last == first + 1 and trips.legs[first] >= 0:
            ends = trips.source[trip], trips.legs[first], trips.share[trip]
            found = _walk_plainly(way, ends, (branches, parts), (share, offsets, hops), found)
        else:
            if is_dealt:
                _start_dealing(turn, trips.source[trip] + trips.legs[first])
            stack[0, LEG], stack[0, NODE], stack[0, LINK], stack[0, DEPTH] = first, trips.source[trip], -1, 0
            amounts[0] = max_paths if is_dealt else 1.0
            n_stacked = 1
            while n_stacked > 0:
                n_stacked -= 1
                depth = stack[n_stacked, DEPTH]
                if depth > 0:
                    trail[depth - 1] = stack[n_stacked, LINK]
                if _is_to_go_on(trips.legs, last, stack[n_stacked]):
                    n_stacked = _step(way, trips.legs, stack, amounts, n_stacked, turn if is_dealt else turn[:0])
                    continue
                share[found] = trips.share[trip] * amounts[n_stacked] / (max_paths if is_dealt else 1)
                offsets[found + 1] = offsets[found] + depth
                for step in range(depth):
                    hops[offsets[found] + step] = trail[step]
                found += 1
        for path in range(before, found):
            owner[path] = trip
    return owner[:found], share[:found], offsets[: found + 1], hops[: offsets[found]]


@compiled
def _walk_plainly(
    way: Map, trip: tuple[int, int, float], room: tuple[IntArray, FloatArray], paths: tuple[FloatArray, IntArray, IntArray], found: int
) -> int:
    """All paths of a trip (source, target, share) along the forwarding; how many were ``found`` until now.

    In the ``room``, by depth: the links not yet taken there, the end of theirs, the one just taken; the part of the trip that is there.
    """
    source, target, trip_share = trip
    branches, parts = room
    share, offsets, hops = paths
    row = target * len(way.n_paths)
    depth, parts[0] = 0, 1.0
    branches[0, 0], branches[0, 1] = way.next_offsets[row + source], way.next_offsets[row + source + 1]
    while depth >= 0:
        place, last = branches[depth, 0], branches[depth, 1]
        if place == last:
            depth -= 1
            continue
        link = way.next_links[place]
        branches[depth, 0], branches[depth, 2] = place + 1, link
        node = way.graph.target[link]
        first = way.next_offsets[row + way.graph.source[link]]
        part = parts[depth] / (last - first)
        if node != target:
            depth += 1
            parts[depth] = part
            branches[depth, 0], branches[depth, 1] = way.next_offsets[row + node], way.next_offsets[row + node + 1]
            continue
        share[found] = trip_share * part
        start = offsets[found]
        for step in range(depth + 1):
            hops[start + step] = branches[step, 2]
        found += 1
        offsets[found] = start + depth + 1
    return found


@compiled
def _start_dealing(turn: IntArray, first: int) -> None:
    """Let different demands give what is left over to different links."""
    for node in range(len(turn)):
        turn[node] = first


@compiled
def _longest_trip(trips: Trips, n_nodes: int) -> int:
    longest = 0
    for trip in range(len(trips.source)):
        length = 0
        for place in range(trips.leg_offsets[trip], trips.leg_offsets[trip + 1]):
            length += 1 if trips.legs[place] < 0 else n_nodes
        longest = max(longest, length)
    return longest


@compiled
def _doubled(array: AnyArray) -> AnyArray:
    larger = np.zeros(2 * len(array), dtype=array.dtype)
    for index in range(len(array)):
        larger[index] = array[index]
    return larger


@compiled
def _is_to_go_on(legs: IntArray, last: int, branch: IntArray) -> bool:
    """Whether any leg is left, after those that end where the branch is."""
    while branch[LEG] < last and legs[branch[LEG]] == branch[NODE]:
        branch[LEG] += 1
    return bool(branch[LEG] < last)


@compiled
def _step(way: Map, legs: IntArray, stack: IntArray, amounts: FloatArray, top: int, turn: IntArray) -> int:
    """Replace the branch at the top of the stack by those it splits into, the first link on top; the new height.

    Shares are split evenly. Tokens are dealt in turn (an empty ``turn``: none), so that no link gets more than one more than another.
    """
    at_leg, node, depth, amount = stack[top, LEG], stack[top, NODE], stack[top, DEPTH] + 1, amounts[top]
    leg = legs[at_leg]
    if leg < 0:
        stack[top, LEG], stack[top, NODE], stack[top, LINK], stack[top, DEPTH] = at_leg + 1, way.graph.target[~leg], ~leg, depth
        return top + 1
    first, last = way.next_offsets[leg * len(way.n_paths) + node], way.next_offsets[leg * len(way.n_paths) + node + 1]
    n_next = last - first
    rank = n_next
    for place in range(last - 1, first - 1, -1):
        link = way.next_links[place]
        rank -= 1
        part = amount / n_next
        if len(turn) > 0:
            part = np.floor(part) + ((rank - turn[node]) % n_next < amount % n_next)
        if part > 0:
            stack[top, LEG], stack[top, NODE], stack[top, LINK], stack[top, DEPTH] = at_leg, way.graph.target[link], link, depth
            amounts[top] = part
            top += 1
    if len(turn) > 0:
        turn[node] += np.int64(amount % n_next)
    return top
