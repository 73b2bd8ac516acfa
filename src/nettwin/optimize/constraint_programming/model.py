"""A task as a CP-SAT model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nettwin.optimize.constraint_programming.task import Goal, LoadLimit, Taken, Task
from nettwin.scenario.arrays import IntArray

UTILIZATION_UNITS = 10_000_000
"""The solver counts in whole numbers: this many are a utilization of 100 %."""
_COST_UNITS = 1_000_000
_SLACK = 1e-3  # of a unit: what floating point adds to a product that is whole
_EXCESS_UNITS = 100_000
"""So many are a load that exceeds its limit by 100 %, or a path constraint that is broken: as verdicts add them up."""


@dataclass(frozen=True, eq=False)
class Model:
    """Variables of a task in a CP-SAT model; the goals are set one after the other."""

    task: Task
    cp: Any
    takes: tuple[tuple[Any, ...], ...]
    """[choice][candidate]: whether it carries any share."""
    shares: tuple[tuple[Any, ...] | None, ...]
    """[choice][candidate] in steps; None where a demand is not split."""
    utilization: Any
    excess: list[Any]
    """Of each limited load, relative to its limit."""
    n_violations: Any
    n_changes: Any

    @classmethod
    def of(cls, task: Task) -> "Model":
        from ortools.sat.python import cp_model

        cp = cp_model.CpModel()
        takes = tuple(tuple(cp.new_bool_var(f"x{i}_{c}") for c in range(len(choice.candidates))) for i, choice in enumerate(task.choices))
        shares = tuple(_shares(cp, task, i, takes[i]) for i in range(len(task.choices)))
        most = 1000 * UTILIZATION_UNITS
        utilization = cp.new_int_var(int(task.floor_utilization * UTILIZATION_UNITS), most, "u")
        model = cls(task, cp, takes, shares, utilization, [], _violations(cp, task, takes), _changes(task, takes))
        model._limit(task.intact)
        for failure in task.failures:
            model._limit(failure)
        if task.most_changes is not None:
            cp.add(model.n_changes <= int(task.most_changes))
        model.hint([((choice.hint, 1.0),) for choice in task.choices])
        return model

    @cached_property
    def hard_excess(self) -> Any:
        """What must become 0: the excess of utilization, and constraints that are broken."""
        return sum(self.excess, start=_EXCESS_UNITS * self.n_violations)

    @property
    def can_be_violated(self) -> bool:
        """Whether there is anything hard that is not a constraint of the model."""
        states = (self.task.intact, *self.task.failures)
        inadmissible = any(not each.is_allowed for choice in self.task.choices for each in choice.candidates)
        return bool(self.task.forbidden) or inadmissible or any(state.bound is not None for state in states)

    def goal(self, goal: Goal) -> Any:
        """What to minimize for a goal, in whole numbers."""
        if goal.is_max_utilization:
            return self.utilization
        if goal.is_count:
            return self.n_changes
        if goal.is_maximum:
            return self._largest(goal)
        unit = self._unit(goal)
        return sum(
            (round(cost / unit) * variable for costs, variables in zip(goal.cost, self._weighted(), strict=True)
             for cost, variable in zip(costs, variables, strict=True) if cost),
            start=0,
        )  # fmt: skip

    def most(self, goal: Goal, value: int) -> int:
        """What a goal of this value may become for the sake of later ones."""
        if goal.is_max_utilization or goal.is_maximum:
            return int(value * (1.0 + goal.tolerance))
        base = goal.base if goal.is_count else round(goal.base / self._unit(goal)) * self.task.share_steps
        return int(value + goal.tolerance * (value + base))

    def hint(self, taken: Sequence[Taken]) -> None:
        """Where to start from."""
        self.cp.clear_hints()
        for i, shares in enumerate(taken):
            by_candidate = dict(shares)
            steps = self.shares[i]
            for c, variable in enumerate(self.takes[i]):
                self.cp.add_hint(variable, c in by_candidate)
                if steps is not None:
                    self.cp.add_hint(steps[c], round(by_candidate.get(c, 0.0) * self.task.share_steps))

    def taken(self, value: Any) -> tuple[Taken, ...]:
        """The choices of a solution; ``value`` gives that of a variable."""
        found = []
        for takes, steps in zip(self.takes, self.shares, strict=True):
            parts = [value(v) / self.task.share_steps for v in steps] if steps is not None else [float(value(v)) for v in takes]
            found.append(tuple((c, part) for c, part in enumerate(parts) if part > 0))
        return tuple(found)

    def _weighted(self) -> list[Sequence[Any]]:
        """Variables [choice][candidate] that are ``share_steps`` where a candidate takes all of a demand."""
        whole = self.task.share_steps
        return [steps if steps is not None else [whole * v for v in takes] for takes, steps in zip(self.takes, self.shares, strict=True)]

    def _unit(self, goal: Goal) -> float:
        largest = max((cost for costs in goal.cost for cost in costs), default=0.0)
        return largest / _COST_UNITS if largest > 0 else 1.0

    def _largest(self, goal: Goal) -> Any:
        unit = max(self._unit(goal), goal.base / _COST_UNITS)
        top = self.cp.new_int_var(round(goal.base / unit), 2 * _COST_UNITS, "largest")
        for costs, variables in zip(goal.cost, self.takes, strict=True):
            for cost, variable in zip(costs, variables, strict=True):
                if cost > goal.base:
                    self.cp.add(top >= round(cost / unit)).only_enforce_if(variable)
        return top

    def _limit(self, state: LoadLimit) -> None:
        """Utilization and excess are at least those of each link whose load can be chosen."""
        steps, is_intact = self.task.share_steps, state is self.task.intact
        by_link: dict[int, tuple[list[int], list[Any], list[int]]] = {}
        for i, (choice, variables) in enumerate(zip(self.task.choices, self._whole_or_steps(), strict=True)):
            worst: dict[int, int] = {}
            for c, variable in enumerate(variables):
                link, fraction = _crossed(self.task, state, i, c)
                factor = 1 if self.shares[i] is None else steps
                for number, coefficient in zip(link.tolist(), _units(state, choice.rate_bps / factor, link, fraction), strict=True):
                    coefficients, terms, _ = by_link.setdefault(number, ([], [], []))
                    coefficients.append(coefficient)
                    terms.append(variable)
                    worst[number] = max(worst.get(number, 0), coefficient * factor)
            for number, most in worst.items():
                by_link[number][2].append(most)
        bound: float = np.inf if state.bound is None else state.bound * UTILIZATION_UNITS
        excess: Any = None
        needs_utilization = is_intact and any(goal.is_max_utilization for goal in self.task.goals)
        for number, (coefficients, terms, most_of) in by_link.items():
            if not np.isfinite(state.capacity_bps[number]):
                continue
            base = int(np.ceil(state.base_bps[number] / state.capacity_bps[number] * UTILIZATION_UNITS - _SLACK))
            load = sum((c * t for c, t in zip(coefficients, terms, strict=True)), start=base)
            if needs_utilization and base + sum(most_of) > self.task.floor_utilization * UTILIZATION_UNITS:
                self.cp.add(self.utilization >= load)
            if base + sum(most_of) > bound:
                if is_intact or excess is None:  # every link counts; after a failure, only the worst of its links
                    excess = self._new_excess()
                self.cp.add(load <= int(bound + _SLACK) + max(1, round(bound / _EXCESS_UNITS)) * excess)

    def _new_excess(self) -> Any:
        self.excess.append(self.cp.new_int_var(0, 1000 * _EXCESS_UNITS, f"excess{len(self.excess)}"))
        return self.excess[-1]

    def _whole_or_steps(self) -> Iterable[Sequence[Any]]:
        return [steps if steps is not None else takes for takes, steps in zip(self.takes, self.shares, strict=True)]


def _crossed(task: Task, state: LoadLimit, choice: int, candidate: int) -> tuple[IntArray, np.ndarray]:
    if state.shares is not None:
        return state.shares[choice][candidate]
    way = task.choices[choice].candidates[candidate]
    return way.link, way.fraction


def _units(state: LoadLimit, rate_bps: float, link: IntArray, fraction: np.ndarray) -> list[int]:
    """Utilization that a whole share adds to each link, rounded up: a bound that the solver keeps is kept."""
    exact = rate_bps * fraction / state.capacity_bps[link] * UTILIZATION_UNITS
    return [int(each) for each in np.ceil(exact - _SLACK)]


def _shares(cp: Any, task: Task, i: int, takes: tuple[Any, ...]) -> tuple[Any, ...] | None:
    choice, steps = task.choices[i], task.share_steps
    is_part = [bool(candidate.lists) for candidate in choice.candidates]
    if not (choice.may_split and sum(is_part) > 1 and task.max_splits > 1):
        cp.add_exactly_one(takes)
        return None
    shares = tuple(cp.new_int_var(0, steps, f"y{i}_{c}") for c in range(len(takes)))
    for share, take, may_be_part in zip(shares, takes, is_part, strict=True):
        cp.add(share <= steps * take)
        cp.add(share >= (take if may_be_part else steps * take))
    cp.add(sum(shares) == steps)
    cp.add(sum(takes) <= task.max_splits)
    return shares


def _violations(cp: Any, task: Task, takes: tuple[tuple[Any, ...], ...]) -> Any:
    broken = [cp.new_bool_var(f"pair{number}") for number in range(task.n_pairs)]
    for each in task.forbidden:
        first, second = takes[each.first[0]][each.first[1]], takes[each.second[0]][each.second[1]]
        cp.add_bool_or(first.negated(), second.negated(), broken[each.pair])
    stays = [
        takes[i][c] for i, choice in enumerate(task.choices) for c, candidate in enumerate(choice.candidates) if not candidate.is_allowed
    ]
    return sum((*broken, *stays), start=0)


def _changes(task: Task, takes: tuple[tuple[Any, ...], ...]) -> Any:
    """A demand that is split is one change, as one that is not."""
    total: Any = 0
    for choice, variables in zip(task.choices, takes, strict=True):
        still = [v for v, candidate in zip(variables, choice.candidates, strict=True) if candidate.n_changes == 0]
        total = total + 1 - sum(still)
        dear = [v for v, candidate in zip(variables, choice.candidates, strict=True) if candidate.n_changes == 2]
        if len(dear) > 0:
            total = total + (sum(dear) if not choice.may_split else 0)
    return total
