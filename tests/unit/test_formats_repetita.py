"""REPETITA graphs and matrices: units, circuits, exact round trips, and what wrong files say."""

from pathlib import Path

import pytest

from nettwin.errors import FormatError, InputError, LimitError, UnknownNameError
from nettwin.formats import Status, repetita

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "repetita"
GRAPH = """NODES 3
label x y
0_North 10.5 60.0
1_South -3.25 40.125
2_East 0.0 0.0

EDGES 5
label src dest weight bw delay
edge_0 0 1 10 10000000 416
edge_1 1 0 10 10000000 416
edge_2 0 1 7 155000 2153
edge_3 1 0 7 155000 2153
edge_4 1 2 3 64 0
"""
DEMANDS = """DEMANDS 3
label src dest bw
demand_0 0 1 1009882
demand_1 1 0 0
demand_2 0 2 12
"""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "Tiny.graph"
    path.write_text(GRAPH)
    (tmp_path / "Tiny.0000.demands").write_text(DEMANDS)
    return path


def test_units_are_kilobit_and_microsecond(graph: Path) -> None:
    scenario = repetita.read(graph).scenario
    link = scenario.topology.link("edge_0")
    assert (link.capacity_bps, link.propagation_delay_s, link.metric) == (10e9, 416e-6, 10.0)
    assert (link.source, link.target) == ("0_North", "1_South")
    assert scenario.demand_ids == ("demand_0", "demand_1", "demand_2")
    assert scenario.traffic.rate_bps.tolist() == [1_009_882_000.0, 0.0, 12_000.0]


def test_opposite_edges_become_circuits_and_like_pairs_with_like(graph: Path) -> None:
    topology = repetita.read(graph).scenario.topology
    assert topology.link("edge_0").circuit == topology.link("edge_1").circuit == "0_North--1_South"
    assert topology.link("edge_2").circuit == topology.link("edge_3").circuit == "0_North--1_South#2"
    assert topology.link("edge_4").circuit == ""


def test_a_written_graph_is_the_same_text(graph: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "Tiny.graph"
    copy.parent.mkdir()
    report = repetita.write(repetita.read(graph).scenario, copy)
    assert copy.read_text() == GRAPH
    assert copy.with_name("Tiny.0000.demands").read_text() == DEMANDS
    assert report.is_complete


def test_the_matrix_can_be_chosen(graph: Path) -> None:
    graph.with_name("Tiny.0003.demands").write_text("DEMANDS 1\nlabel src dest bw\nonly 2 0 5\n")
    assert repetita.member_names(graph) == ("0000", "0003")
    assert repetita.read_member(graph, "0003").scenario.demand_ids == ("only",)
    assert repetita.read(graph.with_name("Tiny.0003.demands")).scenario.demand_ids == ("only",)
    with pytest.raises(UnknownNameError, match="0003"):
        repetita.read_member(graph, "0004")


def test_a_graph_alone_has_no_traffic_and_says_so(graph: Path) -> None:
    graph.with_name("Tiny.0000.demands").unlink()
    imported = repetita.read(graph)
    assert imported.scenario.traffic.n_demands == 0
    assert [entry.item for entry in imported.coverage.of(Status.IGNORED)] == ["demands"]


def test_a_demand_from_a_node_to_itself_is_reported(graph: Path) -> None:
    graph.with_name("Tiny.0000.demands").write_text("DEMANDS 2\nlabel src dest bw\nloop 1 1 5\nreal 0 1 5\n")
    imported = repetita.read(graph)
    assert imported.scenario.demand_ids == ("real",)
    assert imported.coverage.count(Status.IGNORED) == 1


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("edge_4 1 2 3 64 0", "edge_4 1 9 3 64 0", "line 13: node 9, there are 3"),
        ("edge_4 1 2 3 64 0", "edge_4 1 2 3 -64 0", "line 13: bw is '-64'"),
        ("edge_4 1 2 3 64 0", "edge_4 1 2 3 0 0", "capacity_bps is 0"),
        ("edge_4 1 2 3 64 0", "edge_4 1 2 nan 64 0", "weight is 'nan'"),
        ("edge_4 1 2 3 64 0", "edge_3 1 2 3 64 0", "edge_3.*twice"),
        ("edge_4 1 2 3 64 0", "edge_4 1 1 3 64 0", "source and target"),
        ("edge_4 1 2 3 64 0", "edge_4 1 2 3 64", "5 columns instead of 6"),
        ("EDGES 5", "EDGES 6", "ends too early"),
        ("EDGES 5", "EDGES 999999999999", "announced"),
        ("EDGES 5", "LINKS 5", "instead of EDGES"),
        ("10.5", "1_0.5", "finite number"),
        ("NODES 3", "NODES 0", "announced|heading|instead of EDGES"),
    ],
)
def test_wrong_files_say_where_and_what(graph: Path, wrong: str, right: str, message: str) -> None:
    graph.write_text(GRAPH.replace(wrong, right))
    with pytest.raises(InputError, match=message):
        repetita.read(graph)


def test_a_file_of_endless_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.graph"
    path.write_text("NODES 400000\nlabel x y\n" + "a 0 0\n" * 400_000)
    with pytest.raises(LimitError, match="lines"):
        repetita.read(path)


def test_truncated_anywhere_is_an_input_error_or_a_shorter_number(graph: Path) -> None:
    for end in range(len(GRAPH) - 3):
        graph.write_text(GRAPH[:end])
        with pytest.raises(InputError):
            repetita.read(graph)


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")
@pytest.mark.parametrize("name", ["Aarnet", "GtsCe", "rf1755_real_hard"])
def test_real_files_come_back_word_for_word(name: str, tmp_path: Path) -> None:
    scenario = repetita.read(DATA / f"{name}.graph").scenario
    repetita.write(scenario, tmp_path / f"{name}.graph")
    for suffix in ("graph", "0000.demands"):
        assert (tmp_path / f"{name}.{suffix}").read_text().split() == (DATA / f"{name}.{suffix}").read_text().split()
    assert all(len(members) == 2 for members in scenario.topology.circuits.values())


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")
def test_real_graphs_are_read_completely() -> None:
    for path in sorted(DATA.glob("*.graph"))[::5]:
        assert repetita.read(path).coverage.count(Status.UNKNOWN) == 0


def test_recognition() -> None:
    assert repetita.recognizes(Path("x"), GRAPH.encode())
    assert repetita.recognizes(Path("x"), DEMANDS.encode())
    assert not repetita.recognizes(Path("x.graph"), b"graph [\n]")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.graph"
    path.write_bytes(b"NODES 1\nlabel x y\n\xff\xfe 0 0\n")
    with pytest.raises(FormatError, match="UTF-8"):
        repetita.read(path)
