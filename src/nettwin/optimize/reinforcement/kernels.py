"""Compiled: which moves relieve the busiest link, and what each of them does to the loads."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("kernels.py"))

POWER = 16
"""2**4, of utilizations in the potential, whose root is the soft maximum: the busiest links count, the others hardly."""
SMALLEST_STEP = 1e-6
"""A move must leave the links that it touches at least so much below the maximum: then no sequence of moves ever returns."""
PEAK, DROP, RELIEF, SIZE, LONGER, IS_CHANGED, IS_ADJACENCY, IS_UNDO, N_MOVE_FEATURES = range(9)
"""Columns of the features of a move."""


class Board(NamedTuple):
    """What stays the same while demands are moved. A place: a node, ``n_nodes`` + a link, then *as before*, then *direct*."""

    offsets: IntArray  # [source * n_nodes + target + 1] of the vectors between nodes
    link: IntArray  # [entry]
    fraction: FloatArray  # [entry]
    is_reachable: BoolArray  # [node, node]
    link_source: IntArray  # [link]
    link_target: IntArray  # [link]
    link_is_up: BoolArray  # [link]
    capacity_bps: FloatArray  # [link]
    source: IntArray  # [demand]
    target: IntArray  # [demand]
    rate_bps: FloatArray  # [demand]
    base_offsets: IntArray  # [demand + 1] of the links that the demand crosses before any move
    base_link: IntArray  # [entry]
    base_fraction: FloatArray  # [entry]
    is_direct: BoolArray  # [demand] whether it follows the forwarding before any move
    is_movable: BoolArray  # [demand]


class Moves(NamedTuple):
    """Moves that relieve the busiest link and load no other one as much as it is loaded."""

    demand: IntArray  # [move]
    place: IntArray  # [move]
    features: FloatArray  # [move, feature]
    offsets: IntArray  # [move + 1] of the links that a move touches
    link: IntArray  # [entry]
    delta_bps: FloatArray  # [entry]


@compiled
def add_path(board, demand, place, amount, delta, touched, n):  # type: ignore[no-untyped-def] # noqa: PLR0913, PLR0917
    """Adds a demand's traffic by way of a place to ``delta`` [link]; lists each link met in ``touched``; returns how many."""
    n_nodes, n_links = len(board.is_reachable), len(board.capacity_bps)
    if place == n_nodes + n_links:
        for entry in range(board.base_offsets[demand], board.base_offsets[demand + 1]):
            n = _add(board.base_link[entry], amount * board.base_fraction[entry], delta, touched, n)
        return n
    source, target = board.source[demand], board.target[demand]
    entry_node, exit_node = source, source
    if place < n_nodes:
        entry_node, exit_node = place, place
    elif place < n_nodes + n_links:
        link = place - n_nodes
        entry_node, exit_node = board.link_source[link], board.link_target[link]
        n = _add(link, amount, delta, touched, n)
    for entry in range(board.offsets[source * n_nodes + entry_node], board.offsets[source * n_nodes + entry_node + 1]):
        n = _add(board.link[entry], amount * board.fraction[entry], delta, touched, n)
    for entry in range(board.offsets[exit_node * n_nodes + target], board.offsets[exit_node * n_nodes + target + 1]):
        n = _add(board.link[entry], amount * board.fraction[entry], delta, touched, n)
    return n


@compiled
def _add(link, amount, delta, touched, n):  # type: ignore[no-untyped-def]
    if delta[link] == 0.0:
        touched[n] = link
        n += 1
    delta[link] += amount
    return n


@compiled
def can_pass(board, demand, place):  # type: ignore[no-untyped-def]
    """Whether the traffic of a demand can take a place, and whether that is another way than the direct one."""
    n_nodes, n_links = len(board.is_reachable), len(board.capacity_bps)
    source, target = board.source[demand], board.target[demand]
    if place < n_nodes:
        return place not in (source, target) and board.is_reachable[source, place] and board.is_reachable[place, target]
    if place < n_nodes + n_links:
        link = place - n_nodes
        arrives = board.is_reachable[source, board.link_source[link]] and board.is_reachable[board.link_target[link], target]
        return board.link_is_up[link] and arrives and board.link_target[link] != source and board.link_source[link] != target
    return place == n_nodes + n_links or not board.is_direct[demand]


@compiled
def _share_of(board, link):  # type: ignore[no-untyped-def]
    """[source * n_nodes + target] Share of the traffic between two nodes that crosses a link."""
    share = np.zeros(len(board.offsets) - 1)
    for pair in range(len(share)):
        for entry in range(board.offsets[pair], board.offsets[pair + 1]):
            if board.link[entry] == link:
                share[pair] = board.fraction[entry]
    return share


@compiled
def _share_on(board, demand, place, hot, share_of_hot):  # type: ignore[no-untyped-def]
    """Share of a demand's traffic that crosses the link ``hot`` by way of a place."""
    n_nodes, n_links = len(board.is_reachable), len(board.capacity_bps)
    source, target = board.source[demand], board.target[demand]
    if place < n_nodes:
        return share_of_hot[source * n_nodes + place] + share_of_hot[place * n_nodes + target]
    if place < n_nodes + n_links:
        link = place - n_nodes
        ends = board.link_source[link], board.link_target[link]
        return share_of_hot[source * n_nodes + ends[0]] + share_of_hot[ends[1] * n_nodes + target] + (link == hot)
    if place > n_nodes + n_links:
        return share_of_hot[source * n_nodes + target]
    share = 0.0
    for entry in range(board.base_offsets[demand], board.base_offsets[demand + 1]):
        if board.base_link[entry] == hot:
            share = board.base_fraction[entry]
    return share


@compiled
def crossing(board, place, load, only_changed, most):  # type: ignore[no-untyped-def]
    """The movable demands that load the busiest link most, at most so many; ``only_changed``: of those that were moved already."""
    as_before = len(board.is_reachable) + len(load)
    hot = np.argmax(load / board.capacity_bps)
    amount = np.zeros(len(place))
    share_of_hot = _share_of(board, hot)
    for demand in range(len(place)):
        if board.is_movable[demand] and not (only_changed and place[demand] == as_before):
            amount[demand] = _share_on(board, demand, place[demand], hot, share_of_hot) * board.rate_bps[demand]
    order = np.argsort(-amount)[:most]
    return order[amount[order] > 0.0]


@compiled
def consider(  # noqa: PLR0912, PLR0915 (numba counts a reference for every array handed to a function)
    board: Board, place: IntArray, load: FloatArray, rows: IntArray, is_allowed: BoolArray
) -> Moves:
    """All moves of these demands that relieve the busiest link, by exact loads; of equal ways one. ``is_allowed`` [row, place]."""
    n_nodes, n_links = len(board.is_reachable), len(load)
    n_places = n_nodes + n_links + 2
    busy = load / board.capacity_bps
    hot = np.argmax(busy)
    peak, most = busy[hot], busy[hot] * (1.0 - SMALLEST_STEP)
    potential = _potential(busy / peak)
    delta, touched = np.zeros(n_links), np.empty(8 * n_links + 8, dtype=np.int32)
    share_of_hot = _share_of(board, hot)
    n_moves, n_entries = 0, 0
    demand_of = np.empty(256, dtype=np.int32)
    place_of = np.empty(256, dtype=np.int32)
    features = np.zeros((256, N_MOVE_FEATURES))
    end_of = np.empty(256, dtype=np.int64)
    signature_of = np.empty(256)
    weight_of = np.sqrt(np.arange(n_links) + 2.0)  # no two different ways have the same sum of these
    link_of = np.empty(4096, dtype=np.int32)
    delta_of = np.empty(4096)
    for row in range(len(rows)):
        demand = rows[row]
        rate, now, first = board.rate_bps[demand], place[demand], n_moves
        share_now = _share_on(board, demand, now, hot, share_of_hot)
        for new in range(n_places):
            if new == now or not is_allowed[row, new] or not can_pass(board, demand, new):
                continue
            relief = rate * (share_now - _share_on(board, demand, new, hot, share_of_hot))
            if not relief > SMALLEST_STEP * load[hot]:
                continue
            n = add_path(board, demand, now, -rate, delta, touched, 0)
            n = add_path(board, demand, new, rate, delta, touched, n)
            highest, longer, n_changed, signature = 0.0, 0.0, 0, 0.0
            for index in range(n):
                link = touched[index]
                if abs(delta[link]) > 1e-9 * rate:
                    highest = max(highest, (load[link] + delta[link]) / board.capacity_bps[link])
                    longer += delta[link] / rate
                    signature += delta[link] / rate * weight_of[link]
                    n_changed += 1
            is_new = highest < most
            for earlier in range(first, n_moves):
                is_new = is_new and abs(signature_of[earlier] - signature) > 1e-9
            if is_new:
                if n_moves == len(demand_of):
                    demand_of, place_of, end_of = _longer(demand_of), _longer(place_of), _longer(end_of)
                    signature_of = _longer(signature_of)
                    features = np.concatenate((features, np.zeros(features.shape)))
                while n_entries + n_changed > len(link_of):
                    link_of, delta_of = _longer(link_of), _longer(delta_of)
                drop = 0.0
                for index in range(n):
                    link = touched[index]
                    if abs(delta[link]) > 1e-9 * rate:
                        drop += _power(busy[link] / peak) - _power(max(load[link] + delta[link], 0.0) / board.capacity_bps[link] / peak)
                        link_of[n_entries], delta_of[n_entries] = link, delta[link]
                        n_entries += 1
                    delta[link] = 0.0  # also where a link is listed twice because its sum was zero in between
                demand_of[n_moves], place_of[n_moves], end_of[n_moves] = demand, new, n_entries
                signature_of[n_moves] = signature
                features[n_moves, PEAK] = highest / peak
                features[n_moves, DROP] = drop / potential
                features[n_moves, RELIEF] = relief / load[hot]
                features[n_moves, SIZE] = np.log10(rate / load[hot])
                features[n_moves, LONGER] = longer / 4.0
                features[n_moves, IS_CHANGED] = now != n_nodes + n_links
                features[n_moves, IS_ADJACENCY] = n_nodes <= new < n_nodes + n_links
                features[n_moves, IS_UNDO] = new == n_nodes + n_links
                n_moves += 1
            else:
                for index in range(n):
                    delta[touched[index]] = 0.0
    offsets = np.zeros(n_moves + 1, dtype=np.int64)
    offsets[1:] = end_of[:n_moves]
    return Moves(demand_of[:n_moves], place_of[:n_moves], features[:n_moves], offsets, link_of[:n_entries], delta_of[:n_entries])


@compiled
def _power(share):  # type: ignore[no-untyped-def]
    """share ** POWER"""
    for _ in range(4):
        share *= share
    return share


@compiled
def _potential(shares):  # type: ignore[no-untyped-def]
    total = 0.0
    for share in shares:
        total += _power(share)
    return total


@compiled
def _longer(values):  # type: ignore[no-untyped-def]
    return np.concatenate((values, np.empty(len(values), dtype=values.dtype)))


@compiled
def cost(board, load):  # type: ignore[no-untyped-def]
    """Mean of the logarithms of the maximum utilization and of the soft maximum."""
    busy = load / board.capacity_bps
    peak = busy.max()
    return np.log(peak) + 0.5 * np.log(_potential(busy / peak)) / POWER


@compiled
def play(moves, index, place, load):  # type: ignore[no-untyped-def]
    """Makes a move: changes ``place`` and ``load``."""
    place[moves.demand[index]] = moves.place[index]
    for entry in range(moves.offsets[index], moves.offsets[index + 1]):
        load[moves.link[entry]] = max(load[moves.link[entry]] + moves.delta_bps[entry], 0.0)


@compiled
def greedy_return(board, place, load, changes_left, is_allowed, n_steps, discount):  # type: ignore[no-untyped-def] # noqa: PLR0913, PLR0917
    """Discounted fall of the cost when the move with the largest drop of the potential is made again and again.

    ``place`` and ``load`` are changed. ``is_allowed`` [most candidates, place] holds for every demand.
    """
    before, total, weight = cost(board, load), 0.0, 1.0
    as_before = len(board.is_reachable) + len(load)
    for _ in range(n_steps):
        rows = crossing(board, place, load, changes_left <= 0, len(is_allowed))
        moves = consider(board, place, load, rows, is_allowed)
        if not len(moves.demand):
            break
        best = np.argmax(moves.features[:, DROP])
        if moves.features[best, IS_CHANGED] == 0.0:
            changes_left -= 1
        elif moves.place[best] == as_before:
            changes_left += 1
        play(moves, best, place, load)
        after = cost(board, load)
        total += weight * (before - after)
        before = after
        weight *= discount
    return total


@compiled
def returns_of(board, place, load, changes_left, moves, chosen, is_allowed, n_steps, discount):  # type: ignore[no-untyped-def] # noqa: PLR0913, PLR0917
    """What each of the chosen moves leads to when the greedy player goes on: discounted fall of the cost [chosen]."""
    before, as_before = cost(board, load), len(board.is_reachable) + len(load)
    values = np.empty(len(chosen))
    for position in range(len(chosen)):
        index = chosen[position]
        place_after, load_after, left = place.copy(), load.copy(), changes_left
        if moves.features[index, IS_CHANGED] == 0.0:
            left -= 1
        elif moves.place[index] == as_before:
            left += 1
        play(moves, index, place_after, load_after)
        first = before - cost(board, load_after)
        values[position] = first + discount * greedy_return(board, place_after, load_after, left, is_allowed, n_steps, discount)
    return values
