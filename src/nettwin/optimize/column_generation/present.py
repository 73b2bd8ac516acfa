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


def with_way_back(start: Start, present: Start, must_move: BoolArray) -> Start:
    """The same shares, with the present ways of demands that may take them at hand."""
    missing = np.setdiff1d(np.arange(len(present.ways)), _place_now(start.ways, present))
    missing = missing[~must_move[present.ways.demand[missing]]]
    ways, share = start.ways.and_also(present.ways.take(missing)), np.concatenate([start.share, np.zeros(len(missing))])
    order = np.argsort(ways.demand, kind="stable")
    return Start(ways.take(order), share[order])


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
