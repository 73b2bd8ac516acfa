"""``nettwin explain`` as its users meet it, and what its page shows."""

import csv
import io
import json
import re
import shlex
from pathlib import Path

import pytest

import nettwin
from nettwin.cli.main import run

ENGINE = ("--engine", "queueing")
"""Whose answers are known, and the same everywhere; what the default engine is and knows is tested with it."""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanations.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def branch_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's network in the current folder; a wide plain screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "4000")
    monkeypatch.setenv("NO_COLOR", "1")
    Path("branch.yaml").write_text(blocks("yaml")[0], encoding="utf-8")


def out(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["explain", "branch.yaml", *ENGINE, *arguments]) == 0
    return capsys.readouterr().out


def err(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    assert run(["explain", "branch.yaml", *ENGINE, *arguments]) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err


def test_the_commands_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("nettwin ")]
    assert len(commands) >= 5
    for command in commands:
        assert run([*shlex.split(command)[1:], *ENGINE]) == 0, (command, capsys.readouterr().err)
    assert Path("mail.json").exists()
    assert Path("sensitivities.csv").exists()


def test_the_page_quotes_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Up to line breaks and to what the page leaves out by [...]."""
    command = shlex.split(blocks("sh")[0])
    said = " ".join(out(capsys, *command[3:]).split())
    quoted = " ".join(line[1:].strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(">"))
    for part in quoted.split("[...]"):
        for sentence in re.split(r"(?<=[.;]) ", part.strip()):
            assert sentence.strip(" .;") in said


def test_the_python_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("python")
    exec(compile(program, str(PAGE), "exec"), {})  # noqa: S102 - our own page
    assert "is queueing at Branch->Hub" in capsys.readouterr().out


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    text = out(capsys, "--demand", "mail", "--target-delay", "15ms", "--top", "2")
    assert "of what strict priority leaves it" in text
    titles = ("Where its time and packets go", "Because of whom", "What single changes would do", "What would meet the target alone")
    assert all(title in text for title in titles)
    assert text.count("set-capacity") == 1  # two rows of each table only


def test_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(out(capsys, "--demand", "mail", "--demand", "web", "--format", "json"))
    assert [each["demand"] for each in document["demands"]] == ["mail", "web"]
    mail = document["demands"][0]
    total = sum(hop["path_share"] * (hop["wait_s"] + hop["transmission_s"] + hop["propagation_s"]) for hop in mail["hops"])
    assert total == pytest.approx(mail["delay_s"])
    rows = list(csv.DictReader(io.StringIO(out(capsys, "--demand", "mail", "--format", "csv", "--table", "causes"))))
    assert {row["cause"] for row in rows} == {"mail", "backup", "orders", "video", "voice"}
    assert all(row["demand"] == "mail" for row in rows)


def test_changes_are_made_first(capsys: pytest.CaptureFixture[str]) -> None:
    before = json.loads(out(capsys, "--demand", "mail", "--format", "json"))
    after = json.loads(out(capsys, "--demand", "mail", "--change", "scale-traffic 0.5", "--format", "json"))
    assert after["demands"][0]["delay_s"] < before["demands"][0]["delay_s"] / 2


def test_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean mail?" in err(capsys, "--demand", "mial", code=3)
    assert "does not answer hop by hop" in err(capsys, "--engine", "simulator", code=3)
    assert "a time such as" in err(capsys, "--target-delay", "soon", code=2)


def test_in_python() -> None:
    branch = nettwin.read("branch.yaml").scenario
    explanation = nettwin.explain(branch, "mail", target_delay_s=0.015, target_loss_ratio=0.01, engine="queueing")
    assert (explanation.remedies["delay_s"] <= 0.015).all()
    assert (explanation.remedies["loss_ratio"] <= 0.01).all()
