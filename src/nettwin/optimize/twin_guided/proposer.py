"""What to try next from a network: descents on its response surface, single detours, knobs."""

from collections.abc import Sequence

import numpy as np

from nettwin.controlplane.forwarding import forwarding_of
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.optimize.scheduling import Move, knob_moves, port_changes
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.optimize.twin_guided.asking import Judged, Jury
from nettwin.optimize.twin_guided.descent import Effort, Ways, descent, first_moves, passable, prefixes
from nettwin.optimize.twin_guided.gradient import weight_steps
from nettwin.optimize.twin_guided.importance import Figures, Importance, importance_of
from nettwin.optimize.twin_guided.proposals import detour_move
from nettwin.optimize.twin_guided.response import surface_of, ways_of
from nettwin.optimize.twin_guided.tuning import tuned_weights
from nettwin.performance import HopPerformance
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray

HOT_PORTS = 6
SIGMA = 0.4
"""Of the chance in the factors of a shaken surface."""
UNLIMITED = 1 << 40


class Proposer:
    """Remembers the surface of the network that it was last asked about, and what was tried on it."""

    def __init__(self, scenario: Scenario, intent: Intent, jury: Jury, rng: np.random.Generator) -> None:
        self._original, self._intent, self._jury, self._rng = scenario, intent, jury, rng
        self._original_way = ways_of(scenario)
        self._here: Judged | None = None
        self._tried: set[object] = set()
        self._knobs: list[Move] = []
        self._hot: list[int] = []
        self._classes: list[int] = []

    def moves(self, here: Judged, stale: int, room: int) -> list[Move]:
        """At most so many, none twice from the same network; the longer there was no improvement, the more by chance."""
        if here is not self._here:
            self._look(here)
        if not self._knobs:
            self._knobs = self._port_moves(here.scenario)
        knobs = self._knobs[: room if self._detours_are_barred else room // 2]
        del self._knobs[: len(knobs)]
        detours = [] if self._detours_are_barred else self._detours(here.scenario, stale, room - len(knobs))
        return [*detours, *knobs]

    def forget(self) -> None:
        """The twin says something else now."""
        self._here = None

    @property
    def _detours_are_barred(self) -> bool:
        return Knob.SEGMENT_POLICY not in self._intent.limits.knobs or self._most_changed < 1

    def _look(self, here: Judged) -> None:
        scenario = here.scenario
        performance, hops = self._jury.hops(scenario)
        figures = Figures.of(scenario, performance, hops)
        importance = importance_of(self._intent, figures)
        self._here, self._tried = here, set()
        self._surface = surface_of(scenario, hops, importance, self._intent.limits)
        self._most_changed = self._changes_left(scenario)
        self._may_pass = allowed(scenario, self._intent)
        self._knobs = self._knob_moves(scenario, hops, importance)

    def _changes_left(self, scenario: Scenario) -> int:
        most = self._intent.limits.max_changes
        return UNLIMITED if most is None else most - len(port_changes(self._original, scenario))

    def _detours(self, scenario: Scenario, stale: int, most: int) -> list[Move]:
        surface = self._surface if stale == 0 else self._surface.shaken(self._rng, SIGMA)
        moves = descent(surface, self._may_pass, self._original_way, self._most_changed, Effort())
        ways = [*prefixes(moves, max(most * 2 // 3, 1)), *first_moves(moves, most)]
        return [detour_move(scenario, each) for each in self._untried(ways)[:most]]

    def _untried(self, ways: Sequence[Ways]) -> list[Ways]:
        fresh = []
        for each in ways:
            key = frozenset(each.items())
            if key not in self._tried:
                self._tried.add(key)
                fresh.append(each)
        return fresh

    def _knob_moves(self, scenario: Scenario, hops: HopPerformance, importance: Importance) -> list[Move]:
        knobs = self._intent.limits.knobs
        self._classes, self._hot = classes_by_price(scenario, importance), hot_links(scenario, hops, importance)
        moves = knob_moves(scenario, knobs, self._classes, has_all_ports=True)
        if Knob.QUEUE_WEIGHT in knobs:
            moves = [*tuned_weights(scenario, self._surface, self._most_changed), *weight_steps(scenario, self._rng), *moves]
        return [*self._affordable(moves), *self._port_moves(scenario)]

    def _port_moves(self, scenario: Scenario) -> list[Move]:
        """Those of the hottest ports that were not yet tried."""
        ports, self._hot = self._hot[:HOT_PORTS], self._hot[HOT_PORTS:]
        return self._affordable(knob_moves(scenario, self._intent.limits.knobs, self._classes, ports)) if ports else []

    def _affordable(self, moves: Sequence[Move]) -> list[Move]:
        return [move for move in moves if len(move.changes) <= self._most_changed]


def allowed(scenario: Scenario, intent: Intent) -> BoolArray:  # [demand, node + 1]
    """Detours that lead somewhere and that the path constraints permit; the last column is the direct way."""
    may_pass = passable(scenario)
    admissible = Admissible.of(scenario, intent, SegmentVectors.of(forwarding_of(scenario)))
    if intent.limits.max_segments < 1:
        may_pass[:, :-1] = False
    rows = admissible.constrained
    if len(rows):
        may_pass[rows, :-1] &= admissible.masks.node
        may_pass[rows, -1] &= admissible.masks.direct
    return may_pass


def classes_by_price(scenario: Scenario, importance: Importance) -> list[int]:
    """The classes that the intent is about, the one whose delays and losses matter most first; all of them where none does."""
    traffic = scenario.traffic
    price = np.bincount(traffic.traffic_class, importance.wait / max(importance.wait.sum(), 1e-300), traffic.n_classes)
    price = price + np.bincount(traffic.traffic_class, importance.loss / max(importance.loss.sum(), 1e-300), traffic.n_classes)
    return [int(each) for each in np.argsort(-price, kind="stable") if price[each] > 0 or not price.any()]


def hot_links(scenario: Scenario, hops: HopPerformance, importance: Importance) -> list[int]:
    """Links where what matters waits or is lost, the worst first."""
    price: FloatArray = hops.weight * importance.wait[hops.demand] * np.nan_to_num(hops.wait_s)
    price = price + hops.weight * importance.loss[hops.demand] * np.nan_to_num(hops.loss_ratio)
    by_link = np.bincount(hops.link, price, scenario.topology.n_links)
    return [int(link) for link in np.argsort(-by_link, kind="stable") if by_link[link] > 0]
