"""Capacity planning: what is bought, what it costs, what it costs at least."""

import itertools
import math

import pytest

from fake_predictor import FakePredictor
from nettwin.errors import OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.planning import Growth, Planning
from nettwin.intents.survival import Survive
from nettwin.intents.verdict import Status
from nettwin.optimize import registry
from nettwin.optimize.budget import Budget
from nettwin.optimize.solution import Solution
from nettwin.optimize.upgrades.covers import cheapest_cover
from nettwin.scenario import CapacityModule, Demand, Link, Node, Scenario, Topology, Traffic

MODULES = (CapacityModule(10e9, 10.0), CapacityModule(100e9, 40.0))
CHEAP = (Objective(minimize=Figure.COST),)


def network() -> Scenario:
    """A square with one diagonal."""
    pairs = [("A", "B"), ("B", "C"), ("C", "D"), ("D", "A"), ("B", "D")]
    links = tuple(Link(f"{x}->{y}", x, y, 10e9, circuit=f"{a}--{b}") for a, b in pairs for x, y in ((a, b), (b, a)))
    topology = Topology(tuple(Node(name) for name in "ABCD"), links)
    return Scenario(topology, Traffic.of([Demand("A", "C", 8e9), Demand("A", "B", 9.5e9), Demand("D", "C", 6e9)], topology))


def planned(intent: Intent, scenario: Scenario | None = None) -> Solution:
    return registry.create("upgrades").optimize(scenario or network(), intent, FakePredictor(), Budget(evaluations=20_000))


def intent(*knobs: Knob, **rest: object) -> Intent:
    planning = Planning(modules=MODULES, growth=rest.pop("growth", Growth()), budget=rest.pop("budget", None))  # type: ignore[arg-type]
    return Intent(objectives=CHEAP, limits=Limits(max_utilization=0.8, knobs=knobs), planning=planning, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("missing_bps", [1.0, 5e9, 10e9, 24e9, 41e9, 99e9, 100e9, 137e9])
def test_the_cheapest_cover_is_that(missing_bps: float) -> None:
    modules = (*MODULES, CapacityModule(40e9, 25.0))
    counts = cheapest_cover(missing_bps, modules)
    assert counts is not None
    tried = itertools.product(range(16), range(3), range(5))
    enough = [each for each in tried if sum(n * module.capacity_bps for n, module in zip(each, modules, strict=True)) >= missing_bps]
    assert _cost(counts, modules) == min(_cost(each, modules) for each in enough)
    assert cheapest_cover(missing_bps, ()) is None
    assert cheapest_cover(-1.0, modules) == (0, 0, 0)


def _cost(counts: tuple[int, ...], modules: tuple[CapacityModule, ...]) -> float:
    return sum(n * module.cost for n, module in zip(counts, modules, strict=True))


def test_upgrades_alone_are_exact() -> None:
    solution = planned(intent(Knob.CAPACITY))
    assert solution.evidence.verdict.of(Status.VIOLATED) == ()
    assert solution.bound is not None
    assert solution.objective == solution.bound.value == 20.0  # A->B carries 9.5 + 4 of 8, D->C 6 + 4
    assert solution.evidence.stopped_by == "optimum"


def test_steering_makes_upgrades_cheaper_and_the_bound_holds() -> None:
    solution = planned(intent(Knob.CAPACITY, Knob.SEGMENT_POLICY))
    assert solution.evidence.verdict.of(Status.VIOLATED) == ()
    assert solution.bound is not None
    assert solution.objective == solution.bound.value == 10.0  # 17.5 leave A over 16, so something must be bought there


def test_growth_and_failures_are_paid_for() -> None:
    plain, grown, robust = (
        planned(intent(Knob.CAPACITY, **more))
        for more in ({}, {"growth": Growth(per_year=1.0, years=3.0)}, {"survive": (Survive(max_utilization=1.0),)})
    )
    assert plain.objective < grown.objective
    assert plain.objective <= robust.objective
    for solution, wanted in ((grown, intent(Knob.CAPACITY, growth=Growth(per_year=1.0, years=3.0))), (robust, intent(Knob.CAPACITY))):
        assert judge(wanted, solution.scenario, before=network()).of(Status.VIOLATED) == ()


def test_a_budget_buys_the_lowest_utilization() -> None:
    lowest = Intent(
        objectives=(Objective(minimize=Figure.MAX_UTILIZATION),),
        limits=Limits(knobs=(Knob.CAPACITY,)),
        planning=Planning(modules=MODULES, budget=50.0),
    )
    solution = planned(lowest)
    assert solution.evidence.verdict.of(Status.VIOLATED) == ()
    assert solution.objective < solution.evidence.verdict_before.objectives[0]


def test_nothing_for_sale_nothing_bought() -> None:
    wanted = Intent(objectives=CHEAP, limits=Limits(max_utilization=0.5, knobs=(Knob.CAPACITY,)), planning=Planning())
    assert not planned(wanted).plan.changes
    with pytest.raises(OptimizationError, match="capacity"):
        planned(Intent(objectives=CHEAP))


def test_the_portfolio_plans_too() -> None:
    wanted = intent(Knob.CAPACITY, Knob.SEGMENT_POLICY, budget=15.0)
    solution = registry.create("portfolio").optimize(network(), wanted, FakePredictor(), Budget(evaluations=20_000))
    assert solution.objective == 10.0
    assert math.isclose(solution.gap, 0.0, abs_tol=1e-9)
    assert solution.evidence.verdict.of(Status.VIOLATED) == ()
