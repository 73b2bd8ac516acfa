"""Many detours at once: a descent on the response surface, for the twin to say how far to follow it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.optimize.twin_guided import kernels
from nettwin.optimize.twin_guided.kernels import DIRECT
from nettwin.optimize.twin_guided.response import Surface
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, IntArray

Ways = Mapping[int, int]
"""New ways of some demands: a node to pass, or ``DIRECT``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How far one descent goes."""

    moves: int = 128
    demands_per_port: int = 12
    ports: int = 8


def passable(scenario: Scenario) -> BoolArray:  # [demand, node + 1]
    """Which detours lead anywhere: over nodes that the forwarding reaches, and on to the target; the last column is the direct way."""
    traffic = scenario.traffic
    reach = np.isfinite(forwarding_of(scenario).distance)  # [target, node]
    over = reach[:, traffic.source].T & reach[traffic.target]
    rows = np.arange(traffic.n_demands)
    over[rows, traffic.source] = False
    over[rows, traffic.target] = False
    direct = reach[traffic.target, traffic.source]
    may_pass = np.column_stack([over, direct])
    for name in scenario.policy.explicit_paths:  # they come before any segment list
        may_pass[scenario.index_of_demand(name)] = False
    return np.asarray(may_pass)


def descent(surface: Surface, may_pass: BoolArray, original: IntArray, most_changed: int, effort: Effort) -> list[tuple[int, int]]:
    """Moves (demand, new way) in the order of their making; each is the best one then, by the surface."""
    limits = (effort.moves, most_changed, effort.demands_per_port, effort.ports)
    moved, to, _ = kernels.descend(surface.model, may_pass, surface.way, original, limits)
    return list(zip(moved.tolist(), to.tolist(), strict=True))


def prefixes(moves: list[tuple[int, int]], most: int) -> list[Ways]:
    """The first 1, 2, 4, ... moves, and all of them: at most so many sets, the later moves of a demand before its earlier ones."""
    lengths = sorted({*(2**power for power in range(12) if 2**power < len(moves)), len(moves)} - {0})
    return [dict(moves[:length]) for length in lengths[-most:]]


def first_moves(moves: list[tuple[int, int]], most: int) -> list[Ways]:
    """Single moves of different demands, the best first."""
    single: dict[int, int] = {}
    for demand, way in moves:
        single.setdefault(demand, way)
    return [{demand: way} for demand, way in list(single.items())[:most]]


__all__ = ["DIRECT", "Effort", "Ways", "descent", "first_moves", "passable", "prefixes"]
