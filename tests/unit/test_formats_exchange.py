"""networkx, node-link JSON, RFC 8345 and CSV tables: what becomes of files of others, and how the registry tells them apart."""

import json
from importlib import import_module
from pathlib import Path

import networkx as nx
import pytest

from nettwin.changes import same_content
from nettwin.errors import FormatError, InputError, ScenarioError, UnknownNameError
from nettwin.formats import CoverageLog, Status, format_names, read, writable_format_names, write
from nettwin.formats.networkx import from_networkx, to_networkx
from nettwin.formats.rfc8345.bandwidth import bandwidth_text, capacity_bps
from nettwin.scenario import (
    INTERNET_MIX,
    Demand,
    Discipline,
    ExplicitPath,
    Link,
    Node,
    Observation,
    OnOff,
    Queue,
    RoutingPolicy,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)

PORTS = Scheduling(Discipline.DRR, (Queue(buffer_bits=8000, weight=2), Queue(buffer_packets=10)), queue_by_class=(1, 0))
LINKS = (
    Link("A->B", "A", "B", 1e9, 1e-3, 5, circuit="A--B", scheduling=PORTS, risk_groups=("7", "duct")),
    Link("B->A", "B", "A", 1e9, 1e-3, 5, circuit="A--B", scheduling=PORTS, risk_groups=("7", "duct")),
    Link("B->C", "B", "C", 2.5e9, 2e-6, is_up=False),
)
TOPOLOGY = Topology(
    (Node("A", label="=cmd|' /C calc'!A0", position=(10.5, 60)), Node("B", tags=("a b", "")), Node("C", is_up=False)), LINKS
)
DEMANDS = (Demand("A", "B", 1e6, 1, OnOff(0.5, 1.5), id="-1+1"), Demand("B", "C", 2e6, id="@x"))
SCENARIO = Scenario(
    TOPOLOGY, Traffic.of(DEMANDS, TOPOLOGY), RoutingPolicy(explicit_paths={"-1+1": (ExplicitPath(("A->B",)),)}), Observation(10), name="net"
)


def notes(path: Path, status: Status) -> dict[str, str]:
    return {entry.item: entry.note for entry in read(path).coverage.of(status)}


# ------------------------------------------------------------------------------------------------------------------ networkx


def test_networkx_shows_links_under_their_ids() -> None:
    graph = to_networkx(SCENARIO)
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph["A"]["B"]["A->B"]["capacity_bps"] == 1e9
    assert graph["B"]["C"]["B->C"]["index"] == 2
    assert nx.shortest_path(graph, "A", "C") == ["A", "B", "C"]


def test_a_changed_graph_comes_back_changed() -> None:
    graph = to_networkx(SCENARIO)
    graph["A"]["B"]["A->B"]["capacity_bps"] = 5e9
    graph.add_edge("C", "A", key="new", capacity_bps=1e8)
    topology = from_networkx(graph).scenario.topology
    assert topology.link("A->B").capacity_bps == 5e9
    assert (topology.links[-1].id, topology.links[-1].capacity_bps) == ("new", 1e8)
    graph.remove_node("A")
    with pytest.raises(UnknownNameError, match="unknown node 'A'"):
        from_networkx(graph)


def test_a_graph_of_ones_own() -> None:
    graph = nx.Graph()
    graph.add_edge(1, 2, capacity_bps=10e9, metric=3, propagation_delay_s=0.001)
    graph.add_edge(2, "x", weight=2.5, colour="red", length_km=200)
    imported = from_networkx(graph)
    links = imported.scenario.topology.links
    assert [(link.source, link.target) for link in links] == [("1", "2"), ("2", "1"), ("2", "x"), ("x", "2")]
    assert (links[0].capacity_bps, links[0].metric, links[0].propagation_delay_s) == (10e9, 3, 0.001)
    assert (links[2].metric, links[2].propagation_delay_s) == (2.5, pytest.approx(0.001))
    assert links[0].circuit == links[1].circuit != ""
    assert [entry.item for entry in imported.coverage.of(Status.UNKNOWN)] == ["edge colour"]
    assert any("generated" in entry.note for entry in imported.coverage.of(Status.MODELLED))


@pytest.mark.parametrize("edges", ["edges", "links"])
def test_node_link_files_of_networkx(tmp_path: Path, edges: str) -> None:
    graph = nx.path_graph(4)
    (tmp_path / "graph.json").write_text(json.dumps(nx.node_link_data(graph, edges=edges)))
    topology = read(tmp_path / "graph.json").scenario.topology
    assert ([node.id for node in topology.nodes], topology.n_links) == (["0", "1", "2", "3"], 6)


def test_node_link_files_of_d3_count_nodes(tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text('{"nodes": [{"id": "x"}, {"id": "y"}], "links": [{"source": 0, "target": 1, "capacity_bps": 7}]}')
    assert [(link.source, link.target, link.capacity_bps) for link in read(path).scenario.topology.links] == [("x", "y", 7), ("y", "x", 7)]


def test_node_link_keeps_the_whole_scenario(tmp_path: Path) -> None:
    assert write(SCENARIO, tmp_path / "a.node-link.json").is_complete
    assert same_content(read(tmp_path / "a.node-link.json").scenario, SCENARIO)


# ------------------------------------------------------------------------------------------------------------------ RFC 8345

DOCUMENT = {
    "ietf-network:networks": {
        "network": [
            {
                "network-id": "optical",
                "node": [{"node-id": "O1"}, {"node-id": "O2"}],
                "ietf-network-topology:link": [
                    {"link-id": "o", "source": {"source-node": "O1"}, "destination": {"dest-node": "O2"}},
                ],
            },
            {
                "network-id": "ip",
                "supporting-network": [{"network-ref": "optical"}],
                "network-types": {"ietf-te-topology:te-topology": {}},
                "vendor:colour": "red",
                "node": [
                    {
                        "node-id": "D1",
                        "ietf-network-topology:termination-point": [{"tp-id": "1-0-1"}],
                        "ietf-te-topology:te": {
                            "te-node-attributes": {"name": "Oslo"},
                            "geolocation": {"longitude": "10.75", "latitude": "59.91"},
                            "oper-status": "up",
                        },
                        "vendor:rack": 7,
                    },
                    {"node-id": "D2", "ietf-l3-unicast-topology:l3-node-attributes": {"name": "Bergen", "router-id": ["1.1.1.1"]}},
                ],
                "ietf-network-topology:link": [
                    {
                        "link-id": "D1,1-0-1,D2,2-0-1",
                        "source": {"source-node": "D1", "source-tp": "1-0-1"},
                        "destination": {"dest-node": "D2", "dest-tp": "2-0-1"},
                        "ietf-te-topology:te": {
                            "te-link-attributes": {
                                "max-link-bandwidth": {"te-bandwidth": {"generic": "0x1.2a05f2p+30"}},
                                "te-default-metric": 20,
                                "te-igp-metric": 10,
                                "te-delay-metric": 2500,
                                "te-srlgs": {"value": [4, 17]},
                                "unreserved-bandwidth": [],
                                "vendor:shade": 1,
                            },
                            "oper-status": "down",
                        },
                    },
                    {
                        "link-id": "D2,2-0-1,D1,1-0-1",
                        "source": {"source-node": "D2", "source-tp": "2-0-1"},
                        "destination": {"dest-node": "D1", "dest-tp": "1-0-1"},
                        "ietf-te-topology:te": {
                            "te-link-attributes": {
                                "max-link-bandwidth": "125000000",
                                "ietf-te-topology-packet:performance-metrics-one-way": {"one-way-min-delay": 900, "one-way-delay": 1000},
                            },
                        },
                        "ietf-l3-unicast-topology:l3-link-attributes": {"metric1": 30},
                    },
                ],
            },
        ]
    }
}


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    path = tmp_path / "topology.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def test_rfc8345_attributes(layers: Path) -> None:
    topology = read(layers).scenario.topology
    there, back = topology.links
    assert (there.id, there.capacity_bps, there.metric, there.propagation_delay_s) == ("D1,1-0-1,D2,2-0-1", 10e9, 10, 0.0025)
    assert (there.risk_groups, there.is_up) == (("4", "17"), False)
    assert (back.capacity_bps, back.metric, back.propagation_delay_s, back.is_up) == (1e9, 30, pytest.approx(900e-6), True)
    assert there.circuit == back.circuit == "D1:1-0-1--D2:2-0-1"
    assert topology.nodes[0].label == "Oslo"
    assert topology.nodes[0].position == (10.75, 59.91)
    assert topology.nodes[1].label == "Bergen"


def test_rfc8345_reports_all_that_it_leaves_out(layers: Path) -> None:
    assert set(notes(layers, Status.UNKNOWN)) == {"network vendor:colour", "node vendor:rack", "link vendor:shade"}
    ignored = notes(layers, Status.IGNORED)
    assert ignored["network optical"] == f"another layer; read it as {layers}#optical"
    assert {"link unreserved-bandwidth", "node router-id", "network network-types", "network supporting-network"} <= set(ignored)
    assert {entry.place for entry in read(layers).coverage.of(Status.UNKNOWN)} >= {f"{layers}: networks.network[1].node[0]"}


def test_rfc8345_numbers_as_text_as_in_the_example_of_rfc8346(layers: Path) -> None:
    layers.write_text(layers.read_text().replace('"metric1": 30', '"metric1": "30"'))
    assert read(layers).scenario.topology.links[1].metric == 30
    layers.write_text(layers.read_text().replace('"metric1": "30"', '"metric1": "4294967296"'))
    with pytest.raises(FormatError, match="'4294967296' is no metric"):
        read(layers)


def test_rfc8345_bandwidths_of_other_technologies_are_unknown_and_made(layers: Path) -> None:
    layers.write_text(
        layers.read_text().replace('"max-link-bandwidth": "125000000"', '"max-link-bandwidth": {"te-bandwidth": {"e:eth": 5}}')
    )
    imported = read(layers)
    entry = next(entry for entry in imported.coverage.of(Status.UNKNOWN) if entry.item == "link e:eth")
    assert (entry.place.rpartition(".")[2], entry.note) == ("max-link-bandwidth", "a bandwidth of another technology; the capacity is made")
    assert imported.scenario.topology.links[1].capacity_bps > 0


def test_a_networkx_graph_with_lengths_and_positions_is_not_taken_for_topohub(tmp_path: Path) -> None:
    nodes = [{"id": 0, "label": "Oslo", "pos": [10.7, 59.9]}, {"id": 1, "pos": [5.3, 60.4]}]
    edges = [{"source": 0, "target": 1, "dist": 300, "weight": 7, "capacity_bps": 1e9}]
    for key in ("links", "edges"):
        (tmp_path / "g.json").write_text(json.dumps({"directed": False, "multigraph": False, "graph": {}, "nodes": nodes, key: edges}))
        there, back = read(tmp_path / "g.json").scenario.topology.links
        assert (there.id, back.id, there.metric, there.capacity_bps) == ("Oslo->1", "1->Oslo", 7, 1e9)
        assert there.propagation_delay_s == pytest.approx(300e3 / 2e8)


def test_rfc8345_layers_have_names(layers: Path) -> None:
    assert [node.id for node in read(f"{layers}#optical").scenario.topology.nodes] == ["O1", "O2"]
    with pytest.raises(UnknownNameError, match="did you mean optical"):
        read(f"{layers}#optcal")


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        ({"te-bandwidth": {"generic": "0x1p10"}}, 8192),
        ({"ietf-te-topology:te-bandwidth": {"generic": "1250"}}, 1e4),
        ("0xFF", 2040),
        (125, 1000),
        ("0", None),
        ("0x1.2A05F2P+30", 10e9),
    ],
)
def test_bandwidths_of_rfc8776(value: object, rate: float | None) -> None:
    assert capacity_bps(value, "here") == rate


@pytest.mark.parametrize("value", ["nan", "0x1p9999", "-1", "1e9", -1, True, None, [], {}, {"te-bandwidth": {"otn": 1}}, "9" * 40])
def test_what_is_no_bandwidth(value: object) -> None:
    with pytest.raises(FormatError, match="here: "):
        capacity_bps(value, "here")


@pytest.mark.parametrize("rate", [10e9, 2.5e9, 622.08e6, 155.52e6, 1e9, 400e9, 8.0, 1.6e12])
def test_usual_rates_are_written_exactly(rate: float) -> None:
    assert capacity_bps(bandwidth_text(rate), "") == rate


def test_rfc8345_round_trip(tmp_path: Path) -> None:
    lost = write(SCENARIO, tmp_path / "a.rfc8345.json")
    again = read(tmp_path / "a.rfc8345.json").scenario.topology
    assert [(x.id, x.circuit, x.capacity_bps, x.propagation_delay_s, x.metric, x.is_up) for x in again.links] == [
        (x.id, x.circuit, x.capacity_bps, x.propagation_delay_s, x.metric, x.is_up) for x in LINKS
    ]
    assert again.links[0].risk_groups == ("7", "1")
    ignored = {entry.item: entry.place or entry.count for entry in lost.of(Status.IGNORED)}
    assert ignored["name of a risk group"] == "duct"
    assert (ignored["demands"], ignored["scheduling and buffers"]) == (2, 3)


# ---------------------------------------------------------------------------------------------------------------- CSV tables


def test_csv_tables_round_trip_and_escape_formulas(tmp_path: Path) -> None:
    folder = tmp_path / "net.csv.d"
    lost = write(SCENARIO, folder)
    assert {entry.item for entry in lost.of(Status.IGNORED)} == {"observation window"}
    text = (folder / "nodes.csv").read_text() + (folder / "demands.csv").read_text()
    assert "'=cmd|" in text
    cells = [cell.strip('"') for line in text.splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))]
    again = read(folder).scenario
    assert again.topology == TOPOLOGY
    assert again.traffic.rows(TOPOLOGY) == list(DEMANDS)
    assert again.policy == SCENARIO.policy


def test_tables_of_a_spreadsheet(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text(
        "\ufeffSource;Target;capacity_gbps;propagation_delay_ms;both_directions;remark\nA;B;10;5;yes;new\nB;C;622 Mbit/s;;no;\n",
        encoding="utf-8",
    )
    (tmp_path / "demands.csv").write_text("source,target,rate_mbps\nA,C,2.5\n")
    imported = read(tmp_path)
    links = imported.scenario.topology.links
    assert [(link.id, link.capacity_bps, link.propagation_delay_s, link.circuit) for link in links] == [
        ("A->B", 10e9, 0.005, "A--B"), ("B->A", 10e9, 0.005, "A--B"), ("B->C", 622e6, 0, ""),
    ]  # fmt: skip
    rows = imported.scenario.traffic.rows(imported.scenario.topology)
    assert [(row.rate_bps, row.packet_sizes) for row in rows] == [(2.5e6, INTERNET_MIX)]
    (unknown,) = imported.coverage.of(Status.UNKNOWN)
    assert (unknown.item, unknown.count) == ("column remark", 2)


@pytest.mark.parametrize(
    ("table", "text", "kind", "words"),
    [
        ("links.csv", "source,target,capacity_bps\nA,B,1\nA,B,-1\n", ScenarioError, "links.csv: line 3: A->B#2: capacity_bps is -1"),
        ("links.csv", "source,target,capacity_bps\nA,B,fast\n", FormatError, "links.csv: line 2: capacity_bps: 'fast' is no rate"),
        ("links.csv", "source,target\nA,B\n", FormatError, "links.csv: line 2: capacity_bps is missing"),
        ("links.csv", "source,capacity_bps\nA,1\n", FormatError, "links.csv: the column target is missing"),
        ("links.csv", "source,target,capacity_bps,is_up\nA,B,1,maybe\n", FormatError, "line 2: 'maybe' is neither true nor false"),
        (
            "links.csv",
            "source,target,capacity_bps,queue_weights,queue_buffers_bits\nA,B,1,1 2,5\n",
            FormatError,
            "line 2: the lists of its queues",
        ),
        ("demands.csv", "source,target,rate_bps\nA,Z,1\n", UnknownNameError, "demands.csv: line 2: unknown node 'Z'"),
        ("demands.csv", "source,target,rate_bps,arrivals\nA,B,1,on-off on_s=1\n", FormatError, "off_s is missing"),
        ("demands.csv", "source,target,rate_bps,arrivals\nA,B,1,on-off on_s\n", FormatError, "line 2: 'on-off on_s' is no profile"),
        ("paths.csv", "demand,links\nA->Z,A->B\n", UnknownNameError, "paths.csv: explicit_paths.A->Z.0: unknown demand"),
    ],
)
def test_wrong_tables_say_where(tmp_path: Path, table: str, text: str, kind: type[InputError], words: str) -> None:
    (tmp_path / "links.csv").write_text("source,target,capacity_bps\nA,B,1\n")
    (tmp_path / table).write_text(text)
    with pytest.raises(kind) as caught:
        read(tmp_path)
    assert words in str(caught.value)


# ------------------------------------------------------------------------------------------------------------------ registry


def test_every_written_format_is_recognised_again(tmp_path: Path) -> None:
    for name in writable_format_names():
        path = tmp_path / f"network{import_module(f'nettwin.formats.{name}'.replace('-', '_').replace('csv', 'csv_tables')).EXTENSIONS[0]}"
        write(SCENARIO, path, format=name)
        assert read(path, format=name).scenario.topology.n_links == 3


def test_a_name_in_the_extension_chooses_the_format(tmp_path: Path) -> None:
    write(SCENARIO, tmp_path / "a.json")
    write(SCENARIO, tmp_path / "a.node-link.json")
    write(SCENARIO, tmp_path / "a.rfc8345.json")
    assert [json.loads((tmp_path / name).read_text()).keys() for name in ("a.json", "a.rfc8345.json")][1] == {"ietf-network:networks"}
    assert "nettwin" in json.loads((tmp_path / "a.json").read_text())
    assert json.loads((tmp_path / "a.node-link.json").read_text())["multigraph"] is True
    with pytest.raises(InputError, match="no writable format has this extension"):
        write(SCENARIO, tmp_path / "a.docx")
    with pytest.raises(InputError, match="cannot be written"):
        write(SCENARIO, tmp_path / "a", format="datanet")
    with pytest.raises(InputError, match="cannot write"):
        write(SCENARIO, tmp_path / "nowhere" / "a.yaml")


def test_formats_and_members_by_name(tmp_path: Path) -> None:
    (tmp_path / "net#1.yaml").write_text("nodes: [A]")
    assert read(tmp_path / "net#1.yaml").scenario.topology.n_nodes == 1
    with pytest.raises(UnknownNameError, match="did you mean graphml"):
        read(tmp_path / "net#1.yaml", format="grahpml")
    with pytest.raises(InputError, match="yaml has no members"):
        read(f"{tmp_path / 'net#1.yaml'}#2")
    with pytest.raises(UnknownNameError, match="germany50"):
        read("topohub:sndlib/germany5")
    (tmp_path / "what.bin").write_bytes(b"what")
    with pytest.raises(FormatError, match="no known format"):
        read(tmp_path / "what.bin")
    assert {"yaml", "csv", "rfc8345", "node-link", "topohub"} <= set(format_names())


def test_coverage_gathers_what_differs_only_in_place() -> None:
    log = CoverageLog()
    log.unknown("link colour", "line 3")
    log.unknown("link colour", "line 9", count=2)
    log.ignored("node rack", "line 1", "drawing")
    log.modelled("nothing", count=0)
    report = log.report()
    assert [(entry.status, entry.item, entry.place, entry.count) for entry in report] == [
        (Status.UNKNOWN, "link colour", "line 3", 3), (Status.IGNORED, "node rack", "line 1", 1),
    ]  # fmt: skip
    assert (report.count(Status.UNKNOWN), report.is_complete, report.summary()) == (3, False, "0 modelled, 1 ignored, 3 unknown")


def test_rfc8345_reports_even_a_slight_rounding_of_a_metric(tmp_path: Path) -> None:
    link = Link("a->b", "a", "b", 8e6, metric=1.000000000007276, propagation_delay_s=0.0003)
    topology = Topology((Node("a"), Node("b")), (link,))
    report = write(Scenario(topology, Traffic.of((), topology)), tmp_path / "network.rfc8345.json")
    rounded = {entry.item for entry in report.of(Status.IGNORED) if entry.item.startswith("digits")}
    assert rounded == {"digits of link metric"}
