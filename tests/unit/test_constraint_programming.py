"""The solver against enumeration of everything on networks of five nodes."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from threading import Event, Timer

import numpy as np
import pytest

from fake_predictor import FakePredictor
from nettwin.changes import ClearPath, FailLink, SegmentPolicy, SetPath
from nettwin.changes.change import Change
from nettwin.controlplane import link_loads, route
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.path_constraints import Avoid, Disjointness, PathConstraint
from nettwin.intents.selectors import Selector
from nettwin.intents.slo import Metric, Slo
from nettwin.intents.survival import Survive
from nettwin.intents.verdict import Status
from nettwin.optimize.budget import Budget
from nettwin.optimize.constraint_programming import ConstraintProgramming
from nettwin.optimize.constraint_programming.candidates import Candidate, over_detour
from nettwin.optimize.solution import Solution
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Demand, Link, Node, NodeSegment, Scenario, SegmentList, Topology, Traffic

NAMES = "ABCDE"
EVERYTHING = ConstraintProgramming(candidates=99, split_demands=0)
UNSPLIT = Limits(max_splits=1, max_segments=1)
LEAST = Objective(minimize=Figure.MAX_UTILIZATION)
FEWEST = Objective(minimize=Figure.CHANGES)
SHORTEST = Objective(minimize=Figure.ONE_WAY_DELAY)


def network(*circuits: str, demands: Sequence[tuple[str, float]], capacity: float = 10.0) -> Scenario:
    """Circuits as ``AB`` or ``AB3`` (metric and delay in ms) in both directions, demands as (``AD``, rate)."""
    links = [
        Link(f"{a}{b}", a, b, capacity, 1e-3 * float(text[2:] or 1), float(text[2:] or 1), circuit=f"{min(a, b)}--{max(a, b)}")
        for text in circuits
        for a, b in ((text[0], text[1]), (text[1], text[0]))
    ]
    names = sorted({end for text in circuits for end in text[:2]})
    topology = Topology(tuple(map(Node, names)), tuple(links))
    return Scenario(topology, Traffic.of([Demand(e[0], e[1], rate, id=f"{e}{i}") for i, (e, rate) in enumerate(demands)], topology))


def random_network(seed: int, n_demands: int = 4) -> Scenario:
    rng = np.random.default_rng(seed)
    pairs = ["AB", "BC", "CD", "DE", "EA", *(("AC", "BD", "BE")[i] for i in rng.permutation(3)[:2])]
    circuits = [f"{pair}{rng.integers(1, 4)}" for pair in pairs]
    ends = [rng.choice(5, 2, replace=False) for _ in range(n_demands)]
    return network(*circuits, demands=[(NAMES[a] + NAMES[b], float(rng.integers(2, 9))) for a, b in ends])


def found(scenario: Scenario, intent: Intent, method: ConstraintProgramming = EVERYTHING, **budget: object) -> Solution:
    return method.optimize(scenario, intent, FakePredictor(), Budget(**{"evaluations": 2_000_000, **budget}))  # type: ignore[arg-type]


def every_way(scenario: Scenario, row: int) -> list[Candidate]:
    """The direct way, and the detours over each node and link."""
    vectors, topology, traffic = SegmentVectors.of(forwarding_of(scenario)), scenario.topology, scenario.traffic
    ends = int(traffic.source[row]), int(traffic.target[row])
    detours = [(), *((node,) for node in range(topology.n_nodes)), *((~link,) for link in range(topology.n_links))]
    ways: dict[tuple[bytes, bytes], Candidate] = {}
    for way in (over_detour(vectors, topology, ends, detour) for detour in detours):
        ways.setdefault(way.signature, way)
    return list(ways.values())


def enumerated(scenario: Scenario) -> list[tuple[float, int, float]]:
    """Largest utilization, changes and rate-weighted mean delay of every combination of ways."""
    rates, capacity = scenario.traffic.rate_bps, scenario.topology.capacity_bps
    load, changes, delay = np.zeros((1, len(capacity))), np.zeros(1, dtype=int), np.zeros(1)
    for row, rate in enumerate(rates):
        ways = every_way(scenario, row)
        added = np.stack([np.bincount(way.link, way.fraction * rate, len(capacity)) for way in ways])
        load = (load[:, None] + added).reshape(-1, len(capacity))
        changes = (changes[:, None] + (np.arange(len(ways)) > 0)).ravel()
        delay = (delay[:, None] + rate * np.array([way.delay_s for way in ways])).ravel()
    return list(zip((load / capacity).max(axis=1).tolist(), changes.tolist(), (delay / rates.sum()).tolist(), strict=True))


def outcome(scenario: Scenario, solution: Solution) -> tuple[float, int, float]:
    after = solution.scenario
    routing = route(after)
    delay = np.bincount(routing.hop_path, after.topology.propagation_delay_s[routing.hop_link], routing.n_paths) * routing.path_share
    weight = after.traffic.rate_bps[routing.path_demand] / after.traffic.rate_bps.sum()
    return float((link_loads(after) / after.topology.capacity_bps).max()), len(solution.plan), float(delay @ weight)


@pytest.mark.parametrize("seed", range(4))
def test_least_utilization_and_then_fewest_changes(seed: int) -> None:
    scenario = random_network(seed)
    solution = found(scenario, Intent(objectives=(LEAST,), limits=UNSPLIT))
    best = min((round(utilization, 6), changes) for utilization, changes, _ in enumerated(scenario))
    utilization, changes, _ = outcome(scenario, solution)
    assert (round(utilization, 6), changes) == best
    assert solution.evidence.stopped_by == "optimum"


@pytest.mark.parametrize("seed", range(4))
def test_fewest_changes_below_a_limit(seed: int) -> None:
    scenario = random_network(seed)
    levels = sorted({round(utilization, 6) for utilization, _, _ in enumerated(scenario)})
    bound = levels[len(levels) // 3]
    fewest = min(changes for utilization, changes, _ in enumerated(scenario) if utilization <= bound + 1e-9)
    solution = found(scenario, Intent(limits=replace(UNSPLIT, max_utilization=bound)))
    utilization, changes, _ = outcome(scenario, solution)
    assert utilization <= bound * (1 + 1e-9)
    assert changes == fewest


@pytest.mark.parametrize("seed", range(3))
def test_a_tolerance_leaves_room_for_the_next_objective(seed: int) -> None:
    scenario = random_network(seed)
    solution = found(scenario, Intent(objectives=(replace(LEAST, tolerance=0.2), SHORTEST), limits=UNSPLIT))
    least = min(utilization for utilization, _, _ in enumerated(scenario))
    shortest = min(delay for utilization, _, delay in enumerated(scenario) if utilization <= least * 1.2 + 1e-7)
    utilization, _, delay = outcome(scenario, solution)
    assert utilization <= least * 1.2 + 1e-6
    assert delay == pytest.approx(shortest, rel=1e-5)


def test_a_limit_on_changes() -> None:
    scenario = random_network(1)
    for most in range(3):
        solution = found(scenario, Intent(objectives=(LEAST,), limits=replace(UNSPLIT, max_changes=most)))
        assert len(solution.plan) <= most
        best = min(utilization for utilization, changes, _ in enumerated(scenario) if changes <= most)
        assert solution.objective == pytest.approx(best, abs=1e-6)


def test_a_demand_too_large_for_one_way_is_split() -> None:
    scenario = network("AB", "BD", "AC2", "CD", demands=[("AD", 16.0)])
    whole = found(scenario, Intent(objectives=(LEAST,), limits=Limits(max_splits=1)))
    split = found(scenario, Intent(objectives=(LEAST,)), ConstraintProgramming())
    assert whole.objective == pytest.approx(1.6)
    assert split.objective == pytest.approx(0.8)
    assert len(split.plan) == 1


PATHS = {
    "avoid": PathConstraint(avoid=Avoid(nodes=("B",))),
    "via": PathConstraint(via=(("C",),), avoid=Avoid(links=("AB",))),
    "ordered": PathConstraint(via=(("D",), ("B",)), is_ordered=True),
    "stretch": PathConstraint(max_stretch=1.2, via=(("C", "D"),)),
}


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("seed", range(2))
def test_path_constraints_hold_with_the_fewest_changes(kind: str, seed: int) -> None:
    """The verdict tells whether a conflict was claimed with reason: there is none, and every clause holds, or there is one."""
    scenario = random_network(seed, 5)
    intent = Intent(paths=(PATHS[kind],))
    solution = found(scenario, intent)
    clause = solution.evidence.verdict.clauses[0]
    assert (clause.status is Status.SATISFIED) != bool(solution.evidence.conflicts)
    alone = [judge(intent, replace(scenario, traffic=of_row(scenario, row))).clauses[0].status for row in range(5)]
    assert clause.status is not Status.SATISFIED or len(solution.plan) == sum(status is Status.VIOLATED for status in alone)


def of_row(scenario: Scenario, row: int) -> Traffic:
    return Traffic.of([scenario.traffic.rows(scenario.topology)[row]], scenario.topology)


TRAP = ("AB", "BC", "CF", "AD3", "DC3", "BE3", "EF3")
"""The shortest way from A to F, over B and C, leaves none beside it; A-B-E-F and A-D-C-F run apart."""


@pytest.mark.parametrize("kind", Disjointness)
def test_disjoint_pairs_are_found_in_a_trap(kind: Disjointness) -> None:
    scenario = network(*TRAP, demands=[("AF", 1.0), ("AF", 1.0)])
    for limits in (Limits(), Limits(max_segments=1)):
        solution = found(scenario, Intent(paths=(PathConstraint(disjoint=kind),), limits=limits), ConstraintProgramming())
        assert solution.evidence.verdict.clauses[0].status is Status.SATISFIED
        assert len(solution.plan) == 2


def test_a_way_that_few_segments_cannot_order_is_pinned() -> None:
    """Every link of the long way is far from any shortest path: three segments are not enough."""
    scenario = network("AB", "BC", "CD", "DE", "AE9", "AC1", "CE1", demands=[("AE", 1.0)])
    constraint = PathConstraint(via=(("B",), ("D",)), is_ordered=True, avoid=Avoid(links=("AC", "CE")))
    solution = found(scenario, Intent(paths=(constraint,), limits=Limits(max_segments=0)))
    assert solution.evidence.verdict.clauses[0].status is Status.SATISFIED
    assert solution.plan.changes == (SetPath("AE0", ("AB", "BC", "CD", "DE")),)
    with_segments = found(scenario, Intent(paths=(constraint,)))
    assert [type(change) for change in with_segments.plan.changes] == [SegmentPolicy]


def test_a_second_selector_in_the_other_direction() -> None:
    scenario = network("AB", "BD", "AC2", "CD2", demands=[("AD", 1.0), ("DA", 1.0)])
    intent = Intent(
        select={"there": Selector(source="A"), "back": Selector(source="D")},
        paths=(PathConstraint(selected="there", disjoint=Disjointness.LINK, disjoint_from="back"),),
    )
    solution = found(scenario, intent)
    assert solution.evidence.verdict.clauses[0].status is Status.SATISFIED
    assert len(solution.plan) == 1


def test_loads_after_failures_are_added_when_a_plan_breaks_them() -> None:
    """Moved to the lower way, one demand leaves room for the other; after a failure both meet unless they fit there."""
    scenario = network("AB", "BD", "AC2", "CD2", "AE3", "ED3", demands=[("AD", 6.0), ("AD", 6.0)])
    intent = Intent(limits=Limits(max_utilization=0.7, max_splits=1), survive=(Survive(max_utilization=1.0),))
    solution = found(scenario, intent)
    assert all(clause.status is Status.SATISFIED for clause in solution.evidence.verdict.clauses)
    after = [float((link_loads(FailLink(name).apply(solution.scenario)) / 10.0).max()) for name in scenario.topology.circuits]
    assert max(after) <= 1.0
    careless = found(scenario, Intent(limits=intent.limits))
    assert len(careless.plan) <= len(solution.plan)


def test_a_delay_slo_leaves_out_ways_that_are_too_long() -> None:
    scenario = network("AB", "BD", "AC2", "CD2", "AE4", "ED4", demands=[("AD", 6.0), ("AD", 6.0)])
    slo = Slo(metric=Metric.ONE_WAY_DELAY, bound=5e-3)
    solution = found(scenario, Intent(objectives=(LEAST,), slos=(slo,), limits=Limits(max_splits=1)))
    assert outcome(scenario, solution)[0] == pytest.approx(0.6)
    ways = route(solution.scenario)
    assert max(np.bincount(ways.hop_path, solution.scenario.topology.propagation_delay_s[ways.hop_link])) <= 5e-3


def test_equal_seeds_and_evaluations_give_equal_answers() -> None:
    first, second = (found(random_network(5), Intent(objectives=(LEAST,)), ConstraintProgramming(), seed=3) for _ in range(2))
    assert first.plan == second.plan
    assert first.evidence.evaluations == second.evidence.evaluations


def test_an_interrupt_ends_the_solver() -> None:
    interrupt = Event()
    timer = Timer(0.2, interrupt.set)
    timer.start()
    rng = np.random.default_rng(0)
    circuits = [f"{a}{b}{rng.integers(1, 9)}" for i, a in enumerate("ABCDEFGHIJ") for b in "ABCDEFGHIJ"[i + 1 : i + 4]]
    demands = [(a + b, float(rng.uniform(1, 3))) for a, b in product("ABCDEFGHIJ", repeat=2) if a != b]
    scenario = network(*circuits, demands=demands)
    solution = ConstraintProgramming(effort=1e6).optimize(
        scenario, Intent(objectives=(LEAST,)), FakePredictor(), Budget(interrupt=interrupt)
    )
    timer.join()
    assert solution.evidence.stopped_by in {"interrupt", "optimum"}
    assert solution.objective <= solution.evidence.verdict_before.objectives[0]


def test_without_the_knob_it_says_so() -> None:
    with pytest.raises(OptimizationError, match="segment-policy"):
        found(random_network(0), Intent(objectives=(LEAST,), limits=Limits(knobs=(Knob.IGP_METRIC,))))


def test_what_is_steered_already_is_one_of_the_ways() -> None:
    scenario = random_network(2)
    first = found(scenario, Intent(objectives=(LEAST,), limits=UNSPLIT))
    again = found(first.scenario, Intent(objectives=(LEAST,), limits=UNSPLIT))
    assert not again.plan.changes


@pytest.mark.parametrize("steered", [SegmentPolicy("AD0", (SegmentList((NodeSegment("C"),)),)), SetPath("AD0", ("AC", "CE", "ED"))])
def test_a_demand_that_is_steered_can_be_let_go(steered: Change) -> None:
    scenario = steered.apply(network("AB", "BD", "AC", "CE", "ED", demands=[("AD", 1.0)]))
    solution = found(scenario, Intent(objectives=(SHORTEST,)))
    assert solution.plan.changes == (ClearPath("AD0"),)


def test_a_pinned_demand_is_cleared_before_it_is_steered() -> None:
    scenario = SetPath("AD0", ("AB", "BD")).apply(network("AB", "BD", "AC2", "CD2", "BC3", demands=[("AD", 1e6)], capacity=1e9))
    solution = found(scenario, Intent(paths=(PathConstraint(via=(("C",),)),)))
    assert [type(change) for change in solution.plan.changes] == [ClearPath, SegmentPolicy]
    assert solution.evidence.verdict.clauses[0].status is Status.SATISFIED
