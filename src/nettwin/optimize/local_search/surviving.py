"""Steering that keeps its limits when something fails: local search on the intact and the failed networks at once."""

import math
from dataclasses import dataclass, replace

import numpy as np

from nettwin.controlplane import offered_utilization
from nettwin.intents.intent import Intent
from nettwin.intents.judging.chosen_failures import chosen_failures
from nettwin.intents.objectives import Figure
from nettwin.optimize.budget import Clock
from nettwin.optimize.local_search.run import Aim, spent
from nettwin.optimize.local_search.search import Found, search
from nettwin.optimize.local_search.task import Task
from nettwin.optimize.steering.detours import Steering
from nettwin.optimize.steering.problem import SteeringProblem
from nettwin.optimize.steering.stacked import stacked
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

MOST_ENTRIES = 20_000_000
"""Of the vectors of all networks together, about 240 MB; where there are more, the failures that fill links most are taken."""
_KEPT = 1.0 + 1e-6
"""What counts as within a limit."""
_AS_BAD = 0.98
"""Failures that are nearly as bad as the worst are given room together with it."""
_CLOSE = 1.002
"""Between the lowest utilization that was reached and the highest that was not."""
_ROUNDS = 8
_PRECISION = 0.02
"""That suffices to know that a limit cannot be kept."""
_UNLIMITED = 1e6
_WORTH = 1e-3
"""Share of an excess; less is no better plan."""


@dataclass(frozen=True, eq=False)
class Failed:
    """The networks after the failures that an intent wants to survive, and how full their links may be."""

    scenarios: tuple[Scenario, ...]
    limits: tuple[float, ...]

    @classmethod
    def of(cls, scenario: Scenario, intent: Intent, n_entries: int) -> "Failed":
        """Those with a limit on utilization, as many as memory allows; ``n_entries`` are the vectors of one network."""
        found = [
            (failure.change.apply(scenario), clause.max_utilization)
            for clause in intent.survive
            if clause.max_utilization is not None
            for failure in chosen_failures(clause, scenario)
        ]
        most = max(1, MOST_ENTRIES // max(1, n_entries))
        if len(found) > most:
            found = sorted(found, key=lambda each: -float(offered_utilization(each[0]).max(initial=0.0)) / each[1])[:most]
        return cls(tuple(each for each, _ in found), tuple(limit for _, limit in found))


def bounds_failures(intent: Intent) -> bool:
    """Whether an intent limits utilization after failures."""
    return any(clause.max_utilization is not None for clause in intent.survive)


def survive(task: Task, clock: Clock, aim: Aim, lowest: float) -> Found:
    """The least maximum utilization of the intact network, ``lowest`` at best, that keeps all limits after failures.

    First the limits alone; then the intact network is given less and less room, halving what is left of the way to ``lowest``,
    while nothing exceeds its limit by more than it must.
    """
    search = _Stacked.of(task, clock, aim)
    best = search.within_limits(0.6)
    wants_less = any(objective.minimize is Figure.MAX_UTILIZATION for objective in task.intent.objectives)
    for _ in range(_ROUNDS if wants_less else 0):
        reached = search.intact(best)
        if search.is_over or reached <= lowest * _CLOSE:
            break
        asked = math.sqrt(lowest * reached) if lowest > 0 else reached / 2
        found = search.lower(best.steering, asked, 0.5 + 0.5 * search.spent)
        if search.is_better(found, best):
            best = found
        else:
            lowest = asked
    return best


@dataclass(eq=False)
class _Stacked:
    """Searches on the intact and the failed networks at once."""

    task: Task
    clock: Clock
    aim: Aim
    problem: SteeringProblem
    limit: FloatArray  # [network] share of all capacities that may be used; the intact network first
    room: FloatArray  # [network] what a search may use: the limit, or what it takes where that cannot be kept

    @classmethod
    def of(cls, task: Task, clock: Clock, aim: Aim) -> "_Stacked":
        failed = Failed.of(task.scenario, task.intent, len(task.problem.vectors.link))
        limit = np.array([task.intent.limits.max_utilization or _UNLIMITED, *failed.limits]) / task.intent.growth_factor
        return cls(
            task,
            clock,
            replace(aim, enough=1.0, slack=0.0, precision=_PRECISION),
            stacked(task.problem, task.scenario, failed.scenarios),
            limit,
            limit,
        )

    @property
    def spent(self) -> float:
        """Share of what may be spent here."""
        return spent(self.clock) / self.aim.share

    @property
    def is_over(self) -> bool:
        return bool(self.clock.stopped_by) or self.spent >= 1.0

    def lower(self, start: Steering, intact: float, share: float) -> Found:
        """Until no link is fuller than the room of its network, that of the intact one being at most this."""
        room = np.concatenate([[min(intact, self.room[0])], self.room[1:]])
        capacity = (self.problem.capacity_bps.reshape(len(room), -1) * room[:, None]).ravel()
        problem, aim = replace(self.problem, capacity_bps=capacity), replace(self.aim, share=self.aim.share * share)
        return search(problem, start, self.task.limits, self.clock, aim, home=self.task.start)

    def within_limits(self, share: float) -> Found:
        """All limits kept; where that cannot be, the least sum of what exceeds them.

        A failure that exceeds its limit however traffic is steered is given as much room as it takes, for the sake of the others.
        """
        best = found = self.lower(self.task.start, _UNLIMITED, share / 2)
        while found.max_utilization > _KEPT and self.spent < share and not self.clock.stopped_by:
            fullest = self._fullest(found)
            worst = fullest / self.room >= _AS_BAD * found.max_utilization
            self.room = np.where(worst, np.maximum(self.room, fullest * _KEPT), self.room)
            found = self.lower(found.steering, _UNLIMITED, min(share, self.spent + share / 10))
            best = min(best, found, key=self.excess)
        self.room = np.maximum(self.limit, self._fullest(best) * _KEPT)
        return best

    def is_better(self, found: Found, best: Found) -> bool:
        """Less exceeds the limits, or no more does and the intact network is less utilized."""
        excess, least = self.excess(found), self.excess(best)
        return excess < least * (1 - _WORTH) or (excess <= least * _KEPT and self.intact(found) < self.intact(best))

    def excess(self, found: Found) -> float:
        """What exceeds the limits, relative to them, over all networks: as verdicts add it up."""
        excess = self._fullest(found) / (self.limit * _KEPT) - 1.0
        return float(np.maximum(excess, 0.0).sum())

    def intact(self, found: Found) -> float:
        """Maximum utilization while nothing fails."""
        return float(self._fullest(found)[0])

    def _fullest(self, found: Found) -> FloatArray:  # [network]
        utilization = found.load_bps / self.problem.capacity_bps
        return np.asarray(utilization.reshape(len(self.room), -1).max(axis=1))
