"""Plans of changes, and timelines, in YAML or JSON. Not a scenario format: these are questions about a scenario.

A plan is ``[{fail-link: {link: A--B}}, "scale-traffic 1.2", ...]``, alone or under ``changes``. A timeline is
``{events: [{time_s: 2, change: fail-link A--B}], window_s: 0.5, convergence_delay_s: 0.2}``, alone or under ``timeline``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nettwin.changes import Plan, Timeline, changes_from_dicts, changes_to_dicts
from nettwin.changes.timeline import timeline_from_dict
from nettwin.formats.safe_input.files import read_bytes
from nettwin.formats.safe_input.yaml_text import parse_yaml
from nettwin.scenario import Scenario


def read_plan(path: Path) -> Plan:
    """The changes in a file, in order. Raises InputError."""
    return changes_from_dicts(_read(path, "changes"), where=str(path))


def read_timeline(path: Path, scenario: Scenario) -> Timeline:
    """What happens to this scenario according to a file. Raises InputError."""
    return timeline_from_dict(_read(path, "timeline"), scenario, where=str(path))


def _read(path: Path, key: str) -> Any:
    plain = parse_yaml(read_bytes(path), where=str(path))
    return plain[key] if isinstance(plain, Mapping) and key in plain else plain


def write_plan(plan: Plan, path: Path, note: str = "") -> None:
    """Write the changes as YAML that ``read_plan`` reads; the note goes before them as comments. Raises OSError."""
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    comments = "".join(f"# {line}\n" for line in note.splitlines())
    lines = [
        yaml.dump(change, Dumper=dumper, default_flow_style=True, width=10**6, allow_unicode=True).strip()
        for change in changes_to_dicts(plan)
    ]
    path.write_text(comments + ("changes:\n" + "".join(f"- {line}\n" for line in lines) if lines else "changes: []\n"), encoding="utf-8")
