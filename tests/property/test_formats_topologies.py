"""Formats of topologies: what they can hold comes back; whatever is written or read, errors are InputErrors."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettwin.errors import InputError
from nettwin.formats import graphml, repetita, sndlib, topohub_json
from nettwin.formats.assumptions import Assumptions
from nettwin.scenario import Link, LinkPlanning, Node, Scenario, Topology, Traffic
from strategies import scenarios, topologies

WORDS = st.text("abcdefgXYZ0189_", min_size=1, max_size=6)
FILES = {"x.txt": sndlib, "x.xml": sndlib, "x.graphml": graphml, "x.graph": repetita, "x.json": topohub_json}
SAMPLES = {
    "x.txt": b"""?SNDlib native format; type: network; version: 1.0
NODES ( A ( 1 2 ) B ( 3 4.5 ) )
LINKS ( L ( A B ) 10 0 0 0 ( 40 1 155 2 ) )
DEMANDS ( D ( A B ) 1 3 UNLIMITED )
""",
    "x.xml": b"""<network xmlns="http://sndlib.zib.de/network"><networkStructure><nodes coordinatesType="geographical">
<node id="A"><coordinates><x>1</x><y>2</y></coordinates></node><node id="B"/></nodes><links><link id="L"><source>A</source>
<target>B</target><additionalModules><addModule><capacity>4</capacity><cost>1</cost></addModule></additionalModules></link></links>
</networkStructure><demands><demand id="D"><source>A</source><target>B</target><demandValue>3</demandValue></demand></demands></network>
""",
    "x.graphml": b"""<graphml><key id="d0" for="edge" attr.name="LinkLabel"/><key id="d1" for="node" attr.name="label"/>
<graph edgedefault="undirected"><node id="0"><data key="d1">Ay</data></node><node id="1"/>
<edge source="0" target="1"><data key="d0">OC-3</data></edge></graph></graphml>
""",
    "x.graph": b"NODES 2\nlabel x y\nA 1 2\nB 3 4\nEDGES 2\nlabel src dest weight bw delay\ne0 0 1 1 10 5\ne1 1 0 1 10 5\n",
    "x.json": b'{"directed": false, "multigraph": false, "graph": {"demands": {"0": {"1": 3}}},'
    b' "nodes": [{"id": 0, "pos": [1, 2]}, {"id": 1}], "edges": [{"source": 0, "target": 1, "dist": 4.5}]}',
}


def plain(topology: Topology) -> Topology:
    """Without what no topology format holds: ports, risk groups, failures, labels."""
    nodes = tuple(Node(id=node.id, position=node.position, tags=()) for node in topology.nodes)
    scheduling = Assumptions().scheduling
    links = tuple(
        Link(link.id, link.source, link.target, link.capacity_bps, link.propagation_delay_s, link.metric, scheduling, link.circuit)
        for link in topology.links
    )
    return Topology(nodes, links)


@st.composite
def plain_scenarios(draw: st.DrawFn) -> Scenario:
    topology = plain(draw(topologies(node_ids=WORDS)))
    rates = draw(st.lists(st.one_of(st.just(0.0), st.floats(1.0, 1e12)), min_size=topology.n_nodes**2, max_size=topology.n_nodes**2))
    matrix = np.array(rates).reshape(topology.n_nodes, topology.n_nodes)
    np.fill_diagonal(matrix, 0.0)
    return Scenario(topology, Traffic.from_matrix(matrix), name="sample")


def reread(scenario: Scenario, module: ModuleType, name: str) -> Scenario:
    with TemporaryDirectory() as folder:
        module.write(scenario, Path(folder) / name)
        result: Scenario = module.read(Path(folder) / name).scenario
    return result


def demands(scenario: Scenario) -> dict[tuple[str, str], float]:
    names = [node.id for node in scenario.topology.nodes]
    columns = zip(scenario.traffic.source.tolist(), scenario.traffic.target.tolist(), scenario.traffic.rate_bps.tolist(), strict=True)
    return {(names[source], names[target]): rate for source, target, rate in columns}


def without_circuits(topology: Topology) -> list[Link]:
    return [replace(link, circuit="") for link in topology.links]


@given(plain_scenarios())
def test_graphml_keeps_nodes_and_links(scenario: Scenario) -> None:
    again = reread(scenario, graphml, "x.graphml")
    assert again.topology.nodes == scenario.topology.nodes
    assert again.topology.links == scenario.topology.links
    assert again.name == "sample"


@given(plain_scenarios())
def test_topohub_json_keeps_nodes_links_and_demands(scenario: Scenario) -> None:
    again = reread(scenario, topohub_json, "x.json")
    assert again.topology.nodes == scenario.topology.nodes
    assert again.topology.links == scenario.topology.links
    if scenario.traffic.n_demands:  # without any, demands are made
        assert demands(again) == pytest.approx(demands(scenario), rel=1e-12)


@given(plain_scenarios())
def test_repetita_keeps_nodes_links_and_demands(scenario: Scenario) -> None:
    again = reread(scenario, repetita, "x.graph")
    assert [node.id for node in again.topology.nodes] == [node.id for node in scenario.topology.nodes]
    there, back = without_circuits(scenario.topology), without_circuits(again.topology)
    assert [(link.source, link.target, link.metric) for link in back] == [(link.source, link.target, link.metric) for link in there]
    assert again.topology.capacity_bps == pytest.approx(scenario.topology.capacity_bps, rel=1e-15)
    assert again.topology.propagation_delay_s == pytest.approx(scenario.topology.propagation_delay_s, rel=1e-15)
    assert demands(again) == pytest.approx(demands(scenario), rel=1e-15)


@pytest.mark.parametrize("name", ["x.txt", "x.xml"])
@settings(max_examples=25)
@given(scenario=plain_scenarios())
def test_sndlib_keeps_nodes_capacities_and_demands(name: str, scenario: Scenario) -> None:
    again = reread(scenario, sndlib, name)
    assert [node.id for node in again.topology.nodes] == [node.id for node in scenario.topology.nodes]
    key: Callable[[Link], tuple[str, str, float]] = lambda link: (link.source, link.target, link.capacity_bps)  # noqa: E731
    there, back = sorted(scenario.topology.links, key=key), sorted(again.topology.links, key=key)
    assert [(link.source, link.target) for link in back] == [(link.source, link.target) for link in there]
    assert [link.capacity_bps for link in back] == pytest.approx([link.capacity_bps for link in there], rel=1e-15)
    assert demands(again) == pytest.approx(demands(scenario), rel=1e-15)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=20)
@given(scenario=scenarios())
def test_any_scenario_can_be_written_and_read_again(name: str, scenario: Scenario) -> None:
    """Names of any script, quotes, control characters: ids may change, numbers of things may not."""
    again = reread(scenario, FILES[name], name)
    assert again.topology.n_nodes == scenario.topology.n_nodes
    assert again.topology.n_links == scenario.topology.n_links
    if name != "x.graphml" and all(link.planning == LinkPlanning() for link in scenario.topology.links):
        assert sorted(again.topology.capacity_bps) == pytest.approx(sorted(scenario.topology.capacity_bps))


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_damaged_files_raise_input_errors_only(name: str, data: st.DataObject) -> None:
    sample = SAMPLES[name]
    start = data.draw(st.integers(0, len(sample)))
    end = data.draw(st.integers(start, min(len(sample), start + 12)))
    tempting = [b"", b"-1", b"nan", b"1e999", b"(", b")", b"\0", b"\xff\xfe", b"<", b"&x;", b"9" * 500, b'"', b"A", b"0", b"\n", b"[[["]
    patch = data.draw(st.one_of(st.sampled_from(tempting), st.binary(max_size=8)))
    check_read(FILES[name], name, sample[:start] + patch + sample[end:])


@pytest.mark.parametrize("name", FILES)
@given(content=st.binary(max_size=200))
def test_random_bytes_raise_input_errors_only(name: str, content: bytes) -> None:
    check_read(FILES[name], name, content)


def check_read(module: ModuleType, name: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        module.recognizes(path, content)
        try:
            scenario = module.read(path).scenario
        except InputError as error:
            assert str(error)
            return
    assert scenario.topology.n_nodes > 0
