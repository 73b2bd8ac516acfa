"""nettwin's own format: what may be written, what is refused and where, the schema."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from nettwin.changes import FailLink
from nettwin.errors import FormatError, InputError, ScenarioError, UnknownNameError
from nettwin.formats import Status, read, scenario_schema, write
from nettwin.formats.yaml import read_timeline, write_timeline
from nettwin.formats.yaml.parts import model_of
from nettwin.formats.yaml.schema import LinkPart
from nettwin.scenario import INTERNET_MIX, Discipline, FixedSize, ForwardingTable, Link, OnOff, Poisson, Scheduling

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
DOCUMENT = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(DOCUMENT, encoding="utf-8")
    return path


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_document_of_the_manual(path: Path) -> None:
    imported = read(path)
    scenario, topology = imported.scenario, imported.scenario.topology
    assert [link.id for link in topology.links] == [
        "Oslo->Bergen", "Bergen->Oslo", "Bergen->Stavanger", "Stavanger->Bergen", "Oslo->Stavanger",
    ]  # fmt: skip
    assert [link.circuit for link in topology.links] == ["Oslo--Bergen"] * 2 + ["coast"] * 2 + [""]
    assert topology.capacity_bps.tolist() == [10e9, 10e9, 1e9, 1e9, 622e6]
    assert topology.propagation_delay_s.tolist() == [0.002, 0.002, 0, 0, 0]
    assert topology.links[0].scheduling.discipline is Discipline.STRICT_PRIORITY
    assert topology.links[0].scheduling.queues[0].buffer_bits == 512_000
    assert topology.links[4].scheduling == Scheduling()
    rows = scenario.traffic.rows(topology)
    assert (rows[0].rate_bps, rows[0].traffic_class, rows[0].arrivals, rows[0].packet_sizes) == (2e9, 1, Poisson(), INTERNET_MIX)
    assert (rows[1].rate_bps, rows[1].arrivals, rows[1].packet_sizes) == (300e6, OnOff(0.005, 0.02), FixedSize(1600))
    assert scenario.demand_ids == ("Oslo->Bergen/1", "Oslo->Stavanger")
    assert scenario.policy.explicit_paths["Oslo->Stavanger"][0].links == ("Oslo->Bergen", "Bergen->Stavanger")
    assert scenario.observation.duration_s == 10
    assert [entry.item for entry in imported.coverage.of(Status.IGNORED)] == ["timeline"]


def test_timelines_are_read_and_written(path: Path, tmp_path: Path) -> None:
    timeline = read_timeline(path)
    assert [(event.time_s, event.change) for event in timeline.events] == [(5.0, FailLink("Oslo--Bergen"))]
    write_timeline(timeline, tmp_path / "again.yaml")
    again = read_timeline(tmp_path / "again.yaml")
    assert (again.events, again.window_s, again.convergence_delay_s) == (timeline.events, 1.0, 0.0)


def test_a_document_without_timeline_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("nodes: [A]")
    with pytest.raises(FormatError, match="no timeline"):
        read_timeline(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("old", "new", "kind", "line", "words"),
    [
        ("metric: 10", "metrc: 10", UnknownNameError, 15, "links[0].metrc: unknown key 'metrc' (did you mean metric?)"),
        ("nodes: [Oslo", "noodles: [Oslo", UnknownNameError, 13, "did you mean nodes"),
        ("[Oslo, Bergen],", "[Oslo, Berge],", UnknownNameError, 15, "unknown node 'Berge' (did you mean Bergen?)"),
        ("2 ms,", "2 mss,", FormatError, 15, "'2 mss' is no time (write it as 5 ms"),
        ("capacity_bps: 1 Gbit/s", "capacity_bps: -1", ScenarioError, 16, "capacity_bps is -1"),
        ("scheduling: two-classes", "scheduling: three", UnknownNameError, 15, "unknown scheduling 'three'"),
        ("discipline: strict-priority", "discipline: strict", FormatError, 7, "'strict' cannot stand here"),
        ("kind: on-off", "kind: onoff", UnknownNameError, 10, "unknown kind 'onoff' (did you mean on-off"),
        ("kind: on-off, ", "", FormatError, 10, "its kind is missing"),
        (", off_s: 20 ms", "", FormatError, 10, "off_s is missing"),
        ("bursty,   voice", "bursty,   noise", UnknownNameError, 22, "traffic.demands row 2: unknown packet_sizes 'noise'"),
        ("300 Mbit/s", "300 Mbit", FormatError, 22, "'300 Mbit' is no rate"),
        ("    Oslo,   Stavanger", "    Bergen, Stavangr", UnknownNameError, 22, "unknown node 'Stavangr'"),
        ("traffic_class, arrivals", "traffic_clas, arrivals", UnknownNameError, 19, "unknown column 'traffic_clas'"),
        ("[Oslo->Bergen, Bergen->", "[Oslo->Bergen, Berge->", UnknownNameError, 25, "unknown link"),
        ("    Oslo->Stavanger:", "    Oslo->Stavange:", UnknownNameError, 25, "unknown demand 'Oslo->Stavange'"),
        ("duration_s: 10", "duration_s: 0", ScenarioError, 26, "duration_s=0"),
        ("id: coast", "id: Oslo--Bergen", ScenarioError, 16, "the circuit 'Oslo--Bergen' stands twice"),
        ("ends: [Oslo, Bergen], ", "", FormatError, 15, "its ends are missing"),
        ("source: Oslo", "ends: [Oslo, Bergen], source: Oslo", FormatError, 17, "both ends and source"),
        ("name: triangle", "name: triangle\nname: square", FormatError, 3, "the key 'name' stands twice"),
        ("nettwin: 1", "nettwin: 2", FormatError, 1, "nettwin: 2 cannot stand here"),
    ],
)  # fmt: skip
def test_errors_say_what_where_and_what_next(path: Path, old: str, new: str, kind: type[InputError], line: int, words: str) -> None:
    with pytest.raises(kind) as caught:
        read(changed(path, old, new))
    assert f"net.yaml: line {line}: " in str(caught.value)
    assert words in str(caught.value)


def test_wrong_changes_in_a_timeline_have_their_line(path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"line 28: timeline.events\[0\]"):
        read_timeline(changed(path, "fail-link", "fale-link"))


def test_capacity_must_come_from_somewhere(path: Path) -> None:
    with pytest.raises(FormatError, match=r"links\[0\]: capacity_bps is missing"):
        read(changed(path, "capacity_bps: 10 Gbit/s, ", ""))


def test_names_that_look_like_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("nodes: [NO, on, 12, 007, '1e9', null-ish]\nlinks: [{ends: [NO, 12], capacity_bps: 1e9}]\n")
    topology = read(path).scenario.topology
    assert [node.id for node in topology.nodes] == ["NO", "on", "12", "007", "1e9", "null-ish"]
    write(read(path).scenario, tmp_path / "b.yaml")
    # other readers of YAML 1.1 must see texts too
    assert [node if isinstance(node, str) else node["id"] for node in yaml.safe_load((tmp_path / "b.yaml").read_text())["nodes"]] == [
        "NO", "on", "12", "007", "1e9", "null-ish",
    ]  # fmt: skip


def test_matrices(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "nodes: [A, B, C]\ntraffic:\n  matrices:\n    - {nodes: [C, A], rate_bps: [[5, 1 Mbit/s], [0, 0]], traffic_class: 2}\n"
        "    - rate_bps: [[0, 1, 2], [3, 0, 4], [5, 6, 0]]\n"
    )
    imported = read(path)
    rows = imported.scenario.traffic.rows(imported.scenario.topology)
    assert [(row.source, row.target, row.rate_bps, row.traffic_class) for row in rows[:2]] == [("C", "A", 1e6, 2), ("A", "B", 1.0, 0)]
    assert len(rows) == 7
    (ignored,) = imported.coverage.of(Status.IGNORED)
    assert (ignored.item, ignored.place, ignored.count) == ("traffic of a node with itself", "C", 1)


def test_unused_profiles_are_reported(path: Path) -> None:
    coverage = read(changed(path, "bursty,   voice", ",   voice")).coverage
    assert ("arrivals bursty", "defined, but not used") in [(entry.item, entry.note) for entry in coverage]


def test_forwarding_tables(path: Path) -> None:
    table = "routing:\n  base:\n    kind: forwarding-table\n    next_link: |\n      node, target, link\n      Oslo, Bergen, Oslo->Bergen\n"
    base = read(changed(path, "routing:\n", table)).scenario.policy.base
    assert isinstance(base, ForwardingTable)
    assert base.next_link.tolist() == [[-1, 0, -1], [-1, -1, -1], [-1, -1, -1]]
    with pytest.raises(UnknownNameError, match=r"line 28: routing.base.next_link row 1: the link 'Bergen->Oslo' does not start at 'Oslo'"):
        read(changed(path, "Oslo, Bergen, Oslo->Bergen\n", "Oslo, Bergen, Bergen->Oslo\n"))


def test_json_is_the_same_document(path: Path, tmp_path: Path) -> None:
    write(read(path).scenario, tmp_path / "net.json")
    document = json.loads((tmp_path / "net.json").read_text())
    assert document["nettwin"] == 1
    assert document["traffic"]["demands"]["columns"][:3] == ["source", "target", "rate_bps"]
    with pytest.raises(ScenarioError, match=r"net.json: nodes\[1\]: the node 'Oslo' stands twice"):
        read(changed(tmp_path / "net.json", '"Bergen",', '"Oslo",'))


def test_the_published_schema_is_current() -> None:
    published = json.loads((ROOT / "docs" / "schema" / "scenario.json").read_text())
    assert published == scenario_schema(), "run: nettwin schema > docs/schema/scenario.json"


def _checked(document: Any) -> None:
    jsonschema.Draft202012Validator(scenario_schema()).validate(document)


def test_documents_validate_against_the_schema(path: Path, tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(scenario_schema())
    _checked(yaml.safe_load(DOCUMENT))
    for name in ("again.yaml", "again.json"):
        write(read(path).scenario, tmp_path / name)
        _checked(yaml.safe_load((tmp_path / name).read_text()))
    for example in (ROOT / "examples").rglob("*.yaml"):
        document = yaml.safe_load(example.read_text())
        if "nodes" in document:
            _checked(document)


@pytest.mark.parametrize(("old", "new"), [("metric: 10", "metrc: 10"), ("kind: on-off", "kind: onoff"), ("nettwin: 1", "nettwin: 7")])
def test_the_schema_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        _checked(yaml.safe_load(DOCUMENT.replace(old, new)))


def test_the_schema_knows_every_field_of_a_link() -> None:
    assert set(LinkPart.model_fields) == set(model_of(Link).model_fields) | {"ends", "link_ids"}
