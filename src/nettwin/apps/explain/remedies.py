"""The smallest turn of each knob that meets a target alone, in whole percent: a ladder away from today, then bisection.

The ladder guards against effects that are not monotone; what is reported has been asked of the twin as it stands.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nettwin.apps.explain.knobs import Knob
from nettwin.apps.explain.levers import Levers
from nettwin.apps.explain.parts import NAN, Remedy, Target
from nettwin.apps.explain.what_ifs import Outcome, WhatIfs
from nettwin.changes import Change, command_of

_UNTURNED = 100  # percent
_COSTS_PACKETS = 0.005  # rise of the loss ratio: a delay that is short because packets are dropped


@dataclass(frozen=True, slots=True)
class Wish:
    """A target for a demand, and what may be turned to meet it."""

    demand: int
    target: Target
    levers: Levers

    def is_met(self, outcome: Outcome) -> bool:
        return self.target.is_met(float(outcome.delay_s[self.demand]), float(outcome.loss_ratio[self.demand]))


@dataclass(frozen=True, slots=True)
class _Search:
    """One knob on its way: ``failing`` does not meet the target, ``meeting`` does (None: nothing so far)."""

    wish: Wish
    knob: Knob
    failing: int = _UNTURNED
    meeting: int | None = None
    rung: int = 0

    @property
    def percent(self) -> int | None:
        """What to try next; None when the search has ended."""
        if self.meeting is None:
            return self.knob.ladder_percent[self.rung] if self.rung < len(self.knob.ladder_percent) else None
        is_fine = abs(self.meeting - self.failing) <= max(1, self.meeting // 100)
        return None if is_fine else (self.meeting + self.failing) // 2

    def after(self, percent: int, is_met: bool) -> "_Search":
        if is_met:
            return replace(self, meeting=percent)
        return replace(self, failing=percent, rung=self.rung + 1)


def remedies_for(what_ifs: WhatIfs, wishes: Sequence[Wish]) -> list[tuple[Remedy, ...]]:
    """For each wish, what meets it alone: knobs by how far they must be turned, then moves; what costs packets comes last.

    All are searched side by side.
    """
    searches = _searched(what_ifs, [_Search(wish, knob) for wish in wishes for knob in wish.levers.knobs])
    what_ifs.ask(move.change for wish in wishes for move in wish.levers.moves)
    return [_cheapest_first(what_ifs, wish, [*_turns(what_ifs, wish, searches), *_moves(what_ifs, wish)]) for wish in wishes]


def in_vain(wish: Wish, remedies: Sequence[Remedy]) -> tuple[tuple[str, str], ...]:
    """Levers, by kind and what they are about, that do not meet the target however far they are turned."""
    useful = {(remedy.knob, remedy.about) for remedy in remedies}
    tried = [(knob.kind, knob.about) for knob in wish.levers.knobs] + [(move.kind, move.about) for move in wish.levers.moves]
    return tuple(lever for lever in dict.fromkeys(tried) if lever not in useful)


def _searched(what_ifs: WhatIfs, searches: list[_Search]) -> list[_Search]:
    """Every search brought to its end, one batch per round."""
    while open_ones := {index: percent for index, search in enumerate(searches) if (percent := search.percent) is not None}:
        scenario = what_ifs.scenario
        changes = {index: searches[index].knob.change(scenario, percent / 100) for index, percent in open_ones.items()}
        what_ifs.ask(changes.values())
        for index, change in changes.items():
            is_met = searches[index].wish.is_met(what_ifs.after(change))
            searches[index] = searches[index].after(open_ones[index], is_met)
    return searches


def _cheapest_first(what_ifs: WhatIfs, wish: Wish, remedies: Sequence[Remedy]) -> tuple[Remedy, ...]:
    today = float(what_ifs.before.loss_ratio[wish.demand])
    return tuple(sorted(remedies, key=lambda remedy: remedy.loss_ratio > today + _COSTS_PACKETS))


def _turns(what_ifs: WhatIfs, wish: Wish, searches: Sequence[_Search]) -> list[Remedy]:
    found = []
    for search in searches:
        if search.wish is wish and search.meeting is not None:
            factor = search.meeting / 100
            change = search.knob.change(what_ifs.scenario, factor)
            found.append(_remedy(what_ifs, wish, (search.knob.kind, search.knob.about), change, factor))
    return sorted(found, key=lambda remedy: abs(math.log(max(remedy.factor, 1e-3))))


def _moves(what_ifs: WhatIfs, wish: Wish) -> list[Remedy]:
    moves = [move for move in wish.levers.moves if wish.is_met(what_ifs.after(move.change))]
    return [_remedy(what_ifs, wish, (move.kind, move.about), move.change, NAN) for move in moves]


def _remedy(what_ifs: WhatIfs, wish: Wish, lever: tuple[str, str], change: Change, factor: float) -> Remedy:
    after, row = what_ifs.after(change), wish.demand
    harmed = after.harmed(what_ifs.before)
    return Remedy(
        knob=lever[0],
        about=lever[1],
        change=command_of(change),
        factor=factor,
        delay_s=float(after.delay_s[row]),
        loss_ratio=float(after.loss_ratio[row]),
        delay_upper_s=NAN if after.delay_upper_s is None else float(after.delay_upper_s[row]),
        n_harmed=int(harmed.sum() - harmed[row]),
    )
