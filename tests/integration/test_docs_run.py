"""What the pages about the command line and Python show, works."""

import re
import shlex
from pathlib import Path

import pytest

from nettwin.cli.main import run

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def test_the_ten_lines_of_python(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("python.md", "python")
    assert len([line for line in program.splitlines() if line and not line.startswith("#")]) <= 10
    exec(compile(program, "docs/python.md", "exec"), {})  # noqa: S102 - our own page
    assert "worst_utilization" in capsys.readouterr().out


def test_the_commands_to_try(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = blocks("cli.md", "sh")[0].splitlines()
    assert len(lines) >= 8
    for line in lines:
        assert run(shlex.split(line)[1:]) == 0, (line, capsys.readouterr().err)
    assert {"out", "polska.yaml", "links.csv"} <= {path.name for path in tmp_path.iterdir()}


def test_every_command_is_on_the_page() -> None:
    from nettwin.cli.app import PANELS

    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    for commands in PANELS.values():
        for command in commands:
            assert f"| `{command.__name__.rstrip('_')}` |" in page
