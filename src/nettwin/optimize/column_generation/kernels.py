"""Compiled: prices of segment lists under link prices, the cheapest of each demand, and the links that one loads."""

from pathlib import Path

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_FOLDER = Path(__file__).parent
NO_LEG = np.iinfo(np.int32).max
"""Fills the row of a detour that has fewer legs than others."""

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))


@compiled
def pair_prices(
    offsets: IntArray, link: IntArray, fraction: FloatArray, is_reachable: BoolArray, price: FloatArray
) -> FloatArray:  # [source, target]
    """What a unit of traffic between two nodes pays on its way through the forwarding; infinite where it does not arrive."""
    n = len(is_reachable)
    total = np.empty((n, n))
    for source in range(n):
        for target in range(n):
            place = source * n + target
            paid = 0.0
            for entry in range(offsets[place], offsets[place + 1]):
                paid += fraction[entry] * price[link[entry]]
            total[source, target] = paid if is_reachable[source, target] else np.inf
    return total


@compiled
def cheapest_detours(
    pairs: FloatArray, enter: IntArray, leave: IntArray, toll: FloatArray, best: FloatArray
) -> tuple[FloatArray, IntArray]:  # [source, target] each
    """Prices with one more place to pass than in ``best``, and which place (-1: none pays).

    A place is entered at one node and left at another, for a toll: a node is free, an adjacency segment costs its link's price.
    """
    n = len(pairs)
    lowest = best.copy()
    place_of = np.full((n, n), -1, dtype=np.int32)
    for source in range(n):
        row, choice = lowest[source], place_of[source]
        for place in range(len(enter)):
            so_far = best[source, enter[place]] + toll[place]
            if not so_far < np.inf:
                continue
            behind = pairs[leave[place]]
            for target in range(n):
                price = so_far + behind[target]
                if price < row[target]:
                    row[target] = price
                    choice[target] = place
    return lowest, place_of


@compiled
def cheapest_allowed(  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0917 (numba takes arrays, not objects)
    pairs, enter, leave, toll, source, target, row, allows_direct, allows_place, price, place_of
):
    """Overwrite price and place of constrained demands by the cheapest that their rows of the masks allow (-1: direct)."""
    for demand in range(len(source)):
        at = row[demand]
        if at < 0:
            continue
        lowest, choice = np.inf, -1
        if allows_direct[at]:
            lowest = pairs[source[demand], target[demand]]
        for place in range(len(enter)):
            if allows_place[at, place]:
                asked = pairs[source[demand], enter[place]] + toll[place] + pairs[leave[place], target[demand]]
                if asked < lowest:
                    lowest, choice = asked, place
        price[demand] = lowest
        place_of[demand] = choice


@compiled
def detour_vectors(  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0917 (numba takes arrays, not objects)
    offsets, link, fraction, n_nodes, link_source, link_target, source, target, legs
):
    """Offsets [row + 1], links and amounts of a unit of traffic of each row from its source over its legs to its target."""
    n_rows, depth = legs.shape
    n_links = len(link_source)
    amount = np.zeros(n_links)
    touched = np.empty(n_links, dtype=np.int32)
    row_offsets = np.zeros(n_rows + 1, dtype=np.int64)
    row_link = np.empty(16 * n_rows + n_links, dtype=np.int32)
    row_amount = np.empty(16 * n_rows + n_links)
    end = 0
    for row in range(n_rows):
        here, n_touched = source[row], 0
        for step in range(depth + 1):
            leg = legs[row, step] if step < depth else target[row]
            if leg == NO_LEG:
                continue
            to = link_source[~leg] if leg < 0 else leg
            place = here * n_nodes + to
            for entry in range(offsets[place], offsets[place + 1]):
                if amount[link[entry]] == 0.0:
                    touched[n_touched] = link[entry]
                    n_touched += 1
                amount[link[entry]] += fraction[entry]
            here = to
            if leg < 0:
                if amount[~leg] == 0.0:
                    touched[n_touched] = ~leg
                    n_touched += 1
                amount[~leg] += 1.0
                here = link_target[~leg]
        if end + n_touched > len(row_link):
            grown = 2 * (end + n_touched)
            longer_link = np.empty(grown, dtype=np.int32)
            longer_amount = np.empty(grown)
            longer_link[:end] = row_link[:end]
            longer_amount[:end] = row_amount[:end]
            row_link, row_amount = longer_link, longer_amount
        for index in range(n_touched):
            row_link[end + index] = touched[index]
            row_amount[end + index] = amount[touched[index]]
            amount[touched[index]] = 0.0
        end += n_touched
        row_offsets[row + 1] = end
    return row_offsets, row_link[:end].copy(), row_amount[:end].copy()
