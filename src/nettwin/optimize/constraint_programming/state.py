"""How a search stands: which demands were given another way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from nettwin.changes import Plan, SetPath
from nettwin.changes.change import Change
from nettwin.changes.routing import ClearPath
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.selecting import rows
from nettwin.optimize.constraint_programming.candidates import Candidate, mixed
from nettwin.optimize.constraint_programming.pools import Ways
from nettwin.optimize.constraint_programming.task import Taken, Task
from nettwin.optimize.steering.detours import Detour, changes_to, steering_of
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class State:
    """Ways of the demands that are moved; all others do as at present."""

    ways: Ways
    moved: Mapping[int, Candidate] = field(default_factory=lambda: MappingProxyType({}))

    def way(self, row: int) -> Candidate:
        """What a demand does in this state."""
        return self.moved[row] if row in self.moved else self.ways.present(row)

    @cached_property
    def load_bps(self) -> FloatArray:  # [link]
        scenario = self.ways.scenario
        load = np.asarray(self.ways.present_share.T @ scenario.traffic.rate_bps)
        for row, way in self.moved.items():
            rate, before = scenario.traffic.rate_bps[row], self.ways.present(row)
            np.add.at(load, before.link, -rate * before.fraction)
            np.add.at(load, way.link, rate * way.fraction)
        return np.asarray(np.maximum(load, 0.0))

    @property
    def n_changes(self) -> int:
        return sum(way.n_changes for way in self.moved.values())

    def values(self, objectives: Sequence[Objective]) -> tuple[float, ...]:
        """What objectives come to as far as loads and propagation delays tell."""
        return tuple(self._value(objective) for objective in objectives)

    def _value(self, objective: Objective) -> float:
        scenario = self.ways.scenario
        if objective.minimize is Figure.CHANGES:
            return float(self.n_changes)
        if objective.minimize is Figure.MAX_UTILIZATION:
            return float((self.load_bps / scenario.topology.capacity_bps).max(initial=0.0))
        concerned, rate = rows(self.ways.intent, objective.over, scenario), scenario.traffic.rate_bps
        concerned = concerned[(rate[concerned] > 0) & self.ways.has_way[concerned]]
        delay_s = self.delay_s[concerned]
        if not len(concerned):
            return 0.0
        return float(delay_s.max() if objective.across == "max" else np.average(delay_s, weights=rate[concerned]))

    @cached_property
    def delay_s(self) -> FloatArray:  # [demand]
        """Propagation delay, the mean over the paths of each demand."""
        delay_s = np.array(self.ways.present_share @ self.ways.scenario.topology.propagation_delay_s)
        for row, way in self.moved.items():
            delay_s[row] = way.delay_s
        return delay_s

    def after(self, task: Task, taken: tuple[Taken, ...]) -> "State":
        """The state after the solver's choices."""
        moved = dict(self.moved)
        for choice, shares in zip(task.choices, taken, strict=True):
            way = _way(choice.candidates, shares, self.ways)
            if way.n_changes == 0:
                moved.pop(choice.row, None)
            else:
                moved[choice.row] = self.ways.ordered(choice.row, way)
        return replace(self, moved=MappingProxyType(moved))

    def changes(self) -> tuple[Change, ...]:
        """The plan that leads here."""
        scenario, names = self.ways.scenario, self.ways.scenario.demand_ids
        over = {row: way.lists for row, way in self.moved.items() if not way.route}
        along = sorted(row for row, way in self.moved.items() if way.route)
        pinned = [ClearPath(names[row]) for row in sorted(over) if self.ways.is_explicit[row]]
        free = Plan(tuple(pinned)).apply(scenario)
        steering: dict[int, tuple[tuple[Detour, float], ...]] = dict(steering_of(free))
        for row in along:
            steering.pop(row, None) if row in over else None
        links = scenario.topology.links
        set_anew = [SetPath(names[row], tuple(links[link].id for link in self.moved[row].route)) for row in along]
        return (*pinned, *changes_to(free, {**steering, **over}), *set_anew)

    def scenario(self) -> Scenario:
        """The network in this state."""
        return Plan(self.changes()).apply(self.ways.scenario)


def _way(candidates: tuple[Candidate, ...], shares: Taken, ways: Ways) -> Candidate:
    if len(shares) == 1:
        return candidates[shares[0][0]]
    return mixed([(candidates[index], share) for index, share in shares], ways.scenario.topology)
