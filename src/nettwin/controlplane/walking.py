"""Compiled: itineraries spelled out as paths."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nettwin.controlplane.kernels import Columns, compiled
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

AnyArray = npt.NDArray[Any]
Index = int | np.signedinteger[Any]


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


class Branch(NamedTuple):
    """A part of the traffic that still has to go on from a node."""

    leg: Index
    node: Index
    link: Index  # the link it came over, -1 at the source
    depth: int  # links crossed so far
    amount: float  # a share of the itinerary, or a number of tokens


@compiled
def count_trip_paths(way: Map, trips: Trips) -> FloatArray:  # [itinerary]
    """Number of different paths of each itinerary: the product over its legs."""
    counts = np.ones(len(trips.source))
    for trip in range(len(counts)):
        node = trips.source[trip]
        for leg in trips.legs[trips.leg_offsets[trip] : trips.leg_offsets[trip + 1]]:
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
    ends, hops = np.empty(1024, dtype=np.int64), np.empty(4096, dtype=np.int32)
    turn = np.zeros(len(way.n_paths), dtype=np.int64)
    trail = np.empty(_longest_trip(trips, len(way.n_paths)), dtype=np.int32)
    found, n_hops = 0, 0
    for trip in range(len(trips.source)):
        is_dealt = n_paths[trip] > max_paths
        turn[:] = trips.source[trip] if is_dealt else 0
        stack = [Branch(trips.leg_offsets[trip], np.int64(trips.source[trip]), np.int64(-1), 0, float(max_paths) if is_dealt else 1.0)]
        while stack:
            branch = stack.pop()
            if branch.depth > 0:
                trail[branch.depth - 1] = branch.link
            branch = _skip_reached(branch, trips, trip)
            if branch.leg < trips.leg_offsets[trip + 1]:
                _step(way, trips, branch, stack, turn, is_dealt)
                continue
            if found == len(owner):
                owner, share, ends = _doubled(owner), _doubled(share), _doubled(ends)
            while n_hops + branch.depth > len(hops):
                hops = _doubled(hops)
            owner[found] = trip
            share[found] = trips.share[trip] * branch.amount / (max_paths if is_dealt else 1)
            hops[n_hops : n_hops + branch.depth] = trail[: branch.depth]
            n_hops += branch.depth
            ends[found] = n_hops
            found += 1
    offsets = np.zeros(found + 1, dtype=np.int64)
    offsets[1:] = ends[:found]
    return owner[:found].copy(), share[:found].copy(), offsets, hops[:n_hops].copy()


@compiled
def _longest_trip(trips: Trips, n_nodes: int) -> int:
    longest = 0
    for trip in range(len(trips.source)):
        length = 0
        for leg in trips.legs[trips.leg_offsets[trip] : trips.leg_offsets[trip + 1]]:
            length += 1 if leg < 0 else n_nodes
        longest = max(longest, length)
    return longest


@compiled
def _doubled(array: AnyArray) -> AnyArray:
    larger = np.empty(2 * len(array), dtype=array.dtype)
    larger[: len(array)] = array
    return larger


@compiled
def _skip_reached(branch: Branch, trips: Trips, trip: int) -> Branch:
    leg = branch.leg
    while leg < trips.leg_offsets[trip + 1] and trips.legs[leg] == branch.node:
        leg += 1
    return Branch(leg, branch.node, branch.link, branch.depth, branch.amount)


@compiled
def _step(way: Map, trips: Trips, branch: Branch, stack: list[Branch], turn: IntArray, is_dealt: bool) -> None:
    leg = trips.legs[branch.leg]
    if leg < 0:
        stack.append(Branch(branch.leg + 1, np.int64(way.graph.target[~leg]), np.int64(~leg), branch.depth + 1, branch.amount))
        return
    first, last = way.graph.out_offsets[branch.node], way.graph.out_offsets[branch.node + 1]
    n_next = 0
    for place in range(first, last):
        n_next += way.is_next[leg, way.graph.out_links[place]]
    rank = n_next
    for place in range(last - 1, first - 1, -1):  # backwards, so that the first link is on top of the stack
        link = way.graph.out_links[place]
        if not way.is_next[leg, link]:
            continue
        rank -= 1
        amount = _dealt(branch, rank, n_next, turn) if is_dealt else branch.amount / n_next
        if amount > 0:
            stack.append(Branch(branch.leg, np.int64(way.graph.target[link]), np.int64(link), branch.depth + 1, amount))
    if is_dealt:
        turn[branch.node] += int(branch.amount) % n_next


@compiled
def _dealt(branch: Branch, rank: int, n_next: int, turn: IntArray) -> float:
    """Tokens for one of the next links: an even part, and what is left over goes round, so no link is ahead by more than one."""
    tokens = int(branch.amount)
    is_in_turn = (rank - turn[branch.node]) % n_next < tokens % n_next
    return float(tokens // n_next + (1 if is_in_turn else 0))
