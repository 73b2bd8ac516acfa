"""``nettwin optimize`` from the command line to files and exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.cli.main import run
from nettwin.controlplane import link_loads
from nettwin.formats.plan_file import read_plan
from nettwin.formats.registry import read, write

KEYS = {"objective", "bound", "gap", "satisfied", "violated", "undetermined", "plan", "evaluations", "seconds"}


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(triangle(has_positions=True), Path("network.yaml"))
    return tmp_path / "network.yaml"


def intent(text: str) -> str:
    Path("intent.yaml").write_text("version: 1\n" + text, encoding="utf-8")
    return "intent.yaml"


def optimize(*words: str) -> int:
    return run(["optimize", "network.yaml", "--evaluations", "2000", "--engine", "queueing", *words])


def test_without_an_intent_the_maximum_utilization_falls(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert optimize("--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) >= KEYS
    assert document["objective"] < 0.4
    assert 0 < document["bound"] <= document["objective"]
    assert document["gap"] == pytest.approx(document["objective"] / document["bound"] - 1)
    assert document["objectives_before"] == [0.4]
    assert document["plan"] == [json.loads(json.dumps(change)) for change in document["plan"]]
    assert document["words"]


def test_the_plan_file_is_what_whatif_takes(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert optimize("--format", "json", "--plan-out", "plan.yaml", "--picture", "plan.svg") == 0
    document = json.loads(capsys.readouterr().out)
    after = read_plan(Path("plan.yaml")).apply(read(network).scenario)
    assert max(link_loads(after) / after.topology.capacity_bps) == pytest.approx(document["objective"])
    assert run(["whatif", "network.yaml", "--changes", "plan.yaml", "--engine", "queueing", "--format", "json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    worst = max(link["utilization_after"] for link in compared["links"])
    assert worst == pytest.approx(document["objective"], rel=1e-3)  # of a stable network, offered load is carried load
    picture = Path("plan.svg").read_text(encoding="utf-8")
    assert picture.count("<svg") == 1
    assert "Before" in picture
    assert "After" in picture


def test_for_people_it_tells_clauses_changes_and_the_bound(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = intent("objectives: [{minimize: max-utilization}]\nlimits: {max-utilization: 39%, max-changes: 2}\n")
    assert optimize("--intent", wanted) == 0
    shown = capsys.readouterr().out
    for text in ("max-utilization", "cannot be below", "limits.max_utilization", "violated", "satisfied", "Steers 1 of 3 demands", "A->B"):
        assert text in shown
    assert "segment-policy" in shown


def test_a_violated_hard_clause_is_exit_code_1_and_named(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = intent("objectives: [{minimize: max-utilization}]\nlimits: {max-utilization: 1%}\n")
    assert optimize("--intent", wanted) == 1
    heard = capsys.readouterr()
    assert "limits.max_utilization is violated" in heard.err
    assert "cannot hold together: limits.max_utilization" in heard.err


def test_contradicting_clauses_are_named_as_few_as_possible(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = """
select: {one: {source: A, target: B}}
paths:
  - {name: through C, for: one, via: [C]}
  - {name: not C, for: one, avoid: {nodes: [C]}}
  - {name: short, for: one, max-hops: 5}
"""
    assert optimize("--intent", intent(rules), "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert sorted(document["conflicts"]) == ["not C", "through C"]


def test_an_undetermined_clause_is_exit_code_4_if_strict(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettwin.cli.asking.create_engine", lambda *_, **__: FakePredictor(half_width_s=10.0))
    words = ("--intent", intent("slo: [{for: '*', metric: one-way-delay, bound: 1 s}]\n"), "--method", "local-search")
    assert optimize(*words) == 0
    assert optimize(*words, "--strict") == 4


def test_mistakes_are_told(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, code, told in (
        (("--method", "portfolo"), 3, "did you mean portfolio"),
        (("--method-option", "gab=1"), 3, "gap"),
        (("--intent", "absent.yaml"), 3, "absent.yaml"),
        (("--budget", "soon"), 2, "is not a time"),
        (("--picture", "plan.bmp"), 3, ".svg"),
    ):
        assert optimize(*words) == code, words
        assert told in capsys.readouterr().err, words


def test_csv_holds_the_changes(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert optimize("--format", "csv") == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header == "change,what,of,before,after"
    assert rows


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX has them")
def test_ctrl_c_ends_it_with_the_best_plan_so_far(network: Path) -> None:
    """The method under test goes on until it is interrupted; the plan must still come out, with the usual exit code."""
    program = (
        "import sys, time\n"
        "from nettwin.optimize import registry, warming\n"
        "from nettwin.optimize.answer import Found, answered\n"
        "from nettwin.optimize.budget import Clock\n"
        "class Patient:\n"
        "    name = 'portfolio'\n"
        "    def optimize(self, scenario, intent, predictor, budget):\n"
        "        clock = Clock(budget)\n"
        "        print('searching', file=sys.stderr, flush=True)\n"
        "        while not clock.stopped_by:\n"
        "            time.sleep(0.01)\n"
        "        return answered(scenario, intent, predictor, clock, Found(method='patient'))\n"
        "registry.create = lambda name, **options: Patient()\n"
        "warming.warm_up = lambda *_: None\n"
        "from nettwin.cli.main import run\n"
        "sys.exit(run(['optimize', 'network.yaml', '--engine', 'queueing', '--budget', '10min', '--format', 'json']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}
    )
    assert process.stderr is not None
    while "searching" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out)["stopped_by"] == "interrupt"
    assert "best plan so far" in err


def test_no_time_is_no_budget(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert optimize("--budget", "0s") == 3
    assert "must be positive" in capsys.readouterr().err


def test_a_selector_of_an_unknown_node_is_named(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "select: {gold: {source: nowhere}}\nslo: [{for: gold, metric: one-way-delay, bound: 5 ms}]\n"
    assert optimize("--intent", intent(text)) == 3
    assert "selector 'gold': unknown node 'nowhere'" in capsys.readouterr().err


def test_the_plan_is_verified_by_packets(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "objectives: [{minimize: max-utilization}]\nslo: [{metric: packet-loss, bound: 5 %}]\nverify: {with: simulation}\n"
    assert optimize("--intent", intent(text), "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    names = {clause["name"]: clause["status"] for clause in document["verification"]["clauses"]}
    assert names["slos[0]"] == "satisfied"
    assert names["verify.one-way-delay"] == "satisfied"
    assert document["is_rejected"] is False
    assert optimize("--intent", intent(text.replace("simulation", "dice"))) == 3
    assert "verify: unknown engine 'dice'" in capsys.readouterr().err
