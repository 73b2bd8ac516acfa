"""Compiled: simpler sharings of demands over their ways, one demand after the other, as long as no link comes above its limit."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.scenario.arrays import FloatArray, IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))

PERCENT, PER_MILLE = 100, 1000
"""Weights of ways are whole percents after tidying, where that is too coarse parts per thousand: what a person reads and a router
takes (RFC 9256, section 2.11)."""


class WayColumns(NamedTuple):
    """The ways of each demand, and what all of the demand on this way adds to the utilization of links (ragged)."""

    first: IntArray  # [demand + 1] way
    old: FloatArray  # [way] weight to go back to
    weight: FloatArray  # [way] now; it is updated
    offsets: IntArray  # [way + 1] entry
    link: IntArray  # [entry]
    amount: FloatArray  # [entry]


@compiled
def tidy(order: IntArray, ways: WayColumns, utilization: FloatArray, limit: FloatArray) -> IntArray:  # noqa: PLR0912
    """Give each demand the first sharing that fits: the old one, one way alone, then more ways in percents, more ways per mille.

    ``utilization`` is updated. The answer is 1 where a demand is back at its old sharing; going back is tried again until nobody can.
    One function without inner calls that take tuples: numba counts a reference for every array that is handed over.
    """
    first, old, weight, offsets, link, amount = ways
    n_links, n_demands = len(utilization), len(first) - 1
    change = np.zeros(n_links)
    is_back = np.zeros(n_demands, dtype=np.int64)
    most = 1
    for demand in range(n_demands):
        most = max(most, first[demand + 1] - first[demand])
    wanted, rest = np.zeros(most), np.zeros(most)
    has_changed, is_first_round = True, True
    while has_changed:
        has_changed = False
        for demand in order:
            if is_back[demand]:
                continue
            start, n = first[demand], first[demand + 1] - first[demand]
            n_used = 0
            for place in range(n):
                n_used += weight[start + place] > 0.0
            n_candidates = 1 + (n + 2 * (n_used - 1) if is_first_round and n_used > 1 else 0)
            for candidate in range(n_candidates):
                # what this candidate wants
                if candidate == 0:
                    for place in range(n):
                        wanted[place] = old[start + place]
                elif candidate <= n:
                    heaviest = _nth(weight[start : start + n], candidate - 1)
                    if weight[start + heaviest] <= 0.0:
                        continue
                    for place in range(n):
                        wanted[place] = 1.0 if place == heaviest else 0.0
                else:
                    n_more = candidate - n - 1
                    parts = PERCENT if n_more < n_used - 1 else PER_MILLE
                    n_kept = 2 + n_more % (n_used - 1)
                    for place in range(n):
                        wanted[place] = 0.0
                    total = 0.0
                    for rank in range(n_kept):
                        place = _nth(weight[start : start + n], rank)
                        wanted[place] = weight[start + place]
                        total += wanted[place]
                    _in_whole_parts(wanted, rest, n, total, parts)
                # whether the links have room for it
                for place in range(n):
                    for entry in range(offsets[start + place], offsets[start + place + 1]):
                        change[link[entry]] += (wanted[place] - weight[start + place]) * amount[entry]
                fits = True
                for place in range(n):
                    for entry in range(offsets[start + place], offsets[start + place + 1]):
                        here = link[entry]
                        if change[here] > 0.0 and utilization[here] + change[here] > limit[here]:
                            fits = False
                for place in range(n):
                    for entry in range(offsets[start + place], offsets[start + place + 1]):
                        here = link[entry]
                        if fits:
                            utilization[here] += change[here]
                        change[here] = 0.0
                if fits:
                    for place in range(n):
                        weight[start + place] = wanted[place]
                    is_back[demand] = candidate == 0
                    has_changed = has_changed or candidate == 0
                    break
        is_first_round = False
    return is_back


@compiled
def _nth(weight, rank):  # type: ignore[no-untyped-def]
    """The place of the ``rank``-th heaviest way, among equals the first."""
    for place in range(len(weight)):
        n_before = 0
        for other in range(len(weight)):
            n_before += weight[other] > weight[place] or (weight[other] == weight[place] and other < place)
        if n_before == rank:
            return place
    return 0


@compiled
def _in_whole_parts(wanted, rest, n, total, parts):  # type: ignore[no-untyped-def]
    """Round shares to whole parts that add up to all: largest remainders first. Nothing is rounded away wholly."""
    left = parts
    for place in range(n):
        rest[place] = -2.0 * parts
        if wanted[place] > 0.0:
            exact = parts * wanted[place] / total
            whole = max(1, int(exact))
            rest[place] = exact - whole
            wanted[place] = whole
            left -= whole
    while left != 0:
        best = 0
        for place in range(n):
            if (left > 0 and rest[place] > rest[best]) or (left < 0 and wanted[place] > wanted[best]):
                best = place
        step = 1 if left > 0 else -1
        wanted[best] += step
        rest[best] -= step
        left -= step
    for place in range(n):
        wanted[place] /= parts
