"""What is judged, how, and in which words: a network of three nodes, and a predictor whose answers can be checked by hand."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.changes import FailLink, Plan, RemoveLink, ScaleTraffic, SegmentPolicy, SetCapacity, SetMetric, SetQueueWeights
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import UnknownNameError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge, judge_many, needs_performance, within_tolerance
from nettwin.intents.judging.costs import cheapest, plan_cost
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.planning import Growth, Planning
from nettwin.intents.preference import is_better
from nettwin.intents.selectors import Selector
from nettwin.intents.slo import Metric, Slo, Soft
from nettwin.intents.survival import FailureKind, Survive
from nettwin.intents.verdict import ClauseVerdict, Status, Verdict
from nettwin.intents.verification import Verification
from nettwin.performance import Performance
from nettwin.predict.batches import predict_all
from nettwin.scenario import CapacityModule, NodeSegment, Scenario, SegmentList

DELAY, LOSS, SHARE = Metric.ONE_WAY_DELAY, Metric.PACKET_LOSS, Metric.THROUGHPUT


def answers(**options: object) -> partial[list[Performance]]:
    return partial(predict_all, FakePredictor(**options))


def one(intent: Intent, scenario: Scenario | None = None, predict: object = None, **options: object) -> ClauseVerdict:
    """The only clause."""
    (clause,) = judge(intent, scenario or triangle(), predict, **options).clauses
    return clause


def slo(bound: float, metric: Metric = DELAY, **options: object) -> Intent:
    return Intent(slos=(Slo(metric=metric, bound=bound, **options),))


@pytest.mark.parametrize(
    ("bound", "status"),
    [(6.1e-3, Status.SATISFIED), (5.9e-3, Status.UNDETERMINED), (4.1e-3, Status.UNDETERMINED), (3.9e-3, Status.VIOLATED)],
)
def test_an_interval_that_straddles_the_bound_leaves_it_open(bound: float, status: Status) -> None:
    clause = one(slo(bound), predict=answers(half_width_s=1e-3))  # A->B: 5 ms, the slowest
    assert clause.status is status
    assert clause.excess == pytest.approx(max(5e-3 / bound - 1, 0))
    assert (clause.doubt > 0) == (status is not Status.SATISFIED)
    assert clause.demands == (() if status is Status.SATISFIED else ("A->B",))


@pytest.mark.parametrize(("bound", "status"), [(5.1e-3, Status.SATISFIED), (4.9e-3, Status.VIOLATED)])
def test_without_an_interval_the_value_decides(bound: float, status: Status) -> None:
    assert one(slo(bound), predict=answers()).status is status


def test_a_percentile_is_taken_from_its_column() -> None:
    assert one(slo(5e-3 * 1.98, statistic="p99"), predict=answers()).status is Status.VIOLATED
    assert one(slo(5e-3 * 2.0, statistic="p99"), predict=answers()).status is Status.SATISFIED


def test_no_engine_and_no_claim_leave_it_open() -> None:
    assert one(slo(1.0)).status is Status.UNDETERMINED
    assert "no engine was asked" in one(slo(1.0)).words
    silent = one(slo(1.0, Metric.DELAY_VARIATION), predict=answers())
    assert silent.status is Status.UNDETERMINED
    assert "makes no claim" in silent.words
    assert silent.doubt == 3


def test_a_promise_needs_trust_and_a_warning_does_not() -> None:
    for bound, status in ((1.0, Status.UNDETERMINED), (1e-4, Status.VIOLATED)):
        clause = one(
            Intent(select={"first": Selector(top=1)}, slos=(Slo(metric=DELAY, bound=bound, selected="first"),)),
            predict=answers(n_untrusted=1),
        )
        assert clause.status is status
        assert ("outside what the engine knows" in clause.words) == (status is Status.UNDETERMINED)
        assert clause.doubt > 0


@pytest.mark.parametrize("metric", [DELAY, LOSS, SHARE])
def test_a_demand_that_is_cut_off_violates_every_slo(metric: Metric) -> None:
    cut = Plan((RemoveLink("A--C"), RemoveLink("B--C"))).apply(triangle())
    for predict in (None, answers()):
        clause = one(slo(0.5, metric), cut, predict)
        assert clause.status is Status.VIOLATED
        assert clause.demands == ("A->C",)
        assert "A->C of which nothing arrives" in clause.words


def test_throughput_is_bounded_from_below() -> None:
    assert one(slo(0.99, SHARE), predict=answers()).status is Status.SATISFIED
    lossy = _lossy(0.05)
    assert one(slo(0.96, SHARE), predict=lossy).status is Status.VIOLATED
    assert one(slo(0.94, SHARE), predict=lossy).status is Status.SATISFIED


def _lossy(loss: float):  # type: ignore[no-untyped-def]
    def predict(scenarios: Sequence[Scenario]) -> list[Performance]:
        every = predict_all(FakePredictor(), scenarios)
        return [
            replace(
                each,
                demands=replace(
                    each.demands, loss_ratio=each.demands.loss_ratio * 0 + loss, throughput_bps=each.demands.offered_bps * (1 - loss)
                ),
            )
            for each in every
        ]

    return predict


def test_a_soft_bound_has_a_price_and_is_not_hard() -> None:
    verdict = judge(slo(2.5e-3, soft=Soft(penalty=10)), triangle(), answers())  # 5, 2 and 3 ms
    assert verdict.penalty == pytest.approx(10 * (1.0 + 0.2))
    assert verdict.hard_excess == 0
    assert verdict.clauses[0].status is Status.VIOLATED


def test_demands_that_send_nothing_are_not_asked_for() -> None:
    silent = ScaleTraffic(0.0).apply(triangle())
    clause = one(slo(1e-9), silent, answers())
    assert clause.status is Status.SATISFIED
    assert "no demand that sends anything" in clause.words


def test_the_words_name_the_worst_demand_its_interval_and_the_link() -> None:
    words = one(slo(3.5e-3, name="fast"), predict=answers(half_width_s=1e-3)).words
    assert words == (
        "mean one-way delay of every demand must stay below 3.50 ms: 1 of 3 demands does not, worst A->B 5.00 ms "
        "(interval 4.00 ms to 6.00 ms), most of it at A->B (40.0 % utilized); 1 more cannot be told"
    )


def test_far_away_is_told_from_crowded() -> None:
    far = replace(
        triangle(),
        topology=replace(triangle().topology, links=tuple(replace(link, propagation_delay_s=4e-3) for link in triangle().topology.links)),
    )
    assert "4.00 ms of it is propagation" in one(slo(1e-3), far, answers()).words


def test_objectives_in_order() -> None:
    intent = Intent(
        objectives=(
            Objective(minimize=Figure.MAX_UTILIZATION),
            Objective(minimize=Figure.ONE_WAY_DELAY),
            Objective(minimize=Figure.ONE_WAY_DELAY, across="max", statistic="p99"),
            Objective(minimize=Figure.PACKET_LOSS),
            Objective(minimize=Figure.CHANGES),
        )
    )
    verdict = judge(intent, triangle(), answers(), before=triangle())
    mean = (4 * 5e-3 + 1 * 2e-3 + 2 * 3e-3) / 7
    assert verdict.objectives == pytest.approx((0.4, mean, 5e-3 * 1.99, 0.0, 0.0))
    assert np.isnan(judge(intent, triangle()).objectives[1])
    assert judge(intent, ScaleTraffic(5.0).apply(triangle())).objectives[0] == pytest.approx(2.0)


def test_no_engine_is_asked_for_what_loads_tell() -> None:
    def refuse(_: Sequence[Scenario]) -> list[Performance]:
        raise AssertionError

    intent = Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),), limits=Limits(max_utilization=0.5), survive=(Survive(),))
    assert not needs_performance(intent)
    assert judge(intent, triangle(), refuse).hard_excess == 0


def test_many_are_asked_about_at_once() -> None:
    asked = []

    def predict(scenarios: Sequence[Scenario]) -> list[Performance]:
        asked.append(len(scenarios))
        return predict_all(FakePredictor(), scenarios)

    verdicts = judge_many(slo(4e-3), [triangle(), ScaleTraffic(0.5).apply(triangle())], predict)
    assert [verdict.clauses[0].status for verdict in verdicts] == [Status.VIOLATED, Status.SATISFIED]
    assert asked == [2]


def test_the_most_that_a_link_may_carry() -> None:
    clause = one(Intent(limits=Limits(max_utilization=0.3)))
    assert (clause.status, clause.clause) == (Status.VIOLATED, "limits.max_utilization")
    assert clause.excess == pytest.approx(1 / 3)
    assert clause.words == (
        "no link may be offered more than 30.0 % of its capacity: 1 of 6 is, worst A->B at 40.0 %, most of it from A->B"
    )
    assert (clause.links, clause.demands) == (("A->B",), ("A->B",))
    assert one(Intent(limits=Limits(max_utilization=0.4))).status is Status.SATISFIED


def test_a_plan_that_cuts_somebody_off_is_told() -> None:
    before = triangle()
    cut = Plan((FailLink("A--C"), FailLink("B--C"))).apply(before)
    clauses = {clause.clause: clause for clause in judge(Intent(), cut, before=before).clauses}
    assert clauses["reachability"].demands == ("A->C",)
    assert judge(Intent(), before, before=before).clauses == ()


def plan_clauses(limits: Limits, *changes: object) -> dict[str, ClauseVerdict]:
    before = triangle()
    return {each.clause: each for each in judge(Intent(limits=limits), Plan(changes).apply(before), before=before).clauses}


def test_a_plan_may_turn_the_knobs_it_was_given() -> None:
    weights = SetQueueWeights("A->B", (2.0,))
    assert plan_clauses(Limits(), SetMetric("A->B", 3.0))["limits.knobs"].status is Status.VIOLATED
    assert "set-metric" in plan_clauses(Limits(), SetMetric("A->B", 3.0))["limits.knobs"].words
    both = Limits(knobs=(Knob.IGP_METRIC, Knob.QUEUE_WEIGHT))
    assert plan_clauses(both, SetMetric("A->B", 3.0), weights)["limits.knobs"].status is Status.SATISFIED
    assert plan_clauses(both, SetCapacity("A->B", 2e6))["limits.knobs"].status is Status.VIOLATED
    assert plan_clauses(both, ScaleTraffic(0.5))["limits.knobs"].status is Status.VIOLATED
    assert plan_clauses(Limits()) == {}


def test_a_plan_has_so_many_changes_splits_and_segments() -> None:
    lists = (SegmentList((NodeSegment("C"), NodeSegment("A"), NodeSegment("C"))), SegmentList(()))
    policy = SegmentPolicy("A->B", lists)
    found = plan_clauses(Limits(max_changes=0, max_splits=1, max_segments=2), policy)
    assert {name for name, clause in found.items() if clause.status is Status.VIOLATED} == {
        "limits.max_changes",
        "limits.max_splits",
        "limits.max_segments",
    }
    assert found["limits.max_splits"].demands == ("A->B",)
    kept = plan_clauses(Limits(max_changes=1, max_splits=2, max_segments=3), policy)
    assert all(clause.status is Status.SATISFIED for clause in kept.values())


def test_both_directions_of_an_upgraded_circuit_are_one_change() -> None:
    found = plan_clauses(Limits(max_changes=1, knobs=(Knob.CAPACITY,)), SetCapacity("A--B", 2e6))
    assert found["limits.max_changes"].words.endswith("this one has 1")


def test_survival_of_links_agrees_with_failing_them() -> None:
    clause = one(Intent(survive=(Survive(max_utilization=0.55),)))
    assert clause.status is Status.VIOLATED  # without A--B, A->C carries 600 of 1,000 kbit/s
    assert clause.excess == pytest.approx(2 * (0.6 / 0.55 - 1))  # likewise A->B without A--C
    assert "60.0 % without A--B" in clause.words
    assert one(Intent(survive=(Survive(max_utilization=0.6),))).status is Status.SATISFIED
    assert one(Intent(survive=(Survive(max_utilization=0.55, only=("C--B",)),))).status is Status.SATISFIED
    with pytest.raises(UnknownNameError, match="A--B"):
        one(Intent(survive=(Survive(only=("A--Z",)),)))


def test_who_loses_an_end_is_not_cut_off() -> None:
    nodes = Intent(survive=(Survive(single=FailureKind.NODE, max_utilization=None),))
    assert one(nodes).status is Status.SATISFIED
    stub = RemoveLink("B--C").apply(triangle())
    links = one(Intent(survive=(Survive(max_utilization=None),)), stub)
    assert links.status is Status.VIOLATED
    assert links.demands
    through = one(nodes, RemoveLink("A--C").apply(triangle()))
    assert (through.status, through.demands) == (Status.VIOLATED, ("A->C",))
    assert "worst B" in through.words


def test_slos_that_must_survive() -> None:
    intent = Intent(slos=(Slo(metric=DELAY, bound=8e-3, name="fast"),), survive=(Survive(max_utilization=None, slos=("fast",)),))
    fast, survive = judge(intent, triangle(), answers()).clauses
    assert fast.status is Status.SATISFIED
    assert survive.status is Status.VIOLATED  # A->B over C: 7 + 5 ms
    assert "A->B first" in survive.words
    assert judge(intent, triangle()).clauses[1].status is Status.UNDETERMINED


def test_an_intent_is_judged_at_the_end_of_its_horizon() -> None:
    limits, planning = Limits(max_utilization=0.7), Planning(growth=Growth(per_year=1.0, years=1))
    assert one(Intent(limits=limits)).status is Status.SATISFIED
    assert one(Intent(limits=limits, planning=planning)).excess == pytest.approx(0.8 / 0.7 - 1)
    before = triangle()
    assert judge(Intent(planning=planning), before, before=before).clauses == (), "growth is no change of the plan"


MODULES = (CapacityModule(1e6, 10.0), CapacityModule(4e6, 25.0))


def test_a_circuit_is_paid_once_with_the_cheapest_modules() -> None:
    before = triangle()
    after = Plan((SetCapacity("A--B", 7e6), SetCapacity("A->C", 1.5e6))).apply(before)
    total, paid = plan_cost(Planning(modules=MODULES), before, after)
    assert (total, paid) == (55.0, [("A--B", 45.0), ("A--C", 10.0)])
    intent = Intent(
        planning=Planning(modules=MODULES, budget=50), limits=Limits(knobs=(Knob.CAPACITY,)), objectives=(Objective(minimize=Figure.COST),)
    )
    verdict = judge(intent, after, before=before)
    budget = next(clause for clause in verdict.clauses if clause.clause == "planning.budget")
    assert (budget.status, budget.excess, verdict.objectives) == (Status.VIOLATED, pytest.approx(0.1), (55.0,))
    assert budget.links[0] == "A->B"
    assert plan_cost(None, before, after)[0] == np.inf


def test_the_cheapest_modules_are_found() -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        sizes, costs = rng.integers(1, 8, 3), rng.integers(1, 20, 3)
        needed = int(rng.integers(1, 30))
        best = [0.0] + [np.inf] * needed
        for amount in range(1, needed + 1):
            best[amount] = min(best[max(amount - size, 0)] + cost for size, cost in zip(sizes, costs, strict=True))
        modules = tuple(CapacityModule(float(size), float(cost)) for size, cost in zip(sizes, costs, strict=True))
        assert cheapest(modules, float(needed)) == best[needed]


def test_a_measurement_within_the_tolerance() -> None:
    scenario = triangle()
    predicted = FakePredictor().predict(scenario)
    measured = replace(predicted, demands=replace(predicted.demands, delay_s=predicted.demands.delay_s * 1.1))
    verify = Verification(tolerance={DELAY: 0.1})
    delay, variation, loss = within_tolerance(verify, scenario, predicted, measured)
    assert (delay.status, variation.status, loss.status) == (Status.SATISFIED, Status.UNDETERMINED, Status.SATISFIED)
    delay = within_tolerance(Verification(tolerance={DELAY: 0.09}), scenario, predicted, measured)[0]
    assert (delay.status, delay.demands[0]) == (Status.VIOLATED, "A->B")


def verdict(objectives: Sequence[float] = (), *, excess: float = 0.0, doubt: float = 0.0, penalty: float = 0.0) -> Verdict:
    status = Status.VIOLATED if excess else Status.SATISFIED
    hard = ClauseVerdict(clause="a", status=status, excess=excess, doubt=doubt)
    return Verdict(
        clauses=(hard, ClauseVerdict(clause="b", status=Status.SATISFIED, is_hard=False, penalty=penalty)), objectives=tuple(objectives)
    )


TWO = Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION, tolerance=0.1), Objective(minimize=Figure.PACKET_LOSS)))
BEST_FIRST = (
    verdict((9.0, 9.0)),
    verdict((0.1, 0.1), penalty=1.0),
    verdict((0.1, 0.1), doubt=0.1),
    verdict((0.1, 0.1), doubt=0.1, penalty=1.0),
    verdict((0.1, 0.1), excess=0.5, doubt=0.5),
)


def test_hard_clauses_come_before_doubt_before_price_before_objectives() -> None:
    for place, better in enumerate(BEST_FIRST):
        assert not is_better(better, better, TWO)
        for worse in BEST_FIRST[place + 1 :]:
            assert is_better(better, worse, TWO)
            assert not is_better(worse, better, TWO)


def test_an_objective_gives_up_its_tolerance_for_the_next_and_no_more() -> None:
    assert is_better(verdict((0.101, 1.0)), verdict((0.100, 2.0)), TWO)
    assert is_better(verdict((0.100, 2.0)), verdict((0.120, 1.0)), TWO)
    assert is_better(verdict((0.100, 1.0)), verdict((0.101, 1.0)), TWO), "equal in all the rest, the value decides"
    assert is_better(verdict((0.5, 1.0)), verdict((float("nan"), 0.0)), TWO)


def test_better_is_an_order() -> None:
    rng = np.random.default_rng(3)
    some = [
        verdict(tuple(rng.choice([0.5, 0.52, 0.55, 0.6, 0.0, np.nan, np.inf], 2)), penalty=float(rng.integers(0, 2))) for _ in range(14)
    ]
    for a in some:
        for b in some:
            assert not (is_better(a, b, TWO) and is_better(b, a, TWO))
            for c in some:
                if is_better(a, b, TWO) and is_better(b, c, TWO):
                    assert is_better(a, c, TWO)


def test_a_verdict_does_not_depend_on_what_was_judged_before() -> None:
    intent = Intent(select={"a": Selector(source="A")}, slos=(Slo(metric=DELAY, bound=1e-3, selected="a"),))
    first = judge(intent, triangle(), answers())
    renamed = triangle(("X", "A", "Z"))
    judge(intent, replace(renamed, traffic=triangle().traffic), answers())
    assert judge(intent, triangle(), answers()) == first
    assert forwarding_of(renamed).graph.n_nodes == 3
