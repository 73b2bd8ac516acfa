"""The page on the control plane says what is true."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "control-plane.md"


def test_the_code_of_the_page_runs() -> None:
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102 (our own page)
