"""Which detours the path constraints and limits of an intent allow each demand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.optimize.steering.detours import Detour
from nettwin.optimize.steering.path_rules import PathRule, path_rules
from nettwin.optimize.steering.rule_check import Leg, RuleCheck, SegmentLengths
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, IntArray, frozen

_CELLS = 4_000_000
"""Entries of a mask that are worked out at a time, to bound memory."""


@dataclass(frozen=True, eq=False)
class Masks:
    """Dense masks of the constrained demands, for compiled loops."""

    place: IntArray  # [demand] row of the masks; -1: anything that is reachable is allowed
    direct: BoolArray  # [constrained]
    node: BoolArray  # [constrained, node] the detour over this node
    link: BoolArray  # [constrained, link] the detour over this link (an adjacency segment)


@dataclass(frozen=True, eq=False)
class Admissible:
    """The detours that every path constraint, ``limits.max_segments`` and the state of the network allow.

    A detour is allowed when every path that its traffic can take (ECMP included) keeps to the constraints and nothing on it is down.
    Disjointness is not judged here: it concerns pairs of demands.
    """

    scenario: Scenario
    max_segments: int
    vectors: SegmentVectors
    lengths: SegmentLengths
    checks: tuple[RuleCheck, ...]
    check_of: IntArray  # [demand] index of its check; the last one, without constraints, for most

    @classmethod
    def of(cls, scenario: Scenario, intent: Intent, vectors: SegmentVectors) -> "Admissible":
        """Raises UnknownNameError for a node, link or selector that does not exist."""
        rules = [*path_rules(scenario, intent), _no_rule(scenario)]
        lengths = SegmentLengths.of(scenario)
        check_of = np.full(scenario.traffic.n_demands, len(rules) - 1, dtype=np.int64)
        for index, rule in enumerate(rules[:-1]):
            check_of[rule.rows] = index
        checks = tuple(RuleCheck(scenario, vectors, lengths, rule) for rule in rules)
        return cls(scenario, intent.limits.max_segments, vectors, lengths, checks, frozen(check_of))

    @property
    def is_free(self) -> bool:
        """Whether no demand is constrained: every reachable place may be passed (masks are not needed)."""
        return len(self.checks) == 1

    def is_constrained(self, row: int) -> bool:
        """Whether a path constraint concerns the demand."""
        return int(self.check_of[row]) < len(self.checks) - 1

    @cached_property
    def constrained(self) -> IntArray:
        """Rows of the demands that some constraint is about, ascending."""
        return frozen(np.flatnonzero(self.check_of < len(self.checks) - 1))

    @cached_property
    def direct(self) -> BoolArray:  # [demand]
        """Whether each demand may simply follow the forwarding."""
        allowed = np.zeros(len(self.check_of), dtype=np.bool_)
        for index, check in enumerate(self.checks):
            rows = np.flatnonzero(self.check_of == index)
            allowed[rows] = check.keeps(*self._ends(rows), ())
        return frozen(allowed)

    def by_node(self, row: int) -> BoolArray:  # [node]
        """The detours over one node; over one of the demand's own ends: as the direct way."""
        return np.asarray(self.of_rows(np.array([row]), is_link=False)[0])

    def by_link(self, row: int) -> BoolArray:  # [link]
        """The detours over one link (the forwarding to its source, the link, the forwarding on)."""
        return np.asarray(self.of_rows(np.array([row]), is_link=True)[0])

    def allows(self, row: int, detour: Detour) -> bool:
        """Whether one detour of any length is allowed."""
        if len(detour) > self.max_segments:
            return False
        legs = [Leg(np.array(~leg if leg < 0 else leg), is_link=leg < 0) for leg in detour]
        source, target = self._ends(np.array(row))
        return bool(self.checks[self.check_of[row]].keeps(source, target, legs))

    def allows_all(self, row: int, detours: Iterable[tuple[Detour, float]]) -> bool:
        """Whether every detour of a weighted set is allowed."""
        return all(self.allows(row, detour) for detour, _ in detours)

    @cached_property
    def masks(self) -> Masks:
        """For compiled loops: what ``direct``, ``by_node`` and ``by_link`` say of the constrained demands."""
        rows = self.constrained
        place = np.full(len(self.check_of), -1, dtype=np.int32)
        place[rows] = np.arange(len(rows))
        node, link = (self.of_rows(rows, is_link=is_link) for is_link in (False, True))
        return Masks(frozen(place), frozen(self.direct[rows]), frozen(node), frozen(link))

    def of_rows(self, rows: IntArray, *, is_link: bool) -> BoolArray:  # [row, node or link]
        """The detours over one node (or link) of several demands."""
        size = self.vectors.n_links if is_link else self.vectors.n_nodes
        found = np.zeros((len(rows), size), dtype=np.bool_)
        step = max(1, _CELLS // max(1, size))
        for first in range(0, len(rows), step):
            part = slice(first, first + step)
            found[part] = self._one_stop(rows[part], Leg(np.arange(size), is_link=is_link))
        return found

    def _one_stop(self, rows: IntArray, leg: Leg) -> BoolArray:  # [row, place]
        allowed = np.zeros((len(rows), len(leg.place)), dtype=np.bool_)
        if self.max_segments < 1:
            return allowed
        check_of = self.check_of[rows]
        for index in np.unique(check_of):
            here = np.flatnonzero(check_of == index)
            source, target = self._ends(rows[here])
            allowed[here] = self.checks[index].keeps(source[:, None], target[:, None], (leg,))
        return allowed

    def _ends(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        traffic = self.scenario.traffic
        return traffic.source[rows], traffic.target[rows]


def _no_rule(scenario: Scenario) -> PathRule:
    nothing = np.zeros(scenario.topology.n_links, dtype=np.bool_)
    return PathRule(np.empty(0, dtype=np.int64), nothing, (), np.inf, np.inf, ())


def detours_over(places: Sequence[int], *, is_link: bool) -> list[Detour]:
    """Detours over one node or link each."""
    return [(~place if is_link else place,) for place in places]
