"""What the README and the pages about the command line and Python show, works."""

import re
import shlex
from pathlib import Path

import pytest

from fake_predictor import triangle
from nettwin.cli.main import run
from nettwin.formats.registry import write

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/cli.md")
ABSENT = "path/to"
"""Commands that name this are about files of the reader's own."""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """The lines that begin with ``nettwin``, up to what the shell would do next."""
    lines = [line.split(" || ")[0] for block in blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("nettwin ") and ABSENT not in line]


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_ten_lines_of_python(capsys: pytest.CaptureFixture[str], page: str) -> None:
    (program,) = blocks(page, "python")
    assert len([line for line in program.splitlines() if line and not line.startswith("#")]) <= 10
    exec(compile(program, page, "exec"), {})  # noqa: S102 - our own page
    assert "worst_utilization" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_to_try(page: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(triangle(), Path("network.yaml"))
    lines = commands(page)
    assert len(lines) >= 5
    for line in lines:
        assert run(shlex.split(line)[1:]) == 0, (line, capsys.readouterr().err)
    if page == "docs/cli.md":
        assert {"out", "polska.yaml", "polska.xml", "links.csv"} <= {path.name for path in tmp_path.iterdir()}


def test_every_command_is_on_the_page() -> None:
    from nettwin.cli.app import PANELS

    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for commands in PANELS.values():
        for command in commands:
            assert f"| `{command.__name__.rstrip('_')}` |" in page
