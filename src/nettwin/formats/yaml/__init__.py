"""nettwin's own format: a YAML document (or the same document as JSON) with nodes, links, profiles, traffic and routing policy."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog, CoverageReport
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import parse_json, parse_yaml, read_bytes
from nettwin.formats.yaml.loading import scenario_of
from nettwin.formats.yaml.places import Places, input_error
from nettwin.formats.yaml.saving import document_of
from nettwin.formats.yaml.schema import Document, scenario_schema
from nettwin.formats.yaml.text import json_text, yaml_text
from nettwin.scenario import Scenario

NAME = "yaml"
DESCRIPTION = "nettwin's own format: human-friendly YAML, or the same document as JSON"
EXTENSIONS = (".yaml", ".yml", ".json")

__all__ = ["DESCRIPTION", "EXTENSIONS", "NAME", "read", "recognizes", "scenario_schema", "write"]


def recognizes(path: Path, head: bytes) -> bool:
    """Any YAML file; a JSON file with our version at its top."""
    name = path.name.lower().removesuffix(".gz")
    return bool(head) and (name.endswith((".yaml", ".yml")) or (name.endswith(".json") and b'"nettwin"' in head))


def read(path: Path) -> Imported:
    """The scenario in a document."""
    document, places = _load(path)
    log = CoverageLog()
    return Imported(scenario_of(document, places, log), log.report())


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes all of a scenario: as JSON if the file's name ends so, else as YAML."""
    path.write_text(dumps(scenario, is_json=path.name.lower().endswith(".json")), encoding="utf-8")
    return CoverageReport()


def dumps(scenario: Scenario, *, is_json: bool = False) -> str:
    """The document of a scenario as text."""
    document = document_of(scenario, has_text_tables=not is_json)
    return json_text(document) if is_json else yaml_text(document)


def _load(path: Path) -> tuple[Document, Places]:
    data, where = read_bytes(path), str(path)
    is_json = path.name.lower().removesuffix(".gz").endswith(".json") or data.lstrip().startswith(b"{")
    plain = parse_json(data, where=where) if is_json else parse_yaml(data, where=where)
    places = Places(where, None if is_json else data)
    if not isinstance(plain, dict):
        raise FormatError("the document is no map", where=where, hint="it begins with nodes: and links:")
    return _validated(plain, places), places


def _validated(plain: dict[str, Any], places: Places) -> Document:
    try:
        return Document.model_validate(plain)
    except ValidationError as error:
        raise input_error(error, places) from None
