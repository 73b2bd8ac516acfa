"""Detours of several segments for demands whose path constraints no single place satisfies."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import Detour
from nettwin.optimize.steering.rule_check import ROUNDING, RuleCheck
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_WIDTH = 64
"""Most beginnings of detours, of those that have passed the same waypoints, that are followed further: the shortest."""


def required_detours(admissible: Admissible, row: int, *, max_segments: int | None = None, at_most: int = 8) -> list[Detour]:
    """Detours that satisfy every constraint on the demand, the shortest by propagation delay first; the direct way is ``()``.

    Longer detours are looked for only while fewer than ``at_most`` are known. A search by layers of segments, that keeps the
    shortest beginnings alone: where hops or stretch are bounded tightly it may miss some.
    """
    limit = admissible.max_segments if max_segments is None else min(max_segments, admissible.max_segments)
    search = _Search.of(admissible, row)
    layer, found = [search.start()], list[tuple[float, float, Detour]]()
    for n_segments in range(limit + 1):
        found += [each for beginning in layer if (each := search.finished(beginning)) is not None]
        if len(found) >= at_most or n_segments == limit:
            break
        layer = search.shortest([longer for beginning in layer for longer in search.longer(beginning)])
    found.sort(key=lambda each: (each[0], each[1], len(each[2]), each[2]))
    return [detour for _, _, detour in found[:at_most]]


@dataclass(frozen=True, eq=False)
class _Beginning:
    """A detour so far: where it has got to."""

    node: int
    passed: tuple[int, ...]  # of each sequence of waypoints
    hops: float
    delay_s: float
    detour: Detour


@dataclass(frozen=True, eq=False)
class _Search:
    """The network as one demand sees it: steps over every node or link."""

    check: RuleCheck
    source: int
    target: int
    end: IntArray  # [place] node where the forwarding is followed to: all nodes, then the source of all links
    after: IntArray  # [place] node that is reached
    hops: FloatArray  # [place] of the link that is crossed
    delay_s: FloatArray
    is_clean: BoolArray

    @classmethod
    def of(cls, admissible: Admissible, row: int) -> "_Search":
        check, topology = admissible.checks[admissible.check_of[row]], admissible.scenario.topology
        nodes, nothing = np.arange(topology.n_nodes), np.zeros(topology.n_nodes)
        traffic = admissible.scenario.traffic
        return cls(
            check=check,
            source=int(traffic.source[row]),
            target=int(traffic.target[row]),
            end=np.concatenate([nodes, topology.link_source]),
            after=np.concatenate([nodes, topology.link_target]),
            hops=np.concatenate([nothing, np.ones(topology.n_links)]),
            delay_s=np.concatenate([nothing, topology.propagation_delay_s]),
            is_clean=np.concatenate([np.ones(topology.n_nodes, dtype=np.bool_), check.is_clean_link]),
        )

    def start(self) -> _Beginning:
        return _Beginning(self.source, (0,) * len(self.check.rule.sequences), 0.0, 0.0, ())

    def finished(self, so_far: _Beginning) -> tuple[float, float, Detour] | None:
        """Delay, hops and detour, if going straight on to the target keeps to the rule."""
        check, here, target = self.check, so_far.node, self.target
        hops, delay_s = so_far.hops + check.lengths.hops[here, target], so_far.delay_s + check.lengths.delay_s[here, target]
        if not check.is_clean[here, target] or hops > check.rule.max_hops or delay_s > self._most_delay_s:
            return None
        passed = [table[before, here, target] for table, before in zip(check.progress, so_far.passed, strict=True)]
        if any(count < len(sequence) for count, sequence in zip(passed, check.rule.sequences, strict=True)):
            return None
        return float(delay_s), float(hops), so_far.detour

    def longer(self, so_far: _Beginning) -> Iterator[_Beginning]:
        """One place more."""
        check, here = self.check, so_far.node
        hops = so_far.hops + check.lengths.hops[here, self.end] + self.hops
        delay_s = so_far.delay_s + check.lengths.delay_s[here, self.end] + self.delay_s
        to_go = check.lengths.possible_delay_s[self.after, self.target]
        allowed = check.is_clean[here, self.end] & self.is_clean & (self.after != here) & (hops <= check.rule.max_hops)
        allowed &= (delay_s + to_go <= self._most_delay_s) & np.isfinite(to_go)
        passed = [table[before, here, self.end] for table, before in zip(check.progress, so_far.passed, strict=True)]
        n_nodes = check.vectors.n_nodes
        for place in np.flatnonzero(allowed):
            counts = tuple(int(count[place]) for count in passed)
            leg = int(place) if place < n_nodes else ~int(place - n_nodes)
            detour = (*so_far.detour, leg)
            yield _Beginning(int(self.after[place]), counts, float(hops[place]), float(delay_s[place]), detour)

    def shortest(self, candidates: list[_Beginning]) -> list[_Beginning]:
        """Of those at one node with the same waypoints behind them the shortest two, and of all these a bounded number."""
        candidates.sort(key=lambda each: (each.delay_s, each.hops, each.detour))
        at_node: dict[tuple[int, tuple[int, ...]], int] = {}
        with_passed: dict[tuple[int, ...], int] = {}
        kept = []
        for each in candidates:
            key = each.node, each.passed
            if at_node.get(key, 0) < 2 and with_passed.get(each.passed, 0) < _WIDTH:
                at_node[key] = at_node.get(key, 0) + 1
                with_passed[each.passed] = with_passed.get(each.passed, 0) + 1
                kept.append(each)
        return kept

    @property
    def _most_delay_s(self) -> float:
        if self.check.rule.max_stretch == np.inf:
            return np.inf
        return float(self.check.rule.max_stretch * self.check.lengths.possible_delay_s[self.source, self.target] * ROUNDING)
