"""Path constraints, judged on the routing as it is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane import truncated_demands
from nettwin.intents.intent import Intent
from nettwin.intents.judging.case import Case
from nettwin.intents.judging.counting import all_do, some_do_not
from nettwin.intents.judging.culprits import MOST_NAMED
from nettwin.intents.judging.disjointness import pairs, shared
from nettwin.intents.judging.path_columns import ROUNDING, Paths, misses_waypoint, stretch, uses_avoided
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.intents.selecting import rows
from nettwin.intents.verdict import ClauseVerdict, Status
from nettwin.performance.quantities import number
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Breach:
    """One rule, and how much of each demand's traffic breaks it."""

    rule: str
    share: FloatArray  # [demand] times the relative excess where there is one
    links: tuple[int, ...] = ()
    """To blame, the worst first."""
    example: str = ""
    """Of the worst demand: what it does."""


def judge_paths(intent: Intent, case: Case) -> Iterator[ClauseVerdict]:
    """One verdict for each path constraint; demands that have no way keep to all of them."""
    for index, constraint in enumerate(intent.paths):
        selected = rows(intent, constraint.selected, case.scenario)
        selected = selected[case.sends[selected]]
        breaches = [*_path_breaches(constraint, Paths.of(case.scenario, case.routing, selected))]
        breaches += _disjointness(intent, constraint, case, selected)
        yield _verdict(constraint.name or f"paths[{index}]", constraint, case, selected, breaches)


def _verdict(name: str, constraint: PathConstraint, case: Case, selected: IntArray, breaches: list[Breach]) -> ClauseVerdict:
    total = np.sum([breach.share for breach in breaches], axis=0)
    worst = np.argsort(-total, kind="stable")[: int((total > ROUNDING).sum())]
    sampled = np.intersect1d(truncated_demands(case.scenario), selected) if not len(worst) else worst
    status = Status.VIOLATED if len(worst) else Status.UNDETERMINED if len(sampled) else Status.SATISFIED
    named = [case.scenario.demand_ids[row] for row in sampled[:MOST_NAMED].tolist()]
    return ClauseVerdict(
        clause=name,
        status=status,
        excess=float(total.sum()),
        doubt=float(total.sum()) + (len(sampled) if status is Status.UNDETERMINED else 0.0),
        words=f"{_asked(constraint, breaches)}: {_outcome(status, len(selected), named, worst, breaches)}",
        demands=tuple(named),
        links=tuple(case.scenario.topology.links[link].id for link in dict.fromkeys(link for each in breaches for link in each.links)),
    )


def _asked(constraint: PathConstraint, breaches: list[Breach]) -> str:
    who = "every demand" if constraint.selected == "*" else constraint.selected
    return f"paths of {who} must " + " and ".join(breach.rule for breach in breaches)


def _outcome(status: Status, n: int, named: list[str], worst: IntArray, breaches: list[Breach]) -> str:
    if status is Status.SATISFIED:
        return all_do(n) if n else "no demand that sends anything is selected"
    if status is Status.UNDETERMINED:
        return f"it cannot be told for {len(named)} of {n} demands, which spread over too many paths to look at all, {named[0]} first"
    broken = [breach for breach in breaches if breach.share[worst[0]] > ROUNDING]
    example = "; ".join(breach.example for breach in broken if breach.example)
    return f"{some_do_not(len(worst), n)}, worst {named[0]}" + (f" ({example})" if example else "")


def _path_breaches(constraint: PathConstraint, paths: Paths) -> Iterator[Breach]:
    if constraint.via:
        yield _via(constraint, paths)
    if constraint.avoid != Avoid():
        yield _avoided(constraint.avoid, paths)
    if constraint.max_hops is not None:
        hops = paths.n_hops.astype(np.float64)
        yield _too_much(paths, hops, float(constraint.max_hops), f"have at most {constraint.max_hops} hops", "hops")
    if constraint.max_stretch is not None:
        rule = f"be at most {number(constraint.max_stretch)} times as long as the shortest possible"
        yield _too_much(paths, stretch(paths), constraint.max_stretch, rule, "times as long")


def _via(constraint: PathConstraint, paths: Paths) -> Breach:
    stops = [" or ".join(names) for names in constraint.via]
    rule = f"pass {' and then '.join(stops)}" if constraint.is_ordered else f"pass {' and '.join(stops)}"
    misses = misses_waypoint(paths, constraint)
    share = _per_demand(paths, misses.astype(np.float64))
    meant = np.flatnonzero(misses & _of_worst(paths, share))
    return Breach(rule, share, example=f"over {' - '.join(paths.nodes_of(int(meant[0])))}" if len(meant) else "")


def _avoided(avoid: Avoid, paths: Paths) -> Breach:
    breaks, links = uses_avoided(paths, avoid)
    used = np.bincount(paths.hop_link[breaks[paths.hop_path]], minlength=len(links)) * links
    order = np.argsort(-used, kind="stable")[: min(MOST_NAMED, int((used > 0).sum()))]
    share = _per_demand(paths, breaks.astype(np.float64))
    return Breach(f"avoid {_things(avoid)}", share, tuple(order.tolist()), _crossed(paths, breaks & _of_worst(paths, share), links))


def _things(avoid: Avoid) -> str:
    return ", ".join([*avoid.nodes, *avoid.links, *(f"what is tagged {tag}" for tag in avoid.tags)])


def _crossed(paths: Paths, is_meant: BoolArray, links: BoolArray) -> str:
    hops = np.flatnonzero(links[paths.hop_link] & is_meant[paths.hop_path])
    return f"over {paths.scenario.topology.links[paths.hop_link[hops[0]]].id}" if len(hops) else ""


def _too_much(paths: Paths, value: FloatArray, bound: float, rule: str, unit: str) -> Breach:
    excess = np.minimum(np.maximum(value / bound - 1.0, 0.0), 1e3)
    share = _per_demand(paths, np.where(excess > ROUNDING, excess, 0.0))
    of_worst = value[_of_worst(paths, share)]
    return Breach(rule, share, example=f"{number(float(of_worst.max()))} {unit}" if len(of_worst) else "")


def _per_demand(paths: Paths, per_path: FloatArray) -> FloatArray:  # [demand]
    return np.bincount(paths.demand, weights=per_path * paths.share, minlength=paths.scenario.traffic.n_demands).astype(np.float64)


def _of_worst(paths: Paths, share: FloatArray) -> BoolArray:  # [path]
    return np.asarray(paths.demand == int(np.argmax(share))) if share.any() else np.zeros(paths.n_paths, dtype=np.bool_)


def _disjointness(intent: Intent, constraint: PathConstraint, case: Case, selected: IntArray) -> list[Breach]:
    if constraint.disjoint is None:
        return []
    others = rows(intent, constraint.disjoint_from, case.scenario) if constraint.disjoint_from else None
    share, blamed, example = np.zeros(case.scenario.traffic.n_demands), dict[int, None](), ""
    ids, links = case.scenario.demand_ids, case.scenario.topology.links
    for pair in pairs(case.scenario, selected, others):
        common = shared(case.scenario, case.routing, pair, constraint.disjoint)
        if common:
            share[pair[0]] += 1.0
            blamed |= dict.fromkeys(common)
            example = example or f"it meets {ids[pair[1]]} at {links[common[0]].id}"
    whose = f"those of {constraint.disjoint_from}" if constraint.disjoint_from else "each other between the same ends"
    return [Breach(f"share no {constraint.disjoint} with {whose}", share, tuple(blamed)[:MOST_NAMED], example)]
