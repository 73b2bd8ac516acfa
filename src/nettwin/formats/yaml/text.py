"""Plain data <-> YAML and JSON text."""

import json
from typing import Any

import yaml

from nettwin.formats.safe_input import is_plain_text


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes what ``parse_yaml`` reads back: texts that look like something else are quoted, long ones are blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    style = None if is_plain_text(text) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def yaml_text(document: dict[str, Any]) -> str:
    """The document as YAML, in its own order, small maps and lists on one line."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=140))


def json_text(document: dict[str, Any]) -> str:
    """The document as JSON."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
