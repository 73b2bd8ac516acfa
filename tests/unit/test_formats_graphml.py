"""GraphML: Topology Zoo's attributes, speeds, directed and undirected edges, round trips, wrong files."""

from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from nettwin.controlplane import link_loads
from nettwin.errors import FormatError, InputError, LimitError, UnknownNameError
from nettwin.formats import Status, graphml
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.link_speeds import scaled_speed_bps, speed_bps
from nettwin.scenario import Scenario

ZOO = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="d37"/>
<key attr.name="LinkLabel" attr.type="string" for="edge" id="d35"/>
<key attr.name="LinkType" attr.type="string" for="edge" id="d34"/>
<key attr.name="LinkSpeed" attr.type="string" for="edge" id="d38"/>
<key attr.name="LinkSpeedUnits" attr.type="string" for="edge" id="d39"/>
<key attr.name="label" attr.type="string" for="node" id="d33"/>
<key attr.name="Longitude" attr.type="double" for="node" id="d32"/>
<key attr.name="Country" attr.type="string" for="node" id="d30"/>
<key attr.name="Latitude" attr.type="double" for="node" id="d29"/>
<key attr.name="Internal" attr.type="int" for="node" id="d28"><default>1</default></key>
<key attr.name="hyperedge" attr.type="int" for="node" id="d27"/>
<key attr.name="Network" attr.type="string" for="graph" id="d3"/>
<key attr.name="Favourite" attr.type="string" for="edge" id="d99"/>
<graph edgedefault="undirected">
<data key="d3">Fjord Net</data>
<node id="0"><data key="d33">Oslo</data><data key="d32">10.75</data><data key="d29">59.91</data><data key="d30">Norway</data></node>
<node id="1"><data key="d33">Bergen</data><data key="d32">5.32</data><data key="d29">60.39</data></node>
<node id="2"><data key="d33">Trondheim</data><data key="d32">10.39</data><data key="d29">63.43</data></node>
<node id="3"><data key="d33">None</data><data key="d28">0</data></node>
<node id="4"><data key="d33">None</data><data key="d27">1</data></node>
<edge source="0" target="1"><data key="d37">2500000000.0</data><data key="d99">yes</data></edge>
<edge source="0" target="1"><data key="d38">622</data><data key="d39">M</data></edge>
<edge source="1" target="2"><data key="d34">OC-192</data><data key="d35">OC-192c</data></edge>
<edge source="2" target="0"><data key="d35">10-20Gbps</data></edge>
<edge source="3" target="0"/>
<edge source="4" target="2"/>
<edge source="4" target="1"/>
<edge source="2" target="2"/>
</graph>
</graphml>
"""


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    path = tmp_path / "Fjord.graphml"
    path.write_text(ZOO)
    return path


def parts(scenario: Scenario) -> tuple[object, ...]:
    return scenario.topology.nodes, scenario.topology.links, scenario.name


def test_nodes_are_called_by_labels_that_are_unique(zoo: Path) -> None:
    topology = graphml.read(zoo).scenario.topology
    assert [node.id for node in topology.nodes] == ["Oslo", "Bergen", "Trondheim", "3", "4"]
    assert topology.node("Oslo").position == (10.75, 59.91)
    assert topology.node("3").tags == ("external",)
    assert topology.node("4").tags == ("hyperedge",)


def test_speeds_from_numbers_units_and_labels(zoo: Path) -> None:
    topology = graphml.read(zoo).scenario.topology
    assert topology.link("Oslo->Bergen").capacity_bps == 2.5e9
    assert topology.link("Bergen->Oslo#2").capacity_bps == 622e6
    assert topology.link("Trondheim->Bergen").capacity_bps == 192 * 51.84e6
    assert set(topology.circuits) >= {"Oslo--Bergen", "Oslo--Bergen#2", "Bergen--Trondheim"}


def test_what_is_missing_is_made_and_reported(zoo: Path) -> None:
    imported = graphml.read(zoo)
    notes = {(entry.item, entry.count) for entry in imported.coverage if entry.note.startswith("generated")}
    assert ("capacity", 8) in notes  # 10-20 Gbps and three edges without a label, both directions
    assert ("demand", 12) in notes  # between the four nodes that are no hyperedge
    assert imported.scenario.name == imported.scenario.topology.metadata["Network"] == "Fjord Net"


def test_nothing_is_dropped_in_silence(zoo: Path) -> None:
    coverage = graphml.read(zoo).coverage
    assert {entry.item for entry in coverage.of(Status.UNKNOWN)} == {"edge Favourite", "LinkLabel"}
    assert {entry.item for entry in coverage.of(Status.IGNORED)} == {"node Country", "edge from a node to itself"}


def test_made_traffic_fills_the_busiest_known_link_and_no_made_link_exceeds_the_bound(zoo: Path) -> None:
    scenario = graphml.read(zoo, Assumptions(max_utilization=0.5)).scenario
    utilization = link_loads(scenario) / scenario.topology.capacity_bps
    known = np.array([link.capacity_bps in (2.5e9, 622e6, 192 * 51.84e6) for link in scenario.topology.links])
    assert utilization[known].max() == pytest.approx(0.5)
    assert utilization.max() <= 0.5 + 1e-9


def test_the_seed_decides_the_traffic(zoo: Path) -> None:
    first, same, other = (graphml.read(zoo, Assumptions(seed=seed)).scenario.traffic.rate_bps for seed in (1, 1, 2))
    assert first.tolist() == same.tolist()
    assert first.tolist() != other.tolist()


def test_round_trip(zoo: Path, tmp_path: Path) -> None:
    scenario = graphml.read(zoo).scenario
    copy = tmp_path / "copy.graphml"
    report = graphml.write(scenario, copy)
    assert [(entry.item, entry.count) for entry in report.of(Status.IGNORED)] == [("demands", 12)]
    assert parts(graphml.read(copy).scenario) == parts(scenario)
    assert 'edgedefault="undirected"' in copy.read_text()


def test_round_trip_with_directions_that_differ(zoo: Path, tmp_path: Path) -> None:
    scenario = graphml.read(zoo).scenario
    links = tuple(
        replace(link, capacity_bps=7e9, metric=3.5, circuit="" if index % 4 < 2 else link.circuit, tags=("a", "b"))
        if index % 2
        else replace(link, circuit="" if index % 4 < 2 else link.circuit)
        for index, link in enumerate(scenario.topology.links)
    )
    scenario = replace(scenario, topology=replace(scenario.topology, links=links))
    graphml.write(scenario, tmp_path / "copy.graphml")
    again = graphml.read(tmp_path / "copy.graphml").scenario
    assert again.topology.links == links


def test_networkx_reads_what_is_written(zoo: Path, tmp_path: Path) -> None:
    graphml.write(graphml.read(zoo).scenario, tmp_path / "copy.graphml")
    graph = nx.read_graphml(tmp_path / "copy.graphml")
    assert graph.number_of_nodes() == 5
    assert graph.number_of_edges() == 7
    assert graph.nodes["Oslo"]["Latitude"] == 59.91


def test_files_of_networkx_are_read(tmp_path: Path) -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge("a", "b", capacity="10 Gbps", weight=3)
    graph.add_edge("b", "a", capacity="10 Gbps", weight=3)
    graph.add_edge("a", "b", capacity_bps=5e6, weight=4)
    nx.write_graphml(graph, tmp_path / "x.graphml")
    topology = graphml.read(tmp_path / "x.graphml").scenario.topology
    assert [(link.id, link.circuit, link.capacity_bps, link.metric) for link in topology.links] == [
        ("a->b", "a--b", 10e9, 3.0),
        ("b->a", "a--b", 10e9, 3.0),
        ("a->b#2", "", 5e6, 4.0),
    ]


@pytest.mark.parametrize(
    ("wrong", "right", "error", "message"),
    [
        ('target="1"', 'target="9"', UnknownNameError, "line 22.*unknown node '9'"),
        ('<node id="1">', '<node id="0">', FormatError, "line 18.*'0' stands twice"),
        ('<node id="1">', "<node>", FormatError, "line 18.*without id"),
        ("2500000000.0", "-2500000000.0", FormatError, "line 22.*LinkSpeedRaw"),
        ("2500000000.0", "NaN", FormatError, "line 22.*finite"),
        ("59.91", "north", FormatError, "line 17.*Latitude"),
        ("<graphml ", "<gexf ", FormatError, "gexf|no XML"),
        ("<graphml ", "<!DOCTYPE a [<!ENTITY b 'c'>]><graphml ", FormatError, "document type"),
        ("</graph>", "", FormatError, "no XML"),
        ("<graph edgedefault", "<graph><node id='x'>" + "<graph>" * 80 + "<graph edgedefault", LimitError, "nested"),
    ],
)
def test_wrong_files_say_where_and_what(zoo: Path, wrong: str, right: str, error: type[Exception], message: str) -> None:
    assert wrong in ZOO
    zoo.write_text(ZOO.replace(wrong, right, 1))
    with pytest.raises(error, match=message):
        graphml.read(zoo)


def test_an_empty_graph_is_an_input_error(zoo: Path) -> None:
    zoo.write_text("<graphml><graph/></graphml>")
    with pytest.raises(InputError, match="no nodes"):
        graphml.read(zoo)


def test_too_many_nodes_without_traffic_are_refused(zoo: Path) -> None:
    nodes = "".join(f'<node id="n{index}"/>' for index in range(6000))
    zoo.write_text(f"<graphml><graph>{nodes}</graph></graphml>")
    with pytest.raises(LimitError, match="6000 nodes"):
        graphml.read(zoo)


@pytest.mark.parametrize(
    ("label", "speed"),
    [
        ("OC-192c", 9.95328e9), ("OC12", 622.08e6), ("STM-16", 2.48832e9), ("2*STM-4", 1.24416e9), ("2 x 2.5 Gbps", 5e9),
        ("10 Gigabit Ethernet", 10e9), ("GigE", 1e9), ("155 Mbit/s", 155e6), ("45Mb/s", 45e6), ("64K", 64e3), ("T3", 44.736e6),
        ("E1", 2.048e6), ("DWDM 10 Gb", 10e9), ("10-20Gbps", None), (">2.5 Gbps", None), ("1 Gbps / 10 Gbps", None), ("Lit Fibre", None),
        ("0 Mbps", None), ("", None),
    ],
)  # fmt: skip
def test_labels_that_name_one_speed(label: str, speed: float | None) -> None:
    assert speed_bps(label) == (pytest.approx(speed) if speed else None)


def test_speeds_with_units() -> None:
    assert scaled_speed_bps("2.5", "G") == 2.5e9
    assert scaled_speed_bps("155", "M") == 155e6
    assert scaled_speed_bps("10-20", "G") is None
    assert scaled_speed_bps("10", "furlongs") is None


def test_recognition() -> None:
    assert graphml.recognizes(Path("x"), ZOO.encode())
    assert not graphml.recognizes(Path("x.graphml"), b"<network/>")


# Topology Zoo's files of 2011, drawn in yEd: stray text, drawings in data, no positions, True and False.
YED = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
<key for="node" id="d50" yfiles.type="nodegraphics"/><key for="edge" id="d51" yfiles.type="edgegraphics"/>"
<key attr.name="Internal" attr.type="boolean" for="node" id="d28"/><key attr.name="hyperedge" attr.type="boolean" for="node" id="d34"/>
<key attr.name="geocode_extent" attr.type="string" for="node" id="d29"/><key attr.name="label" attr.type="string" for="node" id="d27"/>
<graph edgedefault="undirected">
<node id="0"><data key="d50"><y:ShapeNode><y:NodeLabel x="1">Moss</y:NodeLabel></y:ShapeNode></data><data key="d27">Moss</data></node>
<node id="1"><data key="d27">Internet</data><data key="d28">False</data><data key="d29">Norway</data></node>
<node id="2"><data key="d27">Ring</data><data key="d28">True</data><data key="d34">True</data></node>
<edge source="0" target="1"><data key="d51"><y:PolyLineEdge/></data></edge><edge source="0" target="2"/><edge source="2" target="1"/>
</graph></graphml>"""


def test_the_older_files_of_topology_zoo(tmp_path: Path) -> None:
    path = tmp_path / "Moss.graphml"
    path.write_text(YED)
    imported = graphml.read(path)
    topology = imported.scenario.topology
    assert {node.id: node.tags for node in topology.nodes} == {"Moss": (), "Internet": ("external",), "Ring": ("hyperedge",)}
    assert "Ring" not in {topology.nodes[row].id for row in imported.scenario.traffic.source}
    assert {entry.item for entry in imported.coverage.of(Status.IGNORED)} == {"drawing data", "node geocode_extent"}
    assert not imported.coverage.of(Status.UNKNOWN)


def test_a_speed_or_delay_without_a_unit_is_answered_with_the_names_that_are_read(zoo: Path) -> None:
    zoo.write_text(ZOO.replace('"Favourite"', '"delay"').replace('"LinkLabel"', '"capacity"').replace("10-20Gbps", "10"))
    notes = {entry.item: entry.note for entry in graphml.read(zoo).coverage.of(Status.UNKNOWN)}
    assert "capacity_bps" in notes["capacity"]
    assert "propagation_delay_s" in notes["edge delay"]
