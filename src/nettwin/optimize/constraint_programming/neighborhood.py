"""Which demands the solver may move in one run, and where to: a task small enough to be solved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from nettwin.intents.limits import Knob
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.selecting import rows
from nettwin.optimize.budget import Clock
from nettwin.optimize.constraint_programming.candidates import Candidate
from nettwin.optimize.constraint_programming.pools import Ways
from nettwin.optimize.constraint_programming.state import State
from nettwin.optimize.constraint_programming.survival import FailureCut
from nettwin.optimize.constraint_programming.task import Choice, Forbidden, Goal, LoadLimit, Task
from nettwin.optimize.steering.disjointness import DisjointPair, Resources, disjoint_pairs
from nettwin.scenario.arrays import FloatArray, IntArray

_STEEPNESS = (3.0, 12.0)
"""How sharply a link's price grows with its utilization: one price list spreads traffic, the other protects the fullest links."""
_N_BESIDE = 6
"""For so many ways of one demand of a disjoint pair a way of the other one beside it is proposed."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a task may become."""

    demands: int = 120
    candidates: int = 8
    split_demands: int = 10
    share_steps: int = 4


def task_around(state: State, cuts: Sequence[FailureCut], size: Size, rng: np.random.Generator) -> Task:
    """The task of improving a state: the demands that matter most there, each with what it does and the best few other ways."""
    ways = state.ways
    pairs = disjoint_pairs(ways.scenario, ways.intent)
    chosen = _rows(state, pairs, size, rng)
    may_split = set(_largest(ways, chosen, size))
    prices = _prices(state)
    choices = _with_partners(ways, pairs, [_choice(state, row, size, prices, may_split=row in may_split) for row in chosen])
    intact = _intact(state, choices)
    limits, place = ways.intent.limits, {choice.row: index for index, choice in enumerate(choices)}
    others = sum(way.n_changes for row, way in state.moved.items() if row not in place)
    return Task(
        choices=tuple(choices),
        intact=intact,
        failures=tuple(cut.limit(state, choices) for cut in cuts),
        forbidden=tuple(_forbidden(ways, pairs, choices, place)),
        most_changes=None if limits.max_changes is None else limits.max_changes - others,
        goals=tuple(_goals(state, choices)),
        share_steps=size.share_steps,
        max_splits=limits.max_splits,
        floor_utilization=float(np.max(intact.base_bps / intact.capacity_bps, initial=0.0)),
    )


def goals_known(objectives: Sequence[Objective]) -> list[Objective]:
    """The objectives that links and propagation delays alone tell something about."""
    return [each for each in objectives if each.minimize in {Figure.MAX_UTILIZATION, Figure.ONE_WAY_DELAY, Figure.CHANGES}]


def steerable(ways: Ways) -> IntArray:
    """Rows of the demands that have traffic and a way."""
    return np.flatnonzero(ways.has_way & (ways.scenario.traffic.rate_bps > 0))


def repaired(state: State, most: int, clock: Clock) -> State:
    """A state in which, where more demands break a constraint than one task takes, the smallest ones get the cheapest way allowed.

    Not with a limit on changes, which they would use up, and not where demands depend on each other by disjointness.
    """
    ways = state.ways
    paired = {row for pair in disjoint_pairs(ways.scenario, ways.intent) for row in (pair.first, pair.second)}
    broken = [row for row in _suspects(ways, steerable(ways)) if row not in paired and not state.way(row).is_allowed]
    if len(broken) <= most or ways.intent.limits.max_changes is not None:
        return state
    broken.sort(key=lambda row: (-ways.scenario.traffic.rate_bps[row], row))
    rest = np.array(broken[most:], dtype=np.int64)
    clock.spend(len(rest))
    found = ways.cheapest_of(rest, _prices(state)[0])
    moved = {**state.moved, **{row: way for row, way in zip(rest.tolist(), found, strict=True) if way is not None}}
    return replace(state, moved=MappingProxyType(moved))


def _rows(state: State, pairs: Sequence[DisjointPair], size: Size, rng: np.random.Generator) -> list[int]:
    """Demands that break a constraint or are half of a pair, always; then those that matter most to goals and limits."""
    ways = state.ways
    candidates = steerable(ways)
    must = {row for row in _suspects(ways, candidates) if not state.way(row).is_allowed}
    must |= {row for pair in pairs for row in (pair.first, pair.second)} & set(candidates.tolist())
    score = _importance(state) * rng.uniform(0.5, 1.0, ways.scenario.traffic.n_demands)
    order = candidates[np.argsort(-score[candidates], kind="stable")]
    best = [row for row in order.tolist() if row not in must and score[row] > 0]
    return sorted([*must, *best[: max(0, size.demands - len(must))]])


def _suspects(ways: Ways, candidates: IntArray) -> list[int]:
    """Demands that some constraint or SLO is about."""
    concerned = np.isfinite(ways.most_delay_s)
    concerned[ways.admissible.constrained] = True
    return [row for row in candidates.tolist() if concerned[row]]


def _importance(state: State) -> FloatArray:  # [demand]
    """What a demand brings onto the fullest links, and how much slower than possible its way is, if anybody asks."""
    ways, load = state.ways, state.load_bps
    traffic, objectives = ways.scenario.traffic, goals_known(ways.intent.objectives)
    score = np.zeros(traffic.n_demands)
    bound = ways.intent.limits.max_utilization
    utilization = load / ways.scenario.topology.capacity_bps
    top = float(utilization.max(initial=0.0))
    asks_for_load = any(each.minimize is Figure.MAX_UTILIZATION for each in objectives)
    if top > 0 and (asks_for_load or ways.intent.survive or (bound is not None and top > bound)):
        pressure = np.exp(_STEEPNESS[1] * (utilization / top - 1.0)) / ways.scenario.topology.capacity_bps
        score += traffic.rate_bps * (ways.present_share @ pressure) / top
        for row, way in state.moved.items():
            score[row] = traffic.rate_bps[row] * float(way.fraction @ pressure[way.link]) / top
    for objective in objectives:
        if objective.minimize is Figure.ONE_WAY_DELAY:
            concerned = rows(ways.intent, objective.over, ways.scenario)
            slower = (ways.present_share @ ways.scenario.topology.propagation_delay_s) - ways.possible_delay_s
            score[concerned] += (traffic.rate_bps * np.maximum(slower, 0.0) / max(1e-30, float(traffic.rate_bps @ ways.possible_delay_s)))[
                concerned
            ]
    score[list(state.moved)] += 1e-9  # what was moved may turn out not to be needed
    return score


def _largest(ways: Ways, chosen: Sequence[int], size: Size) -> list[int]:
    limits, wants = ways.intent.limits, ways.intent.objectives
    if limits.max_splits < 2 or (limits.max_utilization is None and not any(o.minimize is Figure.MAX_UTILIZATION for o in wants)):
        return []
    return sorted(chosen, key=lambda row: (-ways.scenario.traffic.rate_bps[row], row))[: size.split_demands]


def _choice(state: State, row: int, size: Size, prices: Sequence[FloatArray], *, may_split: bool) -> Choice:
    ways = state.ways
    present, now = ways.present(row), state.way(row)
    candidates = [present] if now.n_changes == 0 else [present, now]
    known = {candidate.signature for candidate in candidates if not may_split}
    if Knob.SEGMENT_POLICY in ways.intent.limits.knobs:
        found = ways.proposals(row, prices, size.candidates)
        candidates += [candidate for candidate in found if candidate.signature not in known]
    return Choice(
        row, float(ways.scenario.traffic.rate_bps[row]), tuple(candidates), may_split, hint=len(candidates[:2]) - 1 if now.n_changes else 0
    )


def _prices(state: State) -> list[FloatArray]:
    topology = state.ways.scenario.topology
    utilization = state.load_bps / topology.capacity_bps
    relative = utilization / max(float(utilization.max(initial=0.0)), 1e-12)
    delay = topology.propagation_delay_s + 1e-6 * max(float(topology.propagation_delay_s.max(initial=0.0)), 1e-9)
    return [
        np.exp(steepness * (relative - 1.0)) / topology.capacity_bps * topology.capacity_bps.max() + 1e-6 for steepness in _STEEPNESS
    ] + [delay]


def _with_partners(ways: Ways, pairs: Sequence[DisjointPair], choices: list[Choice]) -> list[Choice]:
    """With ways that run beside those of a demand that must be disjoint."""
    place = {choice.row: index for index, choice in enumerate(choices)}
    more: dict[int, list[Candidate]] = {}
    for pair in pairs:
        if pair.first not in place or pair.second not in place:
            continue
        for row, other in ((pair.first, pair.second), (pair.second, pair.first)):
            more.setdefault(row, []).extend(ways.beside(pair, row, choices[place[other]].candidates[:_N_BESIDE]))
        for row, route in zip((pair.first, pair.second), ways.disjoint_routes(pair), strict=False):
            more.setdefault(row, []).extend(ways.along(row, route))
    return [_longer(ways, choice, more.get(choice.row, ())) for choice in choices]


def _longer(ways: Ways, choice: Choice, more: Sequence[Candidate]) -> Choice:
    known = {candidate.signature for candidate in choice.candidates}
    added = {each.signature: ways.ordered(choice.row, each) for each in more if each.signature not in known}
    return Choice(choice.row, choice.rate_bps, (*choice.candidates, *added.values()), choice.may_split, choice.hint)


def _intact(state: State, choices: Sequence[Choice]) -> LoadLimit:
    topology, base = state.ways.scenario.topology, state.load_bps.copy()
    for choice in choices:
        way = choice.candidates[choice.hint]
        np.add.at(base, way.link, -choice.rate_bps * way.fraction)
    capacity = np.where(topology.link_is_up, topology.capacity_bps, np.inf)
    return LoadLimit(np.where(base > 1e-9 * capacity.min(initial=np.inf), base, 0.0), capacity, state.ways.intent.limits.max_utilization)


def _forbidden(ways: Ways, pairs: Sequence[DisjointPair], choices: Sequence[Choice], place: dict[int, int]) -> Iterator[Forbidden]:
    for number, pair in enumerate(pairs):
        if pair.first not in place or pair.second not in place:
            continue
        resources = Resources(ways.scenario.topology, pair.kind)
        used = [
            [resources.used(candidate.link, ways.ends(row)) for candidate in choices[place[row]].candidates]
            for row in (pair.first, pair.second)
        ]
        for first, mine in enumerate(used[0]):
            for second, other in enumerate(used[1]):
                if not mine.isdisjoint(other):
                    yield Forbidden((place[pair.first], first), (place[pair.second], second), number)


def _goals(state: State, choices: Sequence[Choice]) -> Iterator[Goal]:
    """The intent's objectives as far as they are known here, and at last as few changes as possible."""
    objectives = goals_known(state.ways.intent.objectives)
    for objective in objectives:
        if objective.minimize is Figure.MAX_UTILIZATION:
            yield Goal(is_max_utilization=True, tolerance=objective.tolerance)
        elif objective.minimize is Figure.ONE_WAY_DELAY:
            yield _delay_goal(state, objective, choices)
        else:
            yield _change_goal(state, choices, objective.tolerance)
    if not any(objective.minimize is Figure.CHANGES for objective in objectives):
        yield _change_goal(state, choices, 0.0)


def _change_goal(state: State, choices: Sequence[Choice], tolerance: float) -> Goal:
    chosen = {choice.row for choice in choices}
    return Goal(is_count=True, base=float(sum(way.n_changes for row, way in state.moved.items() if row not in chosen)), tolerance=tolerance)


def _delay_goal(state: State, objective: Objective, choices: Sequence[Choice]) -> Goal:
    """Propagation delay alone: what waiting adds, only a predictor tells."""
    ways = state.ways
    is_mean = objective.across == "mean"
    weight = np.zeros(ways.scenario.traffic.n_demands)
    concerned = rows(ways.intent, objective.over, ways.scenario)
    weight[concerned] = ways.scenario.traffic.rate_bps[concerned] if is_mean else 1.0
    chosen = [choice.row for choice in choices]
    others = weight * state.delay_s
    others[chosen] = 0.0
    cost = tuple(tuple(float(weight[choice.row] * each.delay_s) for each in choice.candidates) for choice in choices)
    base = float(others.sum() if is_mean else others.max(initial=0.0))
    return Goal(cost=cost, base=base, is_maximum=not is_mean, tolerance=objective.tolerance)
