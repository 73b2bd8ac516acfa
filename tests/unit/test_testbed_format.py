"""Lines of a hardware testbed made by hand: two routers behind two switches, and one recording of each collection where it is there."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from nettwin.apps.evaluate import Evaluation, Rates, evaluate_one
from nettwin.controlplane import route
from nettwin.errors import FormatError, InputError, LimitError
from nettwin.formats import testbed
from nettwin.formats.coverage import Status
from nettwin.formats.testbed.sources import MULTI_BURST
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import ConstantBitRate, OnOff, Poisson

DATA = Path(__file__).parents[3] / "shared" / "data"
HEADER_BITS = 336

# router ports 0 (router 0), 1 (router 1), 2 (router 1 to router 0), 3 (router 0 to the tester); switch ports 4.., trunk 8, tester port 7
PATHS = [[4, 0, 8, 5, 1, 7], [6, 2, 9, 10, 3, 11]]
LINE = {
    "flow_id": ["0_1_0", "1_0_0"],
    "flow_traffic": [10e6, 20e6],
    "flow_packets": [1250.0, 2500.0],
    "flow_packet_size": [8000.0, 8000.0],
    "flow_type": [[1.0, 0.0], [0.0, 1.0]],
    "flow_length": [6, 6],
    "link_capacity": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 10.0, 80.0, 80.0, 1.0, 10.0],
    "link_to_path": PATHS,
    "path_to_link": [],
    "flow_delay_ms": [0.125, 7.5],
    "fold": 0,
}
WINDOWED = {name: LINE[name] for name in ("link_capacity", "link_to_path")} | {
    "flow_id": ["0_1", "1_0"],
    "flow_ON_time": [2.0, 0.0],
    "flow_OFF_time": [1.0, 0.0],
    "flow_lambda": [0.0, 1e7],
    "flow_traffic_per_seg": [[8e6, 0.0], [1e7, 2e7]],
    "flow_avg_packet_size_per_seg": [[8000.0, 0.0], [4000.0, 4000.0]],
    "flow_avg_delay_per_seg": [[1e-4, 0.0], [2e-4, 3e-4]],
    "flow_has_delay": [[True, False], [True, True]],
    "flow_avg_delay": [1e-4, 2.5e-4],
    "flow_delay_ms": [1e-4, 2.5e-4],
    "link_pkt_header_size": [320.0] * 12,
}


@pytest.fixture
def write(tmp_path):
    """Writes lines, gzipped, and returns the file."""

    def write(*records, name="one.jsonl.gz"):
        path = tmp_path / name
        path.write_bytes(gzip.compress("".join(json.dumps(record) + "\n" for record in records).encode()))
        return path

    return write


def test_a_line_becomes_links_paths_and_rates_on_the_wire(write):
    imported = testbed.read(write(LINE))
    scenario = imported.scenario
    assert scenario.demand_ids == ("0_1_0", "1_0_0")
    routing = route(scenario)
    assert [routing.paths_of(demand)[0][1].tolist() for demand in range(2)] == PATHS
    np.testing.assert_allclose(scenario.traffic.rate_bps, np.array([10e6, 20e6]) * (8000 + HEADER_BITS) / 8000)
    np.testing.assert_allclose(scenario.traffic.mean_size_bits, 8000 + HEADER_BITS)
    assert [scenario.traffic.arrivals[i] for i in scenario.traffic.arrival_index] == [ConstantBitRate(), MULTI_BURST]
    np.testing.assert_allclose(imported.performance.demands.delay_s, [0.125e-3, 7.5e-3])
    assert np.isnan(imported.performance.demands.loss_ratio).all()


def test_routers_and_switches_are_told_apart(write):
    topology = testbed.read(write(LINE)).scenario.topology
    assert [topology.links[i].source for i in (0, 1, 2, 3)] == ["router 0", "router 1", "router 1", "router 0"]
    assert {topology.links[i].target for i in (4, 10)} == {"router 0"}
    buffers = topology.queues.buffer_bits
    np.testing.assert_allclose(buffers[[0, 4, 8]], [139e6, 14.5e6, 80 * 14.5e6])


def test_a_transit_router_is_a_router_without_a_known_number(write):
    capacity = [*LINE["link_capacity"], 1.0, 1.0]
    record = LINE | {"link_capacity": capacity, "link_to_path": [[4, 0, 12, 13, 5, 1, 7], PATHS[1]]}
    topology = testbed.read(write(record)).scenario.topology
    assert topology.links[13].source.startswith("router ")
    assert topology.links[13].source not in ("router 0", "router 1")


def test_nothing_is_dropped_in_silence(write):
    coverage = testbed.read(write(LINE | {"flow_color": ["red"]})).coverage
    assert [entry.item for entry in coverage.of(Status.UNKNOWN)] == ["flow_color"]
    assert {"flow_packets", "fold", "path_to_link"} <= {entry.item for entry in coverage.of(Status.IGNORED)}
    assert any("assumed" in entry.note for entry in coverage.of(Status.MODELLED))


def test_whole_experiments_and_windows_of_a_windowed_recording(write):
    path = write(WINDOWED)
    whole = testbed.read(path)
    assert [whole.scenario.traffic.arrivals[i] for i in whole.scenario.traffic.arrival_index] == [OnOff(2.0, 1.0), Poisson()]
    np.testing.assert_allclose(whole.scenario.traffic.rate_bps, [4e6 * 8320 / 8000, 1.5e7 * 4320 / 4000])
    np.testing.assert_allclose(whole.performance.demands.delay_s, [1e-4, 2.5e-4])
    first, second = (window.read() for window in testbed.windows(path))
    assert [first.scenario.traffic.arrivals[i] for i in first.scenario.traffic.arrival_index] == [ConstantBitRate(), Poisson()]
    np.testing.assert_allclose(first.performance.demands.delay_s, [1e-4, 2e-4])
    np.testing.assert_allclose(second.performance.demands.delay_s, [np.nan, 3e-4])
    np.testing.assert_allclose(second.scenario.traffic.rate_bps, [0.0, 2e7 * 4320 / 4000])
    assert first.scenario.observation.duration_s == pytest.approx(0.1)
    assert whole.scenario.observation.duration_s == pytest.approx(0.2)


def test_members_are_lines_and_their_windows(write):
    path = write(LINE, WINDOWED)
    assert testbed.member_names(path) == ("0", "1")
    assert [experiment.source for experiment in testbed.experiments(path.parent)] == [f"{path}#0", f"{path}#1"]
    assert testbed.member_names(path.parent) == ("one.jsonl.gz/0", "one.jsonl.gz/1")
    assert testbed.read_member(path.parent, "one.jsonl.gz/1").scenario.name == f"{path}#1"
    assert testbed.read_member(path, "1/1").scenario.name == f"{path}#1/1"
    for member in ("2", "1/2", "x", "0/1/2", "-1"):
        with pytest.raises(InputError):
            testbed.read_member(path, member)
    with pytest.raises(InputError, match="several"):
        testbed.read(path)


def test_it_is_recognized_by_its_fields(write, tmp_path):
    path = write(LINE)
    assert testbed.recognizes(path, json.dumps(LINE).encode())
    assert testbed.recognizes(tmp_path, b"")
    assert not testbed.recognizes(tmp_path / "other.jsonl", b'{"a": 1}')
    assert not testbed.recognizes(tmp_path / "other.json", json.dumps(LINE).encode())


def test_any_engine_can_be_evaluated_on_it(write):
    path = write(LINE, LINE)
    assert testbed.is_collection(path)
    assert testbed.is_collection(path.parent)
    (path.parent / "other.yaml").write_text("name: other")
    assert not testbed.is_collection(path.parent / "other.yaml")
    samples = tuple(evaluate_one(experiment, QueueingPredictor()) for experiment in testbed.experiments(path))
    document = json.loads(json.dumps(Evaluation("queueing", samples, Rates.NOMINAL).to_dict(), allow_nan=False))
    assert document["demands"] == 4
    assert 0 < document["delay"]["mape"] < 1.5
    assert document["loss"]["mae"] is None


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"flow_traffic": [1e6]}, "1 values for 2 flows"),
        ({"flow_traffic": [1e6, -1.0]}, "negative"),
        ({"flow_traffic": "fast"}, "no list"),
        ({"flow_packet_size": [8000.0, 0.0]}, "above zero"),
        ({"flow_id": ["0_1_0", "0_1_0"]}, "twice"),
        ({"link_to_path": [[4, 0, 7], [99]]}, "known links"),
        ({"link_to_path": [[4, 0, 7], []]}, "known links"),
        ({"link_to_path": [[4, 4, 7], [4]]}, "one device"),
        ({"link_capacity": [0.0] * 12}, "above zero"),
        ({"flow_type": [[1.0, 0.0], [0.0]]}, "equal length"),
    ],
)
def test_what_cannot_be_understood_says_where(write, changes, what):
    with pytest.raises(FormatError, match=what):
        testbed.read(write(LINE | changes))


def test_a_missing_field_or_a_line_that_is_no_object(write, tmp_path):
    with pytest.raises(FormatError, match="missing"):
        testbed.read(write({name: value for name, value in LINE.items() if name != "flow_id"}))
    with pytest.raises(FormatError, match="no JSON object"):
        testbed.read(write([1, 2]))
    with pytest.raises(FormatError, match="no experiment"):
        testbed.read(write())


def test_too_much_is_refused(write):
    with pytest.raises(LimitError):
        testbed.read(write(LINE | {"flow_traffic": [1.0] * 20_001}))
    with pytest.raises(LimitError):
        testbed.read(write(LINE | {"path_to_link": [0] * 250_000}))


@pytest.mark.skipif(not (DATA / "testbed2023").is_dir(), reason="the recordings of the testbed are not there")
def test_real_recordings_are_read_whole():
    """All figures of the first experiments: every delay, connected paths, all routers numbered."""
    for experiment in [next(iter(testbed.experiments(file))) for file in sorted((DATA / "testbed2023").glob("*.jsonl.gz"))]:
        imported = experiment.read()
        assert np.isfinite(imported.performance.demands.delay_s).all()
        assert route(imported.scenario).n_paths == imported.scenario.traffic.n_demands
        assert not imported.coverage.of(Status.UNKNOWN)


@pytest.mark.skipif(not (DATA / "testbed-windows").is_dir(), reason="the recordings of the testbed are not there")
def test_real_windows_are_read():
    file = DATA / "testbed-windows" / "data_seg_on_off_0_4_100_v2_test.jsonl.gz"
    windows = list(testbed.windows(file))
    imported = windows[0].read()
    assert len(windows) == 400
    assert np.isfinite(imported.performance.demands.delay_s).any()
    assert not imported.coverage.of(Status.UNKNOWN)
