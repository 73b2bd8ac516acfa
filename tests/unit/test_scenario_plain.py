import json
import math

import numpy as np
import pytest

from nettwin.errors import FormatError, InputError, ScenarioError, UnknownNameError
from nettwin.scenario import (
    ArrivalProcess,
    Demand,
    Discipline,
    EmpiricalSizes,
    ExplicitPath,
    FixedSize,
    ForwardingTable,
    Link,
    Node,
    NodeSegment,
    Observation,
    OnOff,
    PacketTrace,
    Poisson,
    Queue,
    RoutingPolicy,
    Scheduling,
    SegmentList,
)
from nettwin.scenario.plain import from_plain, kind_name, required_fields, to_plain

VALUES = [
    Scheduling(Discipline.WFQ, (Queue(1e4, weight=2.0), Queue(buffer_packets=5.0)), (0, 1, 1)),
    Demand("A", "B", 1.0, 2, OnOff(1.0, 2.0), EmpiricalSizes((1.0, 2.0), (0.5, 0.5)), "video"),
    Demand("A", "B", 1.0, packet_sizes=FixedSize(3.0)),
    Demand("A", "B", 700.0, arrivals=PacketTrace(np.array([0.0, 0.5]), np.array([300.0, 400.0]), 1.0)),
    Node("a", position=(1.0, 2.0), tags=("x",), is_up=False),
    Link("l", "a", "b", 1e9, risk_groups=("duct",), scheduling=Scheduling(queues=(Queue(5.0),))),
    Observation(3.0, 1.0),
    Observation(),
    RoutingPolicy(
        ForwardingTable(np.array([[-1, 0], [1, -1]])), {"a": (ExplicitPath(("x",), 1.0),)}, {"b": (SegmentList((NodeSegment("A"),)),)}
    ),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_survive_json(value: object) -> None:
    assert from_plain(type(value), json.loads(json.dumps(to_plain(value), allow_nan=False))) == value


def test_defaults_are_left_out_and_kinds_are_named() -> None:
    assert to_plain(Observation()) == {}
    assert to_plain(Poisson(), ArrivalProcess) == "poisson"
    assert to_plain(OnOff(1.0, 2.0), ArrivalProcess) == {"kind": "on-off", "on_s": 1.0, "off_s": 2.0}
    assert to_plain(Queue(buffer_bits=8.0)) == {"buffer_bits": 8.0}
    assert to_plain(math.inf) == "unlimited"
    assert to_plain(np.float64(0.5)) == 0.5
    assert kind_name(EmpiricalSizes) == "empirical-sizes"
    assert required_fields(Demand) == ("source", "target", "rate_bps")


def test_what_people_write_is_understood() -> None:
    assert from_plain(ArrivalProcess, "poisson") == Poisson()
    assert from_plain(ArrivalProcess, {"kind": "on-off", "on_s": "500 ms", "off_s": 1}) == OnOff(0.5, 1.0)
    assert from_plain(Queue, {"buffer_bits": "64 kB", "weight": "2e0"}) == Queue(512_000.0, weight=2.0)
    assert from_plain(Queue, {"buffer_bits": "unlimited"}) == Queue()
    assert from_plain(Node, {"id": "a", "position": None}) == Node("a")
    assert from_plain(Demand, {"source": "a", "target": "b", "rate_bps": 5, "traffic_class": 1.0}).traffic_class == 1


@pytest.mark.parametrize(
    ("kind", "plain", "error", "complaint"),
    [
        (Scheduling, {"disciplin": "wfq"}, UnknownNameError, "here: unknown field 'disciplin' .did you mean discipline"),
        (Scheduling, {"discipline": "wfk"}, UnknownNameError, "here.discipline: unknown discipline 'wfk' .did you mean wfq"),
        (Scheduling, {"queues": [{}, {"weight": "x"}]}, FormatError, r"here.queues\[1\].weight: 'x' is no number"),
        (Scheduling, {"queues": [{"weight": -1}]}, ScenarioError, r"here.queues\[0\]: queue: weight is -1"),
        (Scheduling, {"queues": {}}, FormatError, "here.queues: .* instead of a list"),
        (Scheduling, {"queue_by_class": ["unlimited"]}, FormatError, r"queue_by_class\[0\]: 'unlimited' instead of a whole number"),
        (Scheduling, {"buffer_holds_packet_in_service": 1}, FormatError, "1 instead of true or false"),
        (Demand, {"source": "a", "rate_bps": 1}, FormatError, "here: target is missing .demand needs source, target, rate_bps"),
        (Demand, {"source": 1, "target": "b", "rate_bps": 1}, FormatError, "here.source: 1 instead of a text .put it in quotes"),
        (Demand, {"source": "a", "target": "b", "rate_bps": 1, "arrivals": "poison"}, UnknownNameError, "unknown kind 'poison'"),
        (Demand, {"source": "a", "target": "b", "rate_bps": 1, "arrivals": {"on_s": 1}}, FormatError, "its kind is missing"),
        (Demand, {"source": "a", "target": "b", "rate_bps": 1, "arrivals": {"kind": []}}, FormatError, r"kind: \[\] instead of a text"),
        (Demand, {"source": "a", "target": "b", "rate_bps": 1, "traffic_class": 1.5}, FormatError, "instead of a whole number"),
        (Demand, 3, FormatError, "here: 3 instead of the fields of demand"),
        (Node, {"id": "a", "position": [1]}, FormatError, "here.position: 1 entries .give 2"),
        (Queue, {"weight": True}, FormatError, "True instead of a number"),
        (Queue, {"weight": math.nan}, FormatError, "nan instead of a number"),
        (Queue, {"weight": "nan"}, FormatError, "'nan' is no number"),
        (Queue, {"weight": 10**400}, FormatError, "instead of a number"),
        (Queue, {"weight": 10**5000}, FormatError, "a huge int instead of a number"),
        (Queue, {1: 2}, UnknownNameError, "unknown field '1'"),
        (ForwardingTable, {"next_link": [[1], [2, 3]]}, FormatError, "not an even list of numbers"),
        (ForwardingTable, {"next_link": [["a"]]}, FormatError, "not an even list of numbers"),
        (ForwardingTable, {"next_link": [[0.5]]}, FormatError, "not an even list of numbers"),
        (RoutingPolicy, {"explicit_paths": {"a": [{}]}}, FormatError, r"explicit_paths\['a'\]\[0\]: links is missing"),
        (RoutingPolicy, {"explicit_paths": {1: []}}, FormatError, "1 instead of a text"),
    ],
)
def test_wrong_plain_data_is_refused_with_its_place(kind: object, plain: object, error: type[InputError], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        from_plain(kind, plain, "here")


def test_what_is_not_finite_cannot_be_written() -> None:
    for value in (-math.inf, math.nan):
        with pytest.raises(ScenarioError, match="cannot be written"):
            to_plain(value)
