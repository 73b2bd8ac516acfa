"""The search: rounds of candidates that a response surface proposes and the twin judges."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.preference import is_better
from nettwin.optimize.budget import Clock
from nettwin.optimize.scheduling import Move
from nettwin.optimize.solution import Bound
from nettwin.optimize.twin_guided.asking import Judged, Jury, ranked
from nettwin.optimize.twin_guided.proposals import combined
from nettwin.optimize.twin_guided.proposer import Proposer
from nettwin.scenario import Scenario

KICK_AFTER = 4
"""Rounds without improvement after which the search goes on for as long from the best of its last candidates instead."""
ELITE = 8
ALIKE = 0.01
"""Candidates whose objectives differ by less are one for the finals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How wide and how long."""

    batch: int
    patience: int
    reserve: float
    """Share of the time that is not for the search."""


class Search:
    """Best improvement: of each round's candidates the best is the next network; shaken surfaces and kicks where none is better."""

    def __init__(self, scenario: Scenario, intent: Intent, jury: Jury, clock: Clock, options: SearchOptions) -> None:
        self.jury, self.stopped_by = jury, ""
        self.bound: Bound | None = None
        self._intent, self._clock, self._options = intent, clock, options
        self._proposer = Proposer(scenario, intent, jury, np.random.default_rng([clock.budget.seed, 4]))
        self.before = jury.judged([scenario], ["as it is"])[0]
        self.best = self.before
        self._elite: list[Judged] = []
        self._won: Counter[str] = Counter()
        self._rounds = 0
        clock.spend(1)
        self._keep(self.before)

    def run(self, starts: Sequence[Scenario]) -> None:
        """Until the budget is spent or patience is at its end."""
        current = self._first(starts)
        stale = 0
        while stale < self._options.patience and not self._is_over():
            self._rounds += 1
            candidates = self._round(current, stale)
            if not candidates:
                stale += 1
                continue
            leader = ranked(candidates, self._intent)[0]
            if is_better(leader.verdict, self.best.verdict, self._intent):
                stale, current = 0, self._keep(leader)
                continue
            stale += 1
            if stale % (2 * KICK_AFTER) == 0:
                current = self.best
            elif stale % KICK_AFTER == 0 or is_better(leader.verdict, current.verdict, self._intent):
                current = leader

    def finalists(self, most: int) -> list[Judged]:
        """The best candidates, which differ in their figures, the best first."""
        return self._elite[: max(most, 1)]

    def notes(self) -> dict[str, str]:
        """How the search went."""
        won = ", ".join(f"{count} x {origin}" for origin, count in self._won.most_common(6))
        return {"rounds": str(self._rounds), "improvements": won or "none"}

    def _first(self, starts: Sequence[Scenario]) -> Judged:
        for start in self._judged([Move((), frozenset(), "smallest maximum utilization")] * len(starts), starts):
            self._keep(start)
        for each in list(self._elite)[-1:] + ([self.before] if self.best is not self.before else []):
            for candidate in self._round(each, 0):
                self._keep(candidate)
        return self.best

    def _round(self, current: Judged, stale: int) -> list[Judged]:
        """The candidates of one batch, and of a small second one that makes several of its moves at once."""
        room = min(self._options.batch, self._affordable())
        moves = self._proposer.moves(current, stale, room)
        candidates = self._judged(moves, [move.apply(current.scenario) for move in moves])
        good = [
            (move, each) for move, each in zip(moves, candidates, strict=False) if is_better(each.verdict, current.verdict, self._intent)
        ]
        order = {id(each): rank for rank, each in enumerate(ranked([each for _, each in good], self._intent))}
        together = combined([move for move, each in sorted(good, key=lambda pair: order[id(pair[1])])])[: self._affordable()]
        return candidates + self._judged(together, [move.apply(current.scenario) for move in together])

    def _judged(self, moves: Sequence[Move], scenarios: Sequence[Scenario]) -> list[Judged]:
        if not scenarios or self._is_over():
            return []
        self._clock.spend(len(scenarios))
        return self.jury.judged(scenarios, [move.words for move in moves])

    def _keep(self, candidate: Judged) -> Judged:
        self._elite = apart([*self._elite, candidate], self._intent)[:ELITE]
        if is_better(candidate.verdict, self.best.verdict, self._intent):
            self.best = candidate
            self._won[_kind(candidate.origin)] += 1
            objectives = candidate.verdict.objectives
            self._clock.tell("twin-guided", objectives[0] if objectives else float("nan"), self.bound.value if self.bound else None)
        return candidate

    def _affordable(self) -> int:
        return self.jury.affordable(self._reserve_s)

    @property
    def _reserve_s(self) -> float:
        seconds = self._clock.budget.seconds
        return self._options.reserve * seconds if np.isfinite(seconds) else 0.0

    def _is_over(self) -> bool:
        over = self._clock.stopped_by or ("deadline" if self._clock.seconds_left <= self._reserve_s or self._affordable() < 1 else "")
        self.stopped_by = over
        return bool(over)


def apart(candidates: Sequence[Judged], intent: Intent) -> list[Judged]:
    """The best first, without those that are like a better one: to simulate both would tell nothing."""
    kept: list[Judged] = []
    for candidate in ranked(candidates, intent):
        if not any(_is_like(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


def _is_like(one: Judged, other: Judged) -> bool:
    statuses = [[clause.status for clause in each.verdict.clauses] for each in (one, other)]
    return statuses[0] == statuses[1] and bool(
        np.allclose(one.verdict.objectives, other.verdict.objectives, rtol=ALIKE, atol=0, equal_nan=True)
    )


def _kind(origin: str) -> str:
    """A candidate's origin without the names in it."""
    return re.split(r" \+ |,| of |\d", origin, maxsplit=1)[0].strip()
