"""Which share of each demand crosses each link."""

from typing import TYPE_CHECKING

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.controlplane.itineraries import Itineraries, plan_itineraries
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def crossings(scenario: Scenario) -> "csr_array":  # [demand, link]
    """Exact, equal-cost splits and weighted segment lists included. Above 1: the demand crosses the link more than once."""
    from scipy.sparse import csr_array

    forwarding = forwarding_of(scenario)
    vectors = SegmentVectors.of(forwarding)
    row, link, share = entries_of(plan_itineraries(scenario, forwarding), vectors, forwarding.graph.target)
    shape = (scenario.traffic.n_demands, scenario.topology.n_links)
    return csr_array((share, (row, link)), shape=shape)  # entries of the same place add up


def entries_of(itineraries: Itineraries, vectors: SegmentVectors, link_target: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Demand, link and share of each entry: of the legs that cross one link, and of those that follow the forwarding."""
    legs, offsets = itineraries.legs, itineraries.leg_offsets
    n_legs = np.diff(offsets)
    demand, share = np.repeat(itineraries.demand, n_legs), np.repeat(itineraries.share, n_legs)
    end = np.where(legs < 0, link_target[~np.minimum(legs, -1)], legs) if len(link_target) else legs
    start = np.concatenate([[0], end[:-1]])[: len(end)]
    start[offsets[:-1][n_legs > 0]] = itineraries.source[n_legs > 0]
    is_free = legs >= 0
    pair = (start * vectors.n_nodes + end)[is_free]
    first, size = vectors.offsets[pair], vectors.offsets[pair + 1] - vectors.offsets[pair]
    ends = np.cumsum(size)
    entry = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - size), size)
    rows = np.concatenate([np.repeat(demand[is_free], size), demand[~is_free]])
    links = np.concatenate([vectors.link[entry], ~legs[~is_free]])
    shares = np.concatenate([np.repeat(share[is_free], size) * vectors.fraction[entry], share[~is_free]])
    return rows, links, shares
