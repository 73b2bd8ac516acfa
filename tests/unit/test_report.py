import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.apps.report import Case, render_report, write_report
from nettwin.apps.report.layout import WIDTH, layout
from nettwin.apps.report.network_map import half_links, node_marks
from nettwin.apps.tables import PerformanceView
from nettwin.apps.what_if import what_if
from nettwin.changes import FailLink
from nettwin.errors import ScenarioError
from nettwin.scenario import Link, Node, Scenario, Topology

EVIL = ('<script>alert("x")</script>', "</script><img src=x onerror=y>", "$\\frac{&'\"")


def cases(scenario: Scenario) -> list[Case]:
    circuit = scenario.topology.links[0].circuit
    comparison = what_if(scenario, [FailLink(circuit)], FakePredictor())
    return [Case("today", comparison.before), Case("after", comparison.after)]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(html)
    return parser.found


def test_a_report_shows_every_link_twice_halved_and_every_node() -> None:
    found = tags(render_report(cases(triangle())))
    halves = [attrs for tag, attrs in found if tag == "path" and "half" in (attrs.get("class") or "")]
    assert sorted(str(half["data-id"]) for half in halves) == ["A->B", "A->C", "B->A", "B->C", "C->A", "C->B"]
    assert {half["data-id"]: half["class"] for half in halves}["A->B"] == "half c1"  # 40 %: between 20 and 50
    assert len([1 for tag, attrs in found if tag == "circle"]) == 3
    assert len([1 for tag, attrs in found if tag == "tr" and attrs.get("data-id") == "A->B"]) == 2  # among links and demands


def test_nothing_is_fetched_from_anywhere() -> None:
    found = tags(render_report(cases(triangle(has_positions=True))))
    fetching = {"src", "href", "xlink:href", "srcset", "data", "action"}
    targets = [value for _, attrs in found for name, value in attrs.items() if name in fetching]
    assert all(value is not None and value.startswith("#") for value in targets)
    assert not {"link", "img", "iframe", "object", "embed"} & {tag for tag, _ in found}
    policy = next(attrs["content"] for tag, attrs in found if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in str(policy)


def test_names_from_files_cannot_inject_markup() -> None:
    html = render_report(cases(triangle(EVIL)), title="<b>title</b>", notes=["<i>note</i>"])
    found = tags(html)
    assert len([1 for tag, _ in found if tag == "script"]) == 2  # the data and the program, both our own
    assert not [1 for tag, attrs in found if tag in ("img", "b", "i") or any(name.startswith("on") for name in attrs)]
    assert any(attrs.get("data-id") == EVIL[0] for tag, attrs in found if tag == "circle")


def test_chart_ids_do_not_collide() -> None:
    ids = [attrs["id"] for _, attrs in tags(render_report(cases(triangle()))) if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_equal_answers_give_equal_reports() -> None:
    assert render_report(cases(triangle())) == render_report(cases(triangle()))


def test_a_report_needs_an_answer() -> None:
    with pytest.raises(ScenarioError, match="without answers"):
        render_report([])


def test_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_report(path, cases(triangle())[:1])
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert 'name="metric" value="3"' not in text  # no change to colour by with one answer


def test_a_failed_link_is_marked_as_down() -> None:
    html = render_report([cases(triangle())[1]])
    classes = {attrs["data-id"]: attrs["class"] for tag, attrs in tags(html) if tag == "path" and "data-id" in attrs}
    assert classes["A->B"] == classes["B->A"] == "half cdown"


def test_positions_are_kept_and_missing_ones_found() -> None:
    topology = triangle(has_positions=True).topology
    nodes = (*topology.nodes, Node("D"), Node("E", position=(-75.0, 40.0)))
    drawing = layout(Topology(nodes, (*topology.links, Link("A->D", "A", "D", 1e6), Link("B->D", "B", "D", 1e6))))
    a, b, c, d, far = drawing.xy
    assert drawing.is_geographic
    assert a[0] < c[0] < b[0]
    assert b[1] < a[1] < c[1]  # north is up
    assert d == pytest.approx((a + b) / 2, abs=1)
    assert far[0] < a[0]
    assert np.all((drawing.xy >= 0) & (drawing.xy <= (WIDTH, drawing.height)))


def test_one_far_node_does_not_flatten_the_others() -> None:
    nodes = [Node(f"n{i}", position=(float(i), float(45 + i % 5))) for i in range(20)] + [Node("far", position=(170.0, -40.0))]
    drawing = layout(Topology(tuple(nodes), ()))
    near = drawing.xy[:20, 0]
    assert np.ptp(near) > 0.6 * WIDTH


def test_nodes_without_positions_lie_apart() -> None:
    drawing = layout(triangle().topology)
    assert not drawing.is_geographic
    gaps = [np.hypot(*(drawing.xy[i] - drawing.xy[j])) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert min(gaps) > 50


def test_parallel_circuits_lie_beside_each_other() -> None:
    nodes = (Node("A", position=(0.0, 0.0)), Node("B", position=(10.0, 0.0)))
    links = [Link(f"{x}{k}", *ends, 1e6, circuit=f"c{k}") for k in (1, 2) for x, ends in (("f", ("A", "B")), ("b", ("B", "A")))]
    topology = Topology(nodes, tuple(links))
    middles = {half.link: half.middle for half in half_links(topology, layout(topology))}
    assert middles["f1"] == middles["b1"]
    assert middles["f2"] == middles["b2"]
    assert abs(middles["f1"][1] - middles["f2"][1]) > 5


def test_labels_do_not_overlap() -> None:
    rng = np.random.default_rng(1)
    nodes = tuple(Node(f"node-number-{i}", position=(float(x), float(y))) for i, (x, y) in enumerate(rng.uniform(0, 20, (80, 2))))
    topology = Topology(nodes, ())
    marks = [mark for mark in node_marks(topology, layout(topology)) if mark.anchor]
    assert 5 < len(marks) < 80
    boxes = [(m.label_x, m.label_y) for m in marks]
    assert len(set(boxes)) == len(boxes)


def test_no_number_reaches_the_drawing_as_nan() -> None:
    html = render_report(cases(triangle()))
    assert not re.search(r'(?:d|cx|cy|x|y)="[^"]*nan', html)


def test_a_demand_that_nothing_is_known_of_is_still_listed() -> None:
    scenario = triangle()
    cut = FailLink("A--C").apply(FailLink("A--B").apply(scenario))
    html = render_report([Case("cut", PerformanceView(cut, FakePredictor().predict(cut)))])
    assert '<tr data-id="A-&gt;B">' in html
