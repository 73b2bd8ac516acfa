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
from nettwin.optimize.twin_guided.correction import Correction
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


class Search:
    """Best improvement: of each round's candidates the best is the next network; shaken surfaces and kicks where none is better."""

    def __init__(self, scenario: Scenario, intent: Intent, jury: Jury, clock: Clock, options: SearchOptions) -> None:
        self.jury, self.intent, self.stopped_by = jury, intent, ""
        self.bound: Bound | None = None
        self._clock, self._options = clock, options
        self._proposer = Proposer(scenario, intent, jury, np.random.default_rng([clock.budget.seed, 4]))
        self.before = jury.judged([scenario], ["as it is"])[0]
        self.best = self.before
        self._elite: list[Judged] = []
        self._won: Counter[str] = Counter()
        self._rounds, self._share = 0, 1.0
        clock.spend(1)
        self._keep(self.before)

    def run(self, starts: Sequence[Scenario], share: float) -> None:
        """Until this share of the budget is spent or patience is at its end."""
        self._share = share
        current = self._first(starts)
        stale = 0
        while stale < self._options.patience and not self._is_over():
            self._rounds += 1
            candidates = self._round(current, stale)
            if not candidates:
                stale += 1
                continue
            leader = ranked(candidates, self.intent)[0]
            if is_better(leader.verdict, self.best.verdict, self.intent):
                stale, current = 0, self._keep(leader)
                continue
            stale += 1
            if stale % (2 * KICK_AFTER) == 0:
                current = self.best
            elif stale % KICK_AFTER == 0 or is_better(leader.verdict, current.verdict, self.intent):
                current = leader

    def finalists(self, most: int) -> list[Judged]:
        """The best candidates, which differ in their figures, the best first."""
        return self._elite[: max(most, 1)]

    def notes(self) -> dict[str, str]:
        """How the search went."""
        won = ", ".join(f"{count} x {origin}" for origin, count in self._won.most_common(6))
        return {"rounds": str(self._rounds), "improvements": won or "none"}

    def correct(self, correction: Correction) -> None:
        """From now on the twin is corrected: everything is judged anew."""
        self.jury.correct(correction)
        self._proposer.forget()
        elite = [self.before, *(each for each in self._elite if each.scenario is not self.before.scenario)]
        self._clock.spend(len(elite))
        judged = self.jury.judged([each.scenario for each in elite], [each.origin for each in elite])
        self.before = judged[0]
        self._elite = apart(judged, self.intent)
        self.best = self._elite[0]

    def _first(self, starts: Sequence[Scenario]) -> Judged:
        """The best of the starts after a round from each of them."""
        for start in self._judged([Move((), frozenset(), "smallest maximum utilization")] * len(starts), starts):
            self._keep(start)
            for candidate in self._round(start, 0):
                self._keep(candidate)
        return self.best

    def _round(self, current: Judged, stale: int) -> list[Judged]:
        """The candidates of one batch, and of a small second one that makes several of its moves at once."""
        room = min(self._options.batch, self._affordable())
        moves = self._proposer.moves(current, stale, room)
        candidates = self._judged(moves, [move.apply(current.scenario) for move in moves])
        good = [
            (move, each) for move, each in zip(moves, candidates, strict=False) if is_better(each.verdict, current.verdict, self.intent)
        ]
        order = {id(each): rank for rank, each in enumerate(ranked([each for _, each in good], self.intent))}
        together = combined([move for move, each in sorted(good, key=lambda pair: order[id(pair[1])])])[: self._affordable()]
        return candidates + self._judged(together, [move.apply(current.scenario) for move in together])

    def _judged(self, moves: Sequence[Move], scenarios: Sequence[Scenario]) -> list[Judged]:
        if not scenarios or self._is_over():
            return []
        self._clock.spend(len(scenarios))
        return self.jury.judged(scenarios, [move.words for move in moves])

    def _keep(self, candidate: Judged) -> Judged:
        self._elite = apart([*self._elite, candidate], self.intent)[:ELITE]
        if is_better(candidate.verdict, self.best.verdict, self.intent):
            self.best = candidate
            self._won[_kind(candidate.origin)] += 1
            objectives = candidate.verdict.objectives
            self._clock.tell("twin-guided", objectives[0] if objectives else float("nan"), self.bound.value if self.bound else None)
        return candidate

    def _affordable(self) -> int:
        return self.jury.affordable(1 - self._share)

    def _is_over(self) -> bool:
        self.stopped_by = self._clock.stopped_by or ("" if self._affordable() else self._limit())
        return bool(self.stopped_by)

    def _limit(self) -> str:
        return "evaluations" if self._clock.budget.evaluations is not None else "deadline"


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
