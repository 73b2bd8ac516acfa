"""Local search: what it finds is as good as enumeration and linear programs say, and keeps to every limit."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from scipy.optimize import linprog

from nettwin.changes import FailLink, Plan, SegmentPolicy, SetMetric
from nettwin.controlplane import link_loads
from nettwin.errors import OptimizationError
from nettwin.formats.registry import read
from nettwin.generate.capacities import dimension
from nettwin.generate.gravity import gravity_demands
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.local_search import LocalSearch, search
from nettwin.optimize.local_search.run import Aim
from nettwin.optimize.local_search.task import Task
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.optimize.steering.problem import problem_of
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

REPETITA = Path(__file__).parents[3] / "shared" / "data" / "repetita"
UTILIZATION = Objective(minimize=Figure.MAX_UTILIZATION)
EVALUATIONS = Budget(evaluations=300_000)


def network(circuits: dict[str, float], demands: list[tuple[str, str, float]], metric: dict[str, float] | None = None) -> Scenario:
    """Circuits ``ab`` between nodes a and b with their capacities; metric 1 unless given by link ``a->b``."""
    nodes = sorted({name for circuit in circuits for name in circuit})
    pairs = [(ends, capacity) for circuit, capacity in circuits.items() for ends in (circuit, circuit[::-1])]
    links = [
        Link(f"{a}->{b}", a, b, c, 1e-3, metric=(metric or {}).get(f"{a}->{b}", 1.0), circuit="".join(sorted(a + b))) for (a, b), c in pairs
    ]
    topology = Topology(tuple(map(Node, nodes)), tuple(links))
    return Scenario(topology, Traffic.of([Demand(a, b, rate) for a, b, rate in demands], topology))


def random_network(seed: int, n: int = 8, n_demands: int = 20) -> Scenario:
    """A ring with chords, random capacities and metrics."""
    rng = np.random.default_rng(seed)
    names = "abcdefghijklmnop"[:n]
    ends = [names[i] + names[(i + 1) % n] for i in range(n)]
    ends += ["".join(sorted(rng.choice(list(names), 2, replace=False))) for _ in range(n // 2)]
    circuits = {pair: float(rng.integers(5, 20)) * 1e6 for pair in dict.fromkeys("".join(sorted(each)) for each in ends)}
    pairs = [tuple(rng.choice(list(names), 2, replace=False)) for _ in range(n_demands)]
    metric = {f"{a}->{b}": float(rng.integers(1, 5)) for pair in circuits for a, b in (pair, pair[::-1])}
    return network(circuits, [(a, b, float(rng.uniform(1e5, 1e6))) for a, b in dict.fromkeys(pairs)], metric)


def max_utilization(scenario: Scenario) -> float:
    return float((link_loads(scenario) / scenario.topology.capacity_bps).max())


def flow_optimum(scenario: Scenario) -> float:
    """The multi-commodity flow optimum by a linear program over links, written out in full."""
    topology, traffic = scenario.topology, scenario.traffic
    n, m, k = topology.n_nodes, topology.n_links, traffic.n_demands
    balance, wanted = np.zeros((k * n, k * m + 1)), np.zeros(k * n)
    room = np.zeros((m, k * m + 1))
    for demand in range(k):
        for link in range(m):
            balance[demand * n + topology.link_source[link], demand * m + link] += 1
            balance[demand * n + topology.link_target[link], demand * m + link] -= 1
            room[link, demand * m + link] = 1
        wanted[demand * n + traffic.source[demand]] += traffic.rate_bps[demand]
        wanted[demand * n + traffic.target[demand]] -= traffic.rate_bps[demand]
    room[:, -1] = -topology.capacity_bps
    cost = np.zeros(k * m + 1)
    cost[-1] = 1
    room[:, -1] /= 1e6
    solved = linprog(cost, A_ub=room, b_ub=np.zeros(m), A_eq=balance, b_eq=wanted / 1e6)
    assert solved.status == 0
    return float(solved.fun)


def answer(scenario: Scenario, limits: Limits = Limits(), budget: Budget = EVALUATIONS, **more: object):  # type: ignore[no-untyped-def]
    intent = Intent(objectives=(UTILIZATION,), limits=limits, **more)  # type: ignore[arg-type]
    return LocalSearch().optimize(scenario, intent, QueueingPredictor(), budget)


@pytest.mark.parametrize("seed", range(6))
def test_steering_reaches_the_flow_optimum_and_proves_nothing_false(seed: int) -> None:
    scenario = random_network(seed)
    solution = answer(scenario)
    optimum = flow_optimum(scenario)
    assert solution.bound is not None
    assert solution.bound.value <= optimum * (1 + 1e-6) or "segment lists" in solution.bound.proof
    assert solution.objective >= optimum * (1 - 1e-6)
    assert solution.objective <= optimum * 1.001
    assert max_utilization(solution.scenario) == pytest.approx(solution.objective, rel=1e-9)
    assert max_utilization(solution.plan.apply(scenario)) == pytest.approx(solution.objective, rel=1e-9)


def test_a_demand_too_large_for_one_path_is_split_in_proportion() -> None:
    scenario = network({"ab": 3e6, "ac": 1e6, "cb": 1e6}, [("a", "b", 3.6e6)])
    solution = answer(scenario)
    assert solution.objective == pytest.approx(0.9, rel=1e-3)
    (change,) = solution.plan.changes
    assert isinstance(change, SegmentPolicy)
    assert sorted(each.weight for each in change.lists) == pytest.approx([0.25, 0.75], rel=1e-2)


def test_a_link_that_no_shortest_path_takes_is_ordered_as_an_adjacency() -> None:
    scenario = network({"ab": 1e6, "ac": 1e6, "cb": 1e6}, [("a", "b", 1.2e6)], {"c->b": 50.0, "a->c": 50.0, "a->b": 1.0})
    assert answer(scenario).objective == pytest.approx(0.6, rel=1e-3)


@pytest.mark.parametrize("most", [0, 1, 2, 5])
def test_no_more_changes_than_allowed(most: int) -> None:
    scenario = random_network(3)
    solution = answer(scenario, Limits(max_changes=most))
    assert len(solution.plan) <= most
    assert solution.objective <= max_utilization(scenario)


def test_more_changes_help() -> None:
    scenario = random_network(3)
    values = [answer(scenario, Limits(max_changes=most)).objective for most in (0, 1, 3, 10)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < values[0]


def test_one_change_is_the_best_single_one() -> None:
    scenario = random_network(5, n=6, n_demands=8)
    limits = Limits(max_changes=1, max_splits=1, max_segments=1)
    topology = scenario.topology
    places = [*range(topology.n_nodes), *(~link for link in range(topology.n_links))]
    ordered = [{row: (((place,), 1.0),)} for row in range(scenario.traffic.n_demands) for place in places]
    every = [max_utilization(Plan(changes_to(scenario, each)).apply(scenario)) for each in ordered]
    assert answer(scenario, limits).objective == pytest.approx(min(every), rel=1e-6)


@pytest.mark.parametrize("splits", [1, 2])
@pytest.mark.parametrize("segments", [1, 2])
def test_limits_of_lists_are_kept(splits: int, segments: int) -> None:
    solution = answer(random_network(2), Limits(max_splits=splits, max_segments=segments))
    lists = [change.lists for change in solution.plan.changes if isinstance(change, SegmentPolicy)]
    assert lists
    assert max(len(each) for each in lists) <= splits
    assert max(len(each.segments) for several in lists for each in several) <= segments + 1


def test_within_a_tolerance_fewer_changes_count_more() -> None:
    scenario = random_network(4, n=10, n_demands=60)
    strict = answer(scenario)
    objectives = (replace(UTILIZATION, tolerance=0.2), Objective(minimize=Figure.CHANGES))
    loose = LocalSearch().optimize(scenario, Intent(objectives=objectives), QueueingPredictor(), EVALUATIONS)
    assert len(loose.plan) < len(strict.plan)
    assert loose.objective <= strict.objective * 1.2


def test_equal_seeds_and_evaluations_give_equal_plans() -> None:
    scenario = random_network(7)
    for limits in (Limits(), Limits(max_changes=3), Limits(knobs=(Knob.IGP_METRIC,)), Limits(max_splits=1)):
        one, two = (answer(scenario, limits, Budget(evaluations=20_000, seed=5)) for _ in range(2))
        assert one.plan == two.plan
        assert one.evidence.evaluations == two.evidence.evaluations


def test_an_interrupt_ends_the_search_with_an_answer() -> None:
    stop = Event()
    stop.set()
    solution = answer(random_network(1), budget=Budget(interrupt=stop))
    assert solution.evidence.stopped_by == "interrupt"
    assert not len(solution.plan)


def test_progress_is_told_and_never_gets_worse() -> None:
    told: list[float] = []
    answer(random_network(1), budget=Budget(evaluations=50_000, report=lambda progress: told.append(progress.objective)))
    assert len(told) > 1
    assert told == sorted(told, reverse=True)


def test_a_warm_start_changes_less_than_a_cold_one() -> None:
    scenario = random_network(6, n=12, n_demands=80)
    good = answer(scenario).scenario
    failed = FailLink(good.topology.links[0].id).apply(good)
    again = answer(failed)
    cold = Task.of(failed, Intent(objectives=(UTILIZATION,)))
    anew = search(cold.problem, {}, Limits(), Clock(EVALUATIONS))
    assert again.objective <= anew.max_utilization * 1.002
    assert len(again.plan) < len(changes_to(failed, anew.steering))


def test_path_constraints_are_mended_and_kept() -> None:
    scenario = random_network(2)
    node = scenario.topology.nodes[int(np.argmax(np.bincount(scenario.topology.link_target)))].id
    demands = [
        name for name, ends in zip(scenario.demand_ids, scenario.traffic.source, strict=True) if scenario.topology.nodes[ends].id != node
    ]
    constraint = PathConstraint(avoid=Avoid(links=(f"{scenario.topology.links[0].id}",)))
    solution = answer(scenario, paths=(constraint,))
    assert demands
    assert all(clause.excess == 0 for clause in solution.evidence.verdict.clauses if clause.is_hard)
    assert link_loads(solution.scenario)[0] == 0.0


def test_metrics_move_traffic_that_policies_may_not() -> None:
    scenario = network({"ab": 1e6, "ac": 1e6, "cb": 1e6}, [("a", "b", 6e5), ("a", "c", 1e5), ("c", "b", 6e5)])
    solution = answer(scenario, Limits(knobs=(Knob.IGP_METRIC,)), Budget(evaluations=5_000))
    assert all(isinstance(change, SetMetric) for change in solution.plan.changes)
    crowded = network({"ab": 1e6, "ac": 1e6, "cb": 1e6}, [("a", "b", 1.2e6)])
    shared = answer(crowded, Limits(knobs=(Knob.IGP_METRIC,)), Budget(evaluations=5_000))
    assert shared.objective == pytest.approx(0.6)
    assert max_utilization(shared.plan.apply(crowded)) == pytest.approx(0.6)
    assert len(shared.plan) == 1


@pytest.mark.parametrize("seed", range(3))
def test_loads_under_new_metrics_are_those_of_the_control_plane(seed: int) -> None:
    scenario = random_network(seed)
    solution = answer(scenario, Limits(knobs=(Knob.IGP_METRIC, Knob.SEGMENT_POLICY), max_changes=4), Budget(evaluations=20_000))
    assert len(solution.plan) <= 4
    assert max_utilization(solution.plan.apply(scenario)) == pytest.approx(solution.objective, rel=1e-9)
    assert solution.objective <= max_utilization(scenario)


def test_without_a_knob_it_says_what_to_do() -> None:
    with pytest.raises(OptimizationError, match=r"segment-policy.*igp-metric"):
        answer(random_network(0), Limits(knobs=(Knob.QUEUE_WEIGHT,)))


def test_a_network_without_traffic_needs_no_change() -> None:
    scenario = network({"ab": 1e6}, [])
    assert not len(answer(scenario).plan)


def test_a_search_that_may_stop_when_it_is_enough_does() -> None:
    scenario = random_network(1)
    problem, before = problem_of(scenario), max_utilization(scenario)
    found = search(problem, steering_of(scenario), Limits(), Clock(Budget()), Aim(enough=before * 0.999))
    assert found.max_utilization <= before * 0.999
    assert found.stopped_by == "optimum"


def test_large_networks_begin_with_simple_detours_and_end_with_a_proof() -> None:
    scenario = read("topohub:gabriel/100/0").scenario
    topology = dimension(scenario.topology, gravity_demands(scenario.topology, 1e9), modules_bps=[1e7, 1e8])
    crowded = replace(scenario, topology=topology, traffic=gravity_demands(topology, 1.5e9, np.random.default_rng(1)))
    solution = answer(crowded, budget=Budget(evaluations=600_000))
    assert solution.bound is not None
    assert solution.objective < 0.95 * max_utilization(crowded)
    assert solution.gap < 0.05


@pytest.mark.skipif(not REPETITA.exists(), reason="the benchmark's files are not here")
@pytest.mark.parametrize("name", ["Aarnet", "Marnet", "Belnet2004", "TLex"])
def test_benchmark_networks_reach_the_flow_optimum(name: str) -> None:
    solution = answer(read(str(REPETITA / f"{name}.graph")).scenario, budget=Budget(evaluations=2_000_000))
    assert solution.objective <= 0.9 * 1.001
    assert solution.gap < 1e-3
