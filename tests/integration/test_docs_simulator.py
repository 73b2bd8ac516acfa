"""The page about the simulator shows a program that runs."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "simulator.md"


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    exec(compile(program, str(PAGE), "exec"), {})  # noqa: S102 - our own page
    assert capsys.readouterr().out.count("[0.00") == 3
