"""nettwin's own format: a YAML document (or the same document as JSON) with nodes, links, profiles, traffic and routing policy."""

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nettwin.changes import Timeline
from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog, CoverageReport
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import parse_json, parse_yaml, read_bytes
from nettwin.formats.yaml.loading import scenario_of
from nettwin.formats.yaml.places import Places, input_error
from nettwin.formats.yaml.saving import document_of
from nettwin.formats.yaml.schema import Document, scenario_schema
from nettwin.formats.yaml.text import json_text, yaml_text
from nettwin.formats.yaml.timelines import timeline_of, timeline_part
from nettwin.scenario import Scenario

NAME = "yaml"
DESCRIPTION = "nettwin's own format: human-friendly YAML, or the same document as JSON"
EXTENSIONS = (".yaml", ".yml", ".json")

_OURS = re.compile(rb'\s*\{\s*"nettwin"\s*:\s*[0-9]')

__all__ = [
    "DESCRIPTION",
    "EXTENSIONS",
    "NAME",
    "dumps",
    "read",
    "read_timeline",
    "recognizes",
    "scenario_schema",
    "validated",
    "write",
    "write_timeline",
]


def recognizes(path: Path, head: bytes) -> bool:
    """Any YAML file; a JSON file with our version at its top."""
    name = path.name.lower().removesuffix(".gz")
    return bool(head) and (name.endswith((".yaml", ".yml")) or (name.endswith(".json") and _OURS.match(head) is not None))


def read(path: Path) -> Imported:
    """The scenario in a document."""
    document, places = _load(path)
    log = CoverageLog()
    return Imported(scenario_of(document, places, log), log.report())


def read_timeline(path: Path) -> Timeline:
    """The scenario in a document together with its ``timeline``."""
    document, places = _load(path)
    return timeline_of(document, scenario_of(document, places, CoverageLog()), places)


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes all of a scenario: as JSON if the file's name ends so, else as YAML."""
    path.write_text(dumps(scenario, is_json=_is_json(path)), encoding="utf-8")
    return CoverageReport()


def write_timeline(timeline: Timeline, path: Path) -> None:
    """Writes a scenario and what happens to it."""
    document = document_of(timeline.scenario, has_text_tables=not _is_json(path)) | {"timeline": timeline_part(timeline)}
    path.write_text(_text(document, _is_json(path)), encoding="utf-8")


def dumps(scenario: Scenario, *, is_json: bool = False) -> str:
    """The document of a scenario as text."""
    return _text(document_of(scenario, has_text_tables=not is_json), is_json)


def _text(document: dict[str, Any], is_json: bool) -> str:
    return json_text(document) if is_json else yaml_text(document)


def _is_json(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(".json")


def _load(path: Path) -> tuple[Document, Places]:
    data, where = read_bytes(path), str(path)
    is_json = _is_json(path) or data.lstrip().startswith(b"{")
    plain = parse_json(data, where=where) if is_json else parse_yaml(data, where=where)
    places = Places(where, None if is_json else data)
    if not isinstance(plain, dict):
        raise FormatError("the document is no map", where=where, hint="it begins with nodes: and links:")
    return validated(plain, places), places


def validated(plain: dict[str, Any], places: Places) -> Document:
    """A document from plain data. Raises InputError with the place of the first thing that is wrong."""
    try:
        return Document.model_validate(plain)
    except ValidationError as error:
        raise input_error(error, places) from None
