"""The intact network and the same network after each failure, as one steering problem.

Segment lists stay when something fails, and the IGP reroutes every segment. So the load after failure f of a list over node k is
that of the segments s -> k and k -> t in the failed network: one more vector per pair of nodes. Put side by side, the links of all
networks are the links of one problem, whose fullest link tells what the worst failure does. A search needs to know nothing of it.
Lists over links are left out: the routers ignore them while their link is down (RFC 9256, section 5.1).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.controlplane.itineraries import plan_itineraries
from nettwin.controlplane.loads import loads_of
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray


def stacked(problem: SteeringProblem, scenario: Scenario, failed: Sequence[Scenario]) -> SteeringProblem:
    """The problem of a scenario and those of its failures side by side.

    Links are numbered network by network: link l after failure f is ``(1 + f) * n_links + l``.
    """
    rest = scenario.traffic.rate_bps.copy()
    rest[problem.row] = 0.0
    vectors = [problem.vectors, *(SegmentVectors.of(forwarding_of(each)) for each in failed)]
    background = [problem.background_bps, *(_load_of(each, rest) for each in failed)]
    n_networks, n_links = len(vectors), problem.n_links
    masks = problem.masks
    if masks is not None:
        masks = replace(masks, link=np.zeros((len(masks.node), n_networks * n_links), dtype=np.bool_))
    return replace(
        problem,
        vectors=_side_by_side(vectors),
        link_source=np.tile(problem.link_source, n_networks),
        link_target=np.tile(problem.link_target, n_networks),
        capacity_bps=np.tile(problem.capacity_bps, n_networks),
        is_up=np.zeros(n_networks * n_links, dtype=np.bool_),  # no link is a place to pass
        background_bps=np.concatenate(background),
        masks=masks,
    )


def _load_of(scenario: Scenario, rate_bps: FloatArray) -> FloatArray:  # [link]
    """Loads of some demands, each at this rate."""
    if not rate_bps.any():
        return np.zeros(scenario.topology.n_links)
    forwarding = forwarding_of(scenario)
    return loads_of(plan_itineraries(scenario, forwarding), rate_bps, forwarding)


def _side_by_side(vectors: Sequence[SegmentVectors]) -> SegmentVectors:
    """For each pair of nodes the links of all networks; reachable is what the first one reaches."""
    first = vectors[0]
    counts = np.array([np.diff(each.offsets) for each in vectors])  # [network, pair]
    offsets = np.concatenate([[0], np.cumsum(counts.sum(axis=0))])
    start = offsets[:-1] + np.cumsum(counts, axis=0) - counts  # [network, pair] where its entries begin
    link = np.empty(offsets[-1], dtype=np.int32)
    fraction = np.empty(offsets[-1])
    for number, each in enumerate(vectors):
        place = np.repeat(start[number] - each.offsets[:-1], counts[number]) + np.arange(len(each.link))
        link[place] = each.link + number * first.n_links
        fraction[place] = each.fraction
    return replace(first, n_links=len(vectors) * first.n_links, offsets=offsets, link=link, fraction=fraction)
