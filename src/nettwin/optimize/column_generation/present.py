"""Which ways demands take now, and how far others are from that: what counts as a change."""

from dataclasses import replace

import numpy as np

from nettwin.optimize.lp.generation import Start, Ways
from nettwin.scenario.arrays import BoolArray, FloatArray

_SAME = 1e-6
"""Shares that differ by less are the same."""


def with_change_costs(start: Start, present: Start) -> Start:
    """A cost of 1 for every way that its demand does not take now."""
    return replace(start, ways=replace(start.ways, cost=(_place_now(start.ways, present) < 0).astype(np.float64)))


def changed(start: Start, present: Start) -> FloatArray:  # [demand]
    """The share of each demand that moves: 0 where nothing is to be changed."""
    place = _place_now(start.ways, present)
    before = np.where(place >= 0, present.share[np.maximum(place, 0)], 0.0)
    moved = np.bincount(start.ways.demand, weights=np.maximum(start.share - before, 0.0))
    return np.where(moved > _SAME, moved, 0.0).astype(np.float64)


def _place_now(ways: Ways, present: Start) -> np.ndarray:  # [way]
    """The present way that each way equals, -1 where there is none."""
    both = present.ways.and_also(ways)
    rows = np.column_stack([both.demand, both.key])
    _, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    place = first[which.ravel()[len(present.ways) :]]
    return np.where(place < len(present.ways), place, -1)


def is_split(present: Start) -> BoolArray:  # [demand]
    """Whether a demand takes several ways now."""
    return np.asarray(np.bincount(present.ways.demand) > 1)
