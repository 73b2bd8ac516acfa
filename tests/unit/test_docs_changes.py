"""The pages on scenarios and changes say what is true."""

import re
from pathlib import Path

import pytest

from nettwin.changes import CHANGE_KINDS, parse_change, usage

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["scenario.md", "changes.md"])
def test_the_code_of_a_page_runs(page: str) -> None:
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), names)  # noqa: S102 (our own pages)


def test_the_table_has_every_kind_with_its_usage() -> None:
    text = (DOCS / "changes.md").read_text()
    for kind, cls in CHANGE_KINDS.items():
        assert f"| `{usage(kind)}` | {str(cls.__doc__).splitlines()[0]} |" in text


def test_the_commands_on_the_page_can_be_read() -> None:
    table = (DOCS / "changes.md").read_text().split("| field | written as |")[1].split("## All kinds")[0]
    commands = re.findall(r"`([^`]+)`", table)
    assert len(commands) >= 6
    for command in commands:
        parse_change(command)
