"""Every example runs, without warnings, and says something."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_example(script: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(script)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "MPLBACKEND": "svg"})
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) >= 2
    assert not re.search(r"\bnan\b", result.stdout.lower())


def test_there_is_a_gallery() -> None:
    assert len(EXAMPLES) >= 8
