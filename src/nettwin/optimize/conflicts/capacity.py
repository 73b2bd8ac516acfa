"""Limits on utilization that no routing keeps: a linear program over all flows, splits of any kind included."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob
from nettwin.intents.path_constraints import Avoid
from nettwin.intents.survival import FailureKind
from nettwin.optimize.budget import Clock
from nettwin.optimize.conflicts.asked import Asked
from nettwin.optimize.conflicts.conflict import MAX_UTILIZATION, Conflict, cannot_hold, minimal, path_names, survive_names
from nettwin.optimize.conflicts.words import clause_words
from nettwin.optimize.steering.allowed_routes import RouteSearch
from nettwin.optimize.steering.failing_links import failing_links
from nettwin.optimize.steering.path_rules import PathRule
from nettwin.optimize.steering.rule_check import shortest_delays
from nettwin.performance.quantities import percent
from nettwin.scenario import Scenario, Topology
from nettwin.scenario.arrays import BoolArray, IntArray

_MARGIN = 1e-6
"""By so much, relative, the optimum must be above a limit to prove anything."""
_MOST_VARIABLES = 400_000
_MOST_WHEN_LATE = 30_000
"""Larger programs take more than about a second, and are not begun when the time is up."""


def utilization_conflict(scenario: Scenario, intent: Intent, clock: Clock) -> Conflict | None:
    """The limit on utilization, with the path constraints that make it impossible."""
    bound = intent.limits.max_utilization
    if bound is None or Knob.CAPACITY in intent.limits.knobs:
        return None
    asked = Asked(scenario, intent)
    narrowing = _narrowing(asked)
    if _is_too_late(asked, clock):
        return None
    clock.spend(1)
    least = least_utilization(asked, frozenset(narrowing))
    if least is None or least <= bound * (1 + _MARGIN):
        return None

    def is_impossible(clauses: tuple[str, ...]) -> bool:
        value = least_utilization(asked, frozenset(clauses))
        return value is not None and value > bound * (1 + _MARGIN)

    kept = minimal(narrowing, is_impossible)
    clauses = (MAX_UTILIZATION, *kept)
    named = [f"{clause} ({clause_words(intent, clause)})" for clause in clauses]
    least = least_utilization(asked, frozenset(kept)) or least
    return Conflict(clauses, f"{cannot_hold(named)}: no routing at all gets below {percent(least)} on the fullest link")


def survival_conflict(scenario: Scenario, intent: Intent, clock: Clock) -> Conflict | None:
    """A single failure that cuts demands off, or after which no routing keeps the limit."""
    if Knob.CAPACITY in intent.limits.knobs:
        return None
    asked = Asked(scenario, intent)
    for clause, survive in zip(survive_names(intent), intent.survive, strict=True):
        for links in failing_links(scenario, survive):
            closed = np.zeros(scenario.topology.n_links, dtype=np.bool_)
            closed[list(links)] = True
            clock.spend(1)
            if survive.connected and (words := _cut_off(scenario, closed, survive.single)):
                return Conflict((clause,), f"{clause} cannot hold: {words}")
            if survive.max_utilization is not None and survive.single is not FailureKind.NODE:
                if _is_too_late(asked, clock):
                    return None
                least = least_utilization(asked, frozenset(), closed)
                if least is not None and least > survive.max_utilization * (1 + _MARGIN):
                    what = _names(scenario, links)
                    return Conflict(
                        (clause,),
                        f"{clause} cannot hold: without {what} no routing at all gets below {percent(least)} on the fullest link",
                    )
            if clock.stopped_by:
                return None
    return None


def _is_too_late(asked: Asked, clock: Clock) -> bool:
    topology = asked.scenario.topology
    return bool(clock.stopped_by) and topology.n_nodes * topology.n_links > _MOST_WHEN_LATE


def least_utilization(asked: Asked, clauses: frozenset[str], closed: BoolArray | None = None) -> float | None:
    """The optimum of the fullest link over all routings that keep to what these clauses avoid or pass; None: not known.

    Hops and delays are left out of account, so it is a bound from below. Demands without any way are left out.
    """
    topology = asked.scenario.topology
    is_open = topology.link_is_up if closed is None else topology.link_is_up & ~closed
    flows = [_Flows.of(asked, rows, clauses, is_open) for rows in _groups(asked, clauses)]
    if not flows:
        return 0.0
    if sum(flow.n_variables for flow in flows) > _MOST_VARIABLES:
        return None
    return _solved(topology, flows)


def _solved(topology: Topology, flows: "Sequence[_Flows]") -> float | None:
    """Variable 0 is the utilization of the fullest link, then come the flows, in units of the largest capacity."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    n = 1 + sum(flow.n_variables for flow in flows)
    first_row = np.cumsum([0, *(len(flow.need) for flow in flows)])
    first_column = np.cumsum([1, *(flow.n_variables for flow in flows)])
    row = np.concatenate([flow.balance[0] + first for flow, first in zip(flows, first_row[:-1], strict=True)])
    column = np.concatenate([flow.balance[1] + first for flow, first in zip(flows, first_column[:-1], strict=True)])
    balance = coo_array((np.concatenate([flow.balance[2] for flow in flows]), (row, column)), shape=(first_row[-1], n)).tocsr()
    link, unit, every = np.concatenate([flow.link for flow in flows]), float(topology.capacity_bps.max()), np.arange(topology.n_links)
    value = np.concatenate([np.ones(n - 1), -topology.capacity_bps / unit])
    place = np.concatenate([link, every]), np.concatenate([np.arange(1, n), np.zeros_like(every)])
    room = coo_array((value, place), shape=(topology.n_links, n)).tocsr()
    need = np.concatenate([flow.need for flow in flows]) / unit
    goal = (np.arange(n) == 0).astype(np.float64)
    solve: Any = linprog  # its stub does not know sparse matrices
    result = solve(goal, A_ub=room, b_ub=np.zeros(topology.n_links), A_eq=balance, b_eq=need, bounds=(0, None), method="highs")
    return float(result.fun) if result.status == 0 else None


@dataclass(frozen=True, eq=False)
class _Flows:
    """Demands from one node under one rule, as one flow in the graph of nodes and waypoints passed."""

    link: IntArray  # [variable]
    balance: tuple[IntArray, IntArray, np.ndarray]
    """Row, column and value of what leaves minus what enters each place."""
    need: np.ndarray  # [place] in bit/s

    @property
    def n_variables(self) -> int:
        return len(self.link)

    @classmethod
    def of(cls, asked: Asked, rows: IntArray, clauses: frozenset[str], is_open: BoolArray) -> "_Flows":
        topology, traffic = asked.scenario.topology, asked.scenario.traffic
        requirements = [each for each in asked.requirements(int(rows[0])) if each.clause in clauses]
        closed = np.any([each.is_closed for each in requirements], axis=0) if requirements else np.zeros(topology.n_links, dtype=np.bool_)
        sequences = tuple(sequence for each in requirements for sequence in each.sequences)
        after = RouteSearch(topology, PathRule(rows, closed, sequences, np.inf, np.inf, ())).after
        links, n_states = np.flatnonzero(is_open & ~closed), len(after)
        link, state = np.tile(links, n_states), np.repeat(np.arange(n_states), len(links))
        start = state * topology.n_nodes + topology.link_source[link]
        end = after[state, topology.link_target[link]] * topology.n_nodes + topology.link_target[link]
        need = np.zeros(n_states * topology.n_nodes)
        source = int(traffic.source[rows[0]])
        need[after[0, source] * topology.n_nodes + source] += traffic.rate_bps[rows].sum()
        np.add.at(need, (n_states - 1) * topology.n_nodes + traffic.target[rows], -traffic.rate_bps[rows])
        column, ones = np.arange(len(link)), np.ones(len(link))
        return cls(link, (np.concatenate([start, end]), np.concatenate([column, column]), np.concatenate([ones, -ones])), need)


def _groups(asked: Asked, clauses: frozenset[str]) -> list[IntArray]:
    """Rows of the demands that can share a flow: from one node, and with the same asked of them."""
    traffic = asked.scenario.traffic
    names = [name in clauses for name in path_names(asked.intent)]
    concerned = asked.of_paths & np.array(names, dtype=np.bool_)[:, None] if names else asked.of_paths
    groups: dict[tuple[int, bytes, bytes], list[int]] = {}
    for row in np.flatnonzero((traffic.rate_bps > 0) & np.isfinite(asked.possible_delay_s)).tolist():
        key = int(traffic.source[row]), concerned[:, row].tobytes(), _closed(asked, row, clauses) if concerned[:, row].any() else b""
        groups.setdefault(key, []).append(row)
    return [np.array(rows) for rows in groups.values()]


def _closed(asked: Asked, row: int, clauses: frozenset[str]) -> bytes:
    """The links that a demand must not use, as something to compare: its own ends need not be avoided."""
    return bytes(np.any([each.is_closed for each in asked.requirements(row) if each.clause in clauses], axis=0).tobytes())


def _narrowing(asked: Asked) -> list[str]:
    """Path constraints that forbid links or ask for waypoints."""
    named = zip(path_names(asked.intent), asked.intent.paths, strict=True)
    return [name for name, each in named if each.via or each.avoid != Avoid()]


def _cut_off(scenario: Scenario, closed: BoolArray, kind: FailureKind) -> str:
    """A demand that has a way now and none without the closed links, though both its ends are there."""
    topology, traffic = scenario.topology, scenario.traffic
    ends = traffic.source, traffic.target
    lost = np.isfinite(shortest_delays(topology)[ends]) & ~np.isfinite(shortest_delays(topology, closed)[ends]) & (traffic.rate_bps > 0)
    if kind is FailureKind.NODE:
        left = topology.link_is_up & ~closed
        isolated = ~np.isin(np.arange(topology.n_nodes), [*topology.link_source[left], *topology.link_target[left]])
        lost &= ~isolated[ends[0]] & ~isolated[ends[1]]
    rows = np.flatnonzero(lost)
    if not len(rows):
        return ""
    return f"without {_names(scenario, np.flatnonzero(closed).tolist())} there is no way for {scenario.demand_ids[rows[0]]}"


def _names(scenario: Scenario, links: Sequence[int]) -> str:
    every = [scenario.topology.links[link] for link in links]
    names = list(dict.fromkeys(link.circuit or link.id for link in every))
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
