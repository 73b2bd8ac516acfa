"""Search guided by a predictor: here by queueing theory, which is quick and needs no trained twin."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from nettwin.controlplane import route
from nettwin.generate.scheduling import with_random_scheduling
from nettwin.generate.topologies import gabriel
from nettwin.generate.traffic import scaled_to_utilization, uniform_demands, with_class_mix
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.intents.selectors import Selector
from nettwin.intents.slo import Metric, Slo
from nettwin.intents.verdict import Status
from nettwin.optimize.budget import Budget, Clock, Progress
from nettwin.optimize.optimizer import Optimizer
from nettwin.optimize.twin_guided import TwinGuided, kernels
from nettwin.optimize.twin_guided.asking import Jury
from nettwin.optimize.twin_guided.correction import Corrected, Correction
from nettwin.optimize.twin_guided.descent import Effort, descent, passable, prefixes
from nettwin.optimize.twin_guided.finalists import Court
from nettwin.optimize.twin_guided.floor import delay_floor, least_delay_s
from nettwin.optimize.twin_guided.importance import Figures, importance_of
from nettwin.optimize.twin_guided.proposals import detour_move
from nettwin.optimize.twin_guided.response import Surface, surface_of, ways_of
from nettwin.performance import Interval, Performance
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Demand, FixedSize, Link, Node, Scenario, Topology, Traffic

THEORY = QueueingPredictor()
GOLD = {"gold": Selector(traffic_class=0)}
DELAY = Objective(minimize=Figure.ONE_WAY_DELAY, statistic="p99", over="gold")
INTENT = Intent(select=GOLD, objectives=(DELAY,))
QUICK = TwinGuided(utilization_start=False, finalists=0, batch=8)


def network(n_nodes: int = 7, seed: int = 3) -> Scenario:
    """A small one with mixed ports and two classes, 95 % at the busiest link."""
    rng = np.random.default_rng(seed)
    topology = gabriel(n_nodes, rng)
    topology = replace(topology, links=tuple(replace(link, capacity_bps=10e6, propagation_delay_s=1e-4) for link in topology.links))
    topology = with_random_scheduling(topology, rng)
    traffic = with_class_mix(uniform_demands(topology, 1e7, rng), (0.3, 0.7), rng)
    return scaled_to_utilization(Scenario(topology, traffic), 0.95)


def surface(scenario: Scenario, intent: Intent = INTENT) -> Surface:
    performance, hops = THEORY.predict_hops(scenario)
    return surface_of(scenario, hops, importance_of(intent, Figures.of(scenario, performance, hops)), intent.limits)


def gold_delay(scenario: Scenario) -> float:
    return judge(INTENT, scenario, lambda asked: [THEORY.predict(each) for each in asked]).objectives[0]


def test_it_is_an_optimizer_and_finds_a_plan_that_does_what_it_says() -> None:
    scenario, told = network(), list[Progress]()
    solution = QUICK.optimize(scenario, INTENT, THEORY, Budget(evaluations=40, report=told.append))
    assert isinstance(QUICK, Optimizer)
    assert solution.evidence.verdict_before.objectives[0] == pytest.approx(gold_delay(scenario))
    assert solution.objective < 0.97 * gold_delay(scenario)
    assert gold_delay(solution.plan.apply(scenario)) == pytest.approx(solution.objective)
    assert 1 < solution.evidence.evaluations <= 40
    assert solution.evidence.predictions >= solution.evidence.evaluations
    assert [each.objective for each in told] == sorted((each.objective for each in told), reverse=True)
    assert solution.bound is not None
    assert solution.bound.value < solution.objective


def test_equal_seeds_and_budgets_give_equal_plans() -> None:
    plans = [QUICK.optimize(network(), INTENT, THEORY, Budget(evaluations=20, seed=5)).plan for _ in range(2)]
    assert len(plans[0])
    assert plans[0] == plans[1]


def test_an_interrupt_returns_what_is_known() -> None:
    stop = Event()
    stop.set()
    solution = QUICK.optimize(network(), INTENT, THEORY, Budget(interrupt=stop))
    assert (len(solution.plan), solution.evidence.stopped_by) == (0, "interrupt")


def test_it_changes_no_more_than_allowed_and_only_by_the_knobs() -> None:
    for limits in (Limits(max_changes=2), Limits(max_changes=3, knobs=(Knob.QUEUE_WEIGHT, Knob.IGP_METRIC))):
        solution = QUICK.optimize(network(), replace(INTENT, limits=limits), THEORY, Budget(evaluations=24))
        assert 1 <= len(solution.plan) <= (limits.max_changes or 0)
        kinds = {type(change).__name__ for change in solution.plan}
        assert kinds <= ({"SegmentPolicy"} if Knob.SEGMENT_POLICY in limits.knobs else {"SetQueueWeights", "SetMetric"})


def test_path_constraints_hold() -> None:
    scenario = network()
    forwarded = route(scenario)
    counts = np.bincount(scenario.topology.link_source[forwarded.hop_link], minlength=scenario.topology.n_nodes)
    shunned = int(np.argmin(counts))
    rule = PathConstraint(selected="gold", avoid=Avoid(nodes=(scenario.topology.nodes[shunned].id,)))
    solution = QUICK.optimize(scenario, replace(INTENT, paths=(rule,)), THEORY, Budget(evaluations=24))
    routing, traffic = route(solution.scenario), scenario.traffic
    steered = [scenario.index_of_demand(name) for name in solution.scenario.policy.segment_lists]
    passed = 0
    for row in steered:
        if traffic.traffic_class[row] == 0 and shunned not in {traffic.source[row], traffic.target[row]}:
            passed += sum(shunned in scenario.topology.link_source[links] for _, links in routing.paths_of(row))
    assert steered
    assert passed == 0


def test_the_surface_agrees_with_the_engine_where_it_was_taken_and_a_descent_lowers_it() -> None:
    scenario = network()
    here = surface(scenario)
    moved, to, total = kernels.descend(here.model, passable(scenario), here.way, here.way, (20, 1000, 8, 6))
    assert len(moved) == len(to) == len(total) - 1 > 1
    assert bool(np.all(np.diff(total) < 0))
    after = here.way.copy()
    for demand, new in zip(moved, to, strict=True):
        after[demand] = new
    assert kernels.begun(here.model, after).cost.sum() == pytest.approx(total[-1])
    _, hops = THEORY.predict_hops(scenario)
    weight = here.model.flows.wait_weight[hops.demand] * hops.weight
    in_queues = kernels.begun(here.model, here.way).moving.sum()
    assert in_queues == pytest.approx(float(weight @ hops.wait_s), rel=0.05)


def test_a_descent_keeps_to_the_number_of_demands_that_may_change() -> None:
    scenario = network()
    here = surface(scenario)
    moves = descent(here, passable(scenario), here.way, 2, Effort(moves=20))
    assert len({demand for demand, _ in moves}) <= 2
    assert prefixes(moves, 12)[-1] == dict(moves)


def test_detours_are_read_back_as_they_were_set() -> None:
    scenario = network()
    ways = {0: 4, 3: 5}
    after = detour_move(scenario, ways).apply(scenario)
    assert {row: int(ways_of(after)[row]) for row in ways} == ways
    back = detour_move(after, dict.fromkeys(ways, kernels.DIRECT)).apply(after)
    assert dict(back.policy.segment_lists) == {}


@pytest.mark.parametrize("room", [1.0, 5.0, 40.0])
@pytest.mark.parametrize("fill", [0.3, 0.999999, 1.0, 1.6])
def test_waits_and_losses_are_those_of_mm1k(fill: float, room: float) -> None:
    weights = fill ** np.arange(int(room) + 1)
    share = weights / weights.sum()
    number = float(share @ np.arange(len(share)))
    wait, loss = kernels.fill_figures(fill, room)
    assert loss == pytest.approx(share[-1], rel=1e-3)
    assert wait == pytest.approx(number / (fill * (1 - share[-1])) - 1, rel=1e-3, abs=1e-4)


def test_only_those_that_the_intent_names_have_a_price() -> None:
    scenario = network()
    performance, hops = THEORY.predict_hops(scenario)
    figures = Figures.of(scenario, performance, hops)
    gold = scenario.traffic.traffic_class == 0
    importance = importance_of(INTENT, figures)
    assert bool(np.all(importance.is_protected == gold))
    bound = float(np.median(performance.demands.delay_s[gold]))
    slo = Slo(metric=Metric.ONE_WAY_DELAY, bound=bound, selected="gold")
    prices = importance_of(Intent(select=GOLD, slos=(slo,)), figures).fixed[gold]
    assert bool(np.all(np.diff(prices[np.argsort(performance.demands.delay_s[gold])]) >= 0))
    loss = Intent(objectives=(Objective(minimize=Figure.PACKET_LOSS),))
    assert importance_of(loss, figures).wait.max() == 0 < importance_of(loss, figures).loss.min()


def test_no_packet_is_faster_than_the_floor() -> None:
    nodes = tuple(Node(name) for name in "abc")
    slow = Link("ac", "a", "c", 1e6, propagation_delay_s=0.5)
    topology = Topology(nodes, (Link("ab", "a", "b", 1e6, 0.01), Link("bc", "b", "c", 2e6, 0.02), slow))
    demand = Demand("a", "c", 1e5, packet_sizes=FixedSize(8000))
    scenario = Scenario(topology, Traffic.of([demand], topology))
    assert least_delay_s(scenario)[0] == pytest.approx(0.03 + 0.008 + 0.004)
    assert least_delay_s(scenario, has_transmission=False)[0] == pytest.approx(0.03)
    whole = Intent(objectives=(Objective(minimize=Figure.ONE_WAY_DELAY),))
    bound = delay_floor(scenario, whole)
    assert bound is not None
    assert bound.value == pytest.approx(0.042)
    assert bound.proof == "propagation and transmission"
    assert delay_floor(scenario, Intent(objectives=(Objective(minimize=Figure.PACKET_LOSS),))) is None


@dataclass(frozen=True)
class Slower:
    """Theory, but delays are so many times as long."""

    times: float

    @property
    def name(self) -> str:
        return "slower"

    def predict(self, scenario: Scenario) -> Performance:
        answer = THEORY.predict(scenario)
        columns = {name: self.times * getattr(answer.demands, name) for name in ("delay_s", "delay_variation_s", "delay_quantiles_s")}
        return replace(answer, demands=replace(answer.demands, **columns))


def slo_intent(scenario: Scenario, factor: float) -> Intent:
    """Every gold demand within so much of the worst p99 that theory predicts."""
    worst = float(THEORY.predict(scenario).delay_quantile_s(0.99)[scenario.traffic.traffic_class == 0].max())
    slo = Slo(metric=Metric.ONE_WAY_DELAY, statistic="p99", bound=factor * worst, selected="gold", name="gold")
    return Intent(select=GOLD, slos=(slo,))


@pytest.mark.parametrize(("times", "status"), [(1.0, Status.SATISFIED), (1.07, Status.UNDETERMINED), (1.5, Status.UNDETERMINED)])
def test_what_packets_do_not_confirm_with_a_margin_is_not_claimed(times: float, status: Status) -> None:
    scenario = network()
    intent = slo_intent(scenario, 1.1)
    clock = Clock(Budget())
    finalist = Jury(THEORY, intent, scenario, clock).judged([scenario], ["as it is"])
    (checked,) = Court(intent, scenario, Slower(times), 0.05).verified(finalist, clock)
    assert finalist[0].verdict.clauses[0].status is Status.SATISFIED
    assert checked.verdict.clauses[0].status is status
    assert checked.is_confirmed == (status is Status.SATISFIED)


def test_a_correction_makes_the_prediction_what_was_measured() -> None:
    scenario = network()
    predicted, measured = THEORY.predict(scenario), Slower(1.3).predict(scenario)
    corrected = Corrected(THEORY, Correction.between(predicted, measured)).predict(scenario)
    assert corrected.demands.delay_quantiles_s == pytest.approx(measured.demands.delay_quantiles_s)
    assert corrected.demands.loss_ratio == pytest.approx(predicted.demands.loss_ratio)


def test_a_correction_is_never_hopeful_and_chance_counts_against_a_claim() -> None:
    scenario = network()
    predicted, kinder = THEORY.predict(scenario), Slower(0.7).predict(scenario)
    assert Correction.between(predicted, kinder).delay == pytest.approx(1.0)
    wide = replace(predicted.demands, delay_s=1.4 * predicted.demands.delay_s)
    measured = replace(predicted, interval=Interval(coverage=0.95, lower=predicted.demands, upper=wide))
    assert Correction.by_chance(measured).of(measured).demands.delay_s == pytest.approx(wide.delay_s)
    assert Correction.by_chance(predicted).quantiles == pytest.approx(1.0)


def test_a_contradicted_claim_leads_the_search_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from nettwin.predict import registry

    monkeypatch.setattr(registry, "create", lambda *_, **__: Slower(1.3))
    scenario = network()
    intent = slo_intent(scenario, 0.95)
    method = replace(QUICK, finalists=1)
    solution = method.optimize(scenario, intent, THEORY, Budget(evaluations=60))
    p99 = Slower(1.3).predict(solution.scenario).delay_quantile_s(0.99)[scenario.traffic.traffic_class == 0].max()
    claimed = solution.evidence.verdict.clauses[0].status
    assert int(solution.evidence.notes["simulated candidates"]) >= 2
    assert (claimed is Status.SATISFIED) == bool(p99 <= 0.95 * intent.slos[0].bound) or claimed is Status.UNDETERMINED


def test_scheduling_knobs_mend_a_class_map() -> None:
    """Gold waits with all others in queue 1: what helps is a queue of its own."""
    from nettwin.scenario import Discipline, Queue, Scheduling

    scenario = network()
    port = Scheduling(Discipline.WFQ, tuple(Queue(buffer_packets=64) for _ in range(2)), queue_by_class=(1, 1))
    links = tuple(replace(link, scheduling=port) for link in scenario.topology.links)
    scenario = replace(scenario, topology=replace(scenario.topology, links=links))
    knobs = (Knob.QUEUE_WEIGHT, Knob.CLASS_MAP)
    solution = QUICK.optimize(scenario, replace(INTENT, limits=Limits(knobs=knobs)), THEORY, Budget(evaluations=24))
    assert solution.objective < 0.8 * gold_delay(scenario)
    assert any(link.scheduling.queue_of_class(0) != link.scheduling.queue_of_class(1) for link in solution.scenario.topology.links)


def test_the_page_shows_what_works(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "optimizers.md").read_text(encoding="utf-8")
    section = page.split("## Twin-guided search", 1)[1].split("\n## ", 1)[0]
    (program,) = re.findall(r"^```python\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)
    exec(compile(program, "optimizers.md", "exec"), {})  # noqa: S102 - our own page
    before, after = (float(figure) for figure in re.findall(r"([\d.]+) ms", capsys.readouterr().out))
    assert after < 0.8 * before


def test_the_jury_counts_and_asks_in_one_batch() -> None:
    asked: list[int] = []

    class Batch:
        name = "batch"

        def predict(self, scenario: Scenario) -> Performance:
            return THEORY.predict(scenario)

        def predict_many(self, scenarios: Sequence[Scenario]) -> list[Performance]:
            asked.append(len(scenarios))
            return [THEORY.predict(each) for each in scenarios]

    scenario = network()
    jury = Jury(Batch(), INTENT, scenario, Clock(Budget(evaluations=10)))
    assert len(jury.judged([scenario] * 3, ["a", "b", "c"])) == 3
    assert (asked, jury.n_asked) == ([3], 3)
    assert jury.affordable(0.5) == 5
