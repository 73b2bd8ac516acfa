import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer

from fake_predictor import FakePredictor, triangle
from nettwin.apps.inspect_scenario import findings
from nettwin.apps.tables import PerformanceView
from nettwin.changes import AddNode, FailNode, ScaleTraffic, SetRate
from nettwin.cli.asking import parse_options
from nettwin.cli.console import printable
from nettwin.cli.exit_codes import ExitCode, exit_code_of
from nettwin.cli.output import plain
from nettwin.cli.verdict import Objectives, doubts_about, judge
from nettwin.errors import FormatError, MissingDependencyError, NotConvergedError, PredictionError, UnknownNameError
from nettwin.formats.plan_file import read_plan, read_timeline
from nettwin.scenario import Node, Observation, Scenario


def view(scenario: Scenario | None = None, **options: float) -> PerformanceView:
    asked = scenario or triangle()
    return PerformanceView(asked, FakePredictor(**options).predict(asked))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FormatError("x"), 3),
        (PredictionError("x"), 3),
        (MissingDependencyError("x"), 3),
        (NotConvergedError("x"), 4),
        (FileNotFoundError("x"), 3),
        (ZeroDivisionError("x"), 70),
    ],
)
def test_errors_have_codes(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


def test_objectives_name_the_worst() -> None:
    lines = Objectives(max_utilization=0.15, max_delay_s=4e-3, max_loss_ratio=0.1).violations(view())
    assert lines == [
        "2 links are utilized above 15.0 %; worst A->B: 40.0 %",
        "1 demands have a mean delay above 4.00 ms; worst A->B: 5.00 ms",
    ]
    cut = view(FailNode("C").apply(triangle()))
    assert Objectives(max_delay_s=1.0).violations(cut) == ["1 demands are unreachable, A->C first"]
    assert Objectives(max_loss_ratio=0.5).violations(cut) == ["1 demands lose more than 50.0 %; worst A->C: 100.0 %"]
    assert Objectives().violations(cut) == []


def test_doubts() -> None:
    assert doubts_about(view()) == []
    assert "1 of 3 demands are outside what the engine knows" in doubts_about(view(n_untrusted=1))[0]
    assert doubts_about(view(half_width_s=1e-6)) == []
    assert "for 3 of 3 demands" in doubts_about(view(half_width_s=1e-3))[0]


def test_a_violated_objective_weighs_more_than_doubt() -> None:
    with pytest.raises(typer.Exit) as doubtful:
        judge(view(n_untrusted=1), Objectives(), is_strict=True)
    assert doubtful.value.exit_code == ExitCode.LOW_CONFIDENCE
    with pytest.raises(typer.Exit) as violated:
        judge(view(n_untrusted=1), Objectives(max_utilization=0.1), is_strict=True)
    assert violated.value.exit_code == ExitCode.OBJECTIVE_VIOLATED
    judge(view(n_untrusted=1), Objectives())


def test_plain_is_json_without_nan() -> None:
    @dataclass
    class Row:
        x: float

    table = pd.DataFrame({"a": [1.0, math.nan]}, index=pd.Index(["x", "y"], name="id"))
    value = plain({"t": table, "r": Row(math.inf), "n": np.float64(2.0), "l": (np.int64(1), None, "s")})
    assert json.loads(json.dumps(value, allow_nan=False)) == {
        "t": [{"id": "x", "a": 1.0}, {"id": "y", "a": None}],
        "r": {"x": None},
        "n": 2.0,
        "l": [1, None, "s"],
    }


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in printable("\x1b[31mred\x07")
    assert printable("Zürich → Genève") == "Zürich → Genève"


def test_engine_options_are_typed() -> None:
    assert parse_options(["a=1", "b-c=0.5", "d=true", "e=auto"]) == {"a": 1, "b_c": 0.5, "d": True, "e": "auto"}
    with pytest.raises(typer.BadParameter, match="KEY=VALUE"):
        parse_options(["a"])


def test_findings_name_what_is_odd() -> None:
    assert findings(triangle()) == []
    odd = AddNode(Node("alone")).apply(SetRate("B->A", 0.0).apply(ScaleTraffic(3.0).apply(triangle())))
    assert [finding.what for finding in findings(odd)] == [
        "1 links offered more than their capacity",
        "1 nodes without links",
        "1 demands with rate 0",
    ]
    empty = replace(triangle(), traffic=replace(triangle().traffic, **{name: [] for name in COLUMNS}))
    assert "nothing to predict" in findings(empty)[0].what


COLUMNS = ("source", "target", "rate_bps", "traffic_class", "arrival_index", "packet_size_index")


def test_plans_are_read_alone_or_under_their_key(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("changes: [fail-link A--B, {scale-traffic: {factor: 2}}]")
    first = read_plan(path)
    path.write_text("[fail-link A--B, {scale-traffic: {factor: 2}}]")
    assert read_plan(path) == first
    assert len(first) == 2


def test_bad_plans_and_timelines_are_refused_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("- fail-link: {lnik: A--B}")
    with pytest.raises(UnknownNameError, match=r"plan\.yaml\[0\].*did you mean link"):
        read_plan(path)
    scenario = replace(triangle(), observation=Observation(duration_s=4.0))
    path.write_text("timeline: {events: [{time_s: 1, change: fail-link A--B}], window_s: 2}")
    timeline = read_timeline(path, scenario)
    assert (timeline.window_s, len(timeline.events)) == (2.0, 1)
    path.write_text("events: 7")
    with pytest.raises(FormatError, match=r"plan\.yaml"):
        read_timeline(path, scenario)
