"""The guide to optimizing shows commands and a program that run."""

import re
import shlex
from pathlib import Path

import pytest

from nettwin.cli.main import run
from nettwin.optimize import registry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "optimize.md"
FILES = ("calm.yaml", "apart.yaml", "growing.yaml")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def test_the_commands_run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in zip(FILES, blocks("yaml"), strict=True):
        Path(name).write_text(text, encoding="utf-8")
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) == 6
    for line in lines:
        command, otherwise, _ = line.partition(" || ")
        code = run([*shlex.split(command)[1:]])
        heard = capsys.readouterr()
        assert code == (1 if otherwise else 0), (line, heard.err)
        if otherwise:
            assert "these clauses cannot hold together: inspected, not over Wroclaw" in heard.err
    assert {"plan.yaml", "plan.svg"} <= {path.name for path in tmp_path.iterdir()}


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("python")
    exec(compile(program, str(PAGE), "exec"), {})  # noqa: S102 - our own page
    assert "Steers" in capsys.readouterr().out


def test_every_method_is_in_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in registry.names())
