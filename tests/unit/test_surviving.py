"""Steering that survives failures: the stacked problem tells what the control plane does, and its search keeps limits."""

from dataclasses import replace

import numpy as np
import pytest

from nettwin.changes import FailLink, Plan, ScaleTraffic, SegmentPolicy
from nettwin.controlplane import link_loads, offered_utilization
from nettwin.formats import read
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.limits import Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.planning import Growth, Planning
from nettwin.intents.survival import Survive
from nettwin.intents.verdict import Status, Verdict
from nettwin.optimize.budget import Budget
from nettwin.optimize.local_search import LocalSearch
from nettwin.optimize.local_search.surviving import Failed
from nettwin.optimize.local_search.tables import Tables
from nettwin.optimize.local_search.task import Task
from nettwin.optimize.steering.detours import steering_of
from nettwin.optimize.steering.stacked import stacked
from nettwin.predict.registry import create
from nettwin.scenario import NodeSegment, Scenario, SegmentList

LEAST = (Objective(minimize=Figure.MAX_UTILIZATION),)


@pytest.fixture(scope="module")
def polska() -> Scenario:
    scenario = read("topohub:sndlib/polska").scenario
    most = float((link_loads(scenario) / scenario.topology.capacity_bps).max())
    return replace(scenario, traffic=replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * 0.45 / most))


def test_stacked_loads_are_those_of_the_control_plane_after_each_failure(polska: Scenario) -> None:
    rng = np.random.default_rng(5)
    names = [node.id for node in polska.topology.nodes]
    policies = []
    for row in rng.choice(polska.traffic.n_demands, 40, replace=False).tolist():
        ends = {names[polska.traffic.source[row]], names[polska.traffic.target[row]]}
        first, second = rng.choice([name for name in names if name not in ends], 2, replace=False).tolist()
        lists = (SegmentList((NodeSegment(first),), 0.25), SegmentList((NodeSegment(second),), 0.75))
        policies.append(SegmentPolicy(polska.demand_ids[row], lists))
    steered = Plan(tuple(policies)).apply(polska)
    failed = [FailLink(polska.topology.links[row].id).apply(steered) for row in (0, 5, 11)]
    problem = stacked(Task.of(steered, Intent()).problem, steered, failed)
    ways = Tables.of(problem, steering_of(steered), 4, 3).ways
    expected = np.concatenate([link_loads(each) for each in (steered, *failed)])
    np.testing.assert_allclose(ways.load, expected, rtol=1e-9, atol=1e-3)


def test_a_limit_after_failures_is_kept_where_the_intact_network_alone_would_break_it() -> None:
    germany = ScaleTraffic(0.3).apply(read("topohub:sndlib/germany50").scenario)
    intent = Intent(objectives=LEAST, survive=(Survive(max_utilization=1.0),))
    budget, queueing = Budget(evaluations=400_000), create("queueing")
    ignoring = LocalSearch().optimize(germany, replace(intent, survive=()), queueing, budget)
    assert _statuses(judge(intent, ignoring.scenario))["survive[0]"] is Status.VIOLATED
    surviving = LocalSearch().optimize(germany, intent, queueing, budget)
    assert _statuses(surviving.evidence.verdict)["survive[0]"] is Status.SATISFIED
    assert surviving.objective <= 1.02 * ignoring.objective
    assert LocalSearch().optimize(germany, intent, queueing, budget).plan == surviving.plan


def _statuses(verdict: Verdict) -> dict[str, Status]:
    return {clause.clause: clause.status for clause in verdict.clauses}


def test_what_cannot_be_kept_is_exceeded_as_little_as_can_be_and_changes_stay_few(polska: Scenario) -> None:
    intent = Intent(objectives=LEAST, survive=(Survive(max_utilization=0.3),), limits=Limits(max_changes=10))
    solution = LocalSearch().optimize(polska, intent, create("queueing"), Budget(evaluations=300_000))
    assert 0 < len(solution.plan) <= 10
    assert 0 < solution.evidence.verdict.hard_excess < solution.evidence.verdict_before.hard_excess


def test_of_too_many_failures_those_that_fill_links_most_are_taken(polska: Scenario) -> None:
    intent = Intent(survive=(Survive(max_utilization=1.0),))
    every = Failed.of(polska, intent, 1)
    few = Failed.of(polska, intent, 5_000_000)
    assert len(few.scenarios) == 4
    fullest = sorted((float((link_loads(each) / each.topology.capacity_bps).max()) for each in every.scenarios), reverse=True)
    np.testing.assert_allclose([float((link_loads(each) / each.topology.capacity_bps).max()) for each in few.scenarios], fullest[:4])


def test_without_an_aim_the_limit_is_kept_with_the_traffic_to_come(polska: Scenario) -> None:
    intent = Intent(limits=Limits(max_utilization=0.42), planning=Planning(growth=Growth(per_year=0.1, years=1)))
    solution = LocalSearch().optimize(polska, intent, create("queueing"), Budget(evaluations=300_000))
    assert _statuses(solution.evidence.verdict_before)["limits.max_utilization"] is Status.VIOLATED
    assert _statuses(solution.evidence.verdict)["limits.max_utilization"] is Status.SATISFIED
    assert float(offered_utilization(solution.scenario).max()) <= 0.42 / 1.1 * (1 + 1e-3)
