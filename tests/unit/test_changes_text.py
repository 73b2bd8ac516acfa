import json

import pytest

from nettwin import changes as ch
from nettwin.errors import FormatError, InputError, ScenarioError, UnknownNameError
from nettwin.scenario import (
    AdjacencySegment,
    Demand,
    Discipline,
    ExplicitPath,
    FixedSize,
    Link,
    Node,
    NodeSegment,
    Observation,
    OnOff,
    Poisson,
    Queue,
    Scheduling,
    SegmentList,
    ShortestPaths,
)

COMMANDS = [
    ("fail-link A--B", ch.FailLink("A--B")),
    ("fail-link 'New York->Los Angeles' whole_circuit=no", ch.FailLink("New York->Los Angeles", whole_circuit=False)),
    ("fail-link A->B whole-circuit=false", ch.FailLink("A->B", whole_circuit=False)),
    ("restore-node A", ch.RestoreNode("A")),
    ("fail-risk-group 'duct 1'", ch.FailRiskGroup("duct 1")),
    ("set-capacity A->B 10G", ch.SetCapacity("A->B", 1e10)),
    ("set-capacity A->B '2.5 Gbit/s'", ch.SetCapacity("A->B", 2.5e9)),
    ("set-capacity capacity_bps=1e9 link=A->B", ch.SetCapacity("A->B", 1e9)),
    ("set-propagation-delay A--B 5ms", ch.SetPropagationDelay("A--B", 0.005)),
    ("set-metric A->B 50", ch.SetMetric("A->B", 50.0)),
    ("set-path 'A->D' A->B,B->D", ch.SetPath("A->D", ("A->B", "B->D"))),
    ("set-path A->D '[\"odd,name\"]'", ch.SetPath("A->D", ("odd,name",))),
    ("set-paths A->D A->B,B->D@0.25;A->D@0.75", ch.SetPaths("A->D", (ExplicitPath(("A->B", "B->D"), 0.25), ExplicitPath(("A->D",), 0.75)))),
    (
        "segment-policy A->D B,link:B->C@2;D",
        ch.SegmentPolicy("A->D", (SegmentList((NodeSegment("B"), AdjacencySegment("B->C")), 2.0), SegmentList((NodeSegment("D"),)))),
    ),
    ("clear-path", ch.ClearPath("*")),
    ("set-ecmp off", ch.SetEcmp(has_ecmp=False)),
    ("set-routing-base shortest-paths:has_ecmp=no", ch.SetRoutingBase(ShortestPaths(has_ecmp=False))),
    ("add-link A->B A B 10G metric=3 both_directions=yes", ch.AddLink(Link("A->B", "A", "B", 1e10, metric=3.0), both_directions=True)),
    ("add-node E position=1.5,-2 tags=core,edge", ch.AddNode(Node("E", position=(1.5, -2.0), tags=("core", "edge")))),
    ("add-demand A B 10M arrivals=on-off:on_s=5,off_s=500ms", ch.AddDemand(Demand("A", "B", 1e7, arrivals=OnOff(5.0, 0.5)))),
    ("add-demand A B 10M class=1 id=video", ch.AddDemand(Demand("A", "B", 1e7, 1, id="video"))),
    ("set-rates A->B=10M,B->C=5k", ch.SetRates({"A->B": 1e7, "B->C": 5e3})),
    ("scale-traffic 1.2", ch.ScaleTraffic(1.2)),
    ("scale-traffic 1.2 class=1", ch.ScaleTraffic(1.2, ch.Selection(traffic_class=1))),
    ("scale-traffic 2 A->*,B->* target=D", ch.ScaleTraffic(2.0, ch.Selection(ids=("A->*", "B->*"), target="D"))),
    ("rate-limit 5M source=A", ch.RateLimit(5e6, ch.Selection(source="A"))),
    ("set-arrivals poisson", ch.SetArrivals(Poisson())),
    ("set-packet-sizes fixed-size:size_bits=1500B", ch.SetPacketSizes(FixedSize(12000.0))),
    ("set-buffer * 64kB", ch.SetBuffer("*", 512_000.0)),
    ("set-buffer * unlimited 32 queue=1", ch.SetBuffer("*", float("inf"), 32.0, 1)),
    ("set-class-map A->B 0,1,1", ch.SetClassMap("A->B", (0, 1, 1))),
    ("set-queue-weights A->B 1,2.5", ch.SetQueueWeights("A->B", (1.0, 2.5))),
    ("set-discipline A->B wfq", ch.SetDiscipline("A->B", Discipline.WFQ)),
    (
        "set-scheduling * wfq queues='[{},{\"weight\":2}]' queue_by_class=0,1",
        ch.SetScheduling("*", Scheduling(Discipline.WFQ, (Queue(), Queue(weight=2.0)), (0, 1))),
    ),
    ("set-observation 10 warm_up_s=1s", ch.SetObservation(Observation(10.0, 1.0))),
    ("set-next-link A D", ch.SetNextLink("A", "D")),
]


@pytest.mark.parametrize(("command", "change"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_commands(command: str, change: ch.Change) -> None:
    assert ch.parse_change(command) == change
    assert ch.parse_change(ch.command_of(change)) == change
    assert ch.change_from_dict(command) == change


def test_commands_are_written_as_short_as_possible() -> None:
    assert ch.command_of(ch.FailLink("A--B")) == "fail-link A--B"
    assert ch.command_of(ch.SetCapacity("A--B", 2.5e9)) == "set-capacity A--B 2.5Gbit/s"
    assert ch.command_of(ch.ScaleTraffic(1.2, ch.Selection(traffic_class=1))) == "scale-traffic 1.2 traffic_class=1"
    assert ch.command_of(ch.FailLink("a=b")) == "fail-link link=a=b"
    assert ch.command_of(ch.Plan((ch.FailNode("A"), ch.SetEcmp(has_ecmp=False)))) == "fail-node A, then set-ecmp no"


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("", "no change given"),
        ("fail-lnk A", "unknown change 'fail-lnk' .did you mean fail-link"),
        ("fail-link", r"fail-link: link missing \(usage: fail-link LINK \[whole_circuit=...\]\)"),
        ("fail-link A B C", "'C' is too much"),
        ("fail-link A whole=no", "unknown field 'whole' .did you mean whole_circuit"),
        ("fail-link A maybe", "whole_circuit: 'maybe' instead of true or false"),
        ("set-capacity A->B 10X", "capacity_bps: '10X' is no rate"),
        ("set-capacity 'A->B", "No closing quotation"),
        ("set-scheduling * wfk", "unknown discipline 'wfk' .did you mean wfq"),
        ("set-scheduling * queues=[1", "'.1' is no JSON"),
        ("set-arrivals onoff", "unknown kind 'onoff' .did you mean on-off"),
        ("set-arrivals on-off:on_s=-1,off_s=2", "on_s is -1"),
        ("add-demand A B", "rate_bps missing .usage: add-demand SOURCE TARGET RATE_BPS"),
        ("scale-traffic lots", "'lots' is no number"),
        ("set-class-map A->B 0.5", "instead of a whole number"),
    ],
)
def test_a_wrong_command_says_how_it_is_written(command: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        ch.parse_change(command)


def test_every_kind_has_a_usage() -> None:
    for kind in ch.CHANGE_KINDS:
        assert ch.usage(kind).startswith(kind)
    assert ch.usage("set-capacity") == "set-capacity LINK CAPACITY_BPS"


def test_plain_form_is_small_and_readable() -> None:
    assert ch.change_to_dict(ch.FailLink("A--B")) == {"fail-link": {"link": "A--B"}}
    assert ch.change_to_dict(ch.SetArrivals(OnOff(5.0, 0.5), ch.Selection(source="A"))) == {
        "set-arrivals": {"arrivals": {"kind": "on-off", "on_s": 5.0, "off_s": 0.5}, "demands": {"source": "A"}}
    }
    buffers = ch.SetScheduling("*", Scheduling(queues=(Queue(buffer_packets=32.0),)))
    assert ch.change_to_dict(buffers) == {"set-scheduling": {"link": "*", "scheduling": {"queues": [{"buffer_packets": 32.0}]}}}


def test_plans_nest_and_survive_json() -> None:
    plan = ch.Plan((ch.FailLink("A--B"), ch.Plan((ch.SetMetric("A->B", 3.0), ch.Plan()))))
    assert ch.change_from_dict(json.loads(json.dumps(ch.change_to_dict(plan)))) == plan
    assert ch.changes_from_dicts(ch.changes_to_dicts(plan)) == plan
    assert ch.changes_from_dicts(["fail-link A--B", {"plan": ["set-metric A->B 3", {"plan": []}]}]) == plan


@pytest.mark.parametrize(
    ("plain", "error", "complaint"),
    [
        ({"fail-lnk": {"link": "A"}}, UnknownNameError, "change: unknown change 'fail-lnk'"),
        ({"fail-link": {"lnk": "A"}}, UnknownNameError, "change.fail-link: unknown field 'lnk' .did you mean link"),
        ({"fail-link": {}}, FormatError, "change.fail-link: link is missing"),
        ({"fail-link": "A"}, FormatError, "change.fail-link: 'A' instead of the fields of fail-link"),
        ({"fail-link": {"link": 3}}, FormatError, "change.fail-link.link: 3 instead of a text"),
        ({"fail-link": {"link": "A"}, "fail-node": {"node": "B"}}, FormatError, "not a change"),
        ({}, FormatError, "not a change"),
        (3, FormatError, "not a change"),
        ({"plan": {"fail-link": {"link": "A"}}}, FormatError, "change.plan: not a list"),
        ({"plan": [{"fail-link": {"link": "A"}}, {"x": 1}]}, UnknownNameError, r"change.plan\[1\]: unknown change 'x'"),
        ({"set-capacity": {"link": "A", "capacity_bps": float("nan")}}, FormatError, "capacity_bps: nan instead of a number"),
        ({"set-capacity": {"link": "A", "capacity_bps": True}}, FormatError, "True instead of a number"),
        ({"scale-traffic": {"factor": -1}}, ScenarioError, "factor is -1"),
        ({3: {}}, UnknownNameError, "unknown change '3'"),
    ],
)
def test_wrong_plain_data_is_refused_with_its_place(plain: object, error: type[InputError], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        ch.change_from_dict(plain)


def test_plans_within_plans_have_a_limit() -> None:
    plain: object = {"plan": []}
    for _ in range(50):
        plain = {"plan": [plain]}
    with pytest.raises(FormatError, match="plans within plans"):
        ch.change_from_dict(plain)


def test_a_change_that_nobody_knows_cannot_be_written() -> None:
    class Own:
        def apply(self, scenario: object) -> object:
            return scenario

    with pytest.raises(UnknownNameError, match="unknown change 'own'"):
        ch.change_to_dict(Own())  # type: ignore[arg-type]
