"""From what a method found to its answer; methods by name."""

import math

import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.changes import Plan, ScaleTraffic, SegmentPolicy, SetCapacity
from nettwin.errors import InputError, MissingDependencyError, UnknownNameError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.slo import Metric, Slo
from nettwin.intents.verdict import Status
from nettwin.optimize import registry
from nettwin.optimize.answer import Found, answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.optimizer import Optimizer
from nettwin.optimize.solution import Bound
from nettwin.scenario import NodeSegment, SegmentList

LEAST = Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),))
FAST = Intent(slos=(Slo(metric=Metric.ONE_WAY_DELAY, bound=1e-6),))

SPLIT = SegmentPolicy("A->B", (SegmentList((NodeSegment("B"),), 0.7), SegmentList((NodeSegment("C"),), 0.3)))


def clock() -> Clock:
    return Clock(Budget(evaluations=10))


def test_a_better_plan_is_applied_judged_and_counted() -> None:
    scenario, spent = triangle(), clock()
    spent.spend(7)
    found = Found(method="try", changes=[SPLIT], bound=Bound(value=0.3, proof="by hand"), notes={"tried": "once"})
    solution = answered(scenario, LEAST, FakePredictor(), spent, found)
    before, after = solution.evidence.verdict_before.objectives[0], solution.objective
    assert (before, after) == pytest.approx((0.4, 0.32))
    assert solution.plan == Plan((SPLIT,))
    assert solution.gap == pytest.approx(after / 0.3 - 1)
    assert judge(LEAST, solution.scenario).objectives == (after,)
    evidence = solution.evidence
    assert (evidence.method, evidence.evaluations, evidence.predictions, evidence.stopped_by) == ("try", 7, 0, "no improvement")
    assert evidence.notes == {"tried": "once"}


def test_a_plan_that_is_not_better_or_does_what_it_may_not_is_not_proposed() -> None:
    scenario = triangle()
    for changes in ([ScaleTraffic(1.5)], [ScaleTraffic(0.5)], [SetCapacity("A--C", 1e9), SetCapacity("A--C", 1e6)], []):
        solution = answered(scenario, LEAST, FakePredictor(), clock(), Found(method="try", changes=changes))
        assert solution.scenario is scenario
        assert not solution.plan.changes
        assert solution.evidence.verdict is solution.evidence.verdict_before
        assert math.isnan(solution.gap)


def test_the_predictor_is_asked_only_where_loads_do_not_tell() -> None:
    scenario = triangle()
    solution = answered(scenario, FAST, FakePredictor(), clock(), Found(method="try", changes=[ScaleTraffic(0.5)], predictions=3))
    assert solution.evidence.predictions == 5
    assert math.isnan(solution.objective)
    assert solution.evidence.verdict.of(Status.VIOLATED)


def test_what_ended_the_search_is_told() -> None:
    spent = clock()
    spent.spend(10)
    assert answered(triangle(), LEAST, FakePredictor(), spent, Found(method="try")).evidence.stopped_by == "evaluations"
    assert answered(triangle(), LEAST, FakePredictor(), spent, Found(method="try", stopped_by="optimum")).evidence.stopped_by == "optimum"


def test_thousands_of_policies_are_applied_as_one_by_one() -> None:
    scenario = triangle()
    names = scenario.demand_ids
    changes = [SegmentPolicy(name, (SegmentList((NodeSegment("B"),)),)) for name in names]
    one_by_one = scenario
    for change in changes:
        one_by_one = change.apply(one_by_one)
    assert dict(Plan(tuple(changes)).apply(scenario).policy.segment_lists) == dict(one_by_one.policy.segment_lists)


def test_methods_have_names() -> None:
    assert registry.names()[0] == registry.DEFAULT_METHOD
    with pytest.raises(UnknownNameError, match="did you mean portfolio"):
        registry.create("portfolo")
    with pytest.raises(UnknownNameError, match="unknown option"):
        registry.create("portfolio", cleanness=1)
    assert isinstance(registry.create("portfolio"), Optimizer)
    assert registry.options_from_plain("portfolio", {"gap": 0.01}) == {"gap": 0.01}
    with pytest.raises(InputError, match="gap"):
        registry.options_from_plain("portfolio", {"gap": "much"})


def test_a_method_whose_parts_are_missing_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_HOMES", {"lp": "nettwin_without_highs:Lp"})
    with pytest.raises(MissingDependencyError, match=r"nettwin_without_highs.*nettwin\[optimize\]"):
        registry.create("lp")
