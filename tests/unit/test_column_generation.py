"""Column generation against the linear program over all segment lists, written out in full; limits, constraints, warm starts."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from test_optimize_lp import network, two_ways

from fake_predictor import FakePredictor
from nettwin.changes import SegmentPolicy
from nettwin.controlplane import link_loads
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import OptimizationError
from nettwin.formats import read
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.column_generation import ColumnGeneration
from nettwin.optimize.column_generation.search import Steered, fewest_changes, least_cost, lowest_utilization
from nettwin.optimize.column_generation.tasks import Case, case_of
from nettwin.optimize.column_generation.ways import start_at, steering_from, utilization_by
from nettwin.optimize.lp import bound_of
from nettwin.optimize.steering.detours import changes_to
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import ExplicitPath, RoutingPolicy, Scenario

LEAST = Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),))
REPETITA = Path(__file__).parents[3] / "shared" / "data" / "repetita"


def case(scenario: Scenario, intent: Intent = LEAST, max_places: int = 1, *, has_adjacency: bool = True) -> Case:
    return case_of(scenario, intent, max_places, has_adjacency=has_adjacency, tolerance=1e-6)


def lowest(of: Case, floor: float = 0.0) -> Steered:
    return lowest_utilization(of.task, Clock(Budget()), lambda _: floor)


def written_out(scenario: Scenario, max_places: int, *, has_adjacency: bool = True) -> float:
    """The optimum over all segment lists of at most so many places, each a column of its own."""
    topology, traffic = scenario.topology, scenario.traffic
    vectors = SegmentVectors.of(forwarding_of(scenario))
    places = [*range(topology.n_nodes), *(~link for link in range(topology.n_links) if has_adjacency)]
    lists = [detour for size in range(max_places + 1) for detour in product(places, repeat=size)]
    columns, owner = [], []
    for demand in range(traffic.n_demands):
        for detour in lists:
            load, here = np.zeros(topology.n_links), int(traffic.source[demand])
            for leg in (*detour, int(traffic.target[demand])):
                link, fraction = vectors.between(here, int(topology.link_source[~leg]) if leg < 0 else leg)
                load[link] += fraction
                if leg < 0:
                    load[~leg] += 1
                here = int(topology.link_target[~leg]) if leg < 0 else leg
            columns.append(load * traffic.rate_bps[demand] / topology.capacity_bps)
            owner.append(demand)
    usage = np.column_stack([*columns, -np.ones(topology.n_links)])
    whole = np.zeros((traffic.n_demands, len(owner) + 1))
    whole[owner, np.arange(len(owner))] = 1
    cost = np.zeros(len(owner) + 1)
    cost[-1] = 1
    return float(linprog(cost, A_ub=usage, b_ub=np.zeros(topology.n_links), A_eq=whole, b_eq=np.ones(traffic.n_demands)).fun)


@pytest.mark.parametrize(("seed", "has_adjacency"), [(0, True), (1, False), (2, True), (3, False)])
def test_the_optimum_over_one_place(seed: int, has_adjacency: bool) -> None:
    scenario = network(seed, 7)
    found = lowest(case(scenario, has_adjacency=has_adjacency))
    optimum = written_out(scenario, 1, has_adjacency=has_adjacency)
    assert found.value == pytest.approx(optimum, rel=1e-5)
    assert found.bound <= optimum * (1 + 1e-9)
    assert found.is_optimal


def test_the_optimum_over_two_places() -> None:
    scenario = network(5, 5)
    of = case(scenario, max_places=2, has_adjacency=False)
    assert lowest(of).value == pytest.approx(written_out(scenario, 2, has_adjacency=False), rel=1e-5)


def test_the_plan_does_what_was_worked_out() -> None:
    scenario = network(1)
    of = case(scenario)
    found = lowest(of)
    after = scenario
    for change in changes_to(scenario, steering_from(of.task.problem, found.shares)):
        after = change.apply(after)
    exact = link_loads(after) / after.topology.capacity_bps
    assert exact == pytest.approx(utilization_by(of.task.problem, found.shares.ways, found.shares.share))
    assert exact.max() == pytest.approx(found.value)


def test_adjacency_segments_reach_links_that_no_node_segment_reaches() -> None:
    scenario = two_ways()
    dear = tuple(replace(link, metric=10.0 if link.id == "CB" else 1.0) for link in scenario.topology.links)
    over_d = replace(scenario, topology=replace(scenario.topology, links=dear))
    assert ColumnGeneration(has_adjacency=False).optimize(over_d, LEAST, FakePredictor(), Budget()).objective == pytest.approx(1.0)
    blocked = tuple(replace(link, metric=100.0 if link.id == "AB" else 1.0) for link in scenario.topology.links)
    around = replace(scenario, topology=replace(scenario.topology, links=blocked))
    nodes_only = ColumnGeneration(has_adjacency=False).optimize(around, LEAST, FakePredictor(), Budget())
    assert nodes_only.objective == pytest.approx(3.0)
    assert ColumnGeneration().optimize(around, LEAST, FakePredictor(), Budget()).objective == pytest.approx(1.0)


def test_few_changes_are_enough() -> None:
    scenario = network(4)
    of = case(scenario)
    found = lowest(of)
    fewer = fewest_changes(of.task, found, Clock(Budget()), found.value * (1 + 1e-4))
    n_before, n_after = (len(changes_to(scenario, steering_from(of.task.problem, each.shares))) for each in (found, fewer))
    assert 0 < n_after <= n_before
    assert fewer.value <= found.value * (1 + 1e-4) * (1 + 1e-9)


@pytest.mark.parametrize("most", [1, 3, 6])
def test_a_plan_has_no_more_changes_than_are_allowed(most: int) -> None:
    scenario = network(4)
    solution = ColumnGeneration().optimize(scenario, replace(LEAST, limits=Limits(max_changes=most)), FakePredictor(), Budget())
    assert 0 < len(solution.plan.changes) <= most
    assert solution.bound is not None
    assert bound_of(scenario, Clock(Budget())).value <= solution.bound.value * (1 + 1e-9)
    assert solution.bound.value <= solution.objective * (1 + 1e-9)


def test_the_bound_for_few_changes_is_no_higher_than_the_best_single_change() -> None:
    scenario = network(6, 6)
    of = case(scenario, replace(LEAST, limits=Limits(max_changes=1)))
    found = lowest(of)
    best = np.inf
    places = [*range(scenario.topology.n_nodes), *(~link for link in range(scenario.topology.n_links))]
    for row, place in product(range(scenario.traffic.n_demands), places):
        moved = start_at(of.task.problem, {row: (((place,), 1.0),)})
        best = min(best, float(utilization_by(of.task.problem, moved.ways, moved.share).max()))
    assert found.bound <= best * (1 + 1e-9)
    assert found.value <= best * (1 + 1e-9)


def test_weights_are_few_and_not_tiny() -> None:
    for max_splits in (1, 2):
        intent = replace(LEAST, limits=Limits(max_splits=max_splits))
        solution = ColumnGeneration(least_share=0.05).optimize(network(2), intent, FakePredictor(), Budget())
        lists = [change.lists for change in solution.plan.changes if isinstance(change, SegmentPolicy)]
        assert lists
        assert max(len(each) for each in lists) <= max_splits
        assert min(segments.weight for each in lists for segments in each) >= 0.05 / 2


def test_least_delay_under_a_ceiling() -> None:
    scenario = network(3)
    of = case(scenario)
    found = lowest(of)
    cost = of.delay_cost
    tight, bound = least_cost(of.task, found, Clock(Budget()), found.value, cost)
    loose, loose_bound = least_cost(of.task, found, Clock(Budget()), found.value * 1.5, cost)
    delays = [float(utilization_by(of.task.problem, each.shares.ways, each.shares.share) @ cost) for each in (found, tight, loose)]
    assert delays[2] <= delays[1] * (1 + 1e-6)
    assert delays[1] <= delays[0] * (1 + 1e-6)
    assert bound == pytest.approx(delays[1], rel=1e-4)
    assert loose_bound == pytest.approx(delays[2], rel=1e-4)
    assert loose.value <= found.value * 1.5 * (1 + 1e-9)


def test_constrained_demands_keep_to_their_constraints() -> None:
    scenario = two_ways()
    via_c = Intent(objectives=LEAST.objectives, paths=(PathConstraint(via=(("C",),)),))
    solution = ColumnGeneration().optimize(scenario, via_c, FakePredictor(), Budget())
    assert link_loads(solution.scenario)[0] == 0
    avoids_c = Intent(objectives=LEAST.objectives, paths=(PathConstraint(avoid=Avoid(nodes=("C",))),))
    assert ColumnGeneration().optimize(scenario, avoids_c, FakePredictor(), Budget()).objective == pytest.approx(1.5)


def test_explicit_paths_stay() -> None:
    scenario = replace(two_ways(), policy=RoutingPolicy(explicit_paths={"A->B": (ExplicitPath(("AC", "CB")),)}))
    solution = ColumnGeneration().optimize(scenario, LEAST, FakePredictor(), Budget())
    assert solution.plan.changes == ()
    assert "keep their ways" in solution.evidence.notes["kept"]


def test_a_start_near_the_optimum_is_kept() -> None:
    first = ColumnGeneration().optimize(network(0), LEAST, FakePredictor(), Budget())
    again = ColumnGeneration().optimize(first.scenario, LEAST, FakePredictor(), Budget())
    assert again.objective <= first.objective * (1 + 1e-9)
    assert len(again.plan.changes) <= len(first.plan.changes) // 2


def test_whatever_ends_the_search_there_is_an_answer_with_a_bound() -> None:
    budget = Budget()
    budget.interrupt.set()
    stopped = ColumnGeneration().optimize(network(1), LEAST, FakePredictor(), budget)
    assert stopped.evidence.stopped_by == "interrupt"
    assert stopped.bound is not None
    few = ColumnGeneration().optimize(network(1), LEAST, FakePredictor(), Budget(evaluations=200))
    full = ColumnGeneration().optimize(network(1), LEAST, FakePredictor(), Budget())
    assert few.bound is not None
    assert 0 < few.bound.value <= full.objective * (1 + 1e-9) <= few.objective * (1 + 1e-6)


def test_equal_budgets_give_equal_answers() -> None:
    first, second = (ColumnGeneration().optimize(network(3), LEAST, FakePredictor(), Budget(evaluations=900)) for _ in range(2))
    assert first.plan == second.plan


def test_what_it_cannot_handle_is_said() -> None:
    with pytest.raises(OptimizationError, match="segment policies"):
        metrics = replace(LEAST, limits=Limits(knobs=(Knob.IGP_METRIC,)))
        ColumnGeneration().optimize(network(0), metrics, FakePredictor(), Budget())
    with pytest.raises(OptimizationError, match="loads"):
        ColumnGeneration().optimize(network(0), Intent(), FakePredictor(), Budget())


@pytest.mark.skipif(not REPETITA.is_dir(), reason="the REPETITA graphs are not beside the project")
@pytest.mark.parametrize(
    ("name", "has_adjacency", "optimum"),
    [
        ("Marnet", False, 2.357),
        ("Marnet", True, 0.9),
        ("Geant2010", True, 0.9),
        ("rf3967_real_hard", False, 0.9509),
        ("Renater2004", True, 0.9),
    ],
)
def test_published_optima_of_repetita(name: str, has_adjacency: bool, optimum: float) -> None:
    of = case(read(REPETITA / f"{name}.graph").scenario, max_places=2 if has_adjacency else 1, has_adjacency=has_adjacency)
    found = lowest(of, 0.8999)
    assert found.value == pytest.approx(optimum, rel=2e-4)
    assert found.bound >= optimum * (1 - 3e-4)


def test_the_page_shows_what_works(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "optimizers.md").read_text(encoding="utf-8")
    section = page.split("## Column generation", 1)[1].split("\n## ", 1)[0]
    (program,) = re.findall(r"^```python\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)
    exec(compile(program, "optimizers.md", "exec"), {})  # noqa: S102 - our own page
    few, many = (re.findall(r"[\d.]+", line) for line in capsys.readouterr().out.splitlines())
    assert int(few[0]) <= 3 < int(many[0])
    assert float(many[1]) < float(few[1])
    assert float(few[2]) <= float(few[1])
