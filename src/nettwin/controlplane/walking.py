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
    is_next: BoolArray  # [target, link]
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
def walk(way: Map, trips: Trips, n_paths: FloatArray, max_paths: int) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
    """Itinerary and share [path], hop offsets [path + 1] and hop links of all paths, depth first in the order of link ids.

    An itinerary with more than ``max_paths`` paths is walked by as many tokens, dealt evenly at every node.
    """
    owner, share = np.empty(1024, dtype=np.int32), np.empty(1024)
    offsets, hops = np.zeros(1024, dtype=np.int64), np.empty(4096, dtype=np.int32)
    turn = np.zeros(len(way.n_paths), dtype=np.int64)
    trail = np.empty(_longest_trip(trips, len(way.n_paths)), dtype=np.int32)
    # Every branch on the stack leads to a path of its own, so there are never more than max_paths of them.
    stack, amounts = np.empty((max_paths, 4), dtype=np.int64), np.empty(max_paths)
    found = 0
    for trip in range(len(trips.source)):
        is_dealt = n_paths[trip] > max_paths
        if is_dealt:
            _start_dealing(turn, trips.source[trip] + trips.legs[trips.leg_offsets[trip]])
        stack[0, LEG], stack[0, NODE], stack[0, LINK], stack[0, DEPTH] = trips.leg_offsets[trip], trips.source[trip], -1, 0
        amounts[0] = max_paths if is_dealt else 1.0
        n_stacked = 1
        while n_stacked > 0:
            n_stacked -= 1
            depth = stack[n_stacked, DEPTH]
            if depth > 0:
                trail[depth - 1] = stack[n_stacked, LINK]
            if _is_to_go_on(trips.legs, trips.leg_offsets[trip + 1], stack[n_stacked]):
                n_stacked = _step(way, trips.legs, stack, amounts, n_stacked, turn if is_dealt else turn[:0])
                continue
            if found + 1 == len(offsets):
                owner, share, offsets = _doubled(owner), _doubled(share), _doubled(offsets)
            while offsets[found] + depth > len(hops):
                hops = _doubled(hops)
            owner[found] = trip
            share[found] = trips.share[trip] * amounts[n_stacked] / (max_paths if is_dealt else 1)
            offsets[found + 1] = offsets[found] + depth
            for step in range(depth):
                hops[offsets[found] + step] = trail[step]
            found += 1
    return owner[:found], share[:found], offsets[: found + 1], hops[: offsets[found]]


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
    first, last = way.graph.out_offsets[node], way.graph.out_offsets[node + 1]
    n_next = 0
    for place in range(first, last):
        n_next += way.is_next[leg, way.graph.out_links[place]]
    rank = n_next
    for place in range(last - 1, first - 1, -1):
        link = way.graph.out_links[place]
        if not way.is_next[leg, link]:
            continue
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
