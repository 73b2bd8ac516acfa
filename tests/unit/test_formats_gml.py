"""GML: Topology Zoo's and networkx's files, and what wrong ones say."""

from pathlib import Path

import networkx as nx
import pytest

from nettwin.errors import InputError
from nettwin.formats import Status, gml, graphml, read
from nettwin.formats.imported import Imported

ZOO = """Creator "a toolset"
# a remark
graph [
  Network "Fjord Net "
  multigraph 1
  node [
    id 0
    label "Troms&#248;"
    Longitude 18.95
    Latitude 69.65
    geocode_append "Norway"
    graphics [ x 1.0 y 2.0 fill "#FFCC00" ]
  ]
  node [ id 1 label "Bod\u00f8" Longitude 14.4 Latitude 67.28 ]
  node [ id 2 label "[Oslo] #1" Longitude 10.75 Latitude 59.91 Internal 0 ]
  edge [ source 0 target 1 LinkLabel "10 Gbps" LinkSpeedRaw 10000000000.0 ]
  edge [ source 0 target 1 key 1 id "e5" LinkSpeed "622" LinkSpeedUnits "M" ]
  edge [ source 1 target 2 Favourite "yes" colours [ a 1 ] ]
]
"""


def imported(tmp_path: Path, text: str, encoding: str = "utf-8") -> Imported:
    path = tmp_path / "Fjord.gml"
    path.write_text(text, encoding=encoding)
    return read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_file_of_topology_zoo(tmp_path: Path, encoding: str) -> None:
    scenario = imported(tmp_path, ZOO, encoding).scenario
    assert [node.id for node in scenario.topology.nodes] == ["Troms\u00f8", "Bod\u00f8", "[Oslo] #1"]
    assert scenario.topology.nodes[0].position == (18.95, 69.65)
    assert scenario.topology.nodes[2].tags == ("external",)
    assert [link.capacity_bps for link in scenario.topology.links[:4:2]] == [10e9, 622e6]
    assert set(scenario.topology.circuits) == {"Troms\u00f8--Bod\u00f8", "e5", "Bod\u00f8--[Oslo] #1"}
    assert scenario.name == "Fjord Net "


def test_nothing_is_dropped_in_silence(tmp_path: Path) -> None:
    coverage = imported(tmp_path, ZOO).coverage
    assert {entry.item for entry in coverage.of(Status.UNKNOWN)} == {"edge Favourite", "edge colours"}
    assert {entry.item for entry in coverage.of(Status.IGNORED)} == {"drawing data", "node geocode_append"}
    assert next(entry.place for entry in coverage if entry.item == "drawing data").endswith("line 12")


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
def test_networkx_writes_the_same_network_as_gml_and_graphml(tmp_path: Path, kind: type) -> None:
    graph = kind()
    graph.add_node("a", label="a")
    graph.add_node("b", label="b")
    graph.add_edge("a", "b", capacity_bps=1e9, metric=3)
    graph.add_edge("b", "a", capacity_bps=1e9, metric=3)
    nx.write_gml(graph, tmp_path / "g.gml")
    nx.write_graphml(graph, tmp_path / "g.graphml")
    mine, theirs = (module.read(tmp_path / f"g.{module.NAME}").scenario for module in (gml, graphml))
    assert mine.topology.nodes == theirs.topology.nodes
    assert mine.topology.links == theirs.topology.links


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("Longitude 18.95", "Longitude NAN", "line 9: Longitude is 'NAN'"),
        ("Longitude 18.95", "Longitude +INF", "line 9: Longitude is"),
        ("Longitude 18.95", "Longitude 1_0", "line 9: Longitude is"),
        ("id 0", "", "line 6: a node without id"),
        ("id 1 ", "id 0 ", "stands twice"),
        ("target 2", "target 9", "line 18: unknown node '9'"),
        ("graph [", "grape [", "no graph"),
        ("Latitude 69.65", "[ ]", "line 10: '\\[' instead of a key"),
        ('"a toolset"', "]", "Creator is"),
        ('Creator "a toolset"', "]", "line 1: a '\\]' without"),
        ("10 Gbps", '10" Gbps', "line 17: '622' instead of a key"),
        ('"yes"', '"yes', "instead of a key|closing quotes"),
        ("\n]\n", "\n", "ends too early"),
        ("graphics [", "graphics [ a [" + " a [" * 100, "nested deeper"),
        ("a remark\n", "a remark\n" + "x 1 " * 101_000, "more than 100000 values"),
        ("Norway", "N" * 70_000, "longer than"),
    ],
)
def test_wrong_files_say_where_and_what(tmp_path: Path, wrong: str, right: str, message: str) -> None:
    assert wrong in ZOO
    path = tmp_path / "wrong.gml"
    path.write_text(ZOO.replace(wrong, right, 1))
    with pytest.raises(InputError, match=message):
        gml.read(path)


def test_recognition() -> None:
    assert gml.recognizes(Path("a"), ZOO.encode())
    for other in (b"<x>\ngraph [", b'{"a": "\ngraph ["}', b"graph: [1]", b"", b"nodes: [A]"):
        assert not gml.recognizes(Path("a"), other)
