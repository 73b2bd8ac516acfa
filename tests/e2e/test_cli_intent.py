"""``nettwin intent``, and what docs/intents.md shows."""

import csv
import io
import json
import re
import shlex
from pathlib import Path

import pytest

from fake_predictor import triangle
from nettwin.cli.main import run
from nettwin.formats.registry import write
from nettwin.intents.language.vocabulary import intent_schema
from nettwin.intents.reading import intent_from_yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "intents.md").read_text(encoding="utf-8")
INTENT = """\
objectives: [max-utilization]
slo: {name: fast, metric: one-way-delay, bound: %s}
limits: {max-utilization: 50 %%}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("NO_COLOR", "1")
    write(triangle(), Path("network.yaml"))
    for name, bound in (("kept", "1 s"), ("broken", "1 us")):
        Path(f"{name}.yaml").write_text(INTENT % bound)


def check(capsys: pytest.CaptureFixture[str], *arguments: str, engine: str = "queueing") -> tuple[int, str, str]:
    code = run(["intent", "check", *arguments, "--engine", engine])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, "network.yaml", "--intent", "kept.yaml")
    assert code == 0
    assert "40.00 %" in out
    assert re.search(r"fast +hard +satisfied +mean one-way delay of every demand must stay below 1.00 s: all 3 demands do", out)
    assert "2 satisfied, 0 violated, 0 undetermined" in out


def test_a_violation_is_told_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys, "network.yaml", "--intent", "broken.yaml", "--format", "json")
    document = json.loads(out)
    assert code == 1
    assert (document["satisfied"], document["violated"], document["undetermined"]) == (["limits.max_utilization"], ["fast"], [])
    fast = document["clauses"][0]
    assert fast["demands"][0] == "A->B"
    assert fast["words"] in err
    assert document["objectives"] == [{"minimize": "max-utilization", "value": 0.4}]


def test_a_plan_is_judged_with_its_changes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, "network.yaml", "-i", "kept.yaml", "--change", "set-metric A->B 5", "--format", "json")
    assert (code, json.loads(out)["violated"]) == (1, ["limits.max_utilization", "limits.knobs"])
    Path("plan.yaml").write_text("changes: ['scale-traffic 0.1']\n")
    code, out, _ = check(capsys, "network.yaml", "-i", "kept.yaml", "--changes", "plan.yaml", "--format", "csv")
    assert {row["name"]: row["status"] for row in csv.DictReader(io.StringIO(out))}["limits.knobs"] == "violated"


def test_what_cannot_be_told_matters_only_to_the_strict(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from fake_predictor import FakePredictor
    from nettwin.predict import registry

    monkeypatch.setattr(registry, "create", lambda *_, **__: FakePredictor(half_width_s=4e-3))
    Path("open.yaml").write_text("slo: {metric: one-way-delay, bound: 8 ms}\n")
    assert check(capsys, "network.yaml", "-i", "open.yaml")[0] == 0
    code, out, _ = check(capsys, "network.yaml", "-i", "open.yaml", "--strict")
    assert code == 4
    assert "the interval straddles the bound" in out


def test_an_intent_alone_is_read_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, "--intent", "kept.yaml")
    assert code == 0
    assert intent_from_yaml(out.partition("\n\n")[2]) == intent_from_yaml(INTENT % "1 s")
    assert json.loads(check(capsys, "--intent", "kept.yaml", "--format", "json")[1])["limits"] == {"max-utilization": "50 %"}


def test_a_mistake_has_a_line_and_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wrong.yaml").write_text("limits:\n  max-utilisation: 50 %\n")
    code, _, err = check(capsys, "--intent", "wrong.yaml")
    assert code == 3
    assert "wrong.yaml: line 2: limits.max-utilisation: unknown key" in err
    assert "did you mean max-utilization" in err
    Path("wrong.yaml").write_text("select: {x: {source: Z}}\nslo: {for: x, metric: loss, bound: 1 %}\n")
    code, _, err = check(capsys, "network.yaml", "--intent", "wrong.yaml")
    assert (code, "unknown node 'Z'" in err) == (3, True)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["intent", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == intent_schema()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_the_intent_on_the_page_is_one() -> None:
    (text,) = blocks("yaml")
    assert intent_from_yaml(text).slos


def test_the_commands_on_the_page(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (text,) = blocks("sh")
    lines, told = text.splitlines(), ""
    assert len(lines) == 5
    for line, code in zip(lines, (1, 0, 1, 0, 0), strict=True):
        assert run(shlex.split(line)[1:]) == code, line
        told += capsys.readouterr().out
    for line in blocks("text")[0].splitlines()[1:]:
        assert re.sub(r"\s+", " ", line) in re.sub(r"\s+", " ", told)


def test_the_program_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("python")
    exec(compile(program, "docs/intents.md", "exec"), {})  # noqa: S102 - our own page
    assert "fast violated" in capsys.readouterr().out
