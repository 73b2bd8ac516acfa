"""The command line as its users meet it: most commands in this process, what concerns the process itself in another."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import yaml

from fake_predictor import triangle
from nettwin.cli.app import PANELS
from nettwin.cli.main import run
from nettwin.formats.registry import read, write

COMMANDS = [command.__name__.rstrip("_") for commands in PANELS.values() for command in commands]
HEAVY = {"numba", "pandas", "torch", "matplotlib", "scipy", "pyarrow", "topohub", "networkx", "numpy", "pydantic"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("cli") / "triangle.yaml"
    write(triangle(), path)
    return str(path)


@pytest.fixture(autouse=True)
def wide_plain_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")


def nettwin(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "nettwin.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)  # type: ignore[call-overload,no-any-return]


def out(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(arguments) == code
    return capsys.readouterr().out


def err(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    assert run(arguments) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err


# --- the process itself


def test_help_is_light_and_complete() -> None:
    program = (
        "import sys; from nettwin.cli.main import run; code = run(['--help']); "
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert result.stderr.strip() == "[]"
    text = " ".join(result.stdout.split())  # lines break where the width of the terminal says
    for word in (*COMMANDS, "Exit codes", "130 interrupted"):
        assert word in text


def test_version() -> None:
    result = nettwin("--version")
    assert result.returncode == 0
    assert result.stdout.startswith("nettwin ")


def test_a_reader_that_leaves_early_is_no_error(network: str) -> None:
    pipeline = f'"{sys.executable}" -m nettwin.cli show {network} --format json | head -c 1; echo "codes ${{PIPESTATUS[0]}}"'
    result = subprocess.run(["bash", "-c", pipeline], capture_output=True, text=True, check=False)
    assert "codes 0" in result.stdout
    assert [line for line in result.stderr.splitlines() if not line.endswith("...")] == []


def test_help_into_a_closed_pipe_is_no_error() -> None:
    pipeline = f'"{sys.executable}" -m nettwin.cli --help | head -c 1 > /dev/null; echo "codes ${{PIPESTATUS[0]}}"'
    result = subprocess.run(["bash", "-c", pipeline], capture_output=True, text=True, check=False)
    assert result.stdout == "codes 0\n"


def test_interrupting_gives_130(network: str) -> None:
    command = [sys.executable, "-m", "nettwin.cli", "simulate", network, "--packets", "1e11"]
    # a program that was started in the background ignores interrupts, and so would its children
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert process.stderr is not None
    while "asking engine" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(5)  # it is among its packets by now
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=200)
    assert process.returncode == 130
    assert "Traceback" not in text


def test_progress_goes_to_standard_error_only(network: str) -> None:
    result = nettwin("predict", network, "--format", "json")
    assert json.loads(result.stdout)["engine"] == "neural"


def test_colours_need_a_terminal_and_obey_no_color(network: str) -> None:
    assert "\x1b" not in nettwin("show", network).stdout
    forced = nettwin("predict", network, env={**os.environ, "FORCE_COLOR": "1", "NO_COLOR": "1"})
    assert "\x1b[3" not in forced.stdout


def test_shell_completion_is_offered() -> None:
    script = nettwin("--show-completion", "bash").stdout
    assert "nettwin" in script or "complete" in script


# --- exit codes


def test_ok_is_0(capsys: pytest.CaptureFixture[str], network: str) -> None:
    out(capsys, "predict", network, "--max-utilization", "0.5", "--max-delay", "1s", "--max-loss", "50%")


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        (("--max-utilization", "30%"), "1 links are utilized above 30.0 %; worst A->B: 40.0 %"),
        (("--max-delay", "1us"), "3 demands have a mean delay above 1.00 µs"),
        (("--max-loss", "0"), ""),
    ],
)
def test_a_violated_objective_is_1(capsys: pytest.CaptureFixture[str], network: str, objective: tuple[str, str], words: str) -> None:
    if not words:
        assert run(["predict", network, *objective]) == 0  # nothing is lost here
        return
    assert words in err(capsys, "predict", network, *objective, code=1)


def test_an_unreachable_demand_violates_a_delay_objective(capsys: pytest.CaptureFixture[str], network: str) -> None:
    text = err(capsys, "whatif", network, "--change", "fail-node B", "--max-delay", "1h", code=1)
    assert "2 demands are unreachable" in text


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("predict",), ("predict", "x", "--max-delay", "fast"), ("predict", "x", "--format", "parquet"), ("whatif", "x")],
)
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    assert run(arguments) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "no/such/file.yaml"), "no/such/file.yaml"),
        (("show", "topohub:sndlib/germany51"), "germany50"),
        (("predict", "{network}", "--engine", "quing"), "did you mean queueing?"),
        (("predict", "{network}", "--option", "nonsense=1"), "unknown option 'nonsense'"),
        (("whatif", "{network}", "--change", "fail-link A--Z"), "A--Z"),
        (("whatif", "{network}", "--change", "break-everything"), "unknown change"),
        (("show", "{network}", "--paths", "A->Q"), "unknown demand"),
        (("convert", "{network}", "x.nonsense"), "x.nonsense"),
        (("compare", "{network}", "--engine", "recorded", "--engine", "queueing"), "no recorded answer"),
    ],
)
def test_bad_input_is_3_with_one_clear_line(
    capsys: pytest.CaptureFixture[str], network: str, arguments: tuple[str, ...], words: str
) -> None:
    text = err(capsys, *(argument.format(network=network) for argument in arguments), code=3)
    lines = [line for line in text.splitlines() if not line.endswith("...")]
    assert len(lines) == 1
    assert lines[0].startswith("nettwin: ")
    assert words in lines[0]


def test_debug_shows_the_traceback_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "no/such/file", "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_unwritable_output_is_3(capsys: pytest.CaptureFixture[str], network: str) -> None:
    assert "/no/such/folder" in err(capsys, "show", network, "--output", "/no/such/folder/x", code=3)


def test_low_confidence_is_4_if_strict(capsys: pytest.CaptureFixture[str], network: str) -> None:
    few = ("simulate", network, "--packets", "500")
    out(capsys, *few)
    assert "interval of the mean delay is wider than ±10%" in err(capsys, *few, "--strict", code=4)


def test_a_missed_precision_is_4_if_strict(capsys: pytest.CaptureFixture[str], network: str) -> None:
    few = ("simulate", network, "--packets", "3000", "--precision", "0.0001", "--format", "json")
    assert run(few) == 0
    captured = capsys.readouterr()
    assert "low confidence: the mean delay is known to" in captured.err
    assert run([*few, "--strict"]) == 4
    strict = capsys.readouterr()
    assert strict.out == captured.out  # the answer is given all the same
    assert "not known to 0.01%" in json.loads(strict.out)["doubts"][0]


# --- every command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert "Usage: nettwin" in out(capsys, command, "--help")


def test_predict_as_json(capsys: pytest.CaptureFixture[str], network: str) -> None:
    document = json.loads(out(capsys, "predict", network, "--format", "json"))
    assert document["summary"]["max_utilization"] == pytest.approx(0.4)
    assert [row["demand"] for row in document["demands"]] == ["A->B", "B->A", "A->C"]
    assert document["links"][0]["utilization"] == pytest.approx(0.4)
    assert document["queues"][0]["buffer_bits"] is None  # unlimited; JSON has no infinity


def test_predict_as_csv_and_parquet(capsys: pytest.CaptureFixture[str], network: str, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(out(capsys, "predict", network, "--format", "csv", "--table", "links"))))
    assert float(rows[0]["utilization"]) == pytest.approx(0.4)
    path = tmp_path / "demands.parquet"
    out(capsys, "predict", network, "--format", "parquet", "--output", str(path))
    assert pd.read_parquet(path)["demand"].tolist() == ["A->B", "B->A", "A->C"]


def test_tables_for_people_can_go_to_a_file(capsys: pytest.CaptureFixture[str], network: str, tmp_path: Path) -> None:
    path = tmp_path / "answer.txt"
    assert out(capsys, "predict", network, "--output", str(path)) == ""
    assert "Slowest demands" in path.read_text()


def test_names_cannot_run_in_spreadsheets_or_terminals(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "evil.yaml"
    write(triangle(("=cmd|' /C calc'!A0", "\x1b[31mred", "C")), path)
    rows = list(csv.DictReader(io.StringIO(out(capsys, "show", str(path), "--table", "nodes", "--format", "csv"))))
    assert rows[0]["node"].startswith("'=cmd")
    assert "\x1b" not in out(capsys, "predict", str(path))


def test_show(capsys: pytest.CaptureFixture[str], network: str) -> None:
    text = out(capsys, "show", network)
    assert "6 directed, 3 circuits" in text
    assert "A->B" in text
    document = json.loads(out(capsys, "show", network, "--format", "json"))
    assert len(document["nodes"]) == 3
    assert document["summary"]["highest offered load"] == "40.0 %"
    paths = json.loads(out(capsys, "show", network, "--paths", "A->B", "--format", "json"))
    assert paths["paths"] == [{"share": 1.0, "links": ["A->B"]}]


def test_import_reports_and_writes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "polska.yaml"
    report = json.loads(out(capsys, "import", "topohub:sndlib/polska", "--output", str(path), "--format", "json"))
    assert {entry["status"] for entry in report["entries"]} >= {"modelled"}
    assert read(path).scenario.topology.n_nodes == 12


def test_validate_names_every_problem(capsys: pytest.CaptureFixture[str], network: str, tmp_path: Path) -> None:
    assert "good" in out(capsys, "validate", network)
    bad = tmp_path / "bad.yaml"
    document = yaml.safe_load(Path(network).read_text())
    bad.write_text(yaml.safe_dump({**document, "nodes": [{"id": "A"}, {"id": "A"}], "colour": "red"}))
    result = json.loads(out(capsys, "validate", network, str(bad), "no/such/file", "--format", "json", code=3))
    assert [bool(file["errors"]) for file in result["files"]] == [False, True, True]


def test_validate_warns_of_what_is_odd(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from nettwin.changes import FailNode, ScaleTraffic

    path = tmp_path / "odd.yaml"
    write(FailNode("C").apply(ScaleTraffic(4.0).apply(triangle())), path)
    text = out(capsys, "validate", str(path))
    assert "1 demands without a complete path: A->C" in text
    assert "1 links offered more than their capacity: A->B" in text
    assert run(["validate", str(path), "--strict"]) == 3


def test_whatif_shows_before_and_after(capsys: pytest.CaptureFixture[str], network: str, tmp_path: Path) -> None:
    text = out(capsys, "whatif", network, "--change", "fail-link A--B")
    for words in ("What if: fail-link A--B", "newly worst", "C->B", "Demands that slow down most"):
        assert words in text
    plan = tmp_path / "plan.yaml"
    plan.write_text("- fail-link: {link: A--B}\n- scale-traffic: {factor: 0.5}\n")
    document = json.loads(out(capsys, "whatif", network, "--changes", str(plan), "--format", "json"))
    figures = {row["figure"]: row["change"] for row in document["summary"]}
    assert figures["max_utilization"] == pytest.approx(-0.1)
    worst = document["worst_links"][0]
    assert (worst["link"], worst["utilization_after"]) == ("A->C", pytest.approx(0.3))


def test_sweep_names_the_worst_case_and_its_cause(capsys: pytest.CaptureFixture[str], network: str) -> None:
    document = json.loads(out(capsys, "sweep", network, "--format", "json"))
    links = {row["link"]: row for row in document["links"]}
    assert links["A->C"]["worst_utilization"] == pytest.approx(0.6)
    assert links["A->C"]["causes"] == [{"failure": "A--B", "utilization": pytest.approx(0.6)}]
    assert run(["sweep", network, "--max-utilization", "0.55"]) == 1
    capsys.readouterr()
    text = out(capsys, "sweep", network, "--fail", "nodes", "--engine", "queueing")
    assert "slowest demand" in text
    err(capsys, "sweep", network, "--fail", "nodes", "--max-loss", "0.5", code=1)


def test_compare_two_engines_and_two_scenarios(capsys: pytest.CaptureFixture[str], network: str) -> None:
    text = out(capsys, "compare", network, "--engine", "queueing", "--engine", "queueing")
    assert "The mean delay of a demand differs by 0 % (median)" in text
    document = json.loads(out(capsys, "compare", network, "topohub:sndlib/polska", "--format", "json"))
    assert document["summary"][0]["before"] == pytest.approx(0.4)


def test_convert_reports_what_is_lost(capsys: pytest.CaptureFixture[str], network: str, tmp_path: Path) -> None:
    target = tmp_path / "triangle.json"
    out(capsys, "convert", network, str(target), "--to", "node-link")
    assert read(target).scenario.topology.n_links == 6


def test_schema_describes_what_we_write(capsys: pytest.CaptureFixture[str], network: str) -> None:
    schema = json.loads(out(capsys, "schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(Path(network).read_text()), schema)


def test_engines_tell_whether_they_work_here(capsys: pytest.CaptureFixture[str]) -> None:
    known = {engine["name"]: engine for engine in json.loads(out(capsys, "engines", "--format", "json"))["engines"]}
    assert known["queueing"]["is_usable"]
    assert known["simulator"]["options"]["seed"] == 0
    assert "ns3" in known


def test_simulate_gives_the_same_answer_for_the_same_seed(capsys: pytest.CaptureFixture[str], network: str) -> None:
    def simulated(seed: str) -> object:
        return json.loads(out(capsys, "simulate", network, "--packets", "20k", "--seed", seed, "--format", "json"))["demands"]

    assert simulated("1") == simulated("1") != simulated("2")


def test_the_number_of_workers_changes_nothing(capsys: pytest.CaptureFixture[str], network: str) -> None:
    runs = ("simulate", network, "--packets", "20k", "--format", "json")
    assert out(capsys, *runs, "--workers", "1") == out(capsys, *runs)
    three = out(capsys, *runs, "--replications", "3", "--workers", "3")
    assert three == out(capsys, *runs, "--replications", "3", "--workers", "1") != out(capsys, *runs)


def test_an_option_of_the_engine_weighs_more(capsys: pytest.CaptureFixture[str], network: str) -> None:
    runs = ("simulate", network, "--packets", "20k", "--format", "json")
    assert out(capsys, *runs, "--seed", "1", "--option", "seed=2") == out(capsys, *runs, "--seed", "2")


def test_simulate_in_time(capsys: pytest.CaptureFixture[str], network: str, tmp_path: Path) -> None:
    arguments = ("simulate", network, "--duration", "4s", "--window", "1s", "--at", "2s fail-node C")
    windows = json.loads(out(capsys, *arguments, "--format", "json"))["windows"]
    to_c = [next(row["loss_ratio"] for row in window["demands"] if row["demand"] == "A->C") for window in windows]
    assert to_c[0] == pytest.approx(0, abs=0.01)
    assert to_c[3] == 1.0
    text = out(capsys, *arguments)
    assert "4 windows" in text
    assert [line.split()[0] for line in text.splitlines() if line.rstrip().endswith("fail-node C")] == ["2.00"]
    file = tmp_path / "timeline.yaml"
    file.write_text("events: [{time_s: 2, change: fail-node C}]\nwindow_s: 1.0\n")
    assert (
        json.loads(out(capsys, "simulate", network, "--duration", "4s", "--timeline", str(file), "--format", "json"))["windows"] == windows
    )
    assert run(["simulate", network, "--window", "1s"]) == 2  # without an end


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("simulate", ("--duration", "1s", "--window", "1s", "--precision", "0.01"), "--precision"),
        ("simulate", ("--duration", "1s", "--window", "1s", "--strict"), "--strict"),
        ("simulate", ("--duration", "1s", "--window", "1s", "--report", "x.html"), "--report"),
        ("simulate", ("--convergence-delay", "1s"), "--convergence-delay"),
        ("simulate", ("--duration", "1s", "--at", "fail-link A--B"), "does not begin with a time"),
        ("sweep", ("--seed", "3"), "--seed"),
        ("import", ("--format", "parquet"), "parquet"),
    ],
)
def test_what_would_change_nothing_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], network: str, command: str, options: tuple[str, ...], words: str
) -> None:
    assert words in err(capsys, command, network, *options, code=2)


def test_engine_options_of_the_wrong_type_are_bad_input(capsys: pytest.CaptureFixture[str], network: str) -> None:
    engine = ("predict", network, "--engine", "simulator")
    assert "packets: 'many' is no number" in err(capsys, *engine, "--option", "packets=many", code=3)
    assert "workers: 1.5 instead of a whole number" in err(capsys, *engine, "--option", "workers=1.5", code=3)


def test_the_tour_needs_a_link(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "alone.yaml"
    path.write_text("nettwin: 1\nnodes: [A]\n")
    assert "no links" in err(capsys, "tour", str(path), code=3)


def test_evaluate_against_recorded_truth(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from nettwin.formats.recorded import write_sample
    from nettwin.predict.registry import create

    write_sample(triangle(), create("queueing").predict(triangle()), tmp_path / "000000")
    document = json.loads(out(capsys, "evaluate", str(tmp_path), "--engine", "queueing", "--format", "json"))
    assert document["simulations"] == 1
    assert document["delay"]["mape"] == pytest.approx(0, abs=1e-9)
    assert "MAPE" in out(capsys, "evaluate", str(tmp_path), "--limit", "1")


def test_a_report_is_written(capsys: pytest.CaptureFixture[str], network: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    out(capsys, "whatif", network, "--change", "fail-link A--B", "--report", str(path))
    assert path.read_text().count('class="half') >= 6


def test_the_tour(capsys: pytest.CaptureFixture[str], network: str, tmp_path: Path) -> None:
    text = out(capsys, "tour", network, "--report", str(tmp_path / "out" / "report.html"), "--packets", "20k")
    for words in ("twin", "simulated", "What if A--B, the busiest circuit, fails?", "both engines again"):
        assert words in text
    assert "twin, after" in (tmp_path / "out" / "report.html").read_text()
