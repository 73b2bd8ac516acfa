"""Explanations on networks whose answers are known by hand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pytest

from fake_predictor import FakePredictor
from nettwin.apps.explain import DemandExplanation, Explanation, Target, explain
from nettwin.changes import FailLink, ScaleTraffic, parse_change
from nettwin.errors import InputError, PredictionError, UnknownNameError
from nettwin.generate.scenarios import ScenarioSpace, random_scenario
from nettwin.performance import HopPerformance, Interval, Performance
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import (
    Demand,
    Discipline,
    EmpiricalSizes,
    FixedSize,
    Link,
    Node,
    OnOff,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)
from simulated_networks import FIXED, line, mesh

QUEUEING = QueueingPredictor()
THREE_QUEUES = (Queue(buffer_packets=40, weight=6.0), Queue(buffer_packets=40, weight=3.0), Queue(buffer_packets=40, weight=1.0))


@cache
def shared_port(discipline: Discipline = Discipline.STRICT_PRIORITY, rates_bps: tuple[float, ...] = (5e5, 1e5, 3e5)) -> Scenario:
    """Over 1 Mbit/s: one demand in the first class, two in the last; then a fast link."""
    scheduling = Scheduling(discipline, THREE_QUEUES)
    voice, bulk, other = rates_bps
    demands = [
        Demand("0", "2", voice, 0, packet_sizes=FIXED, id="voice"),
        Demand("0", "2", bulk, 2, packet_sizes=FIXED, id="bulk"),
        Demand("0", "1", other, 2, packet_sizes=FIXED, id="other"),
    ]
    return line(2, demands, scheduling, propagation_s=1e-3)


@cache
def one(scenario: Scenario, demand: str, target: Target = Target()) -> DemandExplanation:
    return explain(scenario, QUEUEING, [demand], target).demands[0]


def words(each: DemandExplanation) -> str:
    return " ".join(each.text)


# --- where


@pytest.mark.parametrize("seed", range(4))
def test_the_parts_add_up(seed: int) -> None:
    scenario = random_scenario(np.random.default_rng(seed + 20), ScenarioSpace(nodes=(4, 7), max_load=(0.5, 1.2)))
    for each in explain(scenario, QUEUEING).demands:
        total = sum(each.total_s(part) for part in ("wait_s", "transmission_s", "propagation_s"))
        assert total == pytest.approx(each.delay_s, rel=1e-6)
        assert sum(hop.dropped_ratio for hop in each.hops) <= each.loss_ratio + 1e-9


def test_all_paths_are_told_with_their_shares() -> None:
    scenario = mesh(load=0.9)
    two_paths = next(name for name in scenario.demand_ids if name.startswith("4->1"))
    each = one(scenario, two_paths)
    shares = {hop.path: hop.path_share for hop in each.hops}
    assert len(shares) == 2
    assert sum(shares.values()) == pytest.approx(1.0)
    assert "over 2 paths of 2 links" in words(each)


def test_what_a_queue_can_have_depends_on_the_scheduler() -> None:
    strict = one(shared_port(), "bulk").hops[0].load
    assert strict.offered == pytest.approx(0.4)
    assert strict.left == pytest.approx(0.5, abs=0.01)
    first = one(shared_port(), "voice").hops[0].load
    assert (first.left, first.ahead) == (1.0, 0.0)
    weighted = one(shared_port(Discipline.WFQ, (12e5, 1e5, 3e5)), "voice").hops[0].load
    assert weighted.left == pytest.approx(6 / 7, abs=0.01)  # by weight with the one other queue in use, which wants all of its share
    assert weighted.pressure == pytest.approx(1.4, abs=0.02)


# --- because of whom


def test_causes_by_their_load_in_the_queue_and_before_it() -> None:
    causes = {cause.demand: cause for cause in one(shared_port(), "bulk").causes if cause.link == "0->1"}
    assert {name: cause.relation for name, cause in causes.items()} == {"voice": "goes before", "other": "same queue", "bulk": "itself"}
    assert causes["other"].share == pytest.approx(0.75)
    assert causes["bulk"].share == pytest.approx(0.25)
    assert causes["voice"].share == pytest.approx(1.0)
    assert causes["voice"].load == pytest.approx(0.5)


def test_the_wait_is_attributed_to_causes_wholly() -> None:
    each = one(shared_port(), "bulk")
    assert sum(cause.wait_s for cause in each.causes if cause.link == "0->1") == pytest.approx(each.hops[0].wait_s)


def test_those_that_come_later_cause_nothing() -> None:
    assert {cause.demand for cause in one(shared_port(), "voice").causes} == {"voice"}


def test_the_cause_whose_absence_helps_most_is_the_first() -> None:
    each = one(shared_port(), "bulk")
    gone = {row.about: row.delay_s_change for row in each.sensitivities if row.knob == "removal"}
    assert set(gone) == {"voice", "other"}
    assert min(gone, key=lambda name: gone[name]) == each.causes[0].demand
    assert all(change < 0 for change in gone.values())


# --- what would change it


def test_sensitivities_are_what_the_twin_says() -> None:
    scenario = shared_port()
    each = one(scenario, "bulk")
    for row in each.sensitivities:
        after = QUEUEING.predict(parse_change(row.change).apply(scenario)).demands.delay_s[scenario.demand_index["bulk"]]
        assert row.delay_s_change == pytest.approx(after - each.delay_s, abs=1e-12)
    ranked = [abs(row.delay_change_ratio) for row in each.sensitivities]
    assert ranked == sorted(ranked, reverse=True)


def test_their_signs() -> None:
    rows = {(row.knob, row.about): row for row in one(shared_port(), "bulk").sensitivities}
    assert rows["capacity", "0->1"].elasticity < 0 < rows["traffic", "voice"].elasticity
    assert rows["capacity", "0->1"].opposite_delay_s_change > -rows["capacity", "0->1"].delay_s_change > 0
    assert rows["class", "into class 0"].delay_s_change < 0
    assert ("weight", "0->1[2]") not in rows
    weighted = {(row.knob, row.about): row for row in one(shared_port(Discipline.WFQ, (9e5, 1e5, 3e5)), "bulk").sensitivities}
    assert weighted["weight", "0->1[2]"].delay_s_change < 0


def test_who_is_harmed_by_a_move() -> None:
    scenario = shared_port(rates_bps=(4e5, 4e5, 1e5))
    row = next(row for row in one(scenario, "bulk").sensitivities if row.change == "set-traffic-class 0 bulk")
    before, after = QUEUEING.predict(scenario), QUEUEING.predict(parse_change(row.change).apply(scenario))
    assert after.demands.delay_s[0] > 1.05 * before.demands.delay_s[0]
    assert row.n_harmed == 2  # voice shares its queue with it, the other one has it before itself


def ring() -> Scenario:
    """A short way of one link and a long one of two, metrics 1."""
    links = tuple(Link(f"{a}->{b}", a, b, 1e6, 1e-3) for a, b in ("AB", "BA", "AC", "CA", "CB", "BC"))
    topology = Topology(tuple(Node(name) for name in "ABC"), links)
    return Scenario(topology, Traffic.of([Demand("A", "B", 9e5, packet_sizes=FIXED)], topology))


def test_the_smallest_metric_that_moves_a_demand() -> None:
    scenario = ring()
    row = next(row for row in one(scenario, "A->B").sensitivities if row.knob == "metric")
    assert row.change == "set-metric 'A->B' 3"
    moved = explain(parse_change(row.change).apply(scenario), QUEUEING, ["A->B"]).demands[0]
    assert [hop.link for hop in moved.hops] == ["A->C", "C->B"]


def test_a_demand_with_a_path_of_its_own_is_not_moved_by_metrics() -> None:
    scenario = parse_change("set-path 'A->B' 'A->B'").apply(ring())
    assert "metric" not in {row.knob for row in one(scenario, "A->B").sensitivities}


# --- the smallest change


def test_the_smallest_capacity_that_meets_a_target() -> None:
    scenario = shared_port()
    target = Target(delay_s=one(scenario, "bulk").delay_s * 0.7)
    each = one(scenario, "bulk", target)
    remedy = next(row for row in each.remedies if row.knob == "capacity" and row.about == "0->1")
    row = scenario.demand_index["bulk"]

    def delay_with(percent: int) -> float:
        changed = parse_change(f"set-capacity '0->1' {1e6 * percent / 100}").apply(scenario)
        return float(QUEUEING.predict(changed).demands.delay_s[row])

    percent = round(100 * remedy.factor)
    assert delay_with(percent) == pytest.approx(remedy.delay_s)
    assert delay_with(percent) <= target.delay_s < delay_with(percent - 1)
    assert f"{percent - 100} % more capacity on 0->1" in words(each)


def test_every_remedy_meets_the_target() -> None:
    scenario = shared_port(Discipline.DRR, (6e5, 2e5, 4e5))
    target = Target(delay_s=0.02, loss_ratio=0.001)
    each = one(scenario, "bulk", target)
    assert not target.is_met(each.delay_s, each.loss_ratio)
    assert each.remedies
    for remedy in each.remedies:
        answer = QUEUEING.predict(parse_change(remedy.change).apply(scenario)).demands
        row = scenario.demand_index["bulk"]
        assert target.is_met(float(answer.delay_s[row]), float(answer.loss_ratio[row])), remedy
    assert not {(row.knob, row.about) for row in each.remedies} & set(each.vain)


def test_what_drops_packets_to_be_fast_comes_last() -> None:
    scenario = shared_port(rates_bps=(5e5, 3e5, 3e5))
    today = one(scenario, "bulk")
    remedies = one(scenario, "bulk", Target(delay_s=today.delay_s / 3)).remedies
    assert remedies[-1].knob == "buffer"
    assert remedies[-1].loss_ratio > today.loss_ratio + 0.005
    assert remedies[0].loss_ratio < today.loss_ratio


def test_targets_that_need_nothing_too_much_or_more_than_one_change() -> None:
    scenario = shared_port()
    assert "It meets the target (at most 1.00 s) as it is." in words(one(scenario, "bulk", Target(delay_s=1.0)))
    assert "propagation alone takes 2.00 ms" in words(one(scenario, "bulk", Target(delay_s=1e-3)))
    twice = line(2, [Demand("0", "2", 9.8e5, packet_sizes=FIXED), Demand("1", "2", 1.0, packet_sizes=FIXED)])
    each = one(twice, "0->2", Target(delay_s=0.0035))
    assert {row.knob for row in each.remedies} <= {"traffic", "class traffic"}
    assert "Not enough alone: capacity." in words(each)


def test_a_target_that_no_single_change_meets() -> None:
    twice = line(2, [Demand("0", "2", 9.8e5, packet_sizes=FIXED)])
    assert "No single change that was tried meets the target" in words(one(twice, "0->2", Target(delay_s=2.0001e-3)))


# --- in words


def test_the_sentence_of_the_worst_queue() -> None:
    text = words(one(shared_port(rates_bps=(5e5, 1.1e5, 3.7e5)), "bulk"))
    assert "is queueing at 0->1, where the lowest-priority (best-effort) queue is offered 0.96 of what strict priority leaves it" in text
    assert "so close to full that a little more traffic costs much" in text
    assert "All of that load is other (77.1 %) and its own traffic (22.9 %)" in text
    assert "The queues that go before it take 50.0 % of the link: all of that is voice" in text


def test_an_overloaded_port_and_its_losses() -> None:
    text = words(one(shared_port(rates_bps=(5e5, 3e5, 4e5)), "bulk"))
    assert "more than it can send, so its buffer stands full" in text
    assert "All its losses happen at 0->1" in text
    assert "a buffer of 40 packets" in text


def test_packets_longer_than_the_buffer_are_told() -> None:
    sizes = EmpiricalSizes((1000.0, 12_000.0), (0.9, 0.1))
    demands = [Demand("0", "1", 2e5, packet_sizes=sizes, id="mix"), Demand("0", "1", 1e5, packet_sizes=FixedSize(12_000.0), id="long")]
    scenario = line(1, demands, scheduling=Scheduling(Discipline.FIFO, (Queue(buffer_bits=9000.0),)))
    assert "10.0 % of its packets are longer than that and never fit." in words(one(scenario, "mix"))
    assert "They are longer than a buffer of 1.12 kB." in words(one(scenario, "long"))


def test_bursts_are_told() -> None:
    bursty = [Demand("0", "1", 2e5, arrivals=OnOff(0.5, 1.0), packet_sizes=FIXED, id=f"d{i}") for i in range(3)]
    assert "100.0 % of its traffic comes in bursts" in words(one(line(1, bursty), "d0"))


def test_many_thin_demands_are_told_as_such() -> None:
    thin = [Demand("0", "1", 9e5 / 40, packet_sizes=FIXED, id=f"d{i}") for i in range(40)]
    assert "That load is spread over 40 demands, none with more than 2.5 % of it." in words(one(line(1, thin), "d0"))


def test_distance_is_not_for_the_operator_to_change() -> None:
    each = one(line(2, [Demand("0", "2", 1e5, packet_sizes=FIXED)], propagation_s=0.05), "0->2")
    assert "Most of it is distance" in words(each)


def test_a_slow_link_is_told() -> None:
    assert "Most of it is putting packets on the wire" in words(one(line(1, [Demand("0", "1", 1e4, packet_sizes=FIXED)]), "0->1"))


def test_demands_of_which_nothing_arrives() -> None:
    scenario = line(2, [Demand("0", "2", 1e5, id="cut"), Demand("0", "1", 1e5, id="fine"), Demand("0", "1", 0.0, id="silent")])
    cut = FailLink("1->2").apply(scenario)
    assert "Nothing of cut arrives: no path leads from 0 to 2." in words(one(cut, "cut"))
    assert "silent sends nothing" in words(one(cut, "silent"))
    dropped = parse_change("set-buffer '1->2' buffer_bits=10").apply(scenario)
    assert "its packets are dropped at 1->2" in words(one(dropped, "cut"))


def test_which_demands_are_worst() -> None:
    """One of each kind in turn, none that is cut off: the longest way, the longest at ports."""
    far = Link("1->3", "1", "3", 1e9, 0.1)
    base = shared_port()
    topology = replace(base.topology, nodes=(*base.topology.nodes, Node("3"), Node("4")), links=(*base.topology.links, far))
    rows = [*base.traffic.rows(base.topology), Demand("1", "3", 1e3, id="far"), Demand("0", "4", 1e3, id="cut")]
    worst = explain(Scenario(topology, Traffic.of(rows, topology)), QUEUEING, n_worst=2).demands
    assert [each.demand for each in worst] == ["far", "bulk"]


# --- whom it asks


@dataclass(frozen=True)
class Counting:
    """The analytic twin with intervals and doubts, counting how often it is asked."""

    asked: list[int] = field(default_factory=list)
    name: str = "counting"

    def predict(self, scenario: Scenario) -> Performance:
        return self.predict_many([scenario])[0]

    def predict_many(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        self.asked.append(len(scenarios))
        return [_unsure(QUEUEING.predict(scenario)) for scenario in scenarios]

    def predict_hops(self, scenario: Scenario) -> tuple[Performance, HopPerformance]:
        performance, hops = QUEUEING.predict_hops(scenario)
        return _unsure(performance), hops


def _unsure(answer: Performance) -> Performance:
    bounds = [replace(answer.demands, delay_s=answer.demands.delay_s * factor) for factor in (0.8, 1.2)]
    trusted = np.zeros(len(answer.demands.delay_s), dtype=np.bool_)
    return replace(answer, interval=Interval(coverage=0.9, lower=bounds[0], upper=bounds[1]), is_trusted=trusted)


def test_interval_and_trust_are_told() -> None:
    scenario = shared_port()
    each = explain(scenario, Counting(), ["bulk"], Target(delay_s=one(scenario, "bulk").delay_s * 0.7)).demands[0]
    assert "(90 % interval)" in words(each)
    assert "outside what the engine knows well" in words(each)
    assert each.belief.upper_s == pytest.approx(1.2 * each.delay_s)
    assert "by its interval" in words(each)


def test_all_sensitivities_are_one_batch_and_equal_changes_are_asked_once() -> None:
    engine = Counting()
    explanation = explain(shared_port(), engine, ["bulk", "other"])
    changes = {row.change for each in explanation.demands for row in each.sensitivities}
    sized = {row.change for each in explanation.demands for row in each.sensitivities if math.isfinite(row.factor)}
    assert len(engine.asked) == 1
    assert len(changes) < engine.asked[0] <= len(changes) + len(sized)


@dataclass(frozen=True)
class Mixed:
    """Would answer what-ifs by another engine than the first question."""

    name: str = "mixed"

    def predict(self, scenario: Scenario) -> Performance:
        raise AssertionError("not asked")

    def explainer(self) -> QueueingPredictor:
        return QUEUEING


def test_an_engine_that_mixes_others_names_the_one_to_ask() -> None:
    explained = explain(shared_port(), Mixed(), ["bulk"]).demands[0]
    assert explained.sensitivities == one(shared_port(), "bulk").sensitivities


def test_engines_that_do_not_answer_hop_by_hop() -> None:
    with pytest.raises(PredictionError, match="does not answer hop by hop"):
        explain(shared_port(), FakePredictor(), ["bulk"])


def test_names_that_nothing_answers_to() -> None:
    with pytest.raises(UnknownNameError, match="bulk"):
        explain(shared_port(), QUEUEING, ["bulc"])


def test_a_network_where_nothing_arrives() -> None:
    with pytest.raises(InputError, match="nothing arrives anywhere"):
        explain(ScaleTraffic(0.0).apply(shared_port()), QUEUEING)


# --- as tables


def test_tables_have_a_row_per_part_and_units() -> None:
    explanation = explain(shared_port(), QUEUEING, ["bulk", "voice"], Target(delay_s=5e-3))
    assert isinstance(explanation, Explanation)
    assert explanation.hops.loc["bulk", "link"].tolist() == ["0->1", "1->2"]
    assert explanation.hops.attrs["units"]["wait_s"] == "s"
    assert explanation.causes.loc["bulk", "cause"].iloc[0] == "voice"
    assert {"set-traffic-class 1 bulk", "set-traffic-class 0 bulk"} <= set(explanation.sensitivities["change"])
    assert (explanation.remedies["delay_s"] <= 5e-3).all()
    assert str(explanation).startswith("bulk (class 2")
