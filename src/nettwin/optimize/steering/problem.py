"""Segment routing as arrays: the demands that a search may steer, and the load of all others."""

from dataclasses import dataclass

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.controlplane.itineraries import plan_itineraries
from nettwin.controlplane.loads import loads_of
from nettwin.optimize.steering.admissible import Masks
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class SteeringProblem:
    """Demands that may be steered through a network, and the load of all others."""

    vectors: SegmentVectors
    link_source: IntArray  # [link]
    link_target: IntArray  # [link]
    capacity_bps: FloatArray  # [link]
    is_up: BoolArray  # [link]
    source: IntArray  # [demand] node
    target: IntArray  # [demand] node
    rate_bps: FloatArray  # [demand]
    row: IntArray  # [demand] its row in the scenario's traffic
    background_bps: FloatArray  # [link] load of what is not steered
    masks: Masks | None = None
    """What path constraints allow, by row of the traffic; None: everything."""

    @property
    def n_demands(self) -> int:
        """Of those that may be steered."""
        return len(self.source)

    @property
    def n_links(self) -> int:
        """Of the whole network."""
        return len(self.capacity_bps)


def problem_of(
    scenario: Scenario, vectors: SegmentVectors | None = None, *, masks: Masks | None = None, fixed: IntArray | None = None
) -> SteeringProblem:
    """The demands that segment lists can steer, but for the rows ``fixed``.

    Explicit paths come before segment lists, so they stay as they are.
    """
    forwarding = forwarding_of(scenario)
    traffic, topology = scenario.traffic, scenario.topology
    is_steerable = np.isfinite(forwarding.distance[traffic.target, traffic.source]) & (traffic.rate_bps > 0)
    is_steerable[[scenario.index_of_demand(name) for name in scenario.policy.explicit_paths]] = False
    if fixed is not None:
        is_steerable[fixed] = False
    rest = np.where(is_steerable, 0.0, traffic.rate_bps)
    row = np.flatnonzero(is_steerable)
    background = np.zeros(topology.n_links)
    if rest.any():
        background = loads_of(plan_itineraries(scenario, forwarding), rest, forwarding)
    return SteeringProblem(
        vectors=vectors or SegmentVectors.of(forwarding),
        link_source=topology.link_source,
        link_target=topology.link_target,
        capacity_bps=topology.capacity_bps,
        is_up=topology.link_is_up,
        source=traffic.source[row],
        target=traffic.target[row],
        rate_bps=traffic.rate_bps[row],
        row=row,
        background_bps=background,
        masks=masks,
    )
