"""Routes of a few demands, link by link and exactly: which requirements can hold together, and the shortest routes if they can."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from nettwin.intents.path_constraints import Disjointness
from nettwin.optimize.steering.allowed_routes import Route, RouteSearch
from nettwin.optimize.steering.disjointness import Resources
from nettwin.optimize.steering.path_rules import PathRule
from nettwin.scenario import Topology
from nettwin.scenario.arrays import BoolArray

_DELAY_UNITS = 1_000_000


@dataclass(frozen=True, eq=False)
class Requirement:
    """What a clause asks of one demand's paths."""

    clause: str
    is_closed: BoolArray  # [link]
    sequences: tuple[BoolArray, ...] = ()
    max_hops: float = np.inf
    max_delay_s: float = np.inf


@dataclass(frozen=True, eq=False)
class Traveler:
    """A demand between two nodes, and what is asked of it."""

    source: int
    target: int
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Apart:
    """Two travelers, by number, that must not share anything of a kind."""

    clause: str
    first: int
    second: int
    kind: Disjointness


@dataclass(frozen=True, eq=False)
class RouteModel:
    """One walk for each traveler, as flows in a CP-SAT model; every clause can be switched on or off."""

    topology: Topology
    travelers: tuple[Traveler, ...]
    apart: tuple[Apart, ...] = ()
    cp: Any = field(init=False)

    def __post_init__(self) -> None:
        from ortools.sat.python import cp_model

        object.__setattr__(self, "cp", cp_model.CpModel())
        for flow in self._flows:
            self._ask(flow)
        for each in self.apart:
            self._keep_apart(each)
        units = self._delay_units
        self.cp.minimize(sum((int(units[link]) + 1) * x for flow in self._flows for (_, link), x in flow.x.items()))

    @cached_property
    def literals(self) -> Mapping[str, Any]:
        """For each clause whether it holds."""
        names = [r.clause for traveler in self.travelers for r in traveler.requirements] + [each.clause for each in self.apart]
        return {name: self.cp.new_bool_var(name) for name in dict.fromkeys(names)}

    def core(self, clauses: Iterable[str], seconds: float) -> tuple[str, ...] | None:
        """Of these clauses some that cannot hold together; None where they can, or where that is not known in time."""
        from ortools.sat.python import cp_model

        asked = list(clauses)
        solver, status = self._solve(asked, seconds, only_feasible=True)
        if status != cp_model.INFEASIBLE:
            return None
        number = {self.literals[name].index: name for name in asked}
        found = [number[index] for index in solver.sufficient_assumptions_for_infeasibility() if index in number]
        return tuple(found)

    def routes(self, seconds: float, deterministic_s: float = np.inf) -> list[Route] | None:
        """Routes that keep to every clause, with the least total propagation delay found; None where none are known."""
        from ortools.sat.python import cp_model

        solver, status = self._solve(list(self.literals), seconds, only_feasible=False, deterministic_s=deterministic_s)
        if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return None
        return [flow.route(solver.value) for flow in self._flows]

    def _solve(self, clauses: Sequence[str], seconds: float, *, only_feasible: bool, deterministic_s: float = np.inf) -> tuple[Any, Any]:
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.stop_after_first_solution = only_feasible
        if np.isfinite(seconds):
            solver.parameters.max_time_in_seconds = max(0.01, seconds)
        if np.isfinite(deterministic_s):
            solver.parameters.max_deterministic_time = deterministic_s
        self.cp.clear_assumptions()
        self.cp.add_assumptions([self.literals[name] for name in clauses])
        return solver, solver.solve(self.cp)

    @cached_property
    def _flows(self) -> "list[_Flow]":
        return [_Flow.of(self.cp, self.topology, traveler, number) for number, traveler in enumerate(self.travelers)]

    @cached_property
    def _delay_units(self) -> np.ndarray:  # [link] rounded down, so that what is found impossible is
        delay = self.topology.propagation_delay_s
        return np.floor(delay / max(float(delay.max(initial=0.0)), 1e-12) * _DELAY_UNITS).astype(np.int64)

    def _ask(self, flow: "_Flow") -> None:
        first, units = 0, self._delay_units
        scale = _DELAY_UNITS / max(float(self.topology.propagation_delay_s.max(initial=0.0)), 1e-12)
        for asked in flow.traveler.requirements:
            literal = self.literals[asked.clause]
            for (_, link), x in flow.x.items():
                if asked.is_closed[link]:
                    self.cp.add_implication(literal, x.negated())
            last = first + len(asked.sequences)
            for state, end in flow.ends.items():
                behind = flow.search.states[state][first:last]
                if any(passed < len(sequence) for passed, sequence in zip(behind, asked.sequences, strict=True)):
                    self.cp.add_implication(literal, end.negated())
            first = last
            if asked.max_hops < np.inf:
                self.cp.add(sum(flow.x.values()) <= int(asked.max_hops)).only_enforce_if(literal)
            if asked.max_delay_s < np.inf:
                length = sum(int(units[link]) * x for (_, link), x in flow.x.items())
                self.cp.add(length <= int(asked.max_delay_s * scale * (1 + 1e-9)) + 1).only_enforce_if(literal)

    def _keep_apart(self, each: Apart) -> None:
        resources, literal = Resources(self.topology, each.kind), self.literals[each.clause]
        flows = self._flows[each.first], self._flows[each.second]
        own = {end for flow in flows for end in (flow.traveler.source, flow.traveler.target)} if each.kind is Disjointness.NODE else set()
        users: list[dict[int, list[Any]]] = [{}, {}]
        for side, flow in zip(users, flows, strict=True):
            for (_, link), x in flow.x.items():
                for resource in set(resources.of_link[link]) - own:
                    side.setdefault(resource, []).append(x)
        for resource in users[0].keys() & users[1].keys():
            uses = self.cp.new_bool_var("uses")  # true where the first one may use it, false where the second one may
            for x in users[0][resource]:
                self.cp.add_bool_or(literal.negated(), x.negated(), uses)
            for x in users[1][resource]:
                self.cp.add_bool_or(literal.negated(), x.negated(), uses.negated())


@dataclass(frozen=True, eq=False)
class _Flow:
    """A walk from a source to a target in the graph of nodes and waypoints passed."""

    traveler: Traveler
    search: RouteSearch
    x: Mapping[tuple[int, int], Any]
    """[state before, link]"""
    ends: Mapping[int, Any]
    """[state] whether the walk ends so."""

    @classmethod
    def of(cls, cp: Any, topology: Topology, traveler: Traveler, number: int) -> "_Flow":
        sequences = tuple(sequence for asked in traveler.requirements for sequence in asked.sequences)
        nothing = np.zeros(topology.n_links, dtype=np.bool_)
        search = RouteSearch(topology, PathRule(np.empty(0, dtype=np.int64), nothing, sequences, np.inf, np.inf, ()))
        up, states = np.flatnonzero(topology.link_is_up).tolist(), range(len(search.states))
        x = {(state, link): cp.new_bool_var(f"x{number}_{state}_{link}") for state in states for link in up}
        ends = {state: cp.new_bool_var(f"end{number}_{state}") for state in states}
        flow = cls(traveler, search, x, ends)
        flow._conserve(cp, topology)
        return flow

    def route(self, value: Any) -> Route:
        """The links of the walk in a solution."""
        topology, after = self.search.topology, self.search.after
        at: dict[tuple[int, int], list[int]] = {}
        for (state, link), x in self.x.items():
            if value(x):
                at.setdefault((int(topology.link_source[link]), state), []).append(link)
        node, state, route = self.traveler.source, int(after[0, self.traveler.source]), list[int]()
        while at.get((node, state)):
            link = at[node, state].pop()
            route.append(link)
            node = int(topology.link_target[link])
            state = int(after[state, node])
        return tuple(route)

    def _conserve(self, cp: Any, topology: Topology) -> None:
        balance: dict[tuple[int, int], Any] = {}
        start = self.traveler.source, int(self.search.after[0, self.traveler.source])
        balance[start] = 1
        for (state, link), x in self.x.items():
            source, target = int(topology.link_source[link]), int(topology.link_target[link])
            balance[source, state] = balance.get((source, state), 0) - x
            place = target, int(self.search.after[state, target])
            balance[place] = balance.get(place, 0) + x
        for state, end in self.ends.items():
            place = self.traveler.target, state
            balance[place] = balance.get(place, 0) - end
        for total in balance.values():
            cp.add(total == 0)
