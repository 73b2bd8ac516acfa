"""What every method promises, whoever wrote it."""

import math
from threading import Event

import numpy as np
import pytest

from fake_predictor import FakePredictor
from nettwin.changes import same_content
from nettwin.controlplane import link_loads
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.limits import Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.preference import is_better
from nettwin.optimize import registry
from nettwin.optimize.budget import Budget, Progress
from nettwin.optimize.optimizer import Optimizer
from nettwin.optimize.solution import Solution
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

LEAST = Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),))
N_EVALUATIONS = 400


def ladder() -> Scenario:
    """Two rows of four nodes; the lower row is as long but carries nothing yet."""
    names = [f"{row}{place}" for row in "ab" for place in range(4)]
    pairs = [(f"{row}{i}", f"{row}{i + 1}") for row in "ab" for i in range(3)] + [(f"a{i}", f"b{i}") for i in range(4)]
    links = tuple(Link(f"{x}->{y}", x, y, 1e6, 1e-3, circuit=f"{a}--{b}") for a, b in pairs for x, y in ((a, b), (b, a)))
    topology = Topology(tuple(map(Node, names)), links)
    demands = [Demand("a0", "a3", 5e5), Demand("a0", "a2", 3e5), Demand("a1", "a3", 3e5), Demand("a3", "a0", 2e5), Demand("b0", "b3", 1e5)]
    return Scenario(topology, Traffic.of(demands, topology), name="ladder")


@pytest.fixture(params=[name for name in registry.names() if name != "upgrades"])  # it buys: tests/unit/test_upgrades.py
def optimizer(request: pytest.FixtureRequest) -> Optimizer:
    return registry.create(request.param)


def found(optimizer: Optimizer, scenario: Scenario, intent: Intent = LEAST, **limits: object) -> Solution:
    return optimizer.optimize(scenario, intent, FakePredictor(), Budget(**{"evaluations": N_EVALUATIONS, **limits}))  # type: ignore[arg-type]


def test_it_is_an_optimizer_and_knows_its_name(optimizer: Optimizer) -> None:
    assert isinstance(optimizer, Optimizer)
    assert registry.create(optimizer.name) == optimizer


def test_its_answer_is_what_it_says(optimizer: Optimizer) -> None:
    scenario = ladder()
    solution = found(optimizer, scenario)
    evidence = solution.evidence
    assert same_content(solution.plan.apply(scenario), solution.scenario)
    assert judge(LEAST, solution.scenario, before=scenario).objectives == pytest.approx(evidence.verdict.objectives)
    load = link_loads(solution.scenario)
    assert solution.objective == pytest.approx(float(np.max(load / scenario.topology.capacity_bps)))
    assert evidence.verdict_before.objectives == pytest.approx(judge(LEAST, scenario).objectives)
    assert evidence.stopped_by in {"optimum", "deadline", "evaluations", "interrupt", "no improvement"}
    assert evidence.method == optimizer.name


def test_it_never_makes_things_worse(optimizer: Optimizer) -> None:
    solution = found(optimizer, ladder())
    verdict, before = solution.evidence.verdict, solution.evidence.verdict_before
    assert is_better(verdict, before, LEAST) if solution.plan.changes else verdict == before


def test_its_bound_is_one(optimizer: Optimizer) -> None:
    """Between the second and the third column 1.2 Mbit/s of demands have two links of 1 Mbit/s each."""
    solution = found(optimizer, ladder())
    assert solution.bound is None or 0 < solution.bound.value <= solution.objective * (1 + 1e-9)
    assert solution.bound is None or solution.bound.value <= 0.6 + 1e-6
    assert solution.objective >= 0.6 - 1e-6
    assert math.isnan(solution.gap) if solution.bound is None else solution.gap >= -1e-9


def test_equal_seeds_and_evaluations_give_equal_plans(optimizer: Optimizer) -> None:
    first, second = (found(optimizer, ladder(), seed=3) for _ in range(2))
    assert first.plan == second.plan
    assert first.evidence.verdict == second.evidence.verdict
    assert first.evidence.evaluations == second.evidence.evaluations


def test_an_interrupt_ends_it_with_an_answer(optimizer: Optimizer) -> None:
    interrupt = Event()
    interrupt.set()
    solution = found(optimizer, ladder(), evaluations=10**9, interrupt=interrupt)
    assert solution.objective <= solution.evidence.verdict_before.objectives[0]


def test_a_deadline_ends_it(optimizer: Optimizer) -> None:
    solution = found(optimizer, ladder(), evaluations=None, seconds=0.05)
    assert solution.objective <= solution.evidence.verdict_before.objectives[0]


def test_what_it_reports_is_in_order(optimizer: Optimizer) -> None:
    told: list[Progress] = []
    found(optimizer, ladder(), report=told.append)
    assert [each.evaluations for each in told] == sorted(each.evaluations for each in told)
    assert all(each.method for each in told)


def test_it_leaves_the_scenario_alone_and_keeps_to_the_knobs(optimizer: Optimizer) -> None:
    scenario = ladder()
    links, policy = scenario.topology.links, scenario.policy
    solution = found(optimizer, scenario)
    assert scenario.topology.links == links
    assert scenario.policy is policy
    assert solution.scenario.topology == scenario.topology  # segment policies are the only knob


def test_a_limit_on_changes_is_kept(optimizer: Optimizer) -> None:
    intent = Intent(objectives=LEAST.objectives, limits=Limits(max_changes=1))
    assert len(found(optimizer, ladder(), intent).plan) <= 1


def test_a_network_without_demands_has_nothing_to_improve(optimizer: Optimizer) -> None:
    topology = ladder().topology
    idle = Scenario(topology, Traffic.of([], topology))
    solution = found(optimizer, idle)
    assert not solution.plan.changes
    assert solution.objective == 0.0
