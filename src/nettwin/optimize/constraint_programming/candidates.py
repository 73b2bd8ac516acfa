"""Ways that the traffic of a demand may take: what the solver chooses among."""

from dataclasses import dataclass

import numpy as np

from nettwin.optimize.steering.allowed_routes import Route
from nettwin.optimize.steering.detours import Detour
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario, Topology
from nettwin.scenario.arrays import FloatArray, IntArray

Lists = tuple[tuple[Detour, float], ...]


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way, which may be split: links, how much of the demand crosses each, and what it takes to order it."""

    link: IntArray  # [entry]
    fraction: FloatArray  # [entry]
    delay_s: float
    """Propagation delay, the mean over its paths."""
    lists: Lists = ()
    """Detours with weights; empty for an explicit path, or for what is there already."""
    route: Route = ()
    """Links of an explicit path; empty for detours."""
    n_changes: int = 1
    """0 for what is there already."""
    is_allowed: bool = True
    """False for what is there already and breaks a constraint: it may stay, as a violation."""

    @property
    def signature(self) -> tuple[bytes, bytes]:
        """Equal for ways that load the links equally."""
        return self.link.tobytes(), np.round(self.fraction, 9).tobytes()


def over_detour(vectors: SegmentVectors, topology: Topology, ends: tuple[int, int], detour: Detour) -> Candidate:
    """The way over some nodes and links."""
    amount = np.zeros(vectors.n_links)
    here = ends[0]
    for leg in (*detour, ends[1]):
        end = int(topology.link_source[~leg]) if leg < 0 else leg
        links, fractions = vectors.between(here, end)
        np.add.at(amount, links, fractions)
        if leg < 0:
            amount[~leg] += 1.0
        here = int(topology.link_target[~leg]) if leg < 0 else leg
    return _of_amounts(amount, topology, lists=((detour, 1.0),))


def along_route(topology: Topology, route: Route) -> Candidate:
    """The way of an explicit path."""
    amount = np.zeros(topology.n_links)
    np.add.at(amount, list(route), 1.0)
    return _of_amounts(amount, topology, route=route)


def mixed(parts: list[tuple[Candidate, float]], topology: Topology) -> Candidate:
    """Several ways over detours side by side, by weight."""
    amount = np.zeros(topology.n_links)
    for candidate, weight in parts:
        np.add.at(amount, candidate.link, weight * candidate.fraction)
    lists = tuple((detour, weight) for candidate, weight in parts for detour, _ in candidate.lists)
    return _of_amounts(amount, topology, lists=lists)


def as_it_is(scenario: Scenario, link: IntArray, fraction: FloatArray, *, is_allowed: bool) -> Candidate:
    """What a demand does at present."""
    delay_s = float(fraction @ scenario.topology.propagation_delay_s[link])
    return Candidate(link.astype(np.int64), fraction, delay_s, n_changes=0, is_allowed=is_allowed)


def _of_amounts(amount: FloatArray, topology: Topology, lists: Lists = (), route: Route = ()) -> Candidate:
    link = np.flatnonzero(amount)
    return Candidate(link, amount[link], float(amount @ topology.propagation_delay_s), lists=lists, route=route)
